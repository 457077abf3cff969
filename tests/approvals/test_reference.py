"""The rules the product ships: loaded once, left alone afterwards, and good enough for the demo accounts."""

import pytest
from django.core.management import call_command

from catalog.models import ApprovalRule, ApprovalRuleStep, Approver, Service
from servicedesk.reference import approvals, catalogue, offices, people
from servicedesk.reference.store import Store


@pytest.fixture
def loaded(db):
    store = Store()
    people.load_roles(store)
    offices.load(store)
    people.load_teams(store)
    catalogue.load(store)
    approvals.load(store)
    return store


def facts():
    steps = ApprovalRuleStep.objects.order_by("rule__code", "position")
    return [(step.rule.code, step.position, step.quorum, step.deadline_hours, step.reminder_hours) for step in steps]


def test_the_shipped_rules(loaded):
    assert facts() == [
        ("cab", 1, "any", 16, 8),
        ("data-kependudukan", 1, "any", 16, 8),
        ("data-kependudukan", 2, "any", 8, 4),
        ("ecab", 1, "any", 2, 1),
    ]
    assert set(Approver.objects.filter(step__rule__code__in=["cab", "ecab"]).values_list("role", flat=True)) == {
        "change_approver"
    }
    assert Service.objects.get(approval_rule__code="data-kependudukan").needs_approval


def test_loading_again_changes_nothing_an_officer_decided(loaded):
    ApprovalRuleStep.objects.filter(rule__code="cab").update(deadline_hours=40)
    ApprovalRule.objects.filter(code="ecab").update(is_active=False)
    Service.objects.filter(code="akses-data-kependudukan").update(approval_rule=None)
    before = facts()
    approvals.load(Store())
    assert facts() == before and not ApprovalRule.objects.get(code="ecab").is_active
    assert Service.objects.get(code="akses-data-kependudukan").approval_rule is None


def test_update_brings_the_shipped_steps_back(loaded):
    ApprovalRuleStep.objects.filter(rule__code="cab").update(deadline_hours=40)
    approvals.load(Store(update=True))
    assert ("cab", 1, "any", 16, 8) in facts() and len(facts()) == 4


def test_the_countys_own_board_is_kept(loaded):
    ApprovalRule.objects.all().update(is_active=False)
    ApprovalRule.objects.filter(code="cab").delete()
    own = ApprovalRule.objects.create(code="punya-kami", name="CAB kami", change_type="normal")
    approvals.load(Store())
    assert ApprovalRule.objects.get(change_type="normal", is_active=True) == own


def test_the_command_loads_them(db):
    call_command("load_reference", verbosity=0)
    assert ApprovalRule.objects.count() == 3
