"""The dossier ("berkas perkara") of one ticket: collected as far as the person sees it, recorded, rendered as PDF."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.templatetags.ui import waktu
from tickets import access, timeline, workbench, workflow
from tickets.access import Action
from tickets.actors import actor_of
from tickets.audit import dossier_pdf, seals
from tickets.choices import Confidentiality
from tickets.errors import Forbidden
from tickets.models import ApprovalRound, AuditSeal, Task, Ticket, TimelineEntry

DETAILS = ("incident_detail", "complaint_detail", "problem_detail", "change_detail")
Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Said:
    """One message: who, when, how, what, and its files as (name, bytes, SHA-256)."""

    heading: str
    text: str
    files: list[tuple[str, int, str]]


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of the history with its digest."""

    position: int
    at: datetime
    actor: str
    sentence: str
    digest: str


@dataclass(slots=True)
class Dossier:
    """Everything the pages show."""

    number: str
    subject: str
    variant: str
    by: str
    at: datetime
    facts: Facts = field(default_factory=list)
    requester: Facts = field(default_factory=list)
    details: Facts = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    history: list[Happened] = field(default_factory=list)
    approvals: list[tuple[str, ...]] = field(default_factory=list)
    tasks: list[tuple[str, ...]] = field(default_factory=list)
    last: TimelineEntry | None = None
    seal: AuditSeal | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """The finished file."""

    name: str
    content: bytes


def export(*, ticket_id: int, actor: User, internal: bool = True, reason: str = "") -> Exported:
    """The dossier as PDF, recorded in the ticket's history before it is rendered, so that it contains the record.

    Only for who sees internal notes; without `internal` it may be handed to the requester. `reason` opens the
    requester's full identity to those who may view it, and is recorded. Raises NotVisible or Forbidden.
    """
    with transaction.atomic():
        ticket = workflow.lock(ticket_id, actor_of(actor))
        if not access.can(actor, Action.SEE_INTERNAL, ticket):
            raise Forbidden(_("Berkas perkara hanya untuk petugas yang menangani tiket ini."))
        at = timezone.now()
        variant = _("lengkap") if internal else _("tanpa catatan internal")
        changes = {"variant": variant, "identity": bool(reason.strip())}
        timeline.record(ticket, code=timeline.EXPORTED, actor=actor_of(actor), at=at, changes=changes)
        # No change of the ticket: whoever is writing an answer keeps a valid version.
        ticket.save(update_fields=["history_length"])
        dossier = collect(ticket, actor, internal=internal, at=at, variant=variant, reason=reason.strip())
    return Exported(f"berkas-{ticket.number}.pdf", dossier_pdf.render(dossier))


def collect(ticket: Ticket, user: User, *, internal: bool, at: datetime, variant: str, reason: str = "") -> Dossier:
    """What this person may see of the ticket, in the order of the pages."""
    conceal = access.hides_requester(user, ticket)
    last = TimelineEntry.objects.filter(ticket_id=ticket.pk).order_by("-position").first()
    dossier = Dossier(ticket.number, ticket.subject, variant, user.display_name, at, last=last)
    sealed = TimelineEntry.objects.filter(ticket_id=ticket.pk)
    newest = AuditSeal.objects.order_by("-day").first()
    covered = sealed.filter(id__lte=newest.last_entry_id).order_by("-id").first() if newest else None
    dossier.seal = seals.covering(covered.pk) if covered else None
    dossier.facts = _facts(ticket, user)
    dossier.requester = _requester(ticket, user, reason)
    dossier.details = _details(ticket) if internal else []
    dossier.said = _said(ticket, internal, conceal)
    dossier.history = _history(ticket, internal, conceal)
    dossier.approvals = _approvals(ticket, internal)
    dossier.tasks = _tasks(ticket) if internal else []
    return dossier


def _facts(ticket: Ticket, user: User) -> Facts:
    links = "; ".join(f"{link.relation} {link.ticket.number}" for link in workbench.links(ticket, user))
    rows = [
        (_("Jenis"), ticket.get_kind_display()),
        (_("Keadaan"), ticket.state_label),
        (_("Prioritas"), ticket.get_priority_display()),
        (_("Dampak × urgensi"), f"{ticket.get_impact_display()} × {ticket.get_urgency_display()}"),
        (_("Kerahasiaan"), ticket.get_confidentiality_display()),
        (_("Layanan"), str(ticket.service or "")),
        (_("Perangkat daerah"), str(ticket.office or "")),
        (_("Tim"), str(ticket.team or "")),
        (_("Petugas"), ticket.assignee.display_name if ticket.assignee else ""),
        (_("Kanal"), ticket.get_channel_display()),
        (_("Dibuat"), waktu(ticket.created_at)),
        (_("Tanggapan pertama"), waktu(ticket.first_response_at)),
        (_("Tenggat"), waktu(ticket.due_at)),
        (_("Diselesaikan"), waktu(ticket.resolved_at)),
        (_("Ditutup"), waktu(ticket.closed_at)),
        (_("Hasil"), ticket.get_resolution_code_display() if ticket.resolution_code else ""),
        (_("Penyelesaian"), ticket.solution),
        (_("Aset"), ", ".join(f"{asset.name} ({asset.code})" for asset in ticket.assets.order_by("name", "pk"))),
        (_("Label"), ", ".join(ticket.tags.values_list("name", flat=True))),
        (_("Tautan"), links),
    ]
    return [(label, value) for label, value in rows if value]


def _requester(ticket: Ticket, user: User, reason: str) -> Facts:
    """As the page shows it: masked addresses, or full ones after a recorded reason."""
    shown = (
        workbench.open_identity(ticket, user, _("berkas perkara: %(reason)s") % {"reason": reason})
        if reason
        else workbench.requester(ticket, user)
    )
    rows = [(_("Nama"), shown.name)]
    rows += [(str(address.kind), address.text) for address in shown.addresses]
    if ticket.confidentiality == Confidentiality.NORMAL:
        rows.append((_("Golongan"), ticket.get_requester_class_display()))
    return rows


def _details(ticket: Ticket) -> Facts:
    """The facts of the ticket's kind, whatever they are: every filled column that has a name for people."""
    rows: Facts = []
    for name in DETAILS:
        try:
            detail = getattr(ticket, name)
        except ObjectDoesNotExist:
            continue
        for column in detail._meta.concrete_fields:
            if column._verbose_name is None or isinstance(column, models.JSONField):
                continue
            value = _value(detail, column)
            if value:
                rows.append((str(column.verbose_name).capitalize(), value))
    return rows


def _value(detail: Any, column: Any) -> str:
    value = getattr(detail, column.name)
    if value is None or value == "" or value is False:
        return ""
    if value is True:
        return _("ya")
    if column.choices:
        return str(getattr(detail, f"get_{column.name}_display")())
    if isinstance(value, datetime):
        return waktu(value)
    return value.display_name if isinstance(value, User) else str(value)


def _said(ticket: Ticket, internal: bool, conceal: bool) -> list[Said]:
    found = []
    for spoken in workbench.conversation(ticket, internal=internal, conceal=conceal):
        message = spoken.message
        heading = f"{waktu(message.created_at)} · {spoken.author} · {message.get_channel_display()}"
        heading += f" · {message.get_direction_display()}"
        files = [(file.name, file.size, file.sha256) for file in message.attachments.all()]
        found.append(Said(heading, message.text, files))
    return found


def _history(ticket: Ticket, internal: bool, conceal: bool) -> list[Happened]:
    events = workbench.history(ticket, internal=internal, conceal=conceal)
    entries = access.timeline(ticket, internal=internal)
    return [
        Happened(entry.position, event.at, event.actor, event.sentence, entry.digest)
        for event, entry in zip(events, entries, strict=True)
    ]


def _approvals(ticket: Ticket, internal: bool) -> list[tuple[str, ...]]:
    """(round, step, approver, decision, when, comment) of each vote; comments are internal."""
    rounds = ApprovalRound.objects.filter(ticket_id=ticket.pk).prefetch_related(
        "steps__votes__approver", "steps__votes__decided_by"
    )
    rows: list[tuple[str, ...]] = []
    for each in rounds:
        for step in each.steps.all():
            for vote in step.votes.all():
                by = vote.decided_by if vote.decided_by and vote.decided_by_id != vote.approver_id else None
                name = vote.approver.display_name + (f" ({_('oleh')} {by.display_name})" if by else "")
                decision = vote.get_decision_display() if vote.decision else step.get_state_display()
                comment = vote.comment if internal else ""
                rows.append((str(each.number), step.name, name, decision, waktu(vote.decided_at), comment))
    return rows


def _tasks(ticket: Ticket) -> list[tuple[str, ...]]:
    """(position, title, who, state, due, done) of each task."""
    tasks = Task.objects.filter(ticket_id=ticket.pk).select_related("assignee", "team", "done_by")
    return [
        (
            str(task.position),
            task.title,
            task.assignee.display_name if task.assignee else str(task.team or ""),
            task.get_state_display(),
            waktu(task.due_at),
            waktu(task.done_at),
        )
        for task in tasks
    ]
