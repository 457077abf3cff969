import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.contacts import Identity
from notify.models import Delivery
from tests import factories
from tickets import messages, workflow
from tickets.actors import Actor
from tickets.models import Message, Ticket, TicketLink

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def agent(cast, client):
    client.force_login(cast.agen)
    return cast


def url(ticket, rest=""):
    return f"/kerja/tiket/{ticket.number}/{rest}"


def text_of(response):
    return re.sub(r"\s+", " ", response.content.decode())


def steps_on(response):
    """The steps that open their inputs by a link, which htmx turns into a panel."""
    return re.findall(r'href="[^"]+/langkah/(\w+)/" hx-get="[^"]+" hx-target="#step-panel"', text_of(response))


def reply(client, ticket, text="Sedang kami periksa.", visibility="public", **kw):
    kw.setdefault("version", Ticket.objects.get(pk=ticket.pk).version)
    return client.post(url(ticket, "balas/"), {"text": text, "visibility": visibility, **kw})


def test_the_page_tells_the_ticket(agent, client):
    ticket = factories.ticket(subject="Printer macet", text="Kertas tersangkut.", service=factories.service("cetak"))
    html = text_of(client.get(url(ticket)))
    state = re.search(r'<div class="cluster">(.*?)</div>', html)[1]
    assert "Baru" in state and "Sedang" in state and "Meja Layanan" in state
    for said in (ticket.number, "Printer macet", "Kertas tersangkut.", "Tanggapan pertama", "Penyelesaian", "Cetak"):
        assert said in html
    assert "Tiket dibuat lewat Web" in html
    assert f'data-live="/ws/tiket/{ticket.number}/"' in html


def test_the_number_may_be_typed_in_small_letters(agent, client):
    ticket = factories.ticket()
    assert client.get(url(ticket).lower()).status_code == 200


def test_words_are_in_order_and_notes_are_distinct(agent, client):
    ticket = factories.ticket(text="Kata pertama")
    messages.post(ticket_id=ticket.pk, actor=agent.agen, text="Kata kedua", visibility="internal")
    messages.post(ticket_id=ticket.pk, actor=agent.agen, text="Kata ketiga")
    html = text_of(client.get(url(ticket)))
    assert html.index("Kata pertama") < html.index("Kata kedua") < html.index("Kata ketiga")
    assert 'class="msg msg-note"' in html and 'class="msg msg-mine"' in html


def test_markup_in_words_is_text(agent, client):
    ticket = factories.ticket(subject="<script>a</script>", text="<img src=x onerror=alert(1)>")
    html = client.get(url(ticket)).content.decode()
    assert "<script>a" not in html and "<img src=x" not in html and "&lt;img src=x" in html


def test_the_untrimmed_words_can_be_read(agent, client):
    ticket = factories.ticket(text="Halo", full_text="Halo\n> kutipan lama")
    assert "kutipan lama" in client.get(url(ticket)).content.decode()


def test_the_fate_of_each_reply_is_shown(agent, client):
    ticket = factories.ticket()
    sent = messages.post(ticket_id=ticket.pk, actor=agent.agen, text="Balasan satu")
    failed = messages.post(ticket_id=ticket.pk, actor=agent.agen, text="Balasan dua")
    Delivery.objects.filter(cause=sent.cause).update(state="sent")
    Delivery.objects.filter(cause=failed.cause).update(state="failed", error="550 Kotak surat tidak ada")
    html = text_of(client.get(url(ticket)))
    assert "Email: Terkirim" in html
    assert "Email: Gagal" in html and "550 Kotak surat tidak ada" in html


def test_reply_goes_out_and_note_stays(agent, client):
    ticket = factories.ticket()
    response = reply(client, ticket, "Sedang kami periksa.")
    said = Message.objects.get(text="Sedang kami periksa.")
    assert response["Location"] == f"{url(ticket)}#pesan-{said.pk}"
    assert said.direction == "out" and Delivery.objects.filter(cause=said.cause).exists()
    reply(client, ticket, "Hubungi vendor dahulu.", "internal")
    note = Message.objects.get(text="Hubungi vendor dahulu.")
    assert note.direction == "note" and not Delivery.objects.filter(cause=note.cause).exists()


def test_the_draft_is_forgotten_once_after_sending(agent, client):
    ticket = factories.ticket()
    marker = f'data-draft-clear="balas-{ticket.number}"'
    response = client.get(reply(client, ticket)["Location"])
    assert marker in response.content.decode()
    assert marker not in client.get(url(ticket)).content.decode()


def test_files_are_attached(agent, client):
    ticket = factories.ticket()
    files = [SimpleUploadedFile(f"foto{i}.png", PNG, "image/png") for i in range(2)]
    reply(client, ticket, "Lihat foto.", attachments=files)
    said = Message.objects.get(text="Lihat foto.")
    assert [a.name for a in said.attachments.all()] == ["foto0.png", "foto1.png"]
    assert "foto1.png" in client.get(url(ticket)).content.decode()


def test_a_bad_file_is_refused_and_the_words_are_kept(agent, client):
    ticket = factories.ticket()
    response = reply(client, ticket, "Lihat berkas.", attachments=SimpleUploadedFile("a.exe", b"MZ"))
    assert response.status_code == 422
    html = response.content.decode()
    assert "Lihat berkas." in html and "a.exe" in html
    assert not Message.objects.filter(text="Lihat berkas.").exists()


def test_an_empty_message_is_refused(agent, client):
    ticket = factories.ticket()
    response = reply(client, ticket, "   ")
    assert response.status_code == 422 and "Tulis pesan atau lampirkan berkas" in response.content.decode()


def test_a_reply_to_a_changed_ticket_is_kept_but_not_sent(agent, client):
    ticket = factories.ticket()
    messages.post(ticket_id=ticket.pk, actor=agent.koordinator, text="Saya yang jawab.")
    fresh = Ticket.objects.get(pk=ticket.pk)
    response = reply(client, ticket, "Jawaban kedua.", version=ticket.version)
    html = response.content.decode()
    assert response.status_code == 409
    assert "sudah diubah oleh Koordinator" in html and "Jawaban kedua.</textarea>" in html
    assert "Saya yang jawab." in html and f'id="composer-version" value="{fresh.version}"' in html
    assert not Message.objects.filter(text="Jawaban kedua.").exists()


def test_the_stale_message_does_not_name_a_hidden_requester(agent, client):
    ticket = factories.ticket("complaint", confidentiality="anonymous", sender=Identity(name="Rukmini", email="r@x.id"))
    messages.post(ticket_id=ticket.pk, actor=Actor(contact=ticket.requester), text="Tambahan.")
    response = reply(client, ticket, "Jawaban.", version=ticket.version)
    assert response.status_code == 409 and "Rukmini" not in response.content.decode()


def test_the_refresh_leaves_the_composer_alone(agent, client):
    ticket = factories.ticket()
    html = client.get(url(ticket), HTTP_HX_REQUEST="true").content.decode()
    assert "<textarea" not in html and "<html" not in html
    for part in ("conversation", "ticket-facts", "ticket-timeline", "composer-version"):
        assert re.search(rf'id="{part}"[^>]*hx-swap-oob="true"', html)
    assert 'id="ticket-head"' in html


def test_only_possible_steps_are_offered(agent, client):
    ticket = factories.ticket()
    assert steps_on(client.get(url(ticket))) == ["assign", "start", "cancel", "merge"]
    workflow.perform(ticket.pk, "start", agent.agen)
    assert steps_on(client.get(url(ticket))) == ["reassign", "hold", "resolve", "merge"]


def test_take_the_ticket(agent, client):
    ticket = factories.ticket()
    assert url(ticket, "ambil/") in client.get(url(ticket)).content.decode()
    client.post(url(ticket, "ambil/"), {"version": ticket.version})
    taken = Ticket.objects.get(pk=ticket.pk)
    assert taken.assignee == agent.agen and taken.state == "assigned"
    assert url(ticket, "ambil/") not in client.get(url(ticket)).content.decode()


def test_taking_a_changed_ticket_is_refused(agent, client):
    ticket = factories.ticket()
    workflow.perform(ticket.pk, "assign", agent.koordinator, assignee="koordinator")
    response = client.post(url(ticket, "ambil/"), {"version": ticket.version}, follow=True)
    assert "sudah diubah oleh Koordinator" in response.content.decode()
    assert Ticket.objects.get(pk=ticket.pk).assignee == agent.koordinator


def test_other_tickets_of_the_requester_are_those_one_sees(cast, client):
    ticket = factories.ticket(team=cast.network)
    near = factories.ticket(subject="Masih satu tim", team=cast.network)
    factories.ticket(subject="Tim lain")
    client.force_login(cast.teknisi)
    assert [t.pk for t in client.get(url(ticket)).context["others"]] == [near.pk]
    client.force_login(cast.agen)
    assert len(client.get(url(ticket)).context["others"]) == 2


def test_an_anonymous_complaint_is_not_betrayed_by_neighbours(agent, client):
    open_one = factories.ticket()
    hidden = factories.ticket("complaint", confidentiality="anonymous")
    assert open_one.requester == hidden.requester
    assert list(client.get(url(open_one)).context["others"]) == []
    assert list(client.get(url(hidden)).context["others"]) == []


def test_the_concealed_requester_is_named_nowhere(agent, client):
    sender = Identity(name="Rukmini Hidayat", email="rukmini@contoh.id", phone="081234567890")
    ticket = factories.ticket("complaint", confidentiality="anonymous", sender=sender)
    messages.post(ticket_id=ticket.pk, actor=Actor(contact=ticket.requester), text="Keterangan tambahan.")
    said = messages.post(ticket_id=ticket.pk, actor=agent.agen, text="Terima kasih.")
    Delivery.objects.filter(cause=said.cause).update(state="failed", error="rukmini@contoh.id tidak dikenal")
    for headers in ({}, {"HTTP_HX_REQUEST": "true"}):
        html = client.get(url(ticket), **headers).content.decode()
        assert "Keterangan tambahan." in html and "Agen" in html
        assert "ukmini" not in html and "•••" not in html and "567890" not in html


def test_links_and_known_errors(agent, client):
    mail = factories.service("surel")
    ticket = factories.ticket(service=mail)
    problem = factories.ticket("problem", subject="Kuota server surel", service=mail)
    elsewhere = factories.ticket("problem", subject="Masalah layanan lain", service=factories.service("vpn"))
    secret = factories.ticket(confidentiality="secret")
    for each in (problem, elsewhere):
        workflow.perform(each.pk, "investigate", agent.agen)
        workflow.perform(each.pk, "mark_known_error", agent.agen, root_cause="Disk penuh", workaround="Hapus arsip")
    TicketLink.objects.create(source=ticket, target=problem, type="caused_by")
    TicketLink.objects.create(source=secret, target=ticket, type="related")
    response = client.get(url(ticket))
    assert [t.pk for t in response.context["known_errors"]] == [problem.pk]
    assert [(link.relation, link.ticket.pk) for link in response.context["links"]] == [("disebabkan oleh", problem.pk)]
    assert [each.pk for each in client.get(url(problem)).context["problem"].incidents] == [ticket.pk]
    html = response.content.decode()
    assert "Hapus arsip" in html and secret.number not in html


def test_a_liaison_reads_notes_of_their_office_but_an_agent_not_of_their_own_report(cast, client):
    ticket = factories.ticket("complaint", office=factories.office("dukcapil"))
    own = factories.ticket(requester=cast.agen)
    for each in (ticket, own):
        messages.post(ticket_id=each.pk, actor=cast.koordinator, text="Rahasia dapur", visibility="internal")
    client.force_login(cast.penghubung)
    assert "Rahasia dapur" in client.get(url(ticket)).content.decode()
    client.force_login(cast.agen)
    html = client.get(url(own)).content.decode()
    assert "Rahasia dapur" not in html and 'value="internal"' not in html


def test_a_watching_administrator_cannot_write(cast, client):
    ticket = factories.ticket()
    client.force_login(cast.admin)
    assert 'id="composer"' not in client.get(url(ticket)).content.decode()
    assert reply(client, ticket).status_code == 403


def test_the_same_number_of_queries_for_long_conversations(agent, client):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(url(ticket))
        return len(captured)

    ticket = factories.ticket()
    messages.post(ticket_id=ticket.pk, actor=agent.agen, text="Satu")
    few = queries()
    for i in range(20):
        messages.post(ticket_id=ticket.pk, actor=agent.agen, text=f"Pesan {i}")
        messages.post(ticket_id=ticket.pk, actor=agent.koordinator, text=f"Catatan {i}", visibility="internal")
    assert queries() == few
