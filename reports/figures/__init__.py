"""The figures of the management reports: ask a `Question`, get rows; `tickets_behind` a `Selection` names the tickets.

Every function takes a question (who asks, local dates of the tickets' creation, filters by code, as of when) and starts
from `tickets.access.visible_to`. Whoever sees every unrestricted ticket is answered from kept sums where these are true
(`source`), everybody else live; both ways give the same numbers. What each figure means: `reports.definitions`.

    asked = Question(user, start, end, {"service": "surel"}, now)
    durations(asked, "team")         MTTA and MTTR: mean, median, 90th percentile
    volume(asked, "channel")         created, open, resolved, first contact, reopened
    heat_map(asked)                  7 x 24
    stages(asked), holds(asked)      working time by stage and by reason of waiting
    breach_causes(asked)             why deadlines were missed, by place and by team
    backlog(asked)                   open tickets by age
    agents(asked)                    load per agent, only if may_see_agents(user)
    trend(asked)                     this period, the one before, last year
    tickets_behind(Selection("resolved", group_by="team", key="jaringan"), asked)

Attainment is in `reports.sla`.
"""

from reports.figures.ages import AGES, BacklogRow, backlog
from reports.figures.causes import Cause, Causes, Stay, breach_causes, stays_of
from reports.figures.drill import Selection, tickets_behind
from reports.figures.load import AgentLoad, agents, may_see_agents
from reports.figures.places import HOLDS, PLACES, StageRow, TimeSpent, holds, place_label, stages
from reports.figures.source import ALL, PublicQuestion, Question, TooMany, by_service
from reports.figures.times import Duration, DurationRow, duration_of, durations
from reports.figures.trends import Headline, Trend, spans, trend
from reports.figures.volumes import VolumeRow, heat_map, volume

__all__ = [
    "AGES",
    "ALL",
    "HOLDS",
    "PLACES",
    "AgentLoad",
    "BacklogRow",
    "Cause",
    "Causes",
    "Duration",
    "DurationRow",
    "Headline",
    "PublicQuestion",
    "Question",
    "Selection",
    "StageRow",
    "Stay",
    "TimeSpent",
    "TooMany",
    "Trend",
    "VolumeRow",
    "agents",
    "backlog",
    "breach_causes",
    "by_service",
    "duration_of",
    "durations",
    "heat_map",
    "holds",
    "may_see_agents",
    "place_label",
    "spans",
    "stages",
    "stays_of",
    "tickets_behind",
    "trend",
    "volume",
]
