"""How the outbox is shown to administrators: what became of a delivery, never what it said or to whom exactly.

`tickets.admin` registers it, because only there is it known which deliveries belong to tickets that stay hidden.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.normalize import mask
from core.adminbase import ModelAdmin, ReadOnlyMixin
from notify.models import Delivery


class DeliveryAdmin(ReadOnlyMixin, ModelAdmin):
    """Read-only, without subject and text: a receipt carries the access code of its ticket."""

    list_display = ("created_at", "channel", "masked", "state", "attempts", "sent_at", "error")
    list_filter = ("state", "channel", "created_at")
    fields = (
        "channel",
        "masked",
        "state",
        "attempts",
        "next_attempt_at",
        "public_id",
        "error",
        "created_at",
        "sent_at",
    )
    ordering = ("-id",)
    show_full_result_count = False

    @admin.display(description=_("penerima"))
    def masked(self, delivery: Delivery) -> str:
        return mask(delivery.recipient)
