"""manage.py generate_tickets: many realistic tickets, the same ones for the same seed.

For load trials on a database made for them. States are written directly, which nothing else in the product may do:
`servicedesk.volume.builder` says why and how they stay true to the workflow. The history is append-only, so generated
tickets cannot be removed again except with the database.
"""

import random
import time
from datetime import date, datetime
from datetime import time as wall_time
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from core.bulk import collector_paused
from reports import triggers
from servicedesk.volume import plans, world, writer
from servicedesk.volume.builder import Builder
from servicedesk.volume.words import Words
from tickets.clocks import default_calendar

CHUNK = 1000


class Command(BaseCommand):
    help = "Membuat banyak tiket tiruan untuk uji beban. Hanya untuk basis data percobaan: tidak dapat dihapus lagi."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, required=True, help="jumlah tiket")
        parser.add_argument("--seed", type=int, default=1, help="benih acak; benih sama, tiket sama")
        parser.add_argument(
            "--until", type=date.fromisoformat, default=None, help="tiket dibuat sebelum tanggal ini; bawaan: hari ini"
        )

    def handle(self, *args: Any, count: int, seed: int, until: date | None, **options: Any) -> None:
        if count < 1:
            raise CommandError("--count minimal 1.")
        end = timezone.make_aware(datetime.combine(until or timezone.localdate(), wall_time()))
        started = time.monotonic()
        try:
            generate(count=count, seed=seed, until=end)
        except (world.NotReady, ImproperlyConfigured) as error:
            raise CommandError("Data acuan belum ada. Jalankan dahulu: manage.py load_reference") from error
        if connection.vendor == "postgresql":
            # A table filled at one go has no statistics yet, and the planner would sort instead of using indexes.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        seconds = time.monotonic() - started
        self.stdout.write(f"{count} tiket dalam {seconds:.1f} detik ({count / seconds:.0f} tiket per detik).")


@transaction.atomic
def generate(*, count: int, seed: int, until: datetime) -> None:
    """Make `count` tickets of the 18 months before `until` (aware, a local midnight); all or none."""
    rng = random.Random(seed)  # noqa: S311 - reproducible on purpose
    words = Words(rng)
    county = world.load(seed=seed, count=count, words=words, at=until)
    drawn = plans.draw(count=count, rng=rng, calendar=default_calendar(), until=until)
    plans.number(drawn, rng)
    builder = Builder(rng, words, county, until)
    with collector_paused(), triggers.resting():
        for start in range(0, count, CHUNK):
            writer.write([builder.build(plan) for plan in drawn[start : start + CHUNK]], county, until)
