"""Who is asked, whose vote counts, and what the votes do to the ticket."""

import pytest

from notify.models import Delivery
from tests import factories
from tests.approvals.conftest import change_of, fresh, person, request_for, round_of, rule, stand_in
from tickets import access, edits, timeline
from tickets.actors import Actor
from tickets.approvals import ballots
from tickets.errors import Forbidden, InvalidInputs, NotVisible, WrongState
from tickets.models import ApprovalRound, Ticket, TimelineEntry, Vote
from tickets.workflow import available, perform


def state_of(ticket):
    return Ticket.objects.get(pk=ticket.pk).state


def steps_of(ticket):
    return list(round_of(ticket).steps.values_list("position", "state"))


def test_without_a_rule_the_owners_liaison_decides(cast):
    ticket = request_for(cast)
    assert state_of(ticket) == "awaiting_approval"
    assert [vote.approver for vote in Vote.objects.all()] == [cast.penghubung]
    done = perform(ticket.pk, "approve", cast.penghubung, note="Sesuai surat tugas.")
    assert done.state == "approved"
    vote = Vote.objects.get()
    assert (vote.decision, vote.decided_by, vote.comment, vote.channel) == (
        "approve",
        cast.penghubung,
        "Sesuai surat tugas.",
        "web",
    )
    assert round_of(ticket).state == "approved" and round_of(ticket).ended_at


def test_without_owner_the_coordinators_decide(cast):
    request_for(cast, owner_office=None)
    assert [vote.approver for vote in Vote.objects.all()] == [cast.koordinator]


def test_steps_come_one_after_the_other(cast):
    made = rule("dua", (1, "any", None, [{"type": "service_owner"}]), (2, "any", None, [person(cast.pimpinan)]))
    ticket = request_for(cast, approval_rule=made)
    assert steps_of(ticket) == [(1, "pending"), (2, "waiting")]
    with pytest.raises(Forbidden):
        perform(ticket.pk, "approve", cast.pimpinan)
    perform(ticket.pk, "approve", cast.penghubung)
    assert state_of(ticket) == "awaiting_approval"
    assert steps_of(ticket) == [(1, "approved"), (2, "pending")]
    with pytest.raises(Forbidden):
        perform(ticket.pk, "approve", cast.penghubung)
    perform(ticket.pk, "approve", cast.pimpinan)
    assert state_of(ticket) == "approved" and round_of(ticket).state == "approved"


def test_steps_of_one_position_run_side_by_side(cast):
    made = rule("sejajar", (1, "any", None, [{"type": "service_owner"}]), (1, "any", None, [person(cast.pimpinan)]))
    ticket = request_for(cast, approval_rule=made)
    perform(ticket.pk, "approve", cast.pimpinan)
    assert state_of(ticket) == "awaiting_approval"
    perform(ticket.pk, "approve", cast.penghubung)
    assert state_of(ticket) == "approved"


@pytest.mark.parametrize(
    ("quorum", "count", "votes", "outcome"),
    [
        ("any", None, ["reject", "reject"], "awaiting_approval"),
        ("any", None, ["reject", "reject", "reject"], "rejected"),
        ("any", None, ["reject", "approve"], "approved"),
        ("all", None, ["approve", "approve"], "awaiting_approval"),
        ("all", None, ["approve", "approve", "approve"], "approved"),
        ("all", None, ["approve", "reject"], "rejected"),
        ("count", 2, ["approve"], "awaiting_approval"),
        ("count", 2, ["approve", "reject", "approve"], "approved"),
        ("count", 2, ["reject"], "awaiting_approval"),
        ("count", 2, ["reject", "reject"], "rejected"),
    ],
)
def test_the_quorum_decides(cast, three, quorum, count, votes, outcome):
    made = rule("kuorum", (1, quorum, count, [person(each) for each in three]))
    ticket = request_for(cast, approval_rule=made)
    for voter, decision in zip(three, votes, strict=False):
        perform(ticket.pk, decision, voter, **({"reason": "Belum lengkap."} if decision == "reject" else {}))
    assert state_of(ticket) == outcome
    assert timeline.first_broken(ticket.pk) is None


def test_a_step_that_is_decided_asks_nobody_any_more(cast, three):
    ticket = request_for(cast, approval_rule=rule("satu", (1, "any", None, [person(each) for each in three])))
    perform(ticket.pk, "approve", three[0])
    with pytest.raises((Forbidden, WrongState)):
        perform(ticket.pk, "reject", three[1], reason="Terlambat.")
    assert Vote.objects.exclude(decision="").count() == 1 and state_of(ticket) == "approved"


def test_only_the_deciding_refusal_reaches_the_requester(cast, three):
    ticket = request_for(cast, approval_rule=rule("satu", (1, "any", None, [person(each) for each in three[:2]])))
    with pytest.raises(InvalidInputs):
        perform(ticket.pk, "reject", three[0])
    perform(ticket.pk, "reject", three[0], reason="Rahasia antarkita.")
    heard = [entry.code for entry in access.timeline(ticket, internal=False)]
    words = [message.text for message in access.conversation(ticket, internal=False)]
    assert "Rahasia antarkita." not in words
    perform(ticket.pk, "reject", three[1], reason="Anggaran belum ada.")
    words = [message.text for message in access.conversation(ticket, internal=False)]
    assert "Anggaran belum ada." in words and "Rahasia antarkita." not in words
    assert len(access.timeline(ticket, internal=False)) == len(heard) + 2  # the transition and its message


def test_nobody_decides_their_own_request(cast):
    made = rule("sendiri", (1, "all", None, [person(cast.warga), person(cast.pimpinan)]))
    ticket = request_for(cast, approval_rule=made)
    assert [vote.approver for vote in Vote.objects.all()] == [cast.pimpinan]
    stand_in(cast.warga, of=cast.pimpinan)
    with pytest.raises(WrongState, match="permintaannya sendiri"):
        perform(ticket.pk, "approve", fresh(cast.warga))
    assert state_of(ticket) == "awaiting_approval"


def test_a_change_is_never_put_to_those_who_asked_or_do_it(cast, three):
    for each in (cast.koordinator, cast.teknisi):
        each.groups.add(cast.cab.groups.get())
    ticket = change_of(cast)
    perform(ticket.pk, "reassign", cast.koordinator, assignee="teknisi")
    perform(ticket.pk, "ask_approval", cast.agen)
    asked = {vote.approver.username for vote in Vote.objects.all()}
    assert asked == {"cab", "penyetuju_1", "penyetuju_2", "penyetuju_3"}


def test_whoever_gets_the_work_loses_the_vote(cast):
    cast.teknisi.groups.add(cast.cab.groups.get())
    ticket = change_of(cast)
    perform(ticket.pk, "ask_approval", cast.agen)
    perform(ticket.pk, "reassign", cast.koordinator, assignee="teknisi")
    with pytest.raises(WrongState, match="pelaksana"):
        perform(ticket.pk, "approve", fresh(cast.teknisi))
    stand_in(cast.pimpinan, of=cast.teknisi)
    with pytest.raises(WrongState, match="wakili"):
        perform(ticket.pk, "approve", fresh(cast.pimpinan))
    perform(ticket.pk, "approve", cast.cab)
    assert state_of(ticket) == "approved"


def test_who_approved_does_not_implement(cast):
    cast.teknisi.groups.add(cast.cab.groups.get())
    made = rule("cab", (1, "all", None, [{"type": "role", "role": "change_approver"}]), change_type="normal")
    ticket = change_of(cast)
    perform(ticket.pk, "ask_approval", cast.agen)
    assert round_of(ticket).rule == made
    perform(ticket.pk, "approve", fresh(cast.teknisi))
    assert state_of(ticket) == "awaiting_approval"
    perform(ticket.pk, "approve", cast.cab)
    assert Ticket.objects.get(pk=ticket.pk).change_detail.approved_by == cast.cab
    from tickets.kinds import guards

    assert guards.implementer_is_not_approver(ticket, Actor(user=cast.teknisi))
    assert guards.implementer_is_not_approver(ticket, Actor(user=cast.agen)) is None


@pytest.mark.parametrize("quorum", ["any", "count"])
def test_a_step_without_enough_people_is_named(cast, quorum):
    people = [person(cast.koordinator)] + ([person(cast.pimpinan)] if quorum == "count" else [])
    rule("cab", (1, quorum, 2 if quorum == "count" else None, people), change_type="normal")
    ticket = change_of(cast)
    with pytest.raises(WrongState, match="Langkah 1"):
        perform(ticket.pk, "ask_approval", cast.agen)
    assert state_of(ticket) == "assessed" and not ApprovalRound.objects.exists()
    assert "ask_approval" not in [info.name for info in available(ticket, cast.agen)]


def test_a_request_nobody_may_approve_is_kept_with_the_reason(cast):
    ticket = request_for(cast, owner_office=factories.office("dinkes"))
    assert state_of(ticket) == "new"
    notes = [m.text for m in access.conversation(ticket, internal=True) if m.direction == "note"]
    assert len(notes) == 1 and "Penghubung pemilik layanan" in notes[0]
    with pytest.raises(WrongState, match="persetujuan"):
        perform(ticket.pk, "start", cast.agen)


def test_a_new_submission_starts_a_new_round(cast):
    ticket = request_for(cast)
    perform(ticket.pk, "reject", cast.penghubung, reason="Lengkapi surat.")
    perform(ticket.pk, "resubmit", cast.warga, reason="Surat terlampir.")
    assert list(ApprovalRound.objects.values_list("number", "state")) == [(1, "rejected"), (2, "pending")]
    assert state_of(ticket) == "awaiting_approval"
    perform(ticket.pk, "approve", cast.penghubung)
    assert list(Vote.objects.order_by("pk").values_list("decision", flat=True)) == ["reject", "approve"]


def test_asking_again_voids_the_votes_so_far(cast, three):
    ticket = request_for(cast, approval_rule=rule("semua", (1, "all", None, [person(each) for each in three[:2]])))
    perform(ticket.pk, "approve", three[0])
    perform(ticket.pk, "ask_again", cast.koordinator, note="Pak Budi pensiun.")
    assert list(ApprovalRound.objects.values_list("number", "state")) == [(1, "withdrawn"), (2, "pending")]
    perform(ticket.pk, "approve", three[1])
    assert state_of(ticket) == "awaiting_approval"
    with pytest.raises(Forbidden):
        perform(ticket.pk, "ask_again", three[0])


def test_cancelling_withdraws_the_round(cast):
    ticket = request_for(cast)
    perform(ticket.pk, "cancel", cast.warga, reason="Tidak jadi.")
    assert round_of(ticket).state == "withdrawn"
    assert not ballots.open_to(cast.penghubung).exists()
    assert set(round_of(ticket).steps.values_list("state", flat=True)) == {"skipped"}


def test_a_rejected_request_does_not_become_work_by_another_door(cast):
    ticket = request_for(cast)
    perform(ticket.pk, "reject", cast.penghubung, reason="Tidak perlu.")
    for step, inputs in (("start", {}), ("assign", {"assignee": "teknisi"}), ("fulfil", {"solution": "x"})):
        with pytest.raises(WrongState):
            perform(ticket.pk, step, cast.koordinator, **inputs)
    perform(ticket.pk, "close", cast.warga)
    with pytest.raises(WrongState, match="tidak disetujui"):
        perform(ticket.pk, "reopen", cast.warga, reason="Tetap mau.")


def test_another_service_does_not_go_around_the_approval(cast):
    free = factories.service("bebas", requestable=True, support_team=cast.network)
    ticket = factories.ticket("request", requester=cast.warga, service=free)
    perform(ticket.pk, "start", cast.agen)
    bound = factories.service("terikat", needs_approval=True, owner_office=factories.office("dukcapil"))
    edits.change(ticket_id=ticket.pk, actor=cast.agen, service=bound)
    with pytest.raises(WrongState, match="persetujuan"):
        perform(ticket.pk, "fulfil", cast.agen, solution="Selesai.")
    perform(ticket.pk, "ask_approval", cast.agen)
    perform(ticket.pk, "approve", cast.penghubung)
    perform(ticket.pk, "start", cast.agen)
    assert perform(ticket.pk, "fulfil", cast.agen, solution="Selesai.").state == "fulfilled"


def test_a_round_is_told_in_the_timeline(cast):
    ticket = request_for(cast)
    perform(ticket.pk, "approve", cast.penghubung)
    entries = list(TimelineEntry.objects.filter(ticket=ticket, code__startswith="approval."))
    assert [entry.code for entry in entries] == [timeline.APPROVAL_ASKED, timeline.APPROVAL_VOTED]
    assert "Penghubung" in timeline.describe(entries[0])
    assert timeline.describe(entries[1]) == "Setuju pada langkah “Penghubung pemilik layanan”"
    assert not any(entry.is_public for entry in entries)


def test_outsiders_cannot_vote(cast):
    ticket = request_for(cast)
    for outsider, refusal in (
        (cast.orang_luar, NotVisible),
        (cast.cab, NotVisible),
        (cast.koordinator, Forbidden),
        (cast.agen, Forbidden),
        (cast.admin, Forbidden),
        (cast.warga, Forbidden),
    ):
        with pytest.raises(refusal):
            perform(ticket.pk, "approve", outsider)
    assert not Vote.objects.exclude(decision="").exists()


def test_the_refusal_is_a_reply_to_the_requester(cast):
    ticket = request_for(cast)
    perform(ticket.pk, "reject", cast.penghubung, reason="Lengkapi surat.")
    message = access.conversation(ticket, internal=False).get(text="Lengkapi surat.")
    assert message.direction == "out"
    assert Delivery.objects.filter(cause=message.cause, contact=ticket.requester).count() == 1
    assert access.sees_internal(Actor(user=fresh(cast.penghubung)), ticket, frozenset())
