"""Versions: an edit never changes what was promised."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sla import versions
from sla.models import Clock, Policy, Revision
from sla.policies import Facts, targets_for
from sla.replay import Target
from sla.versions import Conditions
from tests import factories
from tests.policies.conftest import HOUR, MONDAY, proposal
from tickets import messages
from tickets.clocks import sync_clocks
from tickets.errors import Forbidden, InvalidInputs, Stale
from tickets.models import Ticket
from tickets.targets import history, keeping
from tickets.workflow import perform


def target(ticket, metric="resolution"):
    clock = Clock.objects.filter(ticket=ticket, metric=metric).latest("cycle")
    return clock.segments.last().minutes, clock.policy


def test_an_edit_ends_the_old_version_and_starts_the_next(cast, umum):
    made, revision = keeping.publish(policy=umum, proposal=proposal(response=30), by=cast.koordinator, at=MONDAY)
    umum.refresh_from_db()
    assert (umum.valid_until, umum.is_active) == (MONDAY, True)
    assert (made.number, made.replaces_id, made.valid_from, made.valid_until) == (2, umum.pk, MONDAY, None)
    assert versions.targets_of(made) == {"response": Target(30)}
    assert versions.targets_of(umum) == {"response": Target(60), "resolution": Target(480)}
    assert revision is None
    recorded = Revision.objects.get(policy=made)
    assert (recorded.state, recorded.made_by, recorded.summary) == ("done", cast.koordinator, "Diminta kepala dinas")


def test_which_version_holds_is_decided_by_the_opening(cast, umum):
    keeping.publish(policy=umum, proposal=proposal(resolution=60), by=cast.koordinator, at=MONDAY)
    found = [
        targets_for(Facts("incident", 2, opened_at=at))["resolution"].minutes
        for at in (MONDAY - HOUR, MONDAY, MONDAY + HOUR, None)
    ]
    assert found == [480, 60, 60, 60]


def test_an_open_ticket_keeps_the_versions_of_its_opening_when_its_priority_changes(cast, umum):
    high = factories.policy("Tinggi", {"resolution": 240}, kind="incident", priority=3)
    ticket = factories.ticket(team=cast.network)
    assert target(ticket) == (480, umum)
    keeping.publish(policy=umum, proposal=proposal(resolution=120), by=cast.koordinator)
    keeping.publish(
        policy=high,
        proposal=proposal("Tinggi", conditions=Conditions(kind="incident", priority=3), resolution=45),
        by=cast.koordinator,
    )
    Ticket.objects.filter(pk=ticket.pk).update(priority=3)
    ticket.refresh_from_db()
    sync_clocks(ticket, timezone.now())
    assert target(ticket) == (240, high), "the version of its opening, not the one in force"
    later = factories.ticket(team=cast.network)
    assert target(later)[0] == 120


def test_a_finished_clock_keeps_its_target(cast, umum):
    ticket = factories.ticket(team=cast.network)
    perform(ticket.pk, "assign", cast.koordinator, assignee="teknisi")
    messages.post(ticket_id=ticket.pk, actor=cast.teknisi, text="Kami periksa.", visibility="public")
    finished = Clock.objects.filter(ticket=ticket, is_stopped=True).order_by("pk")
    before = finished.values_list("metric", "target_seconds", "target_version", "policy", "state", "due_at")
    frozen = list(before)
    assert [each[0] for each in frozen] == ["response"]
    keeping.publish(policy=umum, proposal=proposal(resolution=1, response=1), by=cast.koordinator)
    ticket.refresh_from_db()
    sync_clocks(ticket, timezone.now())
    assert list(before.all()) == frozen
    assert target(ticket)[0] == 480


def test_two_policies_with_the_same_conditions_are_refused(cast, umum):
    same = proposal("Umum lain", response=30)
    with pytest.raises(InvalidInputs, match="Umum") as refused:
        keeping.publish(policy=None, proposal=same, by=cast.koordinator)
    assert "sudah punya syarat yang sama" in refused.value.message
    only = Conditions(kind="complaint")
    with pytest.raises(InvalidInputs, match="Pengaduan"):
        keeping.publish(policy=umum, proposal=proposal(conditions=only, response=30), by=cast.koordinator)
    assert Policy.objects.count() == 2 and not Policy.objects.exclude(valid_until=None).exists()


def test_an_ended_policy_is_no_tie_and_its_name_goes_on_counting(cast, umum):
    keeping.retire(policy=umum, note="Diganti per layanan", by=cast.koordinator, at=MONDAY)
    assert "resolution" not in targets_for(Facts("incident", 2))
    assert targets_for(Facts("incident", 2, opened_at=MONDAY - HOUR))["resolution"].minutes == 480
    made, _ = keeping.publish(policy=None, proposal=proposal(response=30), by=cast.koordinator)
    assert (made.number, made.replaces_id) == (2, None)


def test_a_name_in_use_and_missing_words_are_refused(cast, umum):
    def errors(policy=None, **given):
        with pytest.raises(InvalidInputs) as refused:
            keeping.publish(policy=policy, proposal=proposal(**given), by=cast.koordinator)
        return set(refused.value.errors)

    narrow = Conditions(kind="incident", priority=4)
    assert errors(name="Umum", conditions=narrow, response=5) == {"name"}
    assert errors(name="  ", conditions=narrow, response=5) == {"name"}
    assert errors(name="Kosong", conditions=narrow) == {""}
    assert errors(umum, note=" ", response=5) == {"note"}
    assert errors(name="x", conditions=Conditions(kind="incident", complaint_class="ordinary"), response=5) == {
        "complaint_class"
    }
    assert errors(name="x", conditions=narrow, verification=5) == {"verification"}
    assert errors(name="x", conditions=Conditions(kind="surat", priority=9), response=5) == {"kind", "priority"}


def test_the_second_of_two_editors_is_told(cast, umum):
    keeping.publish(policy=umum, proposal=proposal(response=30), by=cast.koordinator)
    with pytest.raises(Stale, match="sudah diganti"):
        keeping.publish(policy=umum, proposal=proposal(response=20), by=cast.admin)
    with pytest.raises(Stale):
        keeping.retire(policy=umum, note="x", by=cast.admin)
    assert Policy.objects.filter(name="Umum").count() == 2


@pytest.mark.parametrize("person", ["agen", "teknisi", "pimpinan", "penghubung", "warga", "inspektorat"])
def test_only_keepers_change_policies(cast, umum, person):
    somebody = getattr(cast, person)
    with pytest.raises(Forbidden):
        keeping.publish(policy=umum, proposal=proposal(response=1), by=somebody)
    with pytest.raises(Forbidden):
        keeping.retire(policy=umum, note="x", by=somebody)
    assert not Policy.objects.exclude(valid_until=None).exists()


def test_history_tells_the_differences_in_words(cast, umum, django_assert_num_queries):
    second, _ = keeping.publish(
        policy=umum, proposal=proposal("Umum", response=30, days={"resolution": 3}), by=cast.koordinator
    )
    third, _ = keeping.publish(
        policy=second,
        proposal=proposal("Dasar", "Nama baru", response=30, days={"resolution": 3}),
        by=cast.admin,
        at=timezone.now() + timedelta(seconds=1),
    )
    with django_assert_num_queries(4):
        newest, middle, oldest = history.versions(umum)
    assert [each.policy.pk for each in (newest, middle, oldest)] == [third.pk, second.pk, umum.pk]
    assert newest.changes == ["Nama: Umum → Dasar"]
    assert middle.changes == ["Target tanggapan pertama: 1 j → 30 m", "Target penyelesaian: 8 j → 3 hari kerja"]
    assert (newest.author, middle.author, oldest.author) == ("Admin", "Koordinator", "")
    assert not oldest.changes and oldest.targets == [("Tanggapan pertama", "1 j"), ("Penyelesaian", "8 j")]
