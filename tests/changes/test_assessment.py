"""Templates, the questionnaire, and what a change reaches."""

import itertools

import pytest

from assets.models import Asset
from tests import factories
from tests.changes.factories import PLANS, answers, asset, detail, questionnaire, relate, template
from tickets import timeline, workflow
from tickets.changes.assessment import MAX_DEPTH, impacted, level_of
from tickets.errors import InvalidInputs, WrongState
from tickets.models import ChangeTemplate, RiskBand, RiskChoice, RiskQuestion, Ticket
from tickets.workflow import perform


@pytest.fixture
def submitted(cast):
    ticket = factories.ticket("change", requester=cast.koordinator)
    perform(ticket.pk, "submit", cast.koordinator)
    return ticket


def test_a_standard_change_takes_everything_from_its_template(cast):
    service = factories.service("hosting")
    made = template(service=service, team=cast.network)
    ticket = factories.ticket("change", requester=cast.agen, change_type="standard", change_template=made)
    facts = detail(ticket)
    assert (ticket.service, ticket.team) == (service, cast.network)
    assert (facts.template, facts.risk, facts.plan) == (made, 1, "Menurut sandi.")
    perform(ticket.pk, "submit", cast.koordinator)
    steps = {info.name for info in workflow.available(Ticket.objects.get(pk=ticket.pk), cast.koordinator)}
    assert "schedule" in steps


@pytest.mark.parametrize(
    ("kw", "state"),
    [({"change_type": "standard"}, "none"), ({"change_type": "standard"}, "inactive"), ({"change_type": ""}, "active")],
)
def test_type_and_template_belong_together(cast, kw, state):
    made = None if state == "none" else template(is_active=state == "active")
    with pytest.raises(InvalidInputs):
        factories.ticket("change", requester=cast.agen, change_template=made, **kw)
    assert not Ticket.objects.exists()


def test_a_standard_change_that_lost_its_template_goes_nowhere(cast):
    made = template()
    ticket = factories.ticket("change", requester=cast.agen, change_type="standard", change_template=made)
    facts = detail(ticket)
    facts.template = None
    facts.save()
    with pytest.raises(WrongState, match="templat"):
        perform(ticket.pk, "submit", cast.koordinator)


def test_a_later_change_of_the_template_leaves_tickets_alone(cast):
    made = template()
    ticket = factories.ticket("change", requester=cast.agen, change_type="standard", change_template=made)
    ChangeTemplate.objects.update(plan="Lain.", is_active=False)
    assert detail(ticket).plan == "Menurut sandi."
    perform(ticket.pk, "submit", cast.koordinator)


def test_the_score_gives_the_level_and_the_answers_are_kept_as_worded(cast, submitted):
    questionnaire()
    perform(submitted.pk, "assess", cast.agen, **PLANS, **answers(3, 0))
    RiskQuestion.objects.update(text="Diubah")
    RiskChoice.objects.update(label="Diubah", score=9)
    facts = detail(submitted)
    assert (facts.risk_score, facts.risk, facts.risk_reason) == (3, 2, "")
    assert facts.risk_answers == [
        {"question": "Tanya pengguna?", "answer": "Jawab 3", "score": 3},
        {"question": "Tanya kembali?", "answer": "Jawab 0", "score": 0},
    ]


def test_another_level_needs_a_reason_that_the_history_keeps(cast, submitted):
    questionnaire()
    with pytest.raises(InvalidInputs) as refused:
        perform(submitted.pk, "assess", cast.agen, risk=3, **PLANS, **answers(0, 0))
    assert list(refused.value.errors) == ["risk_reason"]
    perform(submitted.pk, "assess", cast.agen, risk=3, risk_reason="Malam pemilu", **PLANS, **answers(0, 0))
    facts = detail(submitted)
    assert (facts.risk, facts.risk_reason, facts.risk_score) == (3, "Malam pemilu", 0)
    entry = submitted.timeline.get(code=timeline.RISK_OVERRIDDEN)
    assert not entry.is_public
    assert timeline.describe(entry) == "Risiko Tinggi dipakai, menurut skor 0: Rendah. Alasan: Malam pemilu"
    assert timeline.first_broken(submitted.pk) is None


def test_choosing_what_the_score_says_needs_no_reason(cast, submitted):
    questionnaire()
    perform(submitted.pk, "assess", cast.agen, risk=1, **PLANS, **answers(0, 0))
    assert detail(submitted).risk == 1


def test_every_question_is_answered_with_one_of_its_own_choices(cast, submitted):
    questionnaire()
    given = answers(0, 3)
    given["risk_pengguna"] = given["risk_kembali"]
    with pytest.raises(InvalidInputs) as refused:
        perform(submitted.pk, "assess", cast.agen, **PLANS, **given)
    assert list(refused.value.errors) == ["risk_pengguna"]
    with pytest.raises(InvalidInputs) as refused:
        perform(submitted.pk, "assess", cast.agen, **PLANS)
    assert {"risk_pengguna", "risk_kembali"} <= set(refused.value.errors)


def test_without_questions_the_level_is_chosen(cast, submitted):
    with pytest.raises(InvalidInputs) as refused:
        perform(submitted.pk, "assess", cast.agen, **PLANS)
    assert list(refused.value.errors) == ["risk"]
    perform(submitted.pk, "assess", cast.agen, risk=2, **PLANS)
    assert (detail(submitted).risk, detail(submitted).risk_score) == (2, None)


def test_without_limits_the_score_alone_says_nothing(cast, submitted):
    questionnaire()
    RiskBand.objects.all().delete()
    with pytest.raises(InvalidInputs):
        perform(submitted.pk, "assess", cast.agen, **PLANS, **answers(3, 3))
    perform(submitted.pk, "assess", cast.agen, risk=2, **PLANS, **answers(3, 3))
    assert (detail(submitted).risk, detail(submitted).risk_score) == (2, 6)


@pytest.mark.parametrize(("score", "level"), [(0, 1), (2, 1), (3, 2), (5, 2), (6, 3), (60, 3)])
def test_a_level_begins_at_its_score(score, level):
    limits = [RiskBand(level=3, from_score=6), RiskBand(level=2, from_score=3)]
    assert level_of(score, limits) == level


def test_impact_follows_what_runs_on_and_depends_on_but_no_mere_connection(db):
    server, database, app, phone = (asset(code) for code in ("server", "basis-data", "aplikasi", "telepon"))
    relate(database, server)
    relate(app, database, "depends_on")
    relate(phone, server, "connects_to")
    service = factories.service("kependudukan")
    app.services.add(service)
    reached = impacted([server])
    assert ([each.code for each in reached.assets], reached.services) == (["aplikasi", "basis-data"], [service])
    assert impacted([app]).assets == []
    assert not impacted([])


def test_impact_ends_in_circles_and_after_ten_steps(db, django_assert_max_num_queries):
    ring = [asset(f"lingkar-{n}") for n in range(3)]
    for here, there in zip(ring, [*ring[1:], ring[0]], strict=True):
        relate(here, there)
    assert set(impacted([ring[0]]).assets) == {*ring[1:]}
    chain = [asset(f"rantai-{n:02}") for n in range(MAX_DEPTH + 3)]
    for below, above in itertools.pairwise(chain):
        relate(above, below)
    with django_assert_max_num_queries(MAX_DEPTH + 3):
        assert impacted(Asset.objects.filter(pk=chain[0].pk)).assets == chain[1 : MAX_DEPTH + 1]
