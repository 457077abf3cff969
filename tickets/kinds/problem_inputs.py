"""Inputs of the transitions of problems."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tickets.kinds.inputs import ResolveForm, TransitionForm, _text
from tickets.models.details import ProblemDetail
from tickets.models.ticket import Ticket

WHYS = 5
WHY_FIELDS = tuple(f"why_{number}" for number in range(1, WHYS + 1))


def why_field(number: int) -> forms.CharField:
    label = format_lazy(gettext_lazy("Mengapa ke-{number}"), number=number)
    return forms.CharField(label=label, max_length=500, required=False)


class CauseForm(TransitionForm):
    """Root cause in free words and by the five whys; starts from what is known already.

    Cleans to `root_cause`, `workaround` and `whys`, the answers in order. Inputs that name no why keep those known.
    """

    why_1, why_2, why_3, why_4, why_5 = (why_field(number) for number in range(1, WHYS + 1))
    root_cause = _text(gettext_lazy("Akar masalah"), required=False)
    workaround = _text(
        gettext_lazy("Solusi sementara"),
        required=False,
        help_text=gettext_lazy("Ditulis untuk dikirim kepada pelapor: petugas memakainya sebagai jawaban."),
    )

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        detail = ProblemDetail.objects.filter(ticket_id=ticket.pk).first() or ProblemDetail()
        self.known_whys: list[str] = list(detail.whys)
        initial = {"root_cause": detail.root_cause, "workaround": detail.workaround}
        initial |= dict(zip(WHY_FIELDS, self.known_whys, strict=False))
        super().__init__(data, ticket=ticket, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        answers = [data.pop(name, "") for name in WHY_FIELDS]
        if not any(name in self.data for name in WHY_FIELDS):
            return data | {"whys": self.known_whys}
        last = max((place for place, answer in enumerate(answers) if answer), default=-1)
        for place in range(last):
            if not answers[place]:
                self.add_error(WHY_FIELDS[place], _("Jawab berurutan: isi mengapa ini sebelum yang berikutnya."))
        return data | {"whys": answers[: last + 1]}


class KnownErrorForm(CauseForm):
    """A known error has both a cause and a workaround."""

    root_cause = _text(gettext_lazy("Akar masalah"))
    workaround = _text(
        gettext_lazy("Solusi sementara"),
        help_text=gettext_lazy("Ditulis untuk dikirim kepada pelapor: petugas memakainya sebagai jawaban."),
    )


class FixPendingForm(TransitionForm):
    change = forms.CharField(
        label=gettext_lazy("Nomor tiket perubahan"),
        max_length=40,
        help_text=gettext_lazy("Misalnya PRB-2026-000012."),
    )

    def clean_change(self) -> Ticket:
        number = self.cleaned_data["change"].strip().upper()
        change = Ticket.objects.filter(kind="change", number=number, is_restricted=False).first()
        if change is None:
            raise ValidationError(_("Tidak ada tiket perubahan bernomor %(number)s."), params={"number": number})
        return change


class ResolveProblemForm(ResolveForm):
    """Offers to resolve the open incidents of the problem with it; without any, nothing is offered."""

    resolve_incidents = forms.BooleanField(label=gettext_lazy("Selesaikan juga gangguan yang tertaut"), required=False)
    incident_message = _text(
        gettext_lazy("Pesan kepada pelapor gangguan"),
        required=False,
        help_text=gettext_lazy("Satu pesan yang sama untuk pelapor setiap gangguan, lewat tiketnya masing-masing."),
    )

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        from tickets.problems.closing import open_incidents

        super().__init__(data, ticket=ticket, **kwargs)
        count = len(open_incidents(ticket))
        if not count:
            del self.fields["resolve_incidents"], self.fields["incident_message"]
            return
        label = ngettext(
            "Selesaikan juga %(count)d gangguan tertaut yang masih terbuka",
            "Selesaikan juga %(count)d gangguan tertaut yang masih terbuka",
            count,
        )
        self.fields["resolve_incidents"].label = label % {"count": count}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("resolve_incidents") and not data.get("incident_message"):
            self.add_error("incident_message", _("Tulis pesan yang dikirim kepada pelapor gangguan."))
        return data
