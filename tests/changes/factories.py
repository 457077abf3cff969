"""Changes, assets and questionnaires for these tests."""

from datetime import UTC, datetime, timedelta

from assets.models import Asset, AssetRelation, AssetType
from tests import factories
from tickets.models import ChangeDetail, ChangeTemplate, RiskBand, RiskChoice, RiskQuestion, Ticket
from tickets.workflow import perform

NOON = datetime(2031, 3, 4, 5, tzinfo=UTC)
"""Tuesday 4 March 2031, 12.00 WIB: a time to come."""
HOUR = timedelta(hours=1)
PLANS = dict.fromkeys(("impact_note", "plan", "back_out_plan", "test_plan"), "Ada.")


def asset(code, **kw):
    kind = AssetType.objects.get_or_create(code="server", defaults={"name": "Server"})[0]
    return Asset.objects.create(code=code, name=f"Aset {code}", asset_type=kind, **kw)


def relate(source, target, kind="runs_on"):
    return AssetRelation.objects.create(source=source, type=kind, target=target)


def template(code="sandi", **kw):
    texts = dict.fromkeys(("plan", "back_out_plan", "test_plan", "impact_note"), f"Menurut {code}.")
    return ChangeTemplate.objects.create(code=code, name=f"Templat {code}", risk=1, **(texts | kw))


def questionnaire():
    """Two questions of two answers (0 or 3 points), Medium from 3 and High from 6."""
    for position, code in enumerate(("pengguna", "kembali")):
        question = RiskQuestion.objects.create(code=code, text=f"Tanya {code}?", position=position)
        for score in (0, 3):
            RiskChoice.objects.create(question=question, label=f"Jawab {score}", score=score, position=score)
    for level, score in ((1, 0), (2, 3), (3, 6)):
        RiskBand.objects.create(level=level, from_score=score)


def answers(*scores):
    """Inputs of the assessment: the choice with that score, question by question."""
    asked = RiskQuestion.objects.filter(is_active=True).order_by("position")
    return {
        f"risk_{question.code}": str(question.choices.get(score=score).pk)
        for question, score in zip(asked, scores, strict=True)
    }


def standard(who, *assets, **kw):
    """A submitted standard change of its own template, on these assets; requested by Sari."""
    made = ChangeTemplate.objects.filter(code="sandi").first() or template()
    kw = {"kind": "change", "change_type": "standard", "change_template": made, "assets": assets} | kw
    ticket = factories.ticket(**kw)
    perform(ticket.pk, "submit", who)
    return Ticket.objects.get(pk=ticket.pk)


def schedule(ticket, who, start=NOON, end=None, **kw):
    end = end or start + HOUR
    return perform(ticket.pk, "schedule", who, window_start=start, window_end=end, **kw)


def scheduled(who, *assets, start=NOON, end=None, assignee=None, override_reason="", **kw):
    """A scheduled standard change."""
    ticket = standard(who, *assets, **kw)
    if assignee:
        perform(ticket.pk, "reassign", who, assignee=assignee.username)
    schedule(ticket, who, start, end, override_reason=override_reason)
    return Ticket.objects.get(pk=ticket.pk)


def detail(ticket):
    return ChangeDetail.objects.get(ticket=ticket)
