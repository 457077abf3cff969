"""Inputs of the transitions of major incidents."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import Role
from tickets.kinds.inputs import TransitionForm, _text
from tickets.models.ticket import Ticket

LEAST_MINUTES, MOST_MINUTES = 10, 24 * 60
PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.\w+|(?:\d[ .-]?){10,}|\b[A-Za-z]{2,5}-\d{4}-[A-Za-z0-9]+\b")
"""Addresses, numbers as long as a telephone's or a NIK, and ticket numbers."""


def public_text(label: Any, *, required: bool = True, help_text: Any = "") -> forms.CharField:
    """Words for the first page of the portal: short, and without anything that points to a person."""
    field = forms.CharField(
        label=label,
        max_length=1000,
        required=required,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 3}),
        validators=[refuse_personal],
    )
    return field


def refuse_personal(text: str) -> None:
    """Raises ValidationError for words that anybody may read but that name somebody."""
    if PERSONAL.search(text):
        raise ValidationError(
            _("Pengumuman dibaca siapa saja. Hapus alamat email, nomor telepon, NIK, dan nomor tiket.")
        )


def _minutes(*, required: bool) -> forms.IntegerField:
    return forms.IntegerField(
        label=gettext_lazy("Irama kabar (menit kerja)"),
        min_value=LEAST_MINUTES,
        max_value=MOST_MINUTES,
        initial=60 if required else None,
        required=required,
        help_text=gettext_lazy("Koordinator diingatkan bila kabar berikutnya belum disampaikan."),
    )


class DeclareMajorForm(TransitionForm):
    coordinator = forms.ModelChoiceField(
        User.objects.none(),
        to_field_name="username",
        label=gettext_lazy("Koordinator penanganan"),
        empty_label=gettext_lazy("Pilih koordinator"),
    )
    public_notice = public_text(
        gettext_lazy("Pengumuman di halaman depan"),
        help_text=gettext_lazy("Apa yang terganggu dan apa yang sebaiknya dilakukan. Tanpa nama orang."),
    )
    update_minutes = _minutes(required=True)
    reason = _text(
        gettext_lazy("Alasan dinyatakan gangguan besar"),
        rows=2,
        help_text=gettext_lazy("Dicatat sebagai alasan prioritas Kritis."),
    )

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(data, ticket=ticket, **kwargs)
        people = User.objects.filter(is_active=True, groups__name__in=[Role.AGENT, Role.COORDINATOR])
        self.fields["coordinator"].queryset = people.distinct().order_by("username")  # type: ignore[attr-defined]
        self.fields["coordinator"].label_from_instance = lambda user: user.display_name  # type: ignore[attr-defined]

    def clean_coordinator(self) -> User:
        from tickets import access

        person: User = self.cleaned_data["coordinator"]
        if not access.visible_to(person).filter(pk=self.ticket.pk).exists():
            raise ValidationError(_("Petugas ini tidak dapat membuka tiket ini. Pilih anggota timnya."))
        return person


class UpdateMajorForm(TransitionForm):
    text = public_text(
        gettext_lazy("Kabar untuk umum"),
        help_text=gettext_lazy(
            "Mengganti pengumuman dan dikirim kepada pelapor tiket ini serta duplikat dan bagiannya."
        ),
    )
    update_minutes = _minutes(required=False)


class EndMajorForm(TransitionForm):
    text = public_text(
        gettext_lazy("Kabar penutup kepada pelapor"),
        required=False,
        help_text=gettext_lazy("Kosongkan bila pelapor tidak perlu dikabari lagi. Pengumuman dihapus."),
    )
