"""What people are told of: each event with its words, who hears of it, and what they may decide about it.

This app knows no tickets: the apps above name their events in NOTIFY_EVENTS.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of notice.

    `variables`: name → what it stands for, with `examples` for the preview; `required` ones must stay in the text, and
    `tag`, where there is one, in the subject, because answers are recognised by it. `in_subject`: what a subject may
    hold: it is read by every server on the way. `is_optional`: the person may do without it, or have it in a daily
    digest. `is_urgent`: quiet hours do not hold it back.
    """

    code: str
    label: Text
    subject: Text
    text: Text
    variables: Mapping[str, Text]
    examples: Mapping[str, Text]
    required: frozenset[str]
    tag: str = ""
    in_subject: frozenset[str] = field(default_factory=frozenset)
    to_staff: bool = False
    is_optional: bool = False
    is_urgent: bool = True


@cache
def registry() -> dict[str, Event]:
    """Every event by its code, in the order in which the apps name them."""
    return {event.code: event for path in settings.NOTIFY_EVENTS for event in import_string(path)}


def event_of(code: str) -> Event | None:
    return registry().get(code)
