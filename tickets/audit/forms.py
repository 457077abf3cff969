"""The form of the dossier."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy


class DossierForm(forms.Form):
    """Which variant, and why the full identity is needed."""

    FULL, PUBLIC = "lengkap", "pelapor"
    VARIANTS = [
        (FULL, gettext_lazy("Lengkap, dengan catatan internal")),
        (PUBLIC, gettext_lazy("Tanpa catatan internal, dapat diserahkan kepada pelapor")),
    ]

    variant = forms.ChoiceField(
        label=gettext_lazy("Isi berkas"), choices=VARIANTS, initial=FULL, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=gettext_lazy("Keperluan mencantumkan identitas lengkap"),
        required=False,
        min_length=5,
        max_length=150,
        help_text=gettext_lazy("Kosongkan agar alamat pelapor tetap disamarkan. Keperluan dicatat."),
    )

    def __init__(self, data: Any = None, *, may_open: bool) -> None:
        super().__init__(data)
        if not may_open:
            del self.fields["reason"]
