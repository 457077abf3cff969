import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.contacts import Identity
from tests import factories
from tests.portal.conftest import page
from tickets import messages, workflow
from tickets.models import Participant
from tickets.views.portal import mine

SAYA = "/tiket-saya/"


def numbers(response):
    return [ticket.number for ticket in response.context["tickets"]]


def test_the_list_needs_an_account(db, client):
    assert client.get(SAYA).status_code == 302
    assert client.get(SAYA + "GGN-2026-000001/").status_code == 302


def test_mine_is_what_i_reported_or_take_part_in(cast, client):
    own = factories.ticket(requester=cast.agen)
    factories.ticket(requester=cast.warga)
    joined = factories.ticket(sender=Identity(email="sari@contoh.id"))
    Participant.objects.create(ticket=joined, contact=own.requester)
    client.force_login(cast.agen)
    assert numbers(client.get(SAYA)) == [joined.number, own.number]
    client.force_login(cast.admin)
    assert numbers(client.get(SAYA)) == []


def test_open_and_finished_tickets(cast, client):
    first, second = (factories.ticket(requester=cast.warga) for _ in range(2))
    workflow.perform(first.pk, "cancel", cast.warga, reason="Sudah baik")
    client.force_login(cast.warga)
    assert numbers(client.get(SAYA, {"tampil": "terbuka"})) == [second.number]
    assert numbers(client.get(SAYA, {"tampil": "selesai"})) == [first.number]
    assert len(numbers(client.get(SAYA, {"tampil": "apa saja"}))) == 2


def test_pages_go_forth_and_back(cast, client, monkeypatch):
    monkeypatch.setattr(mine, "PAGE_SIZE", 2)
    made = [factories.ticket(requester=cast.warga).number for _ in range(5)][::-1]
    client.force_login(cast.warga)
    first = client.get(SAYA + "?tampil=terbuka")
    second = client.get(SAYA + first.context["next_url"])
    third = client.get(SAYA + second.context["next_url"])
    assert numbers(first) + numbers(second) + numbers(third) == made
    assert third.context["next_url"] == "" and first.context["prev_url"] == ""
    assert numbers(client.get(SAYA + third.context["prev_url"])) == numbers(second)
    assert client.get(SAYA + "?sesudah=rusak").status_code == 200


def test_others_tickets_do_not_exist_even_for_staff_who_see_them(cast, client):
    other = factories.ticket(requester=cast.warga)
    for person in (cast.orang_luar, cast.agen, cast.admin, cast.inspektorat):
        client.force_login(person)
        assert client.get(f"{SAYA}{other.number}/").status_code == 404
        assert client.post(f"{SAYA}{other.number}/langkah/cancel/", {"reason": "x"}).status_code == 404


def test_reply_and_close_with_an_account(cast, client):
    ticket = factories.ticket(requester=cast.warga)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Rahasia dapur", visibility="internal")
    workflow.perform(ticket.pk, "start", cast.agen)
    client.force_login(cast.warga)
    address = f"{SAYA}{ticket.number}/"
    data = {"submission": str(uuid.uuid4()), "text": "Tambahan"}
    for _ in range(2):
        assert client.post(address, data).url == address
    assert ticket.messages.filter(text="Tambahan", author_user=cast.warga).count() == 1
    workflow.perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Beres")
    shown = page(client.get(address))
    assert "Beres" in shown and "Rahasia dapur" not in shown
    client.post(f"{address}langkah/close/")
    ticket.refresh_from_db()
    assert ticket.state == "closed"


def test_an_agent_has_no_staff_buttons_or_notes_on_their_own_report(cast, client):
    ticket = factories.ticket(requester=cast.agen)
    messages.post(ticket_id=ticket.pk, actor=cast.koordinator, text="Agen ini lagi", visibility="internal")
    client.force_login(cast.agen)
    response = client.get(f"{SAYA}{ticket.number}/")
    assert [step.name for step in response.context["steps"]] == ["cancel"]
    assert "Agen ini lagi" not in page(response)
    client.post(f"{SAYA}{ticket.number}/langkah/start/")
    ticket.refresh_from_db()
    assert ticket.state == "new"


def test_a_participant_replies_but_has_no_buttons(cast, client):
    factories.ticket(requester=cast.warga)
    ticket = factories.ticket()
    Participant.objects.create(ticket=ticket, contact=cast.warga.contact)
    client.force_login(cast.warga)
    response = client.get(f"{SAYA}{ticket.number}/")
    assert response.context["steps"] == [] and "Sari" in page(response)
    client.post(f"{SAYA}{ticket.number}/", {"submission": str(uuid.uuid4()), "text": "Saya juga"})
    assert ticket.messages.get(text="Saya juga").direction == "in"


def test_own_restricted_complaint_is_visible_to_its_reporter(cast, client):
    ticket = factories.ticket("complaint", requester=cast.warga, confidentiality="whistleblowing")
    client.force_login(cast.warga)
    assert numbers(client.get(SAYA)) == [ticket.number]
    assert client.get(f"{SAYA}{ticket.number}/").status_code == 200


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("what", ["list", "ticket"])
def test_queries_do_not_grow(cast, client, what, service):
    client.force_login(cast.warga)
    ticket = factories.ticket(requester=cast.warga, service=service)
    address = SAYA if what == "list" else f"{SAYA}{ticket.number}/"

    def grow(count):
        for i in range(count):
            factories.ticket(requester=cast.warga, service=service)
            messages.post(ticket_id=ticket.pk, actor=cast.agen if i % 2 else cast.warga, text=f"Pesan {i}")

    grow(2)
    few = queries(client, address)
    grow(17)
    assert queries(client, address) == few <= 30
