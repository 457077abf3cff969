"""Reports that people keep: who sees which, and the only code that writes them."""

from urllib.parse import parse_qsl, urlencode

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from reports.models import ReportSchedule, SavedReport
from reports.pages import PAGES, may_read, question
from tickets.errors import Forbidden, InvalidInputs, NotVisible

MAX_PER_PERSON = 100


def visible_to(user: User) -> QuerySet[SavedReport]:
    """One's own, those shared with all readers, and those one is sent."""
    if not may_read(user):
        return SavedReport.objects.none()
    received = ReportSchedule.objects.filter(recipients=user).values("report_id")
    return SavedReport.objects.filter(Q(owner=user) | Q(is_shared=True) | Q(pk__in=received))


def get_visible(user: User, pk: int) -> SavedReport:
    """Raises NotVisible alike when there is none and when it is somebody else's own."""
    found = visible_to(user).select_related("owner", "schedule").filter(pk=pk).first()
    if found is None:
        raise NotVisible(_("Laporan tersimpan tidak ditemukan."))
    return found


def get_own(user: User, pk: int) -> SavedReport:
    """As `get_visible`, for changes. Raises Forbidden when it is somebody else's."""
    found = get_visible(user, pk)
    if found.owner_id != user.pk:
        raise Forbidden(_("Hanya pemiliknya yang dapat mengubah laporan ini. Simpan salinan atas nama Anda sendiri."))
    return found


def keep(*, actor: User, name: str, page: str, query: str, is_shared: bool, pk: int | None = None) -> SavedReport:
    """Keep a question, or change one of one's own.

    Raises InvalidInputs for a name in use, a report nobody knows and a question that has no answer.
    """
    if not may_read(actor):
        raise Forbidden(_("Laporan disimpan oleh pembaca laporan."))
    saved = get_own(actor, pk) if pk else SavedReport(owner=actor)
    form = question(query)
    if page not in PAGES or not form.is_valid():
        raise InvalidInputs(
            _("Saringan laporan ini tidak sah."), {"__all__": [_("Buka laporannya, lalu simpan lagi.")]}
        )
    if saved.pk is None and SavedReport.objects.filter(owner=actor).count() >= MAX_PER_PERSON:
        words = _("Anda sudah menyimpan %(n)d laporan. Hapus yang tidak dipakai lagi.") % {"n": MAX_PER_PERSON}
        raise InvalidInputs(words, {"__all__": [words]})
    saved.name, saved.page, saved.is_shared = " ".join(name.split()), page, is_shared
    saved.query = urlencode(stored(query))
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError as error:
        words = _("Anda sudah punya laporan bernama “%(name)s”. Pilih nama lain.") % {"name": saved.name}
        raise InvalidInputs(words, {"name": [words]}) from error
    return saved


def stored(query: str) -> dict[str, str]:
    """A valid question as it is kept: a named period in place of the dates it has today."""
    kept, given = question(query), dict(parse_qsl(query))
    kept.is_valid()
    asked = kept.query()
    if given.get("periode") and not (given.get("dari") or given.get("sampai")):
        del asked["dari"], asked["sampai"]
        asked = {"periode": given["periode"], **asked}
    return asked


def follows_time(saved: SavedReport) -> bool:
    """Whether its period moves along with the calendar; only such a report is worth sending again and again."""
    return "periode" in dict(parse_qsl(saved.query))


def delete(*, actor: User, pk: int) -> str:
    """Forget one of one's own, with its schedule; returns its name."""
    saved = get_own(actor, pk)
    saved.delete()
    return saved.name
