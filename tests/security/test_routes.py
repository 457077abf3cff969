"""Who gets which answer where: every address of the desk, every role, GET and POST.

The table below is the specification. An address without a row fails `test_every_address_has_a_row`; it prints the line
to add. What a letter means:

    +  answers (a page, a form, a redirect after work, or a complaint about missing inputs)
    L  asks to sign in (redirect to the sign-in page, or 401)
    -  403: may know that it exists, may not use it
    0  404: does not exist for this person
    x  405: not a method of this address

The ticket of the table is an incident of `asn` for Dukcapil in the network team; `agen` and `koordinator` see all.
"""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts import tokens
from catalog.models import ServiceCategory
from notify import preferences
from notify.models import Delivery
from sla.models import Calendar, EscalationStep, Policy
from tests import factories
from tickets import messages
from tickets.approvals import links
from tickets.attachments import Upload
from tickets.intake import InboundRecord
from tickets.models import Attachment, Task, TicketLink, TimeEntry, Vote
from tickets.workflow import perform

pytestmark = pytest.mark.slow

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
ROLES = (
    "anonymous", "warga", "asn", "agen", "teknisi", "koordinator", "penghubung", "pimpinan", "inspektorat", "admin",
)  # fmt: skip

# address                       GET         POST         (one letter for each of ROLES, in that order)
TABLE = """
portal:home                      ++++++++++ xxxxxxxxxx
portal:catalog                   ++++++++++ xxxxxxxxxx
portal:service                   ++++++++++ xxxxxxxxxx
portal:agreement                 ++++++++++ xxxxxxxxxx
portal:agreement_pdf             ++++++++++ xxxxxxxxxx
portal:report                    ++++++++++ ++++++++++
portal:received                  ++++++++++ ++++++++++
portal:track                     ++++++++++ ++++++++++
portal:tracked                   ++++++++++ ++++++++++
portal:tracked_step              xxxxxxxxxx ++++++++++
portal:track_leave               xxxxxxxxxx ++++++++++
portal:my_tickets                L+++++++++ Lxxxxxxxxx
portal:ticket                    L0+0000000 L0+0000000
portal:ticket_step               Lxxxxxxxxx L0+0000000
agent:queue                      L--+++++++ xxxxxxxxxx
agent:take_many                  xxxxxxxxxx L--+++++++
agent:create                     L--+++++++ L--+++++++
agent:receipt                    L--+++++++ xxxxxxxxxx
agent:known_errors               L--+++++++ xxxxxxxxxx
agent:candidates                 L--+++++++ L--0000000
agent:change_calendar            L--+++++++ xxxxxxxxxx
agent:change_feed_renew          xxxxxxxxxx L--+++++++
agent:change_log                 xxxxxxxxxx L--+++--0-
agent:quarantine                 L--+-+---- xxxxxxxxxx
agent:blocked                    L--+-+---- L--0-0----
agent:decide                     L--+-+---- L--+-+----
agent:approvals                  L--+++++++ xxxxxxxxxx
agent:approval_delegate          L---0-+-0- L---0-+-0-
agent:ticket                     L--+++++0+ xxxxxxxxxx
agent:original                   L--+++++0+ xxxxxxxxxx
agent:reply                      L--+++++0+ L--+++++0+
agent:resend                     xxxxxxxxxx L--++++-0-
agent:take                       xxxxxxxxxx L--+++++0+
agent:transition                 L--+++--0- L--+++--0-
agent:edit                       L--+++--0- L--+++--0-
agent:assets                     L--+++--0- xxxxxxxxxx
agent:cause                      L--+++0-0- L--+++0-0-
agent:link_incidents             xxxxxxxxxx L--+++0+0+
agent:identity                   xxxxxxxxxx L--++++-0-
agent:tag                        xxxxxxxxxx L--+++++0+
agent:watch                      xxxxxxxxxx L--+++++0+
agent:link                       xxxxxxxxxx L--+++++0+
agent:unlink                     xxxxxxxxxx L--+++--0-
agent:task_add                   xxxxxxxxxx L--+++++0+
agent:task                       xxxxxxxxxx L--+++--0-
agent:time_add                   xxxxxxxxxx L--+++++0+
agent:time_remove                xxxxxxxxxx L---+---0-
agent:convert                    L--+++--0- L--+++--0-
agent:split                      L--+++--0- L--+++--0-
agent:my_tasks                   L--+++++++ xxxxxxxxxx
agent:task_done                  xxxxxxxxxx L--+++--0-
agent:many                       xxxxxxxxxx L--+++++++
agent:many_results               L--+++++++ xxxxxxxxxx
agent:dossier                    L--+++++0+ L--+++++0+
agent:automation                 L----+---+ xxxxxxxxxx
agent:automation_create          L----+---+ L----+---+
agent:automation_log             L----+---+ xxxxxxxxxx
agent:automation_edit            L----0---0 L----0---0
agent:automation_switch          xxxxxxxxxx L----0---0
agent:automation_move            xxxxxxxxxx L----0---0
agent:automation_delete          L----0---0 L----0---0
agent:sla                        L----+---+ xxxxxxxxxx
agent:sla_calendars              L----+---+ xxxxxxxxxx
agent:sla_calendar_create        L----+---+ L----+---+
agent:sla_calendar               L----+---+ xxxxxxxxxx
agent:sla_calendar_facts         L----+---+ L----+---+
agent:sla_calendar_uses          L----+---+ L----+---+
agent:sla_calendar_history       L----+---+ xxxxxxxxxx
agent:sla_calendar_week          L----+---+ L----+---+
agent:sla_calendar_period        L----+---+ L----+---+
agent:sla_calendar_holiday       L----+---+ L----+---+
agent:sla_calendar_import        L----+---+ L----+---+
agent:sla_calendar_refresh       L----+---+ L----+---+
agent:sla_revisions              L----+---+ xxxxxxxxxx
agent:sla_revision               L----0---0 xxxxxxxxxx
agent:sla_revision_apply         L----0---0 L----0---0
agent:sla_revision_discard       xxxxxxxxxx L----0---0
agent:sla_escalation             L----+---+ xxxxxxxxxx
agent:sla_escalation_create      L----+---+ L----+---+
agent:sla_escalation_log         L----+---+ xxxxxxxxxx
agent:sla_escalation_edit        L----+---+ L----+---+
agent:sla_escalation_switch      xxxxxxxxxx L----+---+
agent:sla_policies               L----+---+ xxxxxxxxxx
agent:sla_policy_create          L----+---+ L----+---+
agent:sla_policy_edit            L----+---+ L----+---+
agent:sla_policy_history         L----+---+ xxxxxxxxxx
agent:sla_policy_retire          L----+---+ L----+---+
agent:sla_matrix                 L----+---+ xxxxxxxxxx
agent:sla_explain                L--+++++0+ xxxxxxxxxx
agent:sla_agreements             L----+---+ xxxxxxxxxx
agent:sla_agreement_create       L----+---+ L----+---+
agent:sla_agreement              L----+---+ xxxxxxxxxx
agent:sla_agreement_edit         L----+---+ L----+---+
agent:sla_agreement_sign         L----+---+ L----+---+
agent:sla_agreement_renew        xxxxxxxxxx L----+---+
agent:sla_agreement_end          L----+---+ L----+---+
agent:sla_agreement_pdf          L----+---+ xxxxxxxxxx
reports:sla                      L----+-+-+ Lxxxxxxxxx
reports:changes                  L----+-+-+ Lxxxxxxxxx
reports:figures                  L----+-+-+ Lxxxxxxxxx
reports:figure_tickets           L----+-+-+ Lxxxxxxxxx
reports:sla_tickets              L----+-+-+ Lxxxxxxxxx
reports:sla_export               L----+-+-+ Lxxxxxxxxx
reports:recap                    L----+-+-+ Lxxxxxxxxx
reports:recap_file               L----+-+-+ Lxxxxxxxxx
reports:saved_list               L----+-+-+ Lxxxxxxxxx
reports:saved_save               L----+-+-+ L----+-+-+
reports:saved                    L----0-0-0 Lxxxxxxxxx
reports:saved_edit               L----0-0-0 L----0-0-0
reports:saved_delete             L----0-0-0 L----0-0-0
reports:saved_plan               L----0-0-0 L----0-0-0
reports:saved_unplan             Lxxxxxxxxx L----0-0-0
reports:saved_leave              Lxxxxxxxxx L----0-0-0
reports:saved_send               Lxxxxxxxxx L----0-0-0
performance:page                 ++++++++++ xxxxxxxxxx
performance:json                 ++++++++++ xxxxxxxxxx
performance:csv                  ++++++++++ xxxxxxxxxx
attachment                       00++++++0+ xxxxxxxxxx
approval_link                    ++++++++++ ++++++++++
change_feed                      0000000000 xxxxxxxxxx
channels:telegram                xxxxxxxxxx ----------
channels:mail                    L--------+ xxxxxxxxxx
channels:mail_retry              xxxxxxxxxx L--------0
channels:mail_retry_all          xxxxxxxxxx L--------+
channels:wordings                L--------+ xxxxxxxxxx
channels:wording_edit            L--------+ L--------+
channels:wording_use             xxxxxxxxxx L--------+
notify:preferences               L+++++++++ L+++++++++
notify:unsubscribe               ++++++++++ ++++++++++
account_email                    L+++++++++ L+++++++++
account_telegram                 L+++++++++ L+++++++++
telegram_groups                  L----+---+ L----0---0
telegram_group                   xxxxxxxxxx L----0---0
account_login                    ++++++++++ ++++++++++
account_logout                   ++++++++++ ++++++++++
account_inactive                 ++++++++++ xxxxxxxxxx
account_signup                   ++++++++++ ++++++++++
account_reauthenticate           L+++++++++ L+++++++++
account_email_verification_sent  ++++++++++ xxxxxxxxxx
account_change_password          L+++++++++ L+++++++++
account_set_password             L+++++++++ L+++++++++
account_reset_password           ++++++++++ ++++++++++
account_confirm_login_code       L+++++++++ L+++++++++
account_confirm_email            ++++++++++ 0000000000
account_reset_password_from_key_done ++++++++++ xxxxxxxxxx
account_reset_password_from_key  ++++++++++ ++++++++++
account_reset_password_done      ++++++++++ xxxxxxxxxx
after_login                      L+++++++++ L+++++++++
api:schema                       ++++++++++ xxxxxxxxxx
api:tickets                      L+++++++++ L+++++++++
api:ticket                       L0++++++0+ Lxxxxxxxxx
api:messages                     Lxxxxxxxxx L0+++++-0-
api:transition                   Lxxxxxxxxx L0++++++0+
api:problem_incidents            Lxxxxxxxxx L0++++++0+
api:known_errors                 L--+++++++ Lxxxxxxxxx
api:problem_candidates           L--+++++++ Lxxxxxxxxx
api:original                     L0++++++0+ Lxxxxxxxxx
api:attachment                   L0++++++0+ Lxxxxxxxxx
api:quarantine                   L--+-+---- Lxxxxxxxxx
api:deliveries                   L+++++++++ Lxxxxxxxxx
api:services                     L+++++++++ Lxxxxxxxxx
api:assets                       L+++++++++ Lxxxxxxxxx
api:sla_report                   L----+-+-+ Lxxxxxxxxx
healthz                          ++++++++++ xxxxxxxxxx
readyz                           ++++++++++ xxxxxxxxxx
metrics                          ++++++++++ xxxxxxxxxx
"""

ADMIN_SITE = re.compile(r"^admin:")
"""All pages of the admin site follow one rule: only administrators pass its door."""


def rows():
    found = {}
    for line in TABLE.strip().splitlines():
        if line and not line.startswith("#"):
            name, get, post = line.split()
            assert len(get) == len(post) == len(ROLES), f"{name}: one letter for each of {ROLES}"
            found[name] = {"GET": get, "POST": post}
    return found


def patterns(resolver=None, prefix="", space=""):
    """(name, regular expression or route text, converters) of every address, with its namespace."""
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from patterns(each, prefix + str(each.pattern), inner)
        elif isinstance(each, URLPattern):
            yield f"{space}{each.name or '(' + prefix + str(each.pattern) + ')'}", each


ADDRESSES = dict(patterns())
PLAIN = [name for name in ADDRESSES if not ADMIN_SITE.match(name) and "(" not in name]


@pytest.fixture
def place(cast):
    """One of everything an address can name."""
    dukcapil = factories.office("dukcapil")
    upload = Upload("foto.png", "image/png", PNG)
    ticket = factories.ticket(
        requester=cast.asn,
        team=cast.network,
        office=dukcapil,
        text="Mati.",
        full_text="Mati.\n> kutipan",
        uploads=(upload,),
    )
    other = factories.ticket(requester=cast.asn, team=cast.network, office=dukcapil)
    service = factories.service("vpn", requestable=True, needs_approval=True, owner_office=dukcapil)
    request = factories.ticket("request", requester=cast.asn, service=service, office=dukcapil)
    problem = factories.ticket("problem", requester=cast.agen, team=cast.network)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="catatan", visibility="internal")
    stray = factories.arrive(channel="email", mailbox="layanan", external_id="1@x", quarantine="loop")
    vote = Vote.objects.get()
    return {
        "ticket": ticket,
        "request": request,
        "problem": problem,
        "service": service,
        "message": ticket.messages.order_by("pk").first(),
        "attachment": Attachment.objects.get(),
        "record": InboundRecord.objects.get(pk=stray.record.pk),
        "vote": vote,
        "token": links.token(vote, cast.penghubung),
        "unsubscribe": preferences.unsubscribe_token(["u", cast.teknisi.pk, "assigned"]),
        "link": TicketLink.objects.create(source=ticket, target=other, type="related"),
        "task": Task.objects.create(ticket=ticket, title="Periksa kabel", assignee=cast.teknisi),
        "time": TimeEntry.objects.create(ticket=ticket, user=cast.teknisi, minutes=5, spent_on="2026-01-05"),
        "category": ServiceCategory.objects.get(),
        "agreement": factories.agreement(service),
        "policy": Policy.objects.earliest("pk"),
        "calendar": Calendar.objects.get(is_default=True),
        "step": EscalationStep.objects.earliest("pk"),
        "delivery": Delivery.objects.filter(topic=f"ticket:{ticket.pk}").earliest("pk"),
    }


def address(name, place):
    """The address of that name, about the things of the place."""
    own = {
        "agent:approval_delegate": {"number": place["request"].number, "pk": place["vote"].pk},
        "agent:cause": {"number": place["problem"].number},
        "agent:link_incidents": {"number": place["problem"].number},
        "agent:unlink": {"pk": place["link"].pk},
        "agent:task": {"pk": place["task"].pk},
        "agent:task_done": {"pk": place["task"].pk},
        "agent:time_remove": {"pk": place["time"].pk},
        "agent:original": {"pk": place["message"].pk},
        "agent:split": {"pk": place["message"].pk},
        "agent:decide": {"pk": place["record"].pk},
        **{name: {"pk": place["agreement"].pk} for name in ADDRESSES if name.startswith("agent:sla_agreement")},
        **{name: {"pk": place["calendar"].pk} for name in ADDRESSES if name.startswith("agent:sla_calendar")},
        "agent:resend": {"pk": place["delivery"].pk},
        "agent:sla_escalation_edit": {"pk": place["step"].pk},
        "agent:sla_escalation_switch": {"pk": place["step"].pk},
        "agent:sla_policy_edit": {"pk": place["policy"].pk},
        "agent:sla_policy_history": {"pk": place["policy"].pk},
        "agent:sla_policy_retire": {"pk": place["policy"].pk},
        "channels:wording_edit": {"code": "assigned"},
        "channels:wording_use": {"code": "assigned"},
        "notify:unsubscribe": {"token": place["unsubscribe"]},
        "api:original": {"pk": place["message"].pk},
        "account_confirm_email": {"key": "kunci"},
        "change_feed": {"key": "kunci-yang-tidak-ada"},
        "account_reset_password_from_key": {"uidb36": "1", "key": "a-b"},
    }.get(name, {})
    usual = {
        "number": place["ticket"].number,
        "name": "start",
        "code": place["service"].code,
        "uuid": place["attachment"].uuid,
        "token": place["token"],
        "pk": 1,
    }
    pattern = ADDRESSES[name].pattern
    wanted = set(pattern.converters) | set(pattern.regex.groupindex)
    values = {key: value for key, value in {**usual, **own}.items() if key in wanted}
    assert wanted <= set(values), f"{name}: tell `address()` what {wanted - set(values)} is"
    return reverse(name, kwargs=values)


def client_of(cast, role, name):
    if role == "anonymous":
        return Client()
    if name.startswith("api:"):
        secret = tokens.issue(getattr(cast, role), "tes", ("read", "write"), timedelta(days=1))
        return Client(headers={"authorization": f"Bearer {secret}"})
    client = Client()
    client.force_login(getattr(cast, role))
    return client


def letter(response):
    status = response.status_code
    if status == 401 or (status in (302, 303) and "/akun/login/" in response["Location"]):
        return "L"
    if status in (403, 404, 405):
        return {403: "-", 404: "0", 405: "x"}[status]
    assert status < 500 or status == 503, response.content[:300]
    return "+"


class Undo(Exception):
    """What a request changed is taken back."""


def ask(client, method, where):
    found = None
    try:
        with transaction.atomic():
            found = getattr(client, method.lower())(where)
            raise Undo
    except Undo:
        return found


def test_every_address_has_a_row():
    missing = sorted(set(PLAIN) - set(rows()))
    gone = sorted(set(rows()) - set(PLAIN))
    advice = (
        "An address has no row in TABLE (tests/security/test_routes.py). Decide who may do what and add, for example:\n"
        + "\n".join(f"{name:32} {'L' + '+' * 9} {'x' * 10}" for name in missing)
        + f"\nThe letters stand for {', '.join(ROLES)}."
    )
    assert not missing, advice
    assert not gone, f"these rows name no address any more: {gone}"


@pytest.mark.parametrize("role", ROLES)
def test_each_address_answers_each_role_as_the_table_says(cast, place, role):
    column, wrong, clients = ROLES.index(role), [], {}
    for name, methods in rows().items():
        if name not in ADDRESSES:
            continue  # the test above says so
        way = "api" if name.startswith("api:") else "web"
        client = clients.setdefault(way, client_of(cast, role, name))
        where = address(name, place)
        for method, letters in methods.items():
            if name == "account_logout" and method == "POST" and role != "anonymous":
                client = client_of(cast, role, name)
            got = letter(ask(client, method, where))
            if got != letters[column]:
                wrong.append(f"{name} {method}: the table says {letters[column]!r}, {role} got {got!r}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("role", ["anonymous", "agen", "admin"])
def test_methods_nobody_offers_are_refused(cast, place, role):
    """PUT, PATCH and DELETE change nothing anywhere."""
    for name in rows():
        if name not in ADDRESSES:
            continue
        client = client_of(cast, role, name)
        for method in ("PUT", "PATCH", "DELETE"):
            got = letter(ask(client, method, address(name, place)))
            allauth = name.startswith("account_") and got == "+"  # shows its form, as to a GET
            assert got in "L-0x" or allauth or name in READ_ONLY_PAGES, f"{name} {method}: {role} got {got}"


READ_ONLY_PAGES = {"account_inactive", "after_login", "healthz", "readyz", "metrics", "portal:received"}
"""Functions without side effects that answer every method alike."""

ADMIN_PAGES = sorted(name for name in ADDRESSES if ADMIN_SITE.match(name) and "(" not in name)
OPEN_ADMIN_PAGES = {"admin:login", "admin:logout", "admin:jsi18n"}


@pytest.mark.parametrize("role", ROLES)
def test_only_administrators_enter_the_admin_site(cast, role):
    client = client_of(cast, role, "admin")
    for name in ADMIN_PAGES:
        if name in OPEN_ADMIN_PAGES:
            continue
        pattern = ADDRESSES[name].pattern
        keys = set(pattern.converters) | set(pattern.regex.groupindex)
        given = {"object_id": 10**6, "content_type_id": 1, "id": 10**6, "app_label": "sla", "pk": 10**6}
        where = reverse(name, kwargs={key: given[key] for key in keys})
        for method in ("GET", "POST"):
            got = ask(client, method, where)
            if role == "admin":
                assert got.status_code < 500 and letter(got) != "L", f"{method} {where}: {got.status_code}"
            else:
                assert letter(got) in "L" or got.status_code == 403 or "login" in got.get("Location", ""), (
                    f"{method} {where}: {role} got {got.status_code}"
                )


def test_nobody_edits_tickets_in_the_admin_site(cast, place):
    client = client_of(cast, "admin", "admin")
    for action in ("add", "delete", "change"):
        args = [] if action == "add" else [place["ticket"].pk]
        response = ask(client, "POST", reverse(f"admin:tickets_ticket_{action}", args=args))
        assert response.status_code == 403
    perform(place["ticket"].pk, "assign", cast.agen, assignee="teknisi")
