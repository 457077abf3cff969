from tickets.models.conversation import Attachment, Message
from tickets.models.details import ChangeDetail, ComplaintDetail, IncidentDetail, ProblemDetail
from tickets.models.inbound import InboundRecord
from tickets.models.settings import NumberSequence, PriorityRule
from tickets.models.ticket import Participant, Ticket, TicketLink
from tickets.models.timeline import TimelineEntry

# The proxies come last: they build on the models above, and Django must know them to name their permissions.
from tickets.kinds.change import Change  # isort: skip
from tickets.kinds.complaint import Complaint  # isort: skip
from tickets.kinds.incident import Incident  # isort: skip
from tickets.kinds.problem import Problem  # isort: skip
from tickets.kinds.request import Request  # isort: skip

__all__ = [
    "Attachment",
    "Change",
    "ChangeDetail",
    "Complaint",
    "ComplaintDetail",
    "InboundRecord",
    "Incident",
    "IncidentDetail",
    "Message",
    "NumberSequence",
    "Participant",
    "PriorityRule",
    "Problem",
    "ProblemDetail",
    "Request",
    "Ticket",
    "TicketLink",
    "TimelineEntry",
]
