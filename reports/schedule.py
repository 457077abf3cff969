"""Saved reports by email: when they are due, who gets them, and the file that goes along.

A due schedule is claimed by its row lock, moved on and turned into outbox rows in one transaction, so that several
workers send it once. After downtime it is sent once, late, and not once for every time it was missed. The file is made
when its mail leaves, counted as its reader: nobody gets by mail what they do not see on the screen, and no copy of a
report waits in the database.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.templatetags.ui import tanggal
from notify import outbox
from notify.errors import TransportError
from notify.models import Delivery
from reports import saved
from reports.forms import ReportForm, file_stem
from reports.models import ReportSchedule, SavedReport
from reports.pages import PAGES, READERS, TYPES, as_file, may_read, question
from sla import calendars
from tickets.errors import InvalidInputs

HOURS = tuple(time(hour) for hour in (8, 9, 10, 11, 13, 14, 15))
MAX_RECIPIENTS = 50
Cadence, Pause = ReportSchedule.Cadence, ReportSchedule.Pause


def possible_recipients() -> QuerySet[User]:
    """Accounts that may read reports and have an address."""
    people = User.objects.filter(Q(groups__name__in=READERS), is_active=True).exclude(email="")
    return people.distinct().order_by("first_name", "last_name", "username")


def next_run(cadence: str, at: time, after: datetime) -> datetime:
    """The first moment after `after`: Monday, or the first working day of a month, at that local hour.

    A Monday that is a holiday gives the next working day, an hour outside working time the next opening.
    """
    day = timezone.localtime(after).date()
    day = day - timedelta(days=day.weekday()) if cadence == Cadence.WEEKLY else day.replace(day=1)
    found = _opening(day, at)
    while found <= after:
        day = _following(cadence, day)
        found = _opening(day, at)
    return found


def _following(cadence: str, day: date) -> date:
    return day + timedelta(days=7) if cadence == Cadence.WEEKLY else (day + timedelta(days=32)).replace(day=1)


def _opening(day: date, at: time) -> datetime:
    """That hour of the first working day from `day` on, in working time of the default calendar."""
    zone = timezone.get_current_timezone()
    wanted = datetime.combine(day, at, tzinfo=zone)
    calendar_id = calendars.default_calendar_id()
    if calendar_id is None:
        return wanted
    calendar = calendars.load(calendar_id)
    try:
        working = calendar.next_open(datetime.combine(day, time.min, tzinfo=zone)).astimezone(zone).date()
        moved = datetime.combine(working, at, tzinfo=zone)
        return moved if calendar.is_open(moved) else calendar.next_open(moved).astimezone(zone)
    except ValueError:  # a calendar that never opens
        return wanted


@transaction.atomic
def put(
    *, actor: User, pk: int, cadence: str, at: time, file_format: str, recipients: Iterable[User], now: datetime
) -> ReportSchedule:
    """Send one's own saved report from now on, or change how. Raises InvalidInputs when that makes no sense."""
    report = saved.get_own(actor, pk)
    people = list(recipients)
    if not saved.follows_time(report):
        words = _("Laporan ini memakai tanggal tetap. Pilih dulu masa yang bergerak, misalnya bulan lalu.")
        raise InvalidInputs(words, {"__all__": [words]})
    if not 0 < len(people) <= MAX_RECIPIENTS:
        words = _("Pilih 1 sampai %(n)d penerima.") % {"n": MAX_RECIPIENTS}
        raise InvalidInputs(words, {"recipients": [words]})
    if any(not may_read(person) or not person.email for person in people):
        words = _("Penerima harus akun aktif yang boleh membaca laporan dan punya alamat email.")
        raise InvalidInputs(words, {"recipients": [words]})
    values = {"cadence": cadence, "at": at, "file_format": file_format, "next_run_at": next_run(cadence, at, now)}
    schedule, _created = ReportSchedule.objects.update_or_create(report=report, defaults={**values, "pause": ""})
    schedule.recipients.set(people)
    return schedule


def stop(*, actor: User, pk: int) -> None:
    """Send it no more; the saved report stays."""
    ReportSchedule.objects.filter(report=saved.get_own(actor, pk)).delete()


def leave(*, actor: User, pk: int) -> None:
    """Get it no more."""
    schedule = ReportSchedule.objects.filter(report=saved.get_visible(actor, pk)).first()
    if schedule:
        schedule.recipients.remove(actor)


def send_now(*, actor: User, pk: int, at: datetime) -> bool:
    """A trial for oneself: what a recipient would get. False when one was sent within this minute."""
    report = saved.get_visible(actor, pk)
    if not actor.email:
        words = _("Akun Anda belum punya alamat email. Tambahkan di halaman alamat email.")
        raise InvalidInputs(words, {"__all__": [words]})
    schedule = getattr(report, "schedule", None)
    kind = schedule.file_format if schedule else ReportSchedule.Format.PDF
    return _plan(report, actor, kind, at, f"report-trial:{report.pk}:{actor.pk}:{at:%Y%m%d%H%M}")


def run_due(limit: int = 20, now: datetime | None = None) -> int:
    """Send what is due, found by index, each in its own transaction; returns how many schedules were handled."""
    at = now or timezone.now()
    handled = 0
    while handled < limit and _run_next(at):
        handled += 1
    return handled


@transaction.atomic
def _run_next(at: datetime) -> bool:
    skip = connection.features.has_select_for_update_skip_locked
    due = ReportSchedule.objects.filter(next_run_at__lte=at).order_by("next_run_at", "pk")
    schedule = due.select_for_update(skip_locked=skip).first()
    if schedule is None:
        return False
    planned = schedule.next_run_at
    report = SavedReport.objects.select_related("owner").get(pk=schedule.report_id)
    people = [person for person in schedule.recipients.all() if may_read(person) and person.email]
    schedule.pause = _why_not(report, people)
    if schedule.pause:
        schedule.next_run_at = None
    else:
        for person in people:
            _plan(report, person, schedule.file_format, at, f"report:{schedule.pk}:{planned:%Y%m%d%H%M}:{person.pk}")
        schedule.next_run_at, schedule.last_run_at = next_run(schedule.cadence, schedule.at, at), at
    schedule.save(update_fields=["next_run_at", "last_run_at", "pause"])
    return True


def _why_not(report: SavedReport, people: list[User]) -> str:
    if not may_read(report.owner):
        return Pause.OWNER
    if report.page not in PAGES or not question(report.query).is_valid():
        return Pause.QUESTION
    return "" if people else Pause.NOBODY


def _plan(report: SavedReport, person: User, kind: str, at: datetime, key: str) -> bool:
    """One mail to one person. The period is written out now: a mail that leaves late still tells of its own period."""
    form = question(report.query)
    if not form.is_valid():
        words = _("Saringan laporan ini tidak dikenal lagi. Buka laporannya, lalu simpan ulang.")
        raise InvalidInputs(words, {"__all__": [words]})
    page = PAGES[report.page]
    url = settings.BASE_URL + reverse("reports:saved", args=[report.pk])
    text = _(
        "Laporan “%(name)s” (%(page)s), masa %(start)s – %(end)s, terlampir.\n\n"
        "Angkanya dihitung dari tiket yang boleh Anda lihat. Laporan terbaru:\n%(url)s\n\n"
        "Berhenti menerima:\n%(stop)s"
    ) % {
        "name": report.name,
        "page": page.label,
        "start": tanggal(form.scope["start"]),
        "end": tanggal(form.scope["end"]),
        "url": url,
        "stop": settings.BASE_URL + reverse("reports:saved_list"),
    }
    options = {
        "auto_submitted": "auto-generated",
        "is_staff": True,
        "report": {"page": page.code, "query": urlencode(form.query()), "format": str(kind), "user": person.pk},
    }
    return bool(
        outbox.plan(
            key=key,
            channel=Delivery.Channel.EMAIL,
            recipient=person.email,
            # The name is the owner's own words and may name a person; a subject is read by every server on the way.
            subject=_("Laporan berkala: %(page)s") % {"page": page.label},
            text=text,
            topic=f"report:{report.pk}",
            options=options,
        )
    )


def attachment(wanted: Mapping[str, Any]) -> tuple[str, bytes, str]:
    """(name, content, type) of the file of a delivery, counted now and as its reader.

    Raises TransportError, permanent, for somebody who may not read reports any more.
    """
    person = User.objects.filter(pk=wanted["user"]).first()
    form: ReportForm = question(wanted["query"])
    if person is None or not may_read(person) or wanted["page"] not in PAGES or not form.is_valid():
        raise TransportError(_("Penerima tidak lagi boleh membaca laporan ini."), permanent=True)
    page, kind = PAGES[wanted["page"]], wanted["format"]
    name = f"{file_stem(form.scope['start'], form.scope['end'], page.stem)}.{kind}"
    return name, as_file(person, page, form, kind, timezone.now()), TYPES[kind]
