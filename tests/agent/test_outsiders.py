"""Every address of the workspace, for everybody who has no business there."""

import pytest
from django.urls import URLPattern, reverse

from tests import factories
from tickets.models import Message, Ticket
from tickets.urls.agent import urlpatterns

pytestmark = pytest.mark.slow

GET_ONLY = {
    "approvals",
    "automation",
    "automation_log",
    "sla_escalation",
    "sla_escalation_log",
    "change_calendar",
    "known_errors",
    "queue",
    "receipt",
    "quarantine",
    "ticket",
    "original",
    "assets",
    "my_tasks",
    "many_results",
    "sla",
    "sla_calendars",
    "sla_calendar",
    "sla_calendar_history",
    "sla_revision",
    "sla_revisions",
    "sla_policies",
    "sla_policy_history",
    "sla_matrix",
    "sla_explain",
    "sla_agreements",
    "sla_agreement",
    "sla_agreement_pdf",
}
POST_ONLY = {
    "sla_escalation_switch",
    "sla_agreement_renew",
    "sla_revision_discard",
    "automation_move", "automation_switch", "change_feed_renew", "change_log", "identity", "link", "link_incidents",
    "many", "resend",
    "tag", "take", "take_many", "task", "task_add", "task_done", "time_add", "time_remove", "unlink", "watch",
}  # fmt: skip
NAMES = sorted(pattern.name for pattern in urlpatterns)
OF_A_TICKET = sorted(p.name for p in urlpatterns if isinstance(p, URLPattern) and "number" in p.pattern.converters)
WITH_KEY = {p.name for p in urlpatterns if isinstance(p, URLPattern) and "pk" in p.pattern.converters}


def address(name, ticket):
    kwargs = {}
    if name in OF_A_TICKET:
        kwargs["number"] = ticket.number
    if name == "transition":
        kwargs["name"] = "start"
    if name in WITH_KEY:
        kwargs["pk"] = 1
    return reverse(f"agent:{name}", kwargs=kwargs)


def expect(status, client, names, ticket, where=address):
    """Every method of every address answers with this status, and nothing happens to the ticket."""
    for name in names:
        for response in answers(client, name, where(name, ticket)):
            assert response.status_code == status, (name, response.request["REQUEST_METHOD"])
            if status == 302:
                assert response["Location"].startswith("/akun/login/?next=/kerja/"), name
        assert nothing_happened(ticket), name


def answers(client, name, where):
    """The responses to every method the address takes."""
    data = {"text": "Halo", "visibility": "public", "reason": "Ingin tahu", "decision": "new", "tiket": "x"}
    found = []
    if name not in POST_ONLY:
        found.append(client.get(where))
    if name not in GET_ONLY:
        found.append(client.post(where, data))
    return found


def nothing_happened(ticket):
    fresh = Ticket.objects.get(pk=ticket.pk)
    return fresh.version == ticket.version and Message.objects.count() == 1 and Ticket.objects.count() == 1


def test_every_address_has_one_name():
    assert len(NAMES) == len(set(NAMES)) and OF_A_TICKET


def test_strangers_are_asked_to_sign_in(cast, client):
    expect(302, client, NAMES, factories.ticket())


@pytest.mark.parametrize("person", ["warga", "asn", "orang_luar"])
def test_people_without_a_role_are_refused(cast, client, person):
    client.force_login(getattr(cast, person))
    expect(403, client, NAMES, factories.ticket(requester=getattr(cast, person)))


@pytest.mark.parametrize("name", ["reply", "take", "transition", "edit", "identity"])
def test_managers_read_tickets_but_change_nothing(cast, client, name):
    ticket = factories.ticket()
    client.force_login(cast.pimpinan)
    assert client.get(address("ticket", ticket)).status_code == 200
    words = {"text": "Halo", "visibility": "public", "reason": "Ingin tahu"}
    # Taking a ticket answers with a notice on the ticket page; everything else is 403.
    assert client.post(address(name, ticket), words).status_code == (302 if name == "take" else 403)
    assert nothing_happened(ticket)


@pytest.mark.parametrize("person", ["teknisi", "penghubung", "cab", "inspektorat"])
def test_tickets_of_others_do_not_exist(cast, client, person):
    client.force_login(getattr(cast, person))
    expect(404, client, OF_A_TICKET, factories.ticket())


@pytest.mark.parametrize("person", ["agen", "koordinator", "admin"])
@pytest.mark.parametrize("confidentiality", ["secret", "whistleblowing"])
def test_restricted_tickets_do_not_exist(cast, client, person, confidentiality):
    client.force_login(getattr(cast, person))
    expect(404, client, OF_A_TICKET, factories.ticket("complaint", confidentiality=confidentiality))


@pytest.mark.parametrize("number", ["GGN-2026-999999", "x", "%00", "a" * 300, "..", "%2F"])
def test_unknown_numbers_do_not_exist(cast, client, number):
    client.force_login(cast.agen)
    ticket = factories.ticket()
    expect(404, client, OF_A_TICKET, ticket, lambda name, known: address(name, known).replace(known.number, number))


def test_only_the_methods_an_address_is_made_for(cast, client):
    ticket = factories.ticket()
    client.force_login(cast.agen)
    for name in NAMES:
        wrong = ["put", "delete"] + (["post"] if name in GET_ONLY else []) + (["get"] if name in POST_ONLY else [])
        for method in wrong:
            assert getattr(client, method)(address(name, ticket)).status_code == 405, (name, method)
