"""Sums that are kept, so that no page has to count a million tickets.

A ticket is counted in the local day of its creation, whatever happens to it later. `Changed` says which days hold a
ticket that changed since they were counted; it is filled by triggers (`reports.triggers`), so that no way of writing
can bypass it. What is not counted, or not any more, `reports.figures.source` counts live.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Bucket(models.Model):
    """A day or month whose unrestricted tickets were counted at `as_of`. Replaced as a whole, never edited.

    `valid_until` is the first deadline that passes without anybody changing a row.
    """

    class Grain(models.TextChoices):
        DAY = "day", _("Hari")
        MONTH = "month", _("Bulan")

    grain = models.CharField(max_length=5, choices=Grain)
    first = models.DateField()
    as_of = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grain", "first"], name="reports_bucket_unique")]
        indexes = [
            models.Index(
                fields=["valid_until"], name="reports_bucket_passing", condition=models.Q(valid_until__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.grain} {self.first}"


class RollupCell(models.Model):
    """All sums of a bucket along one dimension, of one kind of tickets; `kind` empty: of all.

    `sums` maps each value of the dimension to its counters. `part` is one of `reports.figures.measures.PARTS`.
    """

    bucket = models.ForeignKey(Bucket, models.CASCADE, related_name="cells")
    part = models.CharField(max_length=10)
    dimension = models.CharField(max_length=16)
    kind = models.CharField(max_length=12, blank=True)
    sums = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bucket", "part", "dimension", "kind"], name="reports_cell_unique")
        ]

    def __str__(self) -> str:
        return f"{self.bucket_id} {self.part} {self.dimension} {self.kind}"


class Changed(models.Model):
    """A ticket created within this hour changed. Written by triggers, removed with the count that includes it."""

    hour = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.hour}"
