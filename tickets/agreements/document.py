"""An agreement as the document people read: the same content on the page and on paper."""

from dataclasses import dataclass, field
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core.templatetags.ui import tanggal
from sla import agreements
from sla.models import Agreement
from tickets.agreements import promises
from tickets.agreements.promises import Offer
from tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs. `signed_on` is in words, empty before signing; `nip` is empty where it is not to be shown."""

    name: str
    position: str
    nip: str
    signed_on: str


@dataclass(slots=True)
class Document:
    """Everything the page and the PDF show of one version."""

    agreement: Agreement
    state: str
    validity: str
    offer: Offer
    signatories: list[Signatory] = field(default_factory=list)

    @property
    def is_draft(self) -> bool:
        return self.agreement.status == Agreement.Status.DRAFT


def document_of(agreement: Agreement, *, with_nip: bool) -> Document:
    """The document. A draft shows what would be promised today; a signed one what was signed."""
    today = timezone.localdate()
    if agreement.status == Agreement.Status.DRAFT:
        offer = promises.offer_of(agreement.service, max(today, agreement.valid_from))
    else:
        offer = promises.restored(agreement.targets)
    people = [
        Signatory(
            each.get("name", ""),
            each.get("position", ""),
            each.get("nip", "") if with_nip else "",
            tanggal(date.fromisoformat(each["signed_on"])) if each.get("signed_on") else "",
        )
        for each in agreement.signatories
    ]
    return Document(agreement, agreements.state_on(agreement, today), validity(agreement), offer, people)


def validity(agreement: Agreement) -> str:
    """Such as "1 Jan 2027 sampai 31 Des 2027"."""
    first = tanggal(agreement.valid_from)
    if agreement.valid_until is None:
        return _("mulai %(first)s") % {"first": first}
    return _("%(first)s sampai %(last)s") % {"first": first, "last": tanggal(agreement.valid_until)}


def published(code: str) -> Agreement | None:
    """The agreement anybody may read: signed and in force today. Drafts and past versions do not exist here."""
    found = agreements.in_force(timezone.localdate()).filter(service__code=code)
    return found.select_related("service__category", "owner").order_by("-version").first()


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the keepers' list."""

    agreement: Agreement
    state: str
    validity: str
    reminder: str
    has_drifted: bool


def listed(rows: QuerySet[Agreement], on: date) -> list[Listed]:
    """The rows with what is to be done about them: first what needs looking at, then by service, newest first."""
    found = list(rows.select_related("service", "owner").order_by("service__name", "-version"))
    current = {row.service_id: row for row in found if agreements.state_on(row, on) == "current"}
    offers = promises.offers_of([row.service for row in current.values()], on)
    newest: dict[int, date] = {}
    for row in found:
        if row.status != Agreement.Status.DRAFT:
            newest[row.service_id] = max(newest.get(row.service_id, row.valid_from), row.valid_from)
    shown = [
        Listed(
            row,
            agreements.state_on(row, on),
            validity(row),
            agreements.reminder(row, on, succeeded=newest.get(row.service_id, row.valid_from) > row.valid_from),
            current.get(row.service_id) is row and offers[row.service_id].lines != promises.restored(row.targets).lines,
        )
        for row in found
    ]
    return sorted(shown, key=lambda each: (not each.reminder, not each.has_drifted))


def drift(document: Document) -> bool:
    """Whether the policies have moved away from what was signed, which calls for a new version."""
    if document.state != "current":
        return False
    now = promises.offer_of(document.agreement.service, timezone.localdate())
    return now.lines != document.offer.lines


@dataclass(frozen=True, slots=True)
class Applied:
    """Which agreement applies to a ticket. `is_readable` says that it is the one published now."""

    number: str
    version: int
    service_code: str
    is_readable: bool


def applied_to(ticket: Ticket) -> Applied | None:
    """The agreement on the ticket's service that was in force on the day the ticket was opened."""
    found = agreements.agreement_for(ticket.service_id, timezone.localdate(ticket.created_at))
    if found is None:
        return None
    return Applied(found.number, found.version, found.service.code, found.holds_on(timezone.localdate()))
