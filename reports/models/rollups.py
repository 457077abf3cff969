"""Sums that are kept, so that no page has to count a million tickets.

A ticket is counted in the local day of its creation, whatever happens to it later. `Changed` says which days hold a
ticket that changed since they were counted; it is filled by triggers (`reports.triggers`), so that no way of writing
can bypass it. What is not counted, or not any more, `reports.figures.source` counts live.
"""

import json
import zlib
from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class Bucket(models.Model):
    """A day or month whose unrestricted tickets were counted at `as_of`. Replaced as a whole, never edited.

    `valid_until` is the first deadline that passes without anybody changing a row. `recipe` says how it was counted.
    """

    class Grain(models.TextChoices):
        DAY = "day", _("Hari")
        MONTH = "month", _("Bulan")

    grain = models.CharField(max_length=5, choices=Grain)
    first = models.DateField()
    as_of = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    recipe = models.CharField(max_length=80)

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

    `packed` holds the counters of each value of the dimension, squeezed to a tenth: thousands of small numbers with the
    same names. `part` is one of `reports.figures.measures.PARTS`.
    """

    bucket = models.ForeignKey(Bucket, models.CASCADE, related_name="cells")
    part = models.CharField(max_length=10)
    dimension = models.CharField(max_length=24)
    kind = models.CharField(max_length=12, blank=True)
    packed = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bucket", "part", "dimension", "kind"], name="reports_cell_unique")
        ]

    def __str__(self) -> str:
        return f"{self.bucket_id} {self.part} {self.dimension} {self.kind}"


def pack(sums: Mapping[str, Mapping[str, int]]) -> bytes:
    """The sums of a cell as it keeps them."""
    return zlib.compress(json.dumps(sums, separators=(",", ":")).encode())


def unpack(packed: "bytes | memoryview") -> dict[str, dict[str, int]]:
    """The sums of `packed`; PostgreSQL gives it as a memoryview."""
    found: dict[str, dict[str, int]] = json.loads(zlib.decompress(packed))
    return found


class Changed(models.Model):
    """A ticket created within this quarter of an hour changed. Written by triggers, removed once counted again.

    Wherever a zone is, its days begin with such a quarter.
    """

    quarter = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.quarter}"
