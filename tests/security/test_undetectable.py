"""Two counties that differ only in their secret cases look the same to everybody who is not named in one.

Everything these people can fetch is fetched in both, and compared byte for byte. Masked are only values that differ
between any two requests: CSRF tokens, nonces and random UUIDs. Time stands still.
"""

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from channels.layers import get_channel_layer
from django.apps import apps
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.contacts import Identity
from feedback import ratings
from notify.models import Delivery
from notify.push import QUEUE
from tests import factories
from tests.security import test_routes as routes
from tickets import messages, sweeps
from tickets.actors import Actor
from tickets.attachments import Upload
from tickets.choices import Kind
from tickets.models import ApprovalRound, Attachment, Merge, Message, Task, Ticket, TicketLink, TimeEntry, Vote
from tickets.workflow import perform

pytestmark = pytest.mark.slow

WATCHERS = ("admin", "pimpinan", "agen", "koordinator")
NOON = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
SECRET_WORD = "Gratifikasi"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
MASKS = (
    (re.compile(rb'(csrfmiddlewaretoken"\s+value=")[^"]+'), rb"\1"),
    (re.compile(rb'(X-CSRFToken":\s*")[^"]+'), rb"\1"),
    (re.compile(rb'(nonce=")[^"]+'), rb"\1"),
    (re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), rb"uuid"),
    (re.compile(rb"persetujuan/[\w:-]{30,}"), rb"persetujuan/token"),
)


class Clock:
    """One moment for both worlds; `later` moves it."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    found, real = Clock(), timezone.now
    monkeypatch.setattr(timezone, "now", found)
    for model in apps.get_models():
        for each in model._meta.fields:
            if each.default is real:  # defaults hold the function itself
                monkeypatch.setitem(each.__dict__, "_get_default", found)
    return found


def everyday(clock):
    """What every desk has: one thing of everything, made by people who stay the same."""
    cast = factories.cast()
    cast.place = routes.place.__wrapped__(cast)
    complaint = factories.ticket(
        "complaint", requester=cast.warga, subject="Antrean panjang", office=factories.office("dukcapil")
    )
    perform(complaint.pk, "verify", cast.agen, complaint_class="ordinary")
    return cast


def secrets(cast, clock):
    """Secret cases of every kind, worked on by the inspectorate with all that the desk can do."""
    officer = cast.inspektorat
    service = cast.place["service"]
    upload = Upload("bukti.png", "image/png", PNG)
    sender = Identity(name="Pelapor Rahasia", email="pelapor@rahasia.id")
    made = [
        factories.ticket(
            kind, subject=f"{SECRET_WORD} {kind}", text=f"{SECRET_WORD} di loket", sender=sender, uploads=(upload,),
            confidentiality=confidentiality, service=service if kind == "request" else None,
        )
        for kind in ("complaint", "incident", "request", "problem")
        for confidentiality in ("whistleblowing", "secret")
    ]  # fmt: skip
    case, twin = (
        made[0],
        factories.ticket("complaint", subject=f"{SECRET_WORD} lagi", sender=sender, confidentiality="whistleblowing"),
    )
    perform(twin.pk, "merge", officer, target=case.number)
    perform(case.pk, "verify", officer, complaint_class="supervisory")
    perform(case.pk, "start", officer)
    perform(case.pk, "hold", officer, reason="requester", note=f"{SECRET_WORD}: kapan?")
    reporter = Actor(contact=case.requester)
    said = messages.post(ticket_id=case.pk, actor=reporter, text=f"{SECRET_WORD} kemarin.", uploads=(upload,))
    messages.amend(message_id=said.pk, actor=reporter, text=lambda: f"{SECRET_WORD} kemarin lusa.")
    messages.post(ticket_id=case.pk, actor=officer, text=f"{SECRET_WORD} dicatat.", visibility="internal")
    messages.post(ticket_id=case.pk, actor=officer, text="Kami periksa.")
    Task.objects.create(ticket=case, title=f"Periksa {SECRET_WORD}", assignee=officer)
    TimeEntry.objects.create(ticket=case, user=officer, minutes=30, spent_on="2026-03-04")
    TicketLink.objects.create(source=made[1], target=case, type="related")
    # An automatic mail and a stranger who name the case: neither may reach the desk's quarantine.
    for extra in ({"quarantine": "loop"}, {}):
        factories.arrive(
            f"{SECRET_WORD} otomatis", channel="email", mailbox="layanan", subject=f"Re: [{case.number}] {SECRET_WORD}",
            sender=Identity(email="orang@lain.id"), **extra,
        )  # fmt: skip
    perform(case.pk, "respond", officer, answer="Ditindaklanjuti.")
    ratings.rate(ticket_id=case.pk, actor=reporter, score=2)
    ratings.comment(ticket_id=case.pk, actor=reporter, text=f"{SECRET_WORD} masih ada.")
    for each in made[1:]:
        Delivery.objects.filter(topic=f"ticket:{each.pk}").update(state="failed", error=SECRET_WORD)
    return [*made, twin]


def build(clock, *, with_secrets):
    """(the cast, the secret tickets) after two days in which the sweeps ran."""
    clock.now = NOON
    cast = everyday(clock)
    hidden = secrets(cast, clock) if with_secrets else []
    clock.now += timedelta(days=2)
    sweeps.run_due()
    return cast, hidden


def addresses(cast):
    """Everything there is to fetch: each page of the route table, searches, lists, exports, the admin site."""
    place = cast.place
    found = [routes.address(name, place) for name, methods in routes.rows().items() if set(methods["GET"]) != {"x"}]
    queue, report = reverse("agent:queue"), reverse("reports:sla_export")
    found += [
        f"{queue}?q={SECRET_WORD}",
        f"{queue}?q=pelapor@rahasia.id",
        f"{queue}?tahap=closed",
        f"{queue}?jenis=complaint",
    ]
    found += [f"{report}?{query}" for query in ("format=xlsx", "format=csv", "bentuk=xlsx", "bentuk=csv")]
    api = "/api/v1/tickets/"
    queries = ["", f"?q={SECRET_WORD}", "?requester=pelapor@rahasia.id", "?team=inspektorat", "?assignee=inspektorat"]
    queries += [f"?kind={kind}" for kind in Kind.values] + ["?overdue=true", "?ordering=-created_at", "?stage=resolved"]
    found += [api + query for query in queries]
    groups = ("kind", "service", "office", "team", "priority", "month")
    found += [f"/api/v1/reports/sla/?group_by={group}" for group in groups]
    for model, page in admin.site._registry.items():
        options = model._meta
        where = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
        found += [where, f"{where}?q={SECRET_WORD}", f"{where}?o=1"]
        for field in page.autocomplete_fields:
            query = f"app_label={options.app_label}&model_name={options.model_name}&field_name={field}"
            found += [f"/admin/autocomplete/?{query}&term=", f"/admin/autocomplete/?{query}&term={SECRET_WORD}"]
    return list(dict.fromkeys(found))


def client_of(cast, who, where):
    if where.startswith("/api/v1/"):
        return cast.callers[who]
    return cast.clients[who]


def open_doors(cast):
    cast.clients, cast.callers = {}, {}
    for who in WATCHERS:
        cast.clients[who] = Client()
        cast.clients[who].force_login(getattr(cast, who))
        secret = tokens.issue(getattr(cast, who), "tes", ("read", "write"), timedelta(days=9))
        cast.callers[who] = Client(headers={"authorization": f"Bearer {secret}"})


def look(cast):
    """(who, address) → (status, where it leads, content)."""
    open_doors(cast)
    return {
        (who, plain(where.encode()).decode()): seen(client_of(cast, who, where), where)
        for who in WATCHERS
        for where in addresses(cast)
    }


def seen(client, where):
    client.cookies.pop("messages", None)  # what the page before had to say is not part of this answer
    response = client.get(where)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    headers = tuple(response.get(name, "") for name in ("Location", "Content-Type", "ETag"))
    return response.status_code, headers, plain(content)


def plain(content):
    if content[:2] == b"PK":  # a workbook: its sheets, without the time of its making
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            parts = [book.read(name) for name in sorted(book.namelist()) if "docProps" not in name]
        content = b"\n".join(parts)
    for pattern, instead in MASKS:
        content = pattern.sub(instead, content)
    return content


class Undo(Exception):
    """Ends a world."""


def in_a_world(clock, with_secrets, use):
    try:
        with transaction.atomic():
            cast, hidden = build(clock, with_secrets=with_secrets)
            found = use(cast, hidden)
            raise Undo
    except Undo:
        return found


def numbers_given_next(cast, hidden):
    """The numbers of the next tickets of each kind."""
    return [factories.ticket(kind, requester=cast.warga).number for kind in Kind.values]


@pytest.mark.django_db
def test_the_next_numbers_leave_no_gap(clock):
    plain_world = in_a_world(clock, False, numbers_given_next)
    assert in_a_world(clock, True, numbers_given_next) == plain_world


@pytest.mark.skipif(connection.vendor != "sqlite", reason="sequences of PostgreSQL go on between the two worlds")
@pytest.mark.django_db
def test_nothing_that_can_be_fetched_differs(clock):
    without = in_a_world(clock, False, lambda cast, hidden: look(cast))
    with_secrets = in_a_world(clock, True, lambda cast, hidden: look(cast))
    assert without.keys() == with_secrets.keys()
    told = [difference(key, without[key], with_secrets[key]) for key in without if without[key] != with_secrets[key]]
    assert not told, "\n".join(told)
    assert sum(answer[0] == 200 for answer in without.values()) > 150, "the desk hardly answered: this proves nothing"


def difference(key, one, other):
    shorter = min(len(one[2]), len(other[2]))
    position = next((n for n, (a, b) in enumerate(zip(one[2], other[2], strict=False)) if a != b), shorter)
    around = slice(max(position - 120, 0), position + 120)
    return f"{key}: {one[:2]} / {other[:2]}\n  without: {one[2][around]!r}\n  with:    {other[2][around]!r}"


@pytest.mark.django_db
def test_guessing_finds_nothing(clock):
    """Whatever number, id or code of a secret case one knows: the answer is that of one that never was."""

    def guess(cast, hidden):
        open_doors(cast)
        wrong = []
        for who in WATCHERS:
            for real, unreal in guesses(hidden):
                answers = [
                    (status, headers, content.replace(where.encode(), b"here"))
                    for where in (real, unreal)
                    for status, headers, content in [seen(client_of(cast, who, where), where)]
                ]
                a, b = ((status, content) for status, _headers, content in answers)
                same = a[0] == b[0] and _without_ids(a[1]) == _without_ids(b[1])
                if not same or SECRET_WORD.encode() in a[1]:
                    wrong.append(
                        f"{who} {real}: {a[0]}, of one that never was: {b[0]}"
                        + difference("", (0, 0, a[1]), (0, 0, b[1]))
                    )
        return wrong

    assert in_a_world(clock, True, guess) == []


def _without_ids(content):
    return re.sub(rb"[A-Z]{3}-2026-[A-Z0-9]+|\d+", b"#", content)


def guesses(hidden):
    """Pairs of (address of something secret, the same address of nothing)."""
    pks = [ticket.pk for ticket in hidden]
    case = hidden[0]
    for name in ("ticket", "edit", "assets", "convert", "dossier", "cause"):
        yield reverse(f"agent:{name}", args=[case.number]), reverse(f"agent:{name}", args=["ADU-2026-ZZZZZZZZ"])
    yield f"/api/v1/tickets/{case.number}/", "/api/v1/tickets/ADU-2026-ZZZZZZZZ/"
    yield f"/api/v1/deliveries/?ticket={case.number}", "/api/v1/deliveries/?ticket=ADU-2026-ZZZZZZZZ"
    yield reverse("portal:ticket", args=[case.number]), reverse("portal:ticket", args=["ADU-2026-ZZZZZZZZ"])
    yield f"{reverse('agent:queue')}?q={case.number}", f"{reverse('agent:queue')}?q=ADU-2026-ZZZZZZZZ"
    for message in Message.objects.filter(ticket__in=pks):
        yield f"/api/v1/messages/{message.pk}/original/", f"/api/v1/messages/{10**6}/original/"
    for file in Attachment.objects.filter(message__ticket__in=pks):
        for where in ("/lampiran/{}/", "/api/v1/attachments/{}/"):
            yield where.format(file.uuid), where.format("00000000-0000-4000-8000-000000000000")
    rows = {
        Ticket: pks,
        Delivery: Delivery.objects.filter(topic__in=[f"ticket:{pk}" for pk in pks]).values_list("pk", flat=True),
        ApprovalRound: ApprovalRound.objects.filter(ticket__in=pks).values_list("pk", flat=True),
        Merge: Merge.objects.filter(source__in=pks).values_list("pk", flat=True),
        Task: Task.objects.filter(ticket__in=pks).values_list("pk", flat=True),
        Vote: Vote.objects.filter(step__round__ticket__in=pks).values_list("pk", flat=True),
    }
    for model, ids in rows.items():
        if model in admin.site._registry:
            assert ids, f"no secret {model.__name__} to guess"
            for action in ("change", "delete", "history"):
                name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}"
                yield reverse(name, args=[ids[0]]), reverse(name, args=[10**6])


@pytest.mark.django_db
def test_no_screen_of_others_is_pinged(clock, monkeypatch, django_capture_on_commit_callbacks):
    """What happens to a secret case goes only to the screens of officers and of those who have it open."""
    heard = []

    async def note(group, message):
        heard.append(group)

    monkeypatch.setattr(get_channel_layer(), "group_send", note)
    cast = everyday(clock)
    with django_capture_on_commit_callbacks(execute=True):
        hidden = secrets(cast, clock)
    assert heard, "nothing was pinged at all"
    assert QUEUE not in heard
    assert {group for group in heard if group.startswith("ticket.")} <= {f"ticket.{ticket.pk}" for ticket in hidden}


@pytest.mark.django_db
def test_nobody_else_gets_mail_about_it(clock):
    """Deliveries go to the reporter and to officers; none carries the subject or the words to a colleague."""

    def mails(cast, hidden):
        topics = [f"ticket:{ticket.pk}" for ticket in hidden]
        return set(Delivery.objects.filter(topic__in=topics).values_list("recipient", flat=True)), list(
            Delivery.objects.filter(topic__in=topics).exclude(error=SECRET_WORD).values_list("subject", "text")
        )

    recipients, words = in_a_world(clock, True, mails)
    assert recipients <= {"pelapor@rahasia.id", "inspektorat@contoh.go.id"}
    assert not [each for each in words if SECRET_WORD in each[0] + each[1]]


def test_every_model_that_points_at_tickets_is_part_of_the_secret_world():
    """A new table about tickets belongs into `secrets`, or here with the reason why it has no secret rows."""
    about = {
        model.__name__
        for app in ("tickets", "feedback", "channels_bot")
        for model in apps.get_app_config(app).get_models()
        if any(field.related_model is Ticket for field in model._meta.fields if field.is_relation)
        and not model._meta.proxy
    }
    made = {"ApprovalRound", "ComplaintDetail", "IncidentDetail", "Merge", "Message", "Task", "TicketLink", "TimeEntry"}
    made |= {"TimelineEntry", "InboundRecord", "Participant", "ProblemDetail", "Spell", "Ticket"}
    made |= {"Rating"}
    reasons = {
        "AutomationRun": "rules pass restricted tickets over",
        "ChangeDetail": "a change cannot be secret: its approvers must see it",
        "ImplementationEntry": "as ChangeDetail",
        "TelegramChat": "a restricted ticket is never the one a chat talks about",
        "TelegramMessage": "shown nowhere",
        "TelegramPost": "groups hear of no restricted ticket",
    }
    assert about - made - set(reasons) == set(), "add it to `secrets`"
