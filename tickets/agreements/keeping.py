"""Writing agreements: drafts, signing, new versions, and ending them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Office, User
from catalog.models import Service
from core.templatetags.ui import tanggal
from sla import agreements
from sla.models import Agreement
from tickets import access
from tickets.agreements import promises
from tickets.errors import Forbidden, InvalidInputs, NotVisible, Stale, WrongState

FACTS = (
    "number", "title", "owner_id", "scope", "exclusions", "obligations", "valid_from", "valid_until", "review_on",
    "signatories",
)  # fmt: skip
"""What a draft lets its keepers change."""
SIGNATORY = ("name", "position", "nip", "signed_on")
MOST_SIGNATORIES = 8
FEWEST_SIGNATORIES = 2
LAST_DAY = date.max - timedelta(days=1)

Errors = dict[str, list[str]]


def _authorise(actor: User) -> None:
    if not access.may_automate(actor):
        raise Forbidden(_("Perjanjian layanan dikelola koordinator meja layanan dan administrator."))


def suggested_number(service: Service, version: int, on: date) -> str:
    """Such as `SLA/email-dinas/2026/1`."""
    return f"SLA/{service.code[:60]}/{on.year}/{version}"


@transaction.atomic
def create(*, actor: User, service_id: int, **values: Any) -> Agreement:
    """A draft of the next version for the service. Raises Forbidden, NotVisible, InvalidInputs or WrongState."""
    _authorise(actor)
    service = _locked_service(service_id)
    agreement = Agreement(service=service, version=_next_version(service), made_by=actor)
    return _fill(agreement, values)


@transaction.atomic
def change(*, actor: User, pk: int, seen: str | None = None, **values: Any) -> Agreement:
    """Change facts of a draft; facts that are not given stay.

    `seen` is the `edition` that the actor looked at: Stale when somebody changed the draft since.
    """
    _authorise(actor)
    draft = _locked_draft(pk)
    _check_edition(draft, seen)
    return _fill(draft, values)


def edition(agreement: Agreement) -> str:
    """Another one after every change."""
    return agreement.updated_at.isoformat()


def _check_edition(agreement: Agreement, seen: str | None) -> None:
    if seen is not None and seen != edition(agreement):
        raise Stale(
            _(
                "Rancangan ini diubah orang lain sejak Anda membukanya. Isian Anda belum disimpan. Bandingkan dengan "
                "rancangan terbaru, lalu simpan sekali lagi bila isian Anda yang harus berlaku."
            )
        )


@transaction.atomic
def renew(*, actor: User, pk: int, at: datetime | None = None) -> Agreement:
    """A draft of the next version with the words and signatories of this signed one."""
    _authorise(actor)
    old = _locked(pk)
    if old.status == Agreement.Status.DRAFT:
        raise WrongState(_("Perjanjian ini masih rancangan. Ubah saja isinya, tidak perlu versi baru."))
    service = old.service
    version = _next_version(service)
    today = timezone.localdate(at)
    starts = min(max(today, old.valid_until or today, old.valid_from), LAST_DAY) + timedelta(days=1)
    return _fill(
        Agreement(service=service, version=version, made_by=actor),
        {
            **{name: getattr(old, name) for name in ("title", "owner_id", "scope", "exclusions", "obligations")},
            "number": _free_number(service, version, starts),
            "valid_from": starts,
            "signatories": [{**each, "signed_on": ""} for each in old.signatories],
        },
    )


@transaction.atomic
def sign(*, actor: User, pk: int, seen: str | None = None, at: datetime | None = None) -> Agreement:
    """Make the draft a promise that nobody can change any more.

    Targets and hours are copied as the policies and calendars have them now. The version that was in force before
    ends the day before. Raises InvalidInputs with everything that is missing, and Stale as `change` does.
    """
    _authorise(actor)
    agreement = _locked_draft(pk)
    _check_edition(agreement, seen)
    today = timezone.localdate(at)
    offer = promises.offer_of(agreement.service, max(today, agreement.valid_from))
    previous, errors = _before(agreement, today)
    _add(errors, unready(agreement, offer, today))
    if errors:
        raise InvalidInputs(_("Perjanjian belum dapat ditandatangani. Lengkapi dahulu rancangannya."), errors)
    if previous:
        previous.valid_until = agreement.valid_from - timedelta(days=1)
        previous.save(update_fields=["valid_until", "updated_at"])
    agreement.status = Agreement.Status.SIGNED
    agreement.targets = offer.stored()
    agreement.save()
    return agreement


@transaction.atomic
def end(*, actor: User, pk: int, on: date, at: datetime | None = None) -> Agreement:
    """Let a signed agreement end with that day, today at the earliest: what was promised in the past stays."""
    _authorise(actor)
    agreement = _locked(pk)
    if agreement.status != Agreement.Status.SIGNED:
        raise WrongState(_("Hanya perjanjian yang sudah ditandatangani dan belum diakhiri yang dapat diakhiri."))
    earliest = max(timezone.localdate(at), agreement.valid_from)
    latest = agreement.valid_until
    if latest and latest < earliest:
        raise WrongState(_("Perjanjian ini sudah berakhir pada %(day)s.") % {"day": tanggal(latest)})
    if on < earliest:
        text = _("Pilih %(day)s atau sesudahnya.") % {"day": tanggal(earliest)}
        raise InvalidInputs(text, {"on": [text]})
    if latest and on > latest:
        text = _("Perjanjian ini memang berakhir pada %(day)s. Pilih tanggal yang lebih awal.")
        raise InvalidInputs(text % {"day": tanggal(latest)}, {"on": [text % {"day": tanggal(latest)}]})
    agreement.valid_until = on
    agreement.status = Agreement.Status.ENDED
    agreement.save(update_fields=["valid_until", "status", "updated_at"])
    return agreement


def missing(agreement: Agreement, today: date) -> Errors:
    """Everything that keeps a draft from being signed today, by field; nothing is changed."""
    offer = promises.offer_of(agreement.service, max(today, agreement.valid_from))
    _previous, errors = _before(agreement, today)
    _add(errors, unready(agreement, offer, today))
    return errors


def _add(errors: Errors, more: Errors) -> None:
    for name, texts in more.items():
        errors.setdefault(name, []).extend(texts)


def unready(agreement: Agreement, offer: promises.Offer, today: date) -> Errors:
    """What keeps a draft from being signed, by field; empty when nothing does. Pure."""
    errors: Errors = {}
    people = [each for each in agreement.signatories if each["name"] and each["position"]]
    if len(people) < FEWEST_SIGNATORIES or len(people) < len(agreement.signatories):
        errors["signatories"] = [_("Isi nama dan jabatan sedikitnya dua penanda tangan.")]
    dates = [each["signed_on"] for each in agreement.signatories]
    if not all(dates):
        errors.setdefault("signatories", []).append(_("Isi tanggal tanda tangan setiap penanda tangan."))
    elif any(date.fromisoformat(each) > today for each in dates):
        errors.setdefault("signatories", []).append(_("Tanggal tanda tangan tidak boleh di masa depan."))
    if agreement.valid_until and agreement.valid_until < today:
        errors["valid_until"] = [_("Masa berlakunya sudah lewat. Ubah tanggal berlakunya.")]
    if not offer.lines:
        errors["targets"] = [_("Belum ada target untuk layanan ini. Tambahkan kebijakan SLA-nya dahulu.")]
    return errors


def _before(agreement: Agreement, today: date) -> tuple[Agreement | None, Errors]:
    """The signed version that this one follows, which ends the day before; others with a day in common are refused.

    Days that have passed stay with the version that held on them.
    """
    found = list(agreements.overlapping(agreement))  # their service is locked
    earlier = [each for each in found if each.valid_from < agreement.valid_from]
    rivals = [each for each in found if each not in earlier[-1:]]
    if rivals:
        text = _("Masa berlakunya bertumpuk dengan %(number)s (mulai %(day)s). Ubah tanggal berlakunya.")
        told = [text % {"number": each.number, "day": tanggal(each.valid_from)} for each in rivals]
        return None, {"valid_from": told}
    if earlier and agreement.valid_from < today:
        text = _("%(number)s masih berlaku sampai kemarin. Versi ini paling cepat berlaku mulai hari ini.")
        return None, {"valid_from": [text % {"number": earlier[-1].number}]}
    return (earlier[-1] if earlier else None), {}


def _fill(agreement: Agreement, values: Mapping[str, Any]) -> Agreement:
    unknown = set(values) - set(FACTS)
    if unknown:
        raise TypeError(f"an agreement has no {sorted(unknown)} to fill in")
    for name, value in values.items():
        setattr(agreement, name, value)
    agreement.signatories, wrong = _clean_signatories(agreement.signatories)
    errors = _wrong(agreement)
    if wrong:
        errors["signatories"] = wrong
    if errors:
        raise InvalidInputs(_("Rancangan belum dapat disimpan. Periksa isian yang ditandai."), errors)
    agreement.save()
    return agreement


def _wrong(agreement: Agreement) -> Errors:
    errors: Errors = {}
    agreement.number = agreement.number.strip()
    agreement.title = agreement.title.strip()
    if not agreement.number:
        errors["number"] = [_("Isi nomor perjanjian.")]
    elif Agreement.objects.filter(number=agreement.number).exclude(pk=agreement.pk).exists():
        errors["number"] = [_("Nomor ini sudah dipakai perjanjian lain.")]
    if not agreement.title:
        errors["title"] = [_("Isi judul perjanjian.")]
    if not Office.objects.filter(pk=agreement.owner_id).exists():
        errors["owner"] = [_("Pilih perangkat daerah penanggung jawab.")]
    if agreement.valid_from is None:
        errors["valid_from"] = [_("Isi tanggal mulai berlaku.")]
    elif agreement.valid_until and agreement.valid_until < agreement.valid_from:
        errors["valid_until"] = [_("Tanggal akhir tidak boleh sebelum tanggal mulai.")]
    if agreement.valid_from and agreement.review_on and agreement.review_on < agreement.valid_from:
        errors["review_on"] = [_("Tanggal tinjauan tidak boleh sebelum tanggal mulai.")]
    return errors


def _clean_signatories(rows: Sequence[Mapping[str, str]]) -> tuple[list[dict[str, str]], list[str]]:
    """Rows with exactly the known keys, empty ones left out; and what is wrong with them."""
    cleaned = [{name: _one_line(row.get(name))[:150] for name in SIGNATORY} for row in rows]
    cleaned = [row for row in cleaned if any(row.values())]
    wrong: list[str] = []
    if len(cleaned) > MOST_SIGNATORIES:
        wrong.append(_("Paling banyak %(most)d penanda tangan.") % {"most": MOST_SIGNATORIES})
    for row in cleaned:
        if row["nip"] and not (row["nip"].isascii() and row["nip"].isdigit() and len(row["nip"]) == 18):
            wrong.append(_("NIP %(name)s harus 18 angka.") % {"name": row["name"]})
        if row["signed_on"] and not _is_date(row["signed_on"]):
            wrong.append(_("Tanggal tanda tangan %(name)s tidak dikenali.") % {"name": row["name"]})
    return cleaned, wrong


def _one_line(text: object) -> str:
    """Without control characters, which no database and no sheet of paper takes."""
    return " ".join("".join(each if each.isprintable() else " " for each in str(text or "")).split())


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _next_version(service: Service) -> int:
    """One more than the newest; a service has one draft at a time. Raises WrongState."""
    newest = Agreement.objects.filter(service=service).order_by("-version").first()
    if newest and newest.status == Agreement.Status.DRAFT:
        text = _("Layanan ini sudah punya rancangan perjanjian, %(number)s. Lanjutkan yang itu.")
        raise WrongState(text % {"number": newest.number})
    return newest.version + 1 if newest else 1


def _free_number(service: Service, version: int, on: date) -> str:
    number, tail = suggested_number(service, version, on), 2
    while Agreement.objects.filter(number=number).exists():
        number, tail = f"{suggested_number(service, version, on)}-{tail}", tail + 1
    return number


def _locked_service(pk: int) -> Service:
    """Two people who work on agreements of one service wait for each other."""
    service = Service.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if service is None:
        raise NotVisible(_("Layanan tidak ditemukan."))
    return service


def _locked(pk: int) -> Agreement:
    """The agreement, its service locked first, as everybody does."""
    service_id = Agreement.objects.filter(pk=pk).values_list("service_id", flat=True).first()
    if service_id is None:
        raise NotVisible(_("Perjanjian tidak ditemukan."))
    _locked_service(service_id)
    agreement = Agreement.objects.select_for_update(of=("self",)).select_related("service").filter(pk=pk).first()
    if agreement is None:
        raise NotVisible(_("Perjanjian tidak ditemukan."))
    return agreement


def _locked_draft(pk: int) -> Agreement:
    agreement = _locked(pk)
    if agreement.status != Agreement.Status.DRAFT:
        raise WrongState(
            _("Perjanjian yang sudah ditandatangani tidak dapat diubah. Buat versi baru untuk mengubah isinya.")
        )
    return agreement
