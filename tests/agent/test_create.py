import re
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.contacts import Identity
from tests import factories
from tickets.models import InboundRecord, Ticket

CREATE, RECEIPT = "/kerja/baru/", "/kerja/baru/tanda-terima/"


@pytest.fixture
def agent(cast, client):
    client.force_login(cast.agen)
    return cast


def local(at):
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


def report(**changes):
    return {
        "token": uuid.uuid4().hex,
        "channel": "phone",
        "received_at": local(timezone.now()),
        "name": "Bu Wati",
        "phone": "0812-3456-7890",
        "email": "",
        "kind": "incident",
        "subject": "Jaringan kantor putus",
        "text": "Sejak pagi tidak ada internet.",
        "confidentiality": "normal",
        **changes,
    }


def test_a_call_becomes_a_ticket(agent, client):
    factories.service("internet"), factories.office("dinkes")
    data = report(service="internet", office="dinkes", impact=3, urgency=3)
    response = client.post(CREATE, data)
    assert response["Location"] == RECEIPT
    ticket = Ticket.objects.get()
    assert (ticket.channel, ticket.service.code, ticket.office.code) == ("phone", "internet", "dinkes")
    assert ticket.requester.name == "Bu Wati"
    assert ticket.requester.points.get().value == "+6281234567890"
    assert ticket.timeline.first().actor_user == agent.agen


def test_the_receipt_shows_the_code_once(agent, client):
    client.post(CREATE, report())
    ticket = Ticket.objects.get()
    first = client.get(RECEIPT)
    html = first.content.decode()
    assert ticket.number in html and ticket.access_code in html and "/lacak/" in html
    assert "no-store" in first["Cache-Control"]
    again = client.get(RECEIPT, follow=True)
    assert again.redirect_chain[0][0] == CREATE
    assert ticket.access_code not in again.content.decode()


def test_the_code_is_not_on_the_ticket_page(agent, client):
    client.post(CREATE, report())
    ticket = Ticket.objects.get()
    assert ticket.access_code not in client.get(f"/kerja/tiket/{ticket.number}/").content.decode()


def test_the_time_may_lie_back_but_not_ahead(agent, client):
    yesterday = timezone.now() - timedelta(days=1)
    client.post(CREATE, report(received_at=local(yesterday)))
    assert local(Ticket.objects.get().created_at) == local(yesterday)
    for at in (timezone.now() + timedelta(hours=2), timezone.now() - timedelta(days=500)):
        response = client.post(CREATE, report(received_at=local(at)))
        assert response.status_code == 422 and "received_at" in response.context["form"].errors
    assert Ticket.objects.count() == 1


def test_a_second_click_is_the_same_report(agent, client):
    data = report()
    client.post(CREATE, data)
    client.post(CREATE, data)
    ticket = Ticket.objects.get()
    assert ticket.access_code in client.get(RECEIPT).content.decode()


def test_each_form_has_its_own_token(agent, client):
    def token():
        return re.search(r'name="token" value="([^"]+)"', client.get(CREATE).content.decode())[1]

    assert token() != token()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"phone": "12"}, "phone"),
        ({"email": "bukan-surel"}, "email"),
        ({"channel": "email"}, "channel"),
        ({"channel": "web"}, "channel"),
        ({"kind": "naga"}, "kind"),
        ({"subject": ""}, "subject"),
        ({"text": ""}, "text"),
        ({"token": "x"}, "token"),
    ],
)
def test_wrong_inputs_are_named(agent, client, changes, field):
    response = client.post(CREATE, report(**changes))
    assert response.status_code == 422 and list(response.context["form"].errors) == [field]
    assert not Ticket.objects.exists()


def test_an_anonymous_caller_needs_no_name(agent, client):
    client.post(CREATE, report(kind="complaint", confidentiality="anonymous", name="", phone=""))
    assert Ticket.objects.get().confidentiality == "anonymous"


def test_a_secret_report_gives_its_receipt_but_is_not_seen_again(agent, client):
    client.post(CREATE, report(kind="complaint", confidentiality="whistleblowing"))
    ticket = Ticket.objects.get()
    html = client.get(RECEIPT).content.decode()
    assert ticket.access_code in html and f"/kerja/tiket/{ticket.number}/" not in html
    assert client.get(f"/kerja/tiket/{ticket.number}/").status_code == 404


def test_a_letter_with_a_scan(agent, client):
    scan = SimpleUploadedFile("surat.pdf", b"%PDF-1.7 isi")
    client.post(CREATE, report(channel="letter", attachments=scan))
    assert Ticket.objects.get().messages.get().attachments.get().name == "surat.pdf"
    response = client.post(CREATE, report(attachments=SimpleUploadedFile("a.exe", b"MZ")))
    assert response.status_code == 422 and Ticket.objects.count() == 1


def test_agents_raise_problems_themselves(agent, client):
    client.post(CREATE, report(channel="web", kind="problem", name=""))
    ticket = Ticket.objects.get()
    assert ticket.kind == "problem" and ticket.requester.user == agent.agen


def test_a_change_has_a_type(agent, client):
    client.post(CREATE, report(channel="web", kind="change", name="", change_type="emergency"))
    assert Ticket.objects.get().change_detail.change_type == "emergency"


def test_a_subject_that_names_a_stranger_s_ticket_waits_for_a_decision(agent, client):
    other = factories.ticket(sender=Identity(name="Orang lain", email="lain@contoh.id"))
    response = client.post(CREATE, report(subject=f"Lanjutan [{other.number}]"))
    record = InboundRecord.objects.get(state="quarantined")
    assert response["Location"] == f"/kerja/karantina/{record.pk}/"
    assert other.messages.count() == 1


def test_a_follow_up_joins_its_ticket_and_shows_no_code(agent, client):
    client.post(CREATE, report())
    client.get(RECEIPT)
    ticket = Ticket.objects.get()
    response = client.post(CREATE, report(subject=f"Lanjutan [{ticket.number}]"))
    assert response["Location"] == f"/kerja/tiket/{ticket.number}/"
    assert ticket.messages.count() == 2
    assert client.get(RECEIPT).status_code == 302
