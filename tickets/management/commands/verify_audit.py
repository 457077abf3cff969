"""manage.py verify_audit: prove that no timeline entry was changed, removed or inserted."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max

from tickets import timeline
from tickets.models import Ticket


class Command(BaseCommand):
    help = "Memeriksa rantai riwayat semua tiket; menyebut entri pertama yang rusak."

    def handle(self, *args: Any, **options: Any) -> None:
        checked = 0
        last = Ticket.objects.aggregate(last=Max("pk"))["last"] or 0
        for ticket in Ticket.objects.filter(pk__lte=last).order_by("pk").only("pk", "number").iterator():
            broken = timeline.first_broken(ticket.pk)
            if broken is not None:
                raise CommandError(f"Riwayat {ticket.number} rusak mulai entri ke-{broken.position} ({broken.code}).")
            checked += 1
        self.stdout.write(f"Riwayat {checked} tiket utuh.")
