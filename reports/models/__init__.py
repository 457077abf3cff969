from reports.models.rollups import Bucket, Changed, RollupCell, pack, unpack
from reports.models.saved import ReportSchedule, SavedReport

__all__ = ["Bucket", "Changed", "ReportSchedule", "RollupCell", "SavedReport", "pack", "unpack"]
