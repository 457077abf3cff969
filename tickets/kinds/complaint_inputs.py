"""Inputs of the transitions of complaints."""

from django import forms
from django.utils.translation import gettext_lazy

from accounts.models import Office
from tickets.choices import ComplaintClass
from tickets.kinds.inputs import TransitionForm, _text


class VerifyForm(TransitionForm):
    complaint_class = forms.ChoiceField(
        label=gettext_lazy("Golongan pengaduan"),
        choices=ComplaintClass.choices,
        initial=ComplaintClass.ORDINARY,
        help_text=gettext_lazy("Menentukan tenggat penyelesaian."),
    )
    note = _text(gettext_lazy("Catatan internal"), required=False, rows=2)


class ForwardForm(TransitionForm):
    office = forms.ModelChoiceField(
        Office.objects.filter(is_active=True).exclude(kind=Office.Kind.LOCATION),
        to_field_name="code",
        label=gettext_lazy("Disposisi ke perangkat daerah"),
        empty_label=gettext_lazy("Pilih perangkat daerah"),
    )
    note = _text(gettext_lazy("Catatan disposisi"), required=False, rows=2)


class ReturnForm(TransitionForm):
    reason = _text(
        gettext_lazy("Alasan dikembalikan"), help_text=gettext_lazy("Dibaca verifikator, tidak dikirim kepada pelapor.")
    )


class HandOffForm(TransitionForm):
    handed_off_to = forms.CharField(label=gettext_lazy("Instansi yang berwenang"), max_length=200)
    external_number = forms.CharField(label=gettext_lazy("Nomor SP4N-LAPOR"), max_length=60, required=False)
    reason = _text(gettext_lazy("Penjelasan kepada pelapor"))
