import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.contacts import Identity
from tests import factories
from tests.api.conftest import Caller
from tickets import messages
from tickets.models import Merge, Message, Tag, Task, Ticket, TicketLink, TimeEntry
from tickets.operations import linking, tasks
from tickets.workflow import perform


@pytest.fixture
def agent(cast, client):
    client.force_login(cast.agen)
    return cast


def page(ticket):
    return f"/kerja/tiket/{ticket.number}/"


def html(response):
    return response.content.decode()


def test_merging_from_the_page_and_back(agent, client):
    target, source = factories.ticket(subject="Wifi"), factories.ticket(subject="Internet")
    step = client.get(f"{page(source)}langkah/merge/")
    assert 'name="target"' in html(step) and "24 jam" in html(step)
    wrong = client.post(f"{page(source)}langkah/merge/", {"target": source.number})
    assert wrong.status_code == 422 and "dirinya sendiri" in html(wrong)
    done = client.post(f"{page(source)}langkah/merge/", {"target": target.number.lower()}, follow=True)
    assert done.redirect_chain[-1][0] == page(target)
    text = html(done)
    assert f"Tiket {source.number} sudah digabung ke tiket ini" in text
    assert f"Gabungan {source.number}" in text and "Riwayat sebelum digabung" in text and "Tiket dibuat lewat" in text
    assert "dari tiket gabungan" in text and "Batalkan penggabungan" in text
    undone = client.post(f"{page(source)}langkah/unmerge/", follow=True)
    assert undone.redirect_chain[-1][0] == page(source) and Ticket.objects.get(pk=source.pk).state == "new"


def test_an_old_number_leads_to_the_survivor_for_staff_who_see_it(cast, client):
    source, target = factories.ticket(team=cast.network), factories.ticket()
    perform(source.pk, "merge", cast.agen, target=target.number)
    client.force_login(cast.teknisi)
    alone = client.get(page(source))
    assert alone.status_code == 200 and "tidak dapat Anda lihat" in html(alone)
    client.force_login(cast.agen)
    assert client.get(page(source)).url == page(target)
    assert client.get(page(source), HTTP_HX_REQUEST="true")["HX-Redirect"] == page(target)


def test_the_portal_shows_the_merged_reporter_their_own_part(cast, client):
    source = factories.ticket(requester=cast.warga, subject="Internet saya", text="Dari warga")
    target = factories.ticket(requester=cast.asn, subject="Kantor Dukcapil gelap", text="Dari asn")
    perform(source.pk, "merge", cast.agen, target=target.number)
    messages.post(ticket_id=target.pk, actor=cast.agen, text="Sedang ditangani.")
    client.force_login(cast.warga)
    shown = html(client.get(f"/tiket-saya/{source.number}/"))
    for text in ("Internet saya", "Dari warga", "Sedang ditangani.", "ditangani bersama laporan lain"):
        assert text in shown
    for text in (target.number, "Dukcapil gelap", "Dari asn", "Asn"):
        assert text not in shown
    assert client.get(f"/tiket-saya/{target.number}/").status_code == 404
    assert target.number not in html(client.get("/tiket-saya/"))
    client.post(
        f"/tiket-saya/{source.number}/", {"text": "Masih mati", "submission": "5b3e1f0a-0000-4000-8000-000000000001"}
    )
    assert target.messages.get(text="Masih mati").origin_id == source.pk
    assert "Masih mati" in html(client.get(f"/tiket-saya/{source.number}/"))
    client.force_login(cast.asn)
    other = html(client.get(f"/tiket-saya/{target.number}/"))
    assert "Sedang ditangani." in other and "Masih mati" not in other and "Dari warga" not in other


def test_the_portal_leads_the_same_person_to_the_survivor(cast, client):
    source, target = factories.ticket(requester=cast.warga, text="Satu"), factories.ticket(requester=cast.warga)
    perform(source.pk, "merge", cast.agen, target=target.number)
    client.force_login(cast.warga)
    answer = client.get(f"/tiket-saya/{source.number}/", follow=True)
    assert answer.redirect_chain[-1][0] == f"/tiket-saya/{target.number}/"
    assert "sudah digabung dengan tiket ini" in html(answer) and "Satu" in html(answer)


def test_tracking_by_the_old_number_and_code(cast, client):
    source, target = (
        factories.ticket(),
        factories.ticket(sender=Identity(name="Budi", email="b@x.id"), text="Budi di sini"),
    )
    perform(source.pk, "merge", cast.agen, target=target.number)
    messages.post(ticket_id=target.pk, actor=cast.agen, text="Sedang ditangani.")
    client.post(reverse("portal:track"), {"number": source.number, "code": source.access_code})
    shown = html(client.get(reverse("portal:tracked")))
    assert "Sedang ditangani." in shown and "Internet kantor mati" in shown
    assert "Budi" not in shown and target.number not in shown


def test_files_stay_with_their_reporter(cast, client):
    from tickets.attachments import Upload

    png = Upload("foto.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"0" * 20)
    source = factories.ticket(requester=cast.warga, uploads=(png,))
    target = factories.ticket(requester=cast.asn, uploads=(png,))
    perform(source.pk, "merge", cast.agen, target=target.number)
    theirs = {m.origin_id: m.attachments.get().uuid for m in Message.objects.filter(attachments__isnull=False)}
    for person, may, may_not in ((cast.warga, source.pk, None), (cast.asn, None, source.pk)):
        client.force_login(person)
        assert client.get(f"/lampiran/{theirs[may]}/").status_code == 200
        assert client.get(f"/lampiran/{theirs[may_not]}/").status_code == 404


def test_tags_watchers_links_tasks_and_time_from_the_page(agent, client):
    ticket, other = factories.ticket(), factories.ticket()
    client.post(f"{page(ticket)}label/", {"tag": "Wifi"})
    client.post(f"{page(ticket)}amati/")
    client.post(f"{page(ticket)}tautan/", {"relation": "<parent", "number": other.number})
    client.post(f"{page(ticket)}tugas/", {"title": "Cek kabel", "assignee": "agen", "working_hours": "2"})
    client.post(f"{page(ticket)}waktu/", {"minutes": "90"})
    text = html(client.get(page(ticket)))
    for part in ("wifi", "Berhenti mengamati", other.number, "Cek kabel", "1 j 30 m", "Bagian tiket ini yang masih"):
        assert part in text
    task, made = Task.objects.get(), TicketLink.objects.get()
    assert (made.source, made.target) == (other, ticket)
    assert "Cek kabel" in html(client.get("/kerja/tugas/"))
    client.post(f"/kerja/tugas/{task.pk}/")
    client.post(f"{page(ticket)}label/", {"hapus": "wifi"})
    client.post(f"{page(ticket)}amati/", {"berhenti": "1"})
    client.post(f"{page(ticket)}tautan/{made.pk}/")
    client.post(f"{page(ticket)}waktu/{TimeEntry.objects.get().pk}/")
    assert Task.objects.get().state == "done" and not ticket.tags.exists() and not ticket.watchers.exists()
    assert not TicketLink.objects.exists() and not TimeEntry.objects.exists()
    refused = client.post(f"{page(ticket)}tautan/", {"relation": "related", "number": "x"}, follow=True)
    assert "Tidak ada tiket bernomor" in html(refused)


def test_closing_a_parent_with_open_parts_warns(agent, client):
    parent, child = factories.ticket(), factories.ticket()
    linking.link(ticket_id=child.pk, actor=agent.agen, type="parent", number=parent.number)
    perform(parent.pk, "start", agent.agen)
    warned = html(client.get(f"{page(parent)}langkah/resolve/"))
    assert child.number in warned and "Lanjutkan hanya bila" in warned
    assert "Lanjutkan hanya bila" not in html(client.get(f"{page(parent)}langkah/hold/"))
    perform(parent.pk, "resolve", agent.agen, code="fixed", solution="Beres")
    client.force_login(agent.koordinator)
    assert f'id="langkah-close" href="{page(parent)}langkah/close/"' in html(client.get(page(parent)))


def test_converting_and_splitting_from_the_page(agent, client):
    ticket = factories.ticket()
    form = client.get(f"{page(ticket)}jenis/")
    missing = client.post(f"{page(ticket)}jenis/", {"kind": "complaint", "version": ticket.version})
    assert form.status_code == 200 and missing.status_code == 422 and "Pilih golongan" in html(missing)
    client.post(f"{page(ticket)}jenis/", {"kind": "request", "version": ticket.version})
    assert Ticket.objects.get().kind == "request"
    stale = client.post(f"{page(ticket)}jenis/", {"kind": "problem", "version": ticket.version}, follow=True)
    assert "sudah diubah oleh" in html(stale)
    message = ticket.messages.get()
    where = f"{page(ticket)}pisah/{message.pk}/"
    assert "Internet kantor mati" in html(client.get(where))
    for _time in range(2):
        done = client.post(where, {"kind": "incident", "subject": "Lain"}, follow=True)
    made = Ticket.objects.exclude(pk=ticket.pk).get()
    assert done.redirect_chain[-1][0] == page(made)
    assert "dijadikan tiket baru" in html(client.get(page(ticket))) and made.number in html(client.get(page(ticket)))


def test_many_from_the_queue(agent, client):
    one, two, closed = (factories.ticket() for _ in range(3))
    perform(closed.pk, "cancel", agent.agen, reason="x")
    assert 'value="langkah:start"' in html(client.get("/kerja/"))
    ticked = {"aksi": "label", "tiket": [one.number, two.number], "kembali": "/kerja/?tab=belum"}
    asked = client.post("/kerja/massal/", ticked)
    assert asked.status_code == 200 and 'name="tag"' in html(asked) and not Tag.objects.exists()
    assert client.post("/kerja/massal/", {**ticked, "jalankan": "1", "tag": ""}).status_code == 422
    client.post("/kerja/massal/", {**ticked, "jalankan": "1", "tag": "Banjir"})
    assert Tag.objects.get().tickets.count() == 2
    assert {row.number for row in client.get("/kerja/?tag=BANJIR").context["rows"]} == {one.number, two.number}
    step = {
        "aksi": "langkah:start",
        "tiket": [one.number, closed.number],
        "jalankan": "1",
        "kembali": "https://x.example/",
    }
    shown = client.post("/kerja/massal/", step, follow=True)
    text = html(shown)
    assert "1 dari 2 tiket berhasil" in text and "Ditolak" in text and "x.example" not in text
    assert "1 dari 2" in html(client.get("/kerja/massal/hasil/"))
    empty = client.post("/kerja/massal/", {"aksi": "label"}, follow=True)
    assert "Centang dahulu" in html(empty)


def test_the_list_of_own_tasks_takes_the_same_queries_at_3_and_30_rows(agent, client):
    ticket = factories.ticket()

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/kerja/tugas/").status_code == 200
        return len(captured)

    def add(count):
        for number in range(count):
            Task.objects.create(ticket=factories.ticket(), title=f"Tugas {number}", assignee=agent.agen)

    add(3)
    few = queries()
    add(27)
    assert queries() == few
    secret = factories.ticket(confidentiality="secret")
    Task.objects.create(ticket=secret, title="Rahasia", assignee=agent.agen)
    assert "Rahasia" not in html(client.get("/kerja/tugas/")) and tasks.mine(agent.agen).count() == 30
    assert ticket.pk


SMALL = ["label/", "amati/", "tautan/", "tautan/1/", "tugas/", "tugas/1/", "waktu/", "waktu/1/", "jenis/", "pisah/1/"]


@pytest.mark.parametrize("where", SMALL)
@pytest.mark.parametrize(("person", "status"), [("warga", 403), ("teknisi", 404), ("admin", 404), ("pimpinan", 404)])
def test_outsiders_of_a_restricted_ticket(cast, client, where, person, status):
    ticket = factories.ticket(confidentiality="secret")
    client.force_login(getattr(cast, person))
    data = {"tag": "x", "number": "x", "relation": "related", "title": "x", "minutes": "1", "kind": "request"}
    assert client.post(page(ticket) + where, data).status_code == status
    assert Ticket.objects.get().version == ticket.version


@pytest.mark.parametrize("where", ["label/", "tautan/", "tugas/", "waktu/", "jenis/"])
def test_managers_change_nothing(cast, client, where):
    ticket, other = factories.ticket(), factories.ticket()
    client.force_login(cast.pimpinan)
    data = {"tag": "x", "number": other.number, "relation": "related", "title": "x", "minutes": "1", "kind": "request"}
    assert client.post(page(ticket) + where, data).status_code == 403
    assert Ticket.objects.get(pk=ticket.pk).version == ticket.version and not Merge.objects.exists()


def test_the_api_tells_of_operations_to_staff_alone(cast):
    ticket, target = factories.ticket(requester=cast.warga), factories.ticket(requester=cast.asn, text="Dari asn")
    ticket.tags.add(Tag.objects.create(name="wifi"))
    tasks.add(ticket_id=ticket.pk, actor=cast.agen, title="Cek")
    shown = Caller(cast.agen).ticket(ticket).json()
    assert shown["tags"] == ["wifi"] and shown["tasks"][0]["title"] == "Cek" and shown["spent_minutes"] == 0
    done = Caller(cast.agen).step(ticket, "merge", {"target": target.number})
    assert done.status_code == 200 and done.json()["merged_into"] == target.number
    Caller(cast.agen).say(target, "Sedang ditangani.")
    theirs = Caller(cast.warga).ticket(ticket).json()
    assert theirs["tags"] == theirs["tasks"] == [] and theirs["merged_into"] is None
    assert "Sedang ditangani." in str(theirs) and "Dari asn" not in str(theirs) and target.number not in str(theirs)
    assert Caller(cast.warga).ticket(target).status_code == 404
    assert Caller(cast.warga).say(ticket, "Lewat API").status_code == 201
    survivor = Caller(cast.asn).ticket(target).json()
    assert "Lewat API" not in str(survivor) and "Warga" not in str(survivor) and ticket.number not in str(survivor)


def test_merged_anonymous_reporters_stay_nameless(agent, client):
    people = [factories.user(name, first_name=name.title()) for name in ("rukmini", "zainab")]
    source, target = (factories.ticket("complaint", requester=p, confidentiality="anonymous") for p in people)
    perform(source.pk, "merge", agent.agen, target=target.number)
    messages.post(ticket_id=source.pk, actor=people[0], text="Ada kabar?")
    shown = html(client.get(page(target)))
    detail = str(Caller(agent.agen).ticket(target).json())
    for name in ("Rukmini", "Zainab"):
        assert name not in shown and name not in detail
    assert "Ada kabar?" in shown and "Ada kabar?" in detail
