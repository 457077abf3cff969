"""Drafts, signing, versions and ends of agreements."""

import pytest
from django.db.models import Model
from django.utils import timezone

from sla import agreements
from sla.models import Agreement, PolicyTarget
from tests import factories
from tests.agreements.conftest import PEOPLE, facts, in_days
from tickets.agreements import document, keeping, promises
from tickets.errors import Forbidden, InvalidInputs, NotVisible, WrongState

OUTSIDERS = ["agen", "teknisi", "penghubung", "cab", "pimpinan", "inspektorat", "warga", "orang_luar"]


def frozen(agreement: Model):
    return {field.attname: getattr(agreement, field.attname) for field in agreement._meta.concrete_fields}


def second(cast, signed, **more):
    """A complete draft of the next version."""
    made = keeping.renew(actor=cast.koordinator, pk=signed.pk)
    return keeping.change(actor=cast.koordinator, pk=made.pk, **{"signatories": PEOPLE, **more})


def test_a_draft_gets_the_next_version_and_is_changed(cast, service, draft):
    assert (draft.version, draft.status, draft.made_by) == (1, "draft", cast.koordinator)
    keeping.change(actor=cast.admin, pk=draft.pk, title="  Judul lain ")
    draft.refresh_from_db()
    assert draft.title == "Judul lain" and draft.scope == "Pembuatan alamat email."
    with pytest.raises(WrongState, match="SLA/email/1"):
        keeping.create(actor=cast.koordinator, service_id=service.pk, **facts(number="lain"))


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"number": " "}, "number"),
        ({"title": ""}, "title"),
        ({"owner_id": 0}, "owner"),
        ({"valid_from": None}, "valid_from"),
        ({"valid_until": in_days(-1)}, "valid_until"),
        ({"review_on": in_days(-1)}, "review_on"),
        ({"signatories": [{"name": "A", "nip": "123"}]}, "signatories"),
        ({"signatories": [{"name": "A", "signed_on": "kemarin"}]}, "signatories"),
        ({"signatories": [{"name": str(n)} for n in range(9)]}, "signatories"),
    ],
)
def test_a_draft_with_wrong_facts_is_refused(cast, draft, wrong, name):
    with pytest.raises(InvalidInputs) as refused:
        keeping.change(actor=cast.koordinator, pk=draft.pk, **wrong)
    assert set(refused.value.errors) == {name}


def test_a_number_is_used_once(cast, draft):
    other = factories.service("vpn")
    with pytest.raises(InvalidInputs) as refused:
        keeping.create(actor=cast.koordinator, service_id=other.pk, **facts())
    assert set(refused.value.errors) == {"number"}


def test_a_draft_cannot_be_given_what_only_signing_gives(cast, draft):
    with pytest.raises(TypeError):
        keeping.change(actor=cast.koordinator, pk=draft.pk, status="signed")


def test_signing_freezes_targets_and_hours(cast, service, draft):
    promised = promises.offer_of(service, timezone.localdate())
    signed = keeping.sign(actor=cast.koordinator, pk=draft.pk)
    PolicyTarget.objects.update(minutes=7, working_days=None)
    cast_calendar = factories.calendar()
    cast_calendar.week = {"0": [["09:00", "10:00"]]}
    cast_calendar.save()
    shown = document.document_of(Agreement.objects.get(pk=signed.pk), with_nip=True)
    assert shown.offer == promised and "07.30" in shown.offer.hours[0].lines[0]
    assert document.drift(shown)


def test_without_a_change_of_policies_there_is_no_drift(signed):
    assert not document.drift(document.document_of(Agreement.objects.get(pk=signed.pk), with_nip=True))


def test_a_signed_agreement_never_changes(cast, signed):
    before = frozen(Agreement.objects.get(pk=signed.pk))
    for act in (
        lambda: keeping.change(actor=cast.koordinator, pk=signed.pk, title="x"),
        lambda: keeping.sign(actor=cast.koordinator, pk=signed.pk),
    ):
        with pytest.raises(WrongState, match="versi baru"):
            act()
    assert frozen(Agreement.objects.get(pk=signed.pk)) == before


@pytest.mark.parametrize(
    ("facts_then", "name"),
    [
        ({"signatories": PEOPLE[:1]}, "signatories"),
        ({"signatories": [PEOPLE[0], {**PEOPLE[1], "name": ""}]}, "signatories"),
        ({"signatories": [PEOPLE[0], {**PEOPLE[1], "position": ""}]}, "signatories"),
        ({"signatories": [PEOPLE[0], {**PEOPLE[1], "signed_on": ""}]}, "signatories"),
        ({"signatories": [PEOPLE[0], {**PEOPLE[1], "signed_on": in_days(2).isoformat()}]}, "signatories"),
        ({"valid_from": in_days(-9), "valid_until": in_days(-1)}, "valid_until"),
    ],
)
def test_what_is_missing_keeps_it_a_draft(cast, draft, facts_then, name):
    keeping.change(actor=cast.koordinator, pk=draft.pk, **facts_then)
    with pytest.raises(InvalidInputs) as refused:
        keeping.sign(actor=cast.koordinator, pk=draft.pk)
    assert set(refused.value.errors) == {name}
    draft.refresh_from_db()
    assert draft.status == "draft" and draft.targets == []
    assert keeping.missing(draft, timezone.localdate()) == refused.value.errors


def test_a_service_without_targets_cannot_promise(cast, draft):
    PolicyTarget.objects.all().delete()
    with pytest.raises(InvalidInputs) as refused:
        keeping.sign(actor=cast.koordinator, pk=draft.pk)
    assert set(refused.value.errors) == {"targets"}


def test_a_new_version_takes_over_the_words_and_ends_the_old_one_the_day_before(cast, signed):
    made = keeping.renew(actor=cast.koordinator, pk=signed.pk)
    assert (made.version, made.status, made.title) == (2, "draft", signed.title)
    assert made.valid_from > signed.valid_from and made.number != signed.number
    assert [each["signed_on"] for each in made.signatories] == ["", ""] and made.targets == []
    signed.refresh_from_db()
    assert signed.valid_until is None
    keeping.change(actor=cast.koordinator, pk=made.pk, signatories=PEOPLE, valid_from=in_days(10))
    keeping.sign(actor=cast.koordinator, pk=made.pk)
    signed.refresh_from_db()
    assert signed.valid_until == in_days(9) and signed.status == "signed"
    assert agreements.agreement_for(signed.service_id, in_days(9)).version == 1
    assert agreements.agreement_for(signed.service_id, in_days(10)).version == 2


def test_a_gap_between_versions_stays_a_gap(cast, draft):
    keeping.change(actor=cast.koordinator, pk=draft.pk, valid_until=in_days(5))
    signed = keeping.sign(actor=cast.koordinator, pk=draft.pk)
    made = second(cast, signed, valid_from=in_days(8))
    keeping.sign(actor=cast.koordinator, pk=made.pk)
    signed.refresh_from_db()
    assert signed.valid_until == in_days(5)
    assert agreements.agreement_for(signed.service_id, in_days(6)) is None


@pytest.mark.parametrize("first", [0, -3])
def test_versions_that_overlap_are_refused(cast, signed, first):
    """One that begins with the old one or before it, which could not end the day before."""
    made = second(cast, signed, valid_from=in_days(first))
    with pytest.raises(InvalidInputs) as refused:
        keeping.sign(actor=cast.koordinator, pk=made.pk)
    assert set(refused.value.errors) == {"valid_from"}
    assert Agreement.objects.get(pk=signed.pk).valid_until is None


def test_a_version_before_a_signed_later_one_may_not_reach_into_it(cast, service):
    later = factories.agreement(service, version=1, valid_from=in_days(30))
    made = second(cast, later, valid_from=in_days(1), valid_until=in_days(30))
    with pytest.raises(InvalidInputs):
        keeping.sign(actor=cast.koordinator, pk=made.pk)
    keeping.change(actor=cast.koordinator, pk=made.pk, valid_until=in_days(29))
    keeping.sign(actor=cast.koordinator, pk=made.pk)
    assert Agreement.objects.get(pk=later.pk).valid_until is None


def test_days_that_have_passed_stay_with_the_old_version(cast, service):
    old = factories.agreement(service, valid_from=in_days(-100))
    made = second(cast, old, valid_from=in_days(-1))
    with pytest.raises(InvalidInputs):
        keeping.sign(actor=cast.koordinator, pk=made.pk)
    keeping.change(actor=cast.koordinator, pk=made.pk, valid_from=in_days(0))
    keeping.sign(actor=cast.koordinator, pk=made.pk)
    assert agreements.agreement_for(service.pk, in_days(-1)).pk == old.pk


def test_a_draft_is_not_renewed(cast, draft):
    with pytest.raises(WrongState):
        keeping.renew(actor=cast.koordinator, pk=draft.pk)


def test_an_agreement_ends_but_not_in_the_past(cast, signed):
    with pytest.raises(InvalidInputs):
        keeping.end(actor=cast.koordinator, pk=signed.pk, on=in_days(-1))
    keeping.end(actor=cast.koordinator, pk=signed.pk, on=in_days(3))
    assert agreements.agreement_for(signed.service_id, in_days(3)).pk == signed.pk
    assert agreements.agreement_for(signed.service_id, in_days(4)) is None
    with pytest.raises(WrongState):
        keeping.end(actor=cast.koordinator, pk=signed.pk, on=in_days(2))


def test_an_end_later_than_agreed_or_of_what_is_over_is_refused(cast, service):
    over = factories.agreement(service, valid_from=in_days(-9), valid_until=in_days(-1))
    with pytest.raises(WrongState):
        keeping.end(actor=cast.koordinator, pk=over.pk, on=in_days(0))
    running = factories.agreement(service, version=2, valid_from=in_days(0), valid_until=in_days(5))
    with pytest.raises(InvalidInputs):
        keeping.end(actor=cast.koordinator, pk=running.pk, on=in_days(6))


@pytest.mark.parametrize("person", OUTSIDERS)
def test_others_write_nothing(cast, service, signed, person):
    actor = getattr(cast, person)
    made = keeping.renew(actor=cast.koordinator, pk=signed.pk)
    rows = [frozen(each) for each in Agreement.objects.order_by("pk")]
    for act in (
        lambda: keeping.create(actor=actor, service_id=service.pk, **facts(number="x")),
        lambda: keeping.change(actor=actor, pk=made.pk, title="x"),
        lambda: keeping.sign(actor=actor, pk=made.pk),
        lambda: keeping.renew(actor=actor, pk=signed.pk),
        lambda: keeping.end(actor=actor, pk=signed.pk, on=in_days(1)),
    ):
        with pytest.raises(Forbidden):
            act()
    assert [frozen(each) for each in Agreement.objects.order_by("pk")] == rows


def test_what_does_not_exist_is_not_found(cast):
    for act in (keeping.sign, keeping.renew, keeping.change):
        with pytest.raises(NotVisible):
            act(actor=cast.koordinator, pk=12345)
    with pytest.raises(NotVisible):
        keeping.create(actor=cast.koordinator, service_id=12345, **facts())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        ({"review_on": in_days(0)}, "perlu ditinjau sejak"),
        ({"review_on": in_days(1)}, ""),
        ({"valid_until": in_days(60)}, "belum ada penerusnya"),
        ({"valid_until": in_days(61)}, ""),
        ({"valid_until": in_days(-1), "review_on": in_days(-2)}, ""),
        ({"review_on": in_days(0), "status": "draft"}, ""),
    ],
)
def test_reminders(cast, service, changes, expected):
    made = factories.agreement(service, **changes)
    found = agreements.reminder(made, timezone.localdate())
    assert (expected in found) if expected else found == ""
    assert agreements.reminder(made, timezone.localdate(), succeeded=True) == ""


def test_no_reminder_once_a_successor_is_signed(cast, service):
    factories.agreement(service, valid_until=in_days(5), review_on=in_days(-1))
    (row,) = document.listed(Agreement.objects.all(), timezone.localdate())
    assert row.reminder
    factories.agreement(service, version=2, valid_from=in_days(6))
    assert not any(row.reminder for row in document.listed(Agreement.objects.all(), timezone.localdate()))
