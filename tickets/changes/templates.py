"""Standard changes: assessed once, as a template, and made from it."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tickets.choices import ChangeType, Kind
from tickets.errors import InvalidInputs
from tickets.models.changes import ChangeTemplate

if TYPE_CHECKING:
    from tickets.intake import TicketDraft

COPIED = ("risk", "impact_note", "plan", "back_out_plan", "test_plan")


def offered() -> QuerySet[ChangeTemplate]:
    return ChangeTemplate.objects.filter(is_active=True).order_by("name", "pk")


def problem_with(kind: str, change_type: str, template: ChangeTemplate | None) -> str:
    """Why these do not fit together, or ""."""
    is_standard = kind == Kind.CHANGE and change_type == ChangeType.STANDARD
    if is_standard and template is None:
        return _("Perubahan standar dibuat dari templat. Pilih templatnya, atau pilih jenis Normal.")
    if template is not None and not is_standard:
        return _("Templat hanya untuk perubahan berjenis Standar. Kosongkan templat atau pilih jenis Standar.")
    if template is not None and not template.is_active:
        return _("Templat ini tidak dipakai lagi. Pilih templat lain.")
    return ""


def applied(draft: "TicketDraft") -> "TicketDraft":
    """The draft with service and team of its template. Raises InvalidInputs for a standard change without one."""
    reason = problem_with(draft.kind, draft.change_type, draft.change_template)
    if reason:
        raise InvalidInputs(_("Jenis perubahan dan templat tidak cocok."), {"change_template": [reason]})
    template = draft.change_template
    if template is None:
        return draft
    return replace(draft, service=template.service or draft.service, team=template.team or draft.team)


def facts_of(template: ChangeTemplate | None) -> dict[str, Any]:
    """What a change takes over from its template, as values of ChangeDetail."""
    if template is None:
        return {}
    return {"template": template, **{name: getattr(template, name) for name in COPIED}}
