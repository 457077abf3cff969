from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Substitution, User
from catalog.models import ApprovalRule, ApprovalRuleStep, Approver
from tests import factories
from tickets.models import ApprovalRound, Vote
from tickets.workflow import perform

ASSESSMENT = dict.fromkeys(["impact_note", "plan", "back_out_plan", "test_plan"], "Rencana rinci.")


def rule(code="aturan", *steps, **kw):
    """A rule of steps given as (position, quorum, count, [approver fields, ...])."""
    made = ApprovalRule.objects.create(code=code, name=code.title(), **kw)
    for position, quorum, count, approvers in steps:
        step = ApprovalRuleStep.objects.create(
            rule=made, position=position, name=f"Langkah {position}", quorum=quorum, count=count
        )
        for fields in approvers:
            Approver.objects.create(step=step, **fields)
    return made


def person(user):
    return {"type": "person", "person": user}


def fresh(user):
    """The person as the next request would load them: roles and substitutions read anew."""
    return User.objects.get(pk=user.pk)


def stand_in(substitute, *, of=None, office=None, days=(0, 0), kind="plh"):
    today = timezone.localdate()
    return Substitution.objects.create(
        person=of,
        office=office,
        substitute=substitute,
        kind=kind,
        starts_on=today + timedelta(days=days[0]),
        ends_on=today + timedelta(days=days[1]),
    )


def round_of(ticket):
    return ApprovalRound.objects.filter(ticket=ticket).latest("number")


def vote_of(ticket, user):
    return Vote.objects.get(step__round=round_of(ticket), approver=user)


def request_for(cast, **service):
    """A new request of a service that needs approval; by default Dukcapil's liaison decides."""
    service = {"owner_office": factories.office("dukcapil"), "support_team": cast.network, **service}
    made = factories.service("layanan-izin", needs_approval=True, requestable=True, **service)
    return factories.ticket("request", requester=cast.warga, service=made, subject="Minta akses VPN")


def change_of(cast, **kw):
    """A change that the coordinator asked for, assessed and not yet sent to the approvers."""
    ticket = factories.ticket("change", requester=cast.koordinator, subject="Ganti firewall", **kw)
    perform(ticket.pk, "submit", cast.koordinator)
    return perform(ticket.pk, "assess", cast.agen, risk=2, **ASSESSMENT)


@pytest.fixture
def three(cast):
    """Three more approvers."""
    return [factories.user(f"penyetuju_{n}", "change_approver") for n in (1, 2, 3)]
