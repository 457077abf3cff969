"""Canned texts: `{{ number }}` and the like are filled in; nothing else in them is code."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tickets.choices import Confidentiality
from tickets.models import ReplyTemplate, Ticket

NAME = re.compile(r"\{\{\s*([a-z_]*)\s*\}\}")
NAMES = ("number", "subject", "requester", "service", "url")


def problems(text: str) -> list[str]:
    """Names in double braces that mean nothing, as sentences."""
    unknown = sorted({name for name in NAME.findall(text) if name not in NAMES})
    known = ", ".join(f"{{{{ {name} }}}}" for name in NAMES)
    return [
        _("{{ %(name)s }} tidak dikenal. Yang dapat dipakai: %(known)s") % {"name": name, "known": known}
        for name in unknown
    ]


@dataclass(frozen=True, slots=True)
class Canned:
    """A text as an agent may insert it into the answer on one ticket."""

    code: str
    name: str
    text: str


def canned(ticket: Ticket) -> list[Canned]:
    """Every active template, filled in for this ticket."""
    return [
        Canned(template.code, template.name, render(template, ticket))
        for template in ReplyTemplate.objects.filter(is_active=True)
    ]


def render(template: ReplyTemplate, ticket: Ticket) -> str:
    """The text for one ticket. A reporter who is not open to everybody is not named: staff read these words too."""
    from tickets.notices import tracking_url

    is_open = ticket.confidentiality == Confidentiality.NORMAL
    values = {
        "number": ticket.number,
        "subject": ticket.subject,
        "requester": (ticket.requester.name if is_open else "") or _("Bapak/Ibu"),
        "service": str(ticket.service or _("layanan kami")),
        "url": tracking_url(ticket),
    }
    return NAME.sub(lambda found: values.get(found[1], ""), template.text)
