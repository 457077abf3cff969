"""Plt, Plh and delegates: who may decide for whom, and only on their days."""

import pytest

from tests import factories
from tests.approvals.conftest import fresh, person, request_for, rule, stand_in, vote_of
from tickets import access
from tickets.approvals import ballots, delegation
from tickets.errors import Forbidden, InvalidInputs, NotVisible, WrongState
from tickets.models import Ticket, TimelineEntry, Vote
from tickets.workflow import perform


def test_a_substitute_decides_on_their_days_only(cast):
    ticket = request_for(cast)
    stand_in(cast.orang_luar, of=cast.penghubung, days=(1, 5))
    with pytest.raises(NotVisible):
        perform(ticket.pk, "approve", fresh(cast.orang_luar))
    cast.orang_luar.substitutes_for.all().delete()
    stand_in(cast.orang_luar, of=cast.penghubung, days=(-5, -1))
    with pytest.raises(NotVisible):
        perform(ticket.pk, "approve", fresh(cast.orang_luar))
    cast.orang_luar.substitutes_for.all().delete()
    stand_in(cast.orang_luar, of=cast.penghubung)
    perform(ticket.pk, "approve", fresh(cast.orang_luar))
    vote = Vote.objects.get()
    assert (vote.approver, vote.decided_by) == (cast.penghubung, cast.orang_luar)
    entry = TimelineEntry.objects.get(ticket=ticket, code="approval.voted")
    assert entry.changes["behalf"] == "Penghubung"


@pytest.fixture
def headed(cast):
    """A request that the head of Dukcapil decides; the post is given by each test."""

    def make(head=None):
        office = factories.office("dukcapil")
        office.head = head
        office.save()
        made = rule("kepala", (1, "any", None, [{"type": "owner_head"}]))
        return office, request_for(cast, approval_rule=made)

    return make


def test_the_head_is_asked_and_a_plh_may_decide_but_a_plt_of_a_filled_post_may_not(cast, headed):
    kadis = factories.user("kadis")
    office, ticket = headed(kadis)
    assert vote_of(ticket, kadis).office == office
    stand_in(cast.asn, office=office, kind="plt")
    with pytest.raises(NotVisible):
        perform(ticket.pk, "approve", fresh(cast.asn))
    stand_in(cast.orang_luar, of=kadis)
    assert perform(ticket.pk, "approve", fresh(cast.orang_luar)).state == "approved"


def test_the_plt_of_a_vacant_post_is_asked(cast, headed):
    plt = factories.user("plt_kadis")
    stand_in(plt, office=factories.office("dukcapil"), kind="plt")
    _office, ticket = headed()
    assert perform(ticket.pk, "approve", fresh(plt)).state == "approved"


def test_the_vote_of_a_post_follows_the_post(cast, headed):
    old, new = factories.user("kadis_lama"), factories.user("kadis_baru")
    office, ticket = headed(old)
    office.head = new
    office.save()
    with pytest.raises(Forbidden):
        perform(ticket.pk, "approve", fresh(old))
    assert perform(ticket.pk, "approve", fresh(new)).state == "approved"


def test_without_head_or_plt_nobody_can_be_asked(cast, headed):
    _office, ticket = headed()
    assert Ticket.objects.get(pk=ticket.pk).state == "new"


def test_both_directions_agree_on_who_may_decide(cast, headed):
    kadis, plh, delegate = factories.user("kadis"), factories.user("plh"), factories.user("rekan", "agent")
    _office, ticket = headed(kadis)
    stand_in(plh, of=kadis)
    vote = vote_of(ticket, kadis)
    vote.delegated_to = delegate
    vote.save()
    vote = Vote.objects.select_related("office__head", "delegated_to").get(pk=vote.pk)
    may = {user.pk for user in ballots.deciders(vote)}
    from accounts.models import User

    assert may == {user.pk for user in User.objects.all() if ballots.open_to(user).filter(pk=vote.pk).exists()}
    assert may == {kadis.pk, plh.pk, delegate.pk}


def test_the_addressee_delegates_and_takes_back(cast):
    ticket = request_for(cast)
    vote = Vote.objects.get()
    delegation.delegate(vote_id=vote.pk, actor=cast.penghubung, to=cast.pimpinan)
    entry = TimelineEntry.objects.get(ticket=ticket, code="approval.delegated")
    assert entry.changes["person"] == "Pimpinan"
    delegation.delegate(vote_id=vote.pk, actor=cast.penghubung, to=None)
    with pytest.raises(Forbidden):
        perform(ticket.pk, "approve", cast.pimpinan)
    delegation.delegate(vote_id=vote.pk, actor=cast.penghubung, to=cast.teknisi)
    assert access.visible_to(cast.teknisi).filter(pk=ticket.pk).exists()
    assert perform(ticket.pk, "approve", cast.teknisi).state == "approved"
    assert Vote.objects.get().decided_by == cast.teknisi


def test_only_the_addressee_delegates_and_only_to_somebody_eligible(cast):
    ticket = request_for(cast)
    vote = Vote.objects.get()
    with pytest.raises(Forbidden):
        delegation.delegate(vote_id=vote.pk, actor=cast.koordinator, to=cast.agen)
    with pytest.raises(NotVisible):
        delegation.delegate(vote_id=vote.pk, actor=cast.orang_luar, to=cast.agen)
    for wrong in (cast.warga, cast.asn, cast.penghubung):
        with pytest.raises(InvalidInputs):
            delegation.delegate(vote_id=vote.pk, actor=cast.penghubung, to=wrong)
    perform(ticket.pk, "approve", cast.penghubung)
    with pytest.raises(WrongState):
        delegation.delegate(vote_id=vote.pk, actor=cast.penghubung, to=cast.agen)
    assert Vote.objects.get().delegated_to is None


def test_a_delegate_does_not_delegate(cast):
    request_for(cast)
    vote = Vote.objects.get()
    delegation.delegate(vote_id=vote.pk, actor=cast.penghubung, to=cast.pimpinan)
    with pytest.raises(Forbidden):
        delegation.delegate(vote_id=vote.pk, actor=cast.pimpinan, to=cast.agen)


def test_people_with_an_open_vote_see_the_ticket_and_others_do_not(cast):
    made = rule("orang", (1, "any", None, [person(cast.asn)]))
    ticket = request_for(cast, approval_rule=made)
    assert access.visible_to(cast.asn).filter(pk=ticket.pk).exists()
    assert not access.visible_to(cast.orang_luar).exists()
    perform(ticket.pk, "approve", cast.asn)
    assert access.visible_to(fresh(cast.asn)).filter(pk=ticket.pk).exists()


def test_being_asked_opens_no_restricted_case(cast):
    ticket = request_for(cast)
    Ticket.objects.filter(pk=ticket.pk).update(is_restricted=True, confidentiality="secret")
    assert not access.visible_to(cast.penghubung).exists()
    with pytest.raises(NotVisible):
        perform(ticket.pk, "approve", cast.penghubung)


def test_a_secret_request_is_decided_by_its_officers(cast):
    second = factories.user("petugas_rahasia", "confidential_officer", teams=(cast.confidential_team,))
    made = factories.service("rahasia", needs_approval=True, owner_office=factories.office("dukcapil"))
    ticket = factories.ticket("request", requester=cast.warga, service=made, confidentiality="secret")
    assert {vote.approver for vote in Vote.objects.all()} == {cast.inspektorat, second}
    assert not access.visible_to(cast.penghubung).exists()
    assert perform(ticket.pk, "approve", cast.inspektorat).state == "approved"
