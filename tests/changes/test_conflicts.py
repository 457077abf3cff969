"""Two changes at one time and place, the same hands, and times in which nothing changes."""

from datetime import timedelta

import pytest

from tests import factories
from tests.changes.factories import HOUR, NOON, asset, detail, relate, schedule, scheduled, standard
from tickets import timeline
from tickets.changes.conflicts import Reason, conflicts
from tickets.errors import InvalidInputs
from tickets.models import ChangeDetail, FreezeWindow, Ticket
from tickets.workflow import available, perform


def found(ticket, start=NOON, end=None):
    return [(each.reason, each.name) for each in conflicts(ticket, start, end or start + HOUR)]


def freeze(**kw):
    return FreezeWindow.objects.create(name="Pemilu", starts_at=NOON - HOUR, ends_at=NOON + HOUR, **kw)


def test_the_same_asset_at_the_same_time(cast):
    server = asset("server")
    first, second = scheduled(cast.agen, server), standard(cast.agen, server)
    assert found(second) == [(Reason.ASSET, first.number)]
    assert "aset yang sama: Aset server" in conflicts(second, NOON, NOON + HOUR)[0].sentence
    assert found(first) == []


@pytest.mark.parametrize(("begins", "collides"), [(-60, False), (-59, True), (59, True), (60, False)])
def test_windows_that_only_touch_do_not_collide(cast, begins, collides):
    server = asset("server")
    scheduled(cast.agen, server)
    assert bool(found(standard(cast.agen, server), NOON + timedelta(minutes=begins))) is collides


@pytest.mark.parametrize("mine", ["server", "aplikasi"])
def test_what_it_rests_on_and_what_rests_on_it(cast, mine):
    chain = {code: asset(code) for code in ("server", "basis-data", "aplikasi")}
    relate(chain["basis-data"], chain["server"])
    relate(chain["aplikasi"], chain["basis-data"], "depends_on")
    other = ({"server", "aplikasi"} - {mine}).pop()
    first = scheduled(cast.agen, chain[other])
    second = standard(cast.agen, chain[mine])
    assert found(second) == [(Reason.ASSET, first.number)]
    assert "saling bergantung" in conflicts(second, NOON, NOON + HOUR)[0].sentence


def test_a_mere_connection_is_no_conflict(cast):
    switch, phone = asset("switch"), asset("telepon")
    relate(phone, switch, "connects_to")
    scheduled(cast.agen, switch)
    assert found(standard(cast.agen, phone)) == []


def test_the_same_implementer_elsewhere(cast):
    first = scheduled(cast.agen, asset("satu"), assignee=cast.koordinator)
    second = standard(cast.agen, asset("dua"))
    assert found(second) == []
    perform(second.pk, "reassign", cast.agen, assignee="koordinator")
    assert found(Ticket.objects.get(pk=second.pk)) == [(Reason.IMPLEMENTER, first.number)]


def test_only_changes_whose_time_is_taken_count(cast):
    server = asset("server")
    first, second = scheduled(cast.agen, server), standard(cast.agen, server)
    perform(first.pk, "cancel", cast.agen, reason="Tidak jadi.")
    assert found(second) == []


def test_a_change_under_way_counts_and_a_done_one_does_not(cast):
    server = asset("server")
    first, second = scheduled(cast.agen, server), standard(cast.agen, server)
    perform(first.pk, "implement", cast.agen)
    assert found(second) == [(Reason.ASSET, first.number)]
    perform(first.pk, "complete", cast.agen, note="Selesai.")
    assert found(second) == []


def test_a_freeze_of_all_or_of_the_own_service(cast):
    mine, other = factories.service("hosting"), factories.service("surel")
    ticket = standard(cast.agen, service=mine)
    window = freeze(reason="Pemungutan suara.")
    assert found(ticket) == [(Reason.FREEZE, "Pemilu")]
    assert conflicts(ticket, NOON, NOON + HOUR)[0].sentence.endswith("Pemungutan suara.")
    window.services.set([other])
    assert found(ticket) == []
    window.services.set([other, mine])
    assert found(ticket) == [(Reason.FREEZE, "Pemilu")]
    assert found(ticket, NOON + HOUR) == []


def test_a_secret_change_gives_nothing_away(cast):
    server = asset("server")
    first = scheduled(cast.agen, server, assignee=cast.koordinator)
    Ticket.objects.filter(pk=first.pk).update(confidentiality="secret", is_restricted=True)
    second = standard(cast.agen, server)
    perform(second.pk, "reassign", cast.agen, assignee="koordinator")
    assert found(Ticket.objects.get(pk=second.pk)) == []
    schedule(second, cast.agen)
    assert detail(second).window_start == NOON


def test_the_number_of_queries_does_not_grow(cast, django_assert_max_num_queries):
    server = asset("server")
    mine = standard(cast.agen, server)
    for n in range(6):
        scheduled(cast.agen, server, start=NOON, end=NOON + (n + 1) * HOUR, override_reason="Perlu.")
        freeze()
    with django_assert_max_num_queries(8):
        assert len(conflicts(mine, NOON, NOON + HOUR)) == 12


def test_a_collision_needs_a_reason_which_is_kept(cast):
    server = asset("server")
    first, second = scheduled(cast.agen, server), standard(cast.agen, server)
    with pytest.raises(InvalidInputs) as refused:
        schedule(second, cast.agen)
    assert list(refused.value.errors) == ["override_reason"]
    assert first.number in refused.value.errors["override_reason"][0]
    second.refresh_from_db()
    assert (second.state, detail(second).window_start) == ("submitted", None)
    schedule(second, cast.agen, override_reason="Satu matikan, dua sekaligus.")
    assert detail(second).override_reason == "Satu matikan, dua sekaligus."
    entry = second.timeline.get(code=timeline.CONFLICT_OVERRIDDEN)
    assert first.number in timeline.describe(entry) and "dua sekaligus" in timeline.describe(entry)
    assert not entry.is_public
    assert timeline.first_broken(second.pk) is None


def test_a_reason_without_a_collision_is_not_an_override(cast):
    ticket = standard(cast.agen)
    schedule(ticket, cast.agen, override_reason="Sekadar berjaga.")
    assert detail(ticket).override_reason == ""
    assert not ticket.timeline.filter(code=timeline.CONFLICT_OVERRIDDEN).exists()


def test_rescheduling_asks_again_and_drops_the_old_override(cast):
    server = asset("server")
    scheduled(cast.agen, server)
    second = scheduled(cast.agen, server, override_reason="Bersamaan.")
    perform(second.pk, "reschedule", cast.agen, window_start=NOON + 2 * HOUR, window_end=NOON + 3 * HOUR)
    assert (detail(second).window_start, detail(second).override_reason) == (NOON + 2 * HOUR, "")
    with pytest.raises(InvalidInputs):
        perform(second.pk, "reschedule", cast.agen, window_start=NOON, window_end=NOON + HOUR)
    assert detail(second).window_start == NOON + 2 * HOUR
    assert second.timeline.filter(code=timeline.WINDOW_SET).count() == 2


def test_an_outsider_reschedules_nothing(cast):
    ticket = scheduled(cast.agen)
    for person in (cast.warga, cast.teknisi, cast.cab, cast.pimpinan):
        assert "reschedule" not in {info.name for info in available(ticket, person)}


def test_the_end_follows_from_the_template(cast):
    ticket = standard(cast.agen)
    perform(ticket.pk, "schedule", cast.agen, window_start=NOON)
    assert detail(ticket).window_end == NOON + HOUR


@pytest.mark.parametrize(("start", "end"), [(NOON, NOON), (NOON, NOON - HOUR), (NOON.replace(year=2020),) * 2])
def test_a_window_runs_forward_and_lies_ahead(cast, start, end):
    ticket = standard(cast.agen)
    end = end + HOUR if start.year == 2020 else end
    with pytest.raises(InvalidInputs) as refused:
        schedule(ticket, cast.agen, start, end)
    assert list(refused.value.errors) == ["window_end"]
    assert ChangeDetail.objects.get(ticket=ticket).window_start is None
