from tickets.models.approvals import ApprovalRound, ApprovalStep, Vote
from tickets.models.automation import AutomationRule, AutomationRun, ReplyTemplate
from tickets.models.changes import (
    CalendarFeed,
    ChangeTemplate,
    FreezeWindow,
    ImplementationEntry,
    RiskBand,
    RiskChoice,
    RiskQuestion,
)
from tickets.models.conversation import Attachment, Message, MessageRevision
from tickets.models.details import ChangeDetail, ComplaintDetail, IncidentDetail, ProblemDetail
from tickets.models.inbound import BlockedSender, InboundRecord
from tickets.models.settings import CandidateRule, NumberSequence, PriorityRule
from tickets.models.spells import Spell
from tickets.models.ticket import Participant, Ticket, TicketLink
from tickets.models.timeline import AuditSeal, TimelineEntry
from tickets.models.work import Merge, Tag, Task, TimeEntry

# The proxies come last: they build on the models above, and Django must know them to name their permissions.
from tickets.kinds.change import Change  # isort: skip
from tickets.kinds.complaint import Complaint  # isort: skip
from tickets.kinds.incident import Incident  # isort: skip
from tickets.kinds.problem import Problem  # isort: skip
from tickets.kinds.request import Request  # isort: skip

__all__ = [
    "ApprovalRound",
    "ApprovalStep",
    "Attachment",
    "AuditSeal",
    "AutomationRule",
    "AutomationRun",
    "BlockedSender",
    "CalendarFeed",
    "CandidateRule",
    "Change",
    "ChangeDetail",
    "ChangeTemplate",
    "Complaint",
    "ComplaintDetail",
    "FreezeWindow",
    "ImplementationEntry",
    "InboundRecord",
    "Incident",
    "IncidentDetail",
    "Merge",
    "Message",
    "MessageRevision",
    "NumberSequence",
    "Participant",
    "PriorityRule",
    "Problem",
    "ProblemDetail",
    "ReplyTemplate",
    "Request",
    "RiskBand",
    "RiskChoice",
    "RiskQuestion",
    "Spell",
    "Tag",
    "Task",
    "Ticket",
    "TicketLink",
    "TimeEntry",
    "TimelineEntry",
    "Vote",
]
