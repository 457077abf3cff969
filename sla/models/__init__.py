"""Working calendars, targets, agreements, and the clocks that measure tickets against them."""

from sla.models.agreements import Agreement
from sla.models.calendars import (
    Calendar,
    CalendarPeriod,
    CalendarUse,
    CalendarWeek,
    Holiday,
    Revision,
    RevisionMove,
)
from sla.models.clocks import Clock, ClockSegment, Escalation, EscalationNotice
from sla.models.metrics import Metric
from sla.models.policies import EscalationStep, Policy, PolicyTarget

__all__ = [
    "Agreement",
    "Calendar",
    "CalendarPeriod",
    "CalendarUse",
    "CalendarWeek",
    "Clock",
    "ClockSegment",
    "Escalation",
    "EscalationNotice",
    "EscalationStep",
    "Holiday",
    "Metric",
    "Policy",
    "PolicyTarget",
    "Revision",
    "RevisionMove",
]
