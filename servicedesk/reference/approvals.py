"""Approval rules: the change advisory boards, and one rule of two steps as an example."""

from typing import Any

from accounts.models import Team
from catalog.models import ApprovalRule, ApprovalRuleStep, Approver, Service
from servicedesk.reference.store import Store


def load(store: Store) -> None:
    """Steps come with a new rule only, or with `update`: what an officer changed stays."""
    teams = Team.objects.in_bulk(field_name="code")
    for row in store.document("persetujuan.toml")["rule"]:
        rule = _put_rule(store, row, teams)
        if rule is not None and row.get("service"):
            Service.objects.filter(code=row["service"], approval_rule=None).update(approval_rule=rule)


def _put_rule(store: Store, row: dict[str, Any], teams: dict[str, Team]) -> ApprovalRule | None:
    """The rule when it is new or brought up to date, else None.

    A county that has made its own rule for a type of change keeps it: there is one active rule per type.
    """
    change_type = row.get("change_type", "")
    taken = ApprovalRule.objects.filter(is_active=True, change_type=change_type).exclude(code=row["code"])
    values = {"name": row["name"], "change_type": change_type, "is_active": not (change_type and taken.exists())}
    rule, created = store.put(ApprovalRule, {"code": row["code"]}, values)
    if not created and not store.update:
        return None
    rule.steps.all().delete()
    for facts in row["step"]:
        approvers = facts["approvers"]
        step = ApprovalRuleStep.objects.create(
            rule=rule, **{name: value for name, value in facts.items() if name != "approvers"}
        )
        store.tally(ApprovalRuleStep).created += 1
        Approver.objects.bulk_create(_approver(step, each, teams) for each in approvers)
    return rule


def _approver(step: ApprovalRuleStep, facts: dict[str, str], teams: dict[str, Team]) -> Approver:
    team = teams[facts["team"]] if "team" in facts else None
    return Approver(step=step, type=facts["type"], role=facts.get("role", ""), team=team)
