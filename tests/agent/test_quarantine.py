import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.contacts import Identity
from tests import factories
from tickets import quarantine as service
from tickets import queues
from tickets.models import BlockedSender, InboundRecord, Ticket

LIST = "/kerja/karantina/"
STRANGER = Identity(name="Orang asing", email="asing@contoh.id")


@pytest.fixture
def agent(cast, client):
    client.force_login(cast.agen)
    return cast


@pytest.fixture
def ticket(agent):
    return factories.ticket(subject="Internet mati")


@pytest.fixture
def record(ticket):
    text = "Saya juga mengalami hal ini."
    result = factories.arrive(text, channel="email", subject=f"Re: [{ticket.number}] Internet mati", sender=STRANGER)
    assert result.outcome == "quarantined"
    return result.record


def url(record):
    return f"{LIST}{record.pk}/"


def test_the_list_says_who_and_why(client, record):
    html = client.get(LIST).content.decode()
    for said in ("asing@contoh.id", "Internet mati", "bukan pihak dalam tiket", url(record)):
        assert said in html


def test_the_list_has_pages(agent, client, monkeypatch):
    monkeypatch.setattr(queues.keyset_page, "__kwdefaults__", {**queues.keyset_page.__kwdefaults__, "size": 2})
    made = [factories.arrive(f"Balasan {i}", channel="email", quarantine="loop").record for i in range(3)]
    first = client.get(LIST).context["page"]
    assert [r.pk for r in first.rows] == [made[2].pk, made[1].pk]
    second = client.get(LIST, {"sesudah": first.next}).context["page"]
    assert [r.pk for r in second.rows] == [made[0].pk]
    assert [r.pk for r in client.get(LIST, {"sebelum": second.previous}).context["page"].rows] == [
        r.pk for r in first.rows
    ]


def test_the_message_and_the_ticket_it_names_are_shown(client, record, ticket):
    html = client.get(url(record)).content.decode()
    assert "Saya juga mengalami hal ini." in html and ticket.number in html
    assert f'name="number" value="{ticket.number}"' in html


def test_join(client, record, ticket):
    response = client.post(url(record), {"decision": "join", "number": f" {ticket.number.lower()} "})
    assert response["Location"] == f"/kerja/tiket/{ticket.number}/"
    assert ticket.messages.last().text == "Saya juga mengalami hal ini."
    assert client.get(url(record)).status_code == 404
    assert url(record) not in client.get(LIST).content.decode()


def test_new_ticket(client, record, ticket):
    response = client.post(url(record), {"decision": "new"})
    made = Ticket.objects.exclude(pk=ticket.pk).get()
    assert response["Location"] == f"/kerja/tiket/{made.number}/"
    assert ticket.messages.count() == 1


def test_discarding_asks_first_and_keeps_the_message(client, record):
    assert client.post(url(record), {"decision": "discard"}).status_code == 422
    record.refresh_from_db()
    assert record.state == "quarantined"
    client.post(url(record), {"decision": "discard", "confirm": "on"})
    record.refresh_from_db()
    assert record.state == "discarded" and record.text == "Saya juga mengalami hal ini."


@pytest.mark.parametrize("number", ["", "GGN-2026-999999", "RHS"])
def test_joining_needs_a_ticket_one_sees(client, record, number):
    if number == "RHS":
        number = factories.ticket(confidentiality="secret").number
    response = client.post(url(record), {"decision": "join", "number": number})
    assert response.status_code == 422 and "number" in response.context["form"].errors
    record.refresh_from_db()
    assert record.state == "quarantined"


def test_the_second_decision_is_told(agent, client, record):
    service.decide(record_id=record.pk, actor=agent.koordinator, decision="discard")
    response = client.post(url(record), {"decision": "new"}, follow=True)
    assert "sudah diputuskan" in response.content.decode()
    assert Ticket.objects.count() == 1


def test_a_ticket_that_became_secret_is_not_named(client, record, ticket):
    Ticket.objects.filter(pk=ticket.pk).update(confidentiality="secret", is_restricted=True)
    assert f'value="{ticket.number}"' not in client.get(url(record)).content.decode()


@pytest.mark.parametrize("name", ["teknisi", "penghubung", "admin", "inspektorat"])
def test_only_the_service_desk_decides(cast, client, record, name):
    client.force_login(getattr(cast, name))
    assert client.get(LIST).status_code == 403
    assert client.get(url(record)).status_code == 403
    assert client.post(url(record), {"decision": "discard", "confirm": "on"}).status_code == 403
    assert InboundRecord.objects.get(pk=record.pk).state == "quarantined"


def test_unknown_records_do_not_exist(agent, client):
    assert client.get(f"{LIST}999/").status_code == 404
    assert client.post(f"{LIST}999/", {"decision": "new"}).status_code == 404
    assert client.get(f"{LIST}{2**70}/").status_code == 404


def test_the_list_offers_each_decision_in_one_click(client, record, ticket):
    html = client.get(LIST).content.decode()
    assert f'aria-label="Gabung ke {ticket.number}"' in html and 'value="new"' in html and 'value="block"' in html
    Ticket.objects.filter(pk=ticket.pk).update(confidentiality="secret", is_restricted=True)
    assert 'value="join"' not in client.get(LIST).content.decode()


def test_blocking_and_letting_in_again(client, record, cast):
    response = client.post(url(record), {"decision": "block"}, follow=True)
    assert "asing@contoh.id diblokir" in response.content.decode()
    record.refresh_from_db()
    assert (record.state, record.reason) == ("discarded", "blocked")
    page = client.get(f"{LIST}diblokir/")
    assert "asing@contoh.id" in page.content.decode() and cast.agen.display_name in page.content.decode()
    blocked = BlockedSender.objects.get()
    assert client.post(f"{LIST}diblokir/", {"alamat": "x"}).status_code == 404
    assert client.post(f"{LIST}diblokir/", {"alamat": blocked.pk + 1}).status_code == 404
    client.post(f"{LIST}diblokir/", {"alamat": blocked.pk})
    assert not BlockedSender.objects.exists()


def test_a_colleague_is_not_blocked(client, record, cast):
    InboundRecord.objects.filter(pk=record.pk).update(sender_key=cast.teknisi.email)
    assert client.post(url(record), {"decision": "block"}).status_code == 422
    assert not BlockedSender.objects.exists() and 'value="block"' not in client.get(url(record)).content.decode()


@pytest.mark.parametrize("name", ["teknisi", "penghubung", "admin", "inspektorat"])
def test_only_the_service_desk_sees_and_lifts_blocks(cast, client, name):
    blocked = BlockedSender.objects.create(address="asing@contoh.id")
    client.force_login(getattr(cast, name))
    assert client.get(f"{LIST}diblokir/").status_code == 403
    assert client.post(f"{LIST}diblokir/", {"alamat": blocked.pk}).status_code == 403
    assert BlockedSender.objects.exists()


@pytest.mark.parametrize("address", [LIST, f"{LIST}diblokir/"])
def test_the_pages_ask_as_much_for_thirty_rows_as_for_three(agent, client, ticket, address):
    def fill(numbers):
        for number in numbers:
            sender = Identity(email=f"asing{number}@contoh.id")
            factories.arrive(f"Balasan {number}", channel="email", subject=f"[{ticket.number}]", sender=sender)
            BlockedSender.objects.create(address=f"blokir{number}@contoh.id", blocked_by=agent.agen)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    client.get(address)
    assert fill(range(3)) == fill(range(3, 30))
