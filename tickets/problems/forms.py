"""Forms of the pages of problem management."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from catalog.models import Service


class SearchForm(forms.Form):
    """A value that makes no sense filters nothing: an old bookmark still opens."""

    q = forms.CharField(
        label=gettext_lazy("Kata dalam perihal, akar masalah, atau solusi"), max_length=100, required=False
    )
    service = forms.ModelChoiceField(
        Service.objects.only("code", "name"),
        to_field_name="code",
        label=gettext_lazy("Layanan"),
        empty_label=gettext_lazy("Semua"),
        required=False,
    )


class ProblemNumberForm(forms.Form):
    """The problem that explains the ticked incidents."""

    problem = forms.CharField(
        label=gettext_lazy("Nomor masalah"), max_length=40, help_text=gettext_lazy("Misalnya MSL-2026-000007.")
    )

    def clean_problem(self) -> Any:
        return self.cleaned_data["problem"].strip().upper()
