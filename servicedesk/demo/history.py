"""A little history, told through the intake, the workflow and the conversation like everyday work."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.contacts import Identity
from accounts.models import Office, Team, User
from assets.models import Asset
from catalog.models import Service
from notify.models import Delivery
from notify.outbox import topic_of
from tickets import intake, messages, workflow
from tickets.actors import Actor
from tickets.changes import assessment
from tickets.choices import Channel, Level, Visibility
from tickets.clocks import default_calendar
from tickets.intake import InboundMessage, TicketDraft
from tickets.models import InboundRecord, Ticket

STORIES = Path(__file__).with_name("stories.toml")
NOON_FREE = time(8, 30)
"""Open on every working day, also in Ramadan."""

State = Delivery.State


def load() -> list[str]:
    """Numbers of the tickets that are new. Stories told before are left out, each is told whole or not at all."""
    document = tomllib.loads(STORIES.read_text(encoding="utf-8"))
    teller = Teller(people=document["person"], now=timezone.now())
    stories = sorted(document["story"], key=lambda story: (-story["days_ago"], story["at"]))
    return [ticket.number for story in stories if (ticket := teller.tell(story))]


@contextmanager
def clock_set_to(moment: datetime) -> Iterator[None]:
    """Let `timezone.now` give `moment`, so that services write the history at the time it is said to happen.

    Only for a command that runs alone in its process.
    """
    present = timezone.now
    timezone.now = lambda: moment
    try:
        yield
    finally:
        timezone.now = present


class Teller:
    """Tells stories of `stories.toml`, up to the instant `now`."""

    def __init__(self, people: dict[str, dict[str, str]], now: datetime) -> None:
        self.people = people
        self.now = now
        self.calendar = default_calendar()
        self.told: set[str] = set()
        self.users = {user.username: user for user in User.objects.all()}

    @transaction.atomic
    def tell(self, story: dict[str, Any]) -> Ticket | None:
        """The ticket of a new story, None when it was told before."""
        moment = self._start_of(story)
        if "continues" in story:
            if story["continues"] not in self.told:
                return None
            ticket = self._ticket_of(story["continues"])
        elif InboundRecord.objects.filter(external_id=external_id(story["key"])).exists():
            return None
        else:
            ticket = self._open(story, moment)
            self.told.add(story["key"])
        for step in story["steps"]:
            moment = min(self.calendar.add(moment, timedelta(minutes=step["after"])), self.now)
            with clock_set_to(moment):
                self._take(ticket, dict(step), moment)
        self._close_by_itself(ticket)
        # Weeks-old mail must not go out today.
        late = Delivery.objects.filter(topic=topic_of(ticket.pk), state=State.QUEUED)
        late.update(state=State.SUPPRESSED, error="Riwayat contoh")
        return None if "continues" in story else ticket

    def _start_of(self, story: dict[str, Any]) -> datetime:
        """The wall time of the story on the n-th working day before today."""
        day, left = timezone.localdate(self.now), story["days_ago"]
        while left:
            day -= timedelta(days=1)
            left -= self.calendar.is_open(timezone.make_aware(datetime.combine(day, NOON_FREE)))
        return timezone.make_aware(datetime.combine(day, time.fromisoformat(story["at"])))

    def _open(self, story: dict[str, Any], moment: datetime) -> Ticket:
        sender = self._identity(story)
        message = InboundMessage(
            channel=story["channel"],
            external_id=external_id(story["key"]),
            sender=sender,
            subject=story["subject"],
            text=story["text"],
            received_at=moment,
            draft=self._draft(story),
            created_by=self.users.get(story.get("typed_by", "")),
        )
        with clock_set_to(moment):
            ticket = intake.receive(message).ticket
        if ticket is None:
            raise ValueError(f"story {story['key']} made no ticket")
        return ticket

    def _identity(self, story: dict[str, Any]) -> Identity:
        name = story["by"]
        if name in self.users:
            user = self.users[name]
            return Identity(name=user.display_name, email=user.email, user=user)
        facts = self.people[name]
        return Identity(
            name=facts["name"],
            email=facts.get("email", ""),
            phone=facts.get("phone", ""),
            telegram=facts.get("telegram", ""),
            verified=story["channel"] == Channel.PHONE,
        )

    def _draft(self, story: dict[str, Any]) -> TicketDraft:
        plain = ("confidentiality", "complaint_class", "change_type", "requester_class")
        return TicketDraft(
            kind=story["kind"],
            service=Service.objects.filter(code=story.get("service", "")).first(),
            office=Office.objects.filter(code=story.get("office", "")).first(),
            team=Team.objects.filter(code=story.get("team", "")).first(),
            impact=Level.from_code(story.get("impact", "medium")),
            urgency=Level.from_code(story.get("urgency", "medium")),
            assets=tuple(Asset.objects.filter(code__in=story.get("assets", []))),
            **{name: story[name] for name in plain if name in story},
        )

    def _take(self, ticket: Ticket, step: dict[str, Any], moment: datetime) -> None:
        step.pop("after")
        actor = self._actor(ticket, step.pop("who"))
        if "say" in step:
            messages.post(ticket_id=ticket.pk, actor=actor, text=step["say"])
        elif "do" not in step:
            messages.post(ticket_id=ticket.pk, actor=actor, text=step["note"], visibility=Visibility.INTERNAL)
        else:
            if "window_hours" in step:
                start, end = step.pop("window_hours")
                step |= {"window_start": _later(moment, start), "window_end": _later(moment, end)}
            if "answers" in step:
                step = _assessed(step)
            if "change" in step:
                step["change"] = self._ticket_of(step["change"]).number
            workflow.perform(ticket.pk, step.pop("do"), actor, **step)

    def _actor(self, ticket: Ticket, who: str) -> Actor:
        if who != "pelapor":
            return Actor(user=self.users[who])
        requester = ticket.requester
        return Actor(user=requester.user) if requester.user else Actor(contact=requester, channel=ticket.channel)

    def _close_by_itself(self, ticket: Ticket) -> None:
        ticket.refresh_from_db(fields=["auto_close_at"])
        if ticket.auto_close_at and ticket.auto_close_at <= self.now:
            with clock_set_to(ticket.auto_close_at):
                workflow.perform(ticket.pk, "close", None)

    def _ticket_of(self, key: str) -> Ticket:
        return Ticket.objects.get(messages__inbound__external_id=external_id(key))


def _assessed(step: dict[str, Any]) -> dict[str, Any]:
    """The step with its answers (question code → position of the choice, 0 unless told) instead of the level.

    Without questions the level of the story stands.
    """
    given, asked = step["answers"], assessment.questions()
    inputs = {name: value for name, value in step.items() if name != "answers" and not (asked and name == "risk")}
    for question in asked:
        choices = list(question.choices.all())
        chosen = choices[min(given.get(question.code, 0), len(choices) - 1)]
        inputs[f"{assessment.PREFIX}{question.code}"] = str(chosen.pk)
    return inputs


def external_id(key: str) -> str:
    """The id by which a story is known to the intake."""
    return f"riwayat-{key}@contoh.example"


def _later(moment: datetime, hours: int) -> str:
    return timezone.localtime(moment + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")
