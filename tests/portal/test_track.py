import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.contacts import Identity
from tests import factories
from tests.portal.conftest import follow, page, picture
from tickets import messages, tracking, workflow
from tickets.models import Message, Ticket
from tickets.views.portal import track

TIKET = "/lacak/tiket/"


@pytest.fixture
def report(cast):
    return factories.ticket()


def words(**kw):
    return {"submission": str(uuid.uuid4()), "text": "Masih mati."} | kw


def test_wrong_number_and_wrong_code_get_the_same_answer(report, client):
    answers = [
        client.post("/lacak/", {"number": number, "code": code})
        for number, code in [
            (report.number, "AAAAAAAAAA"),
            ("GGN-2026-999999", report.access_code),
            ("GGN-2026-999999", "AAAAAAAAAA"),
        ]
    ]
    assert {r.status_code for r in answers} == {422}
    assert len({str(r.context["form"].non_field_errors()) for r in answers}) == 1
    assert client.get(TIKET).status_code == 302


def test_number_and_code_are_read_kindly(report, client):
    code = report.access_code
    typed = {"number": f" {report.number.lower()} ", "code": f"{code[:5]}-{code[5:]} ".lower()}
    assert client.post("/lacak/", typed).url == TIKET
    assert report.subject in page(client.get(TIKET))


def test_the_link_of_a_mail_fills_in_the_number_only(report, client):
    html = client.get("/lacak/", {"nomor": report.number}).content.decode()
    assert f'value="{report.number}"' in html and report.access_code not in html


def test_guessing_is_limited_per_address_and_locks_nobody_else_out(report, client, monkeypatch):
    monkeypatch.setattr(track, "TRIES_PER_ADDRESS", 3)
    for number in (report.number, "GGN-2026-999999", report.number):
        wrong = {"number": number, "code": "AAAAAAAAAA"}
        assert client.post("/lacak/", wrong, REMOTE_ADDR="10.0.0.1").status_code == 422
    right = {"number": report.number, "code": report.access_code}
    assert client.post("/lacak/", right, REMOTE_ADDR="10.0.0.1").status_code == 429
    assert client.post("/lacak/", right, REMOTE_ADDR="10.0.0.2").status_code == 302


def test_the_right_ends_after_two_idle_hours(report, client):
    follow(client, report)
    session = client.session
    started = timezone.now() - tracking.IDLE + timedelta(minutes=2)
    session[tracking.GRANT] = session[tracking.GRANT] | {"used": started.timestamp()}
    session.save()
    assert client.get(TIKET).status_code == 200
    assert client.session[tracking.GRANT]["used"] > started.timestamp() + 60
    session = client.session
    session[tracking.GRANT] = session[tracking.GRANT] | {"used": (started - timedelta(minutes=5)).timestamp()}
    session.save()
    assert client.get(TIKET).url == "/lacak/"
    assert client.post(TIKET, words()).url == "/lacak/"
    assert report.messages.count() == 1


def test_the_right_ends_with_another_code_and_on_leaving(report, client):
    follow(client, report)
    Ticket.objects.filter(pk=report.pk).update(access_code="BCDEFGHJKM")
    assert client.get(TIKET).url == "/lacak/"
    report.refresh_from_db()
    follow(client, report)
    assert client.get(TIKET).status_code == 200
    client.post("/lacak/keluar/")
    assert client.get(TIKET).url == "/lacak/"
    assert tracking.GRANT not in client.session


def test_the_right_is_for_one_ticket(report, client):
    other = factories.ticket(subject="Milik orang", sender=Identity(name="Budi", email="budi@contoh.id"))
    follow(client, report)
    assert "Milik orang" not in page(client.get(TIKET))
    follow(client, other)
    assert "Milik orang" in page(client.get(TIKET)) and report.number not in page(client.get(TIKET))


def test_a_stolen_number_opens_nothing(cast, report, client):
    client.force_login(cast.orang_luar)
    assert client.get(f"/tiket-saya/{report.number}/").status_code == 404
    assert client.post(f"/tiket-saya/{report.number}/", words()).status_code == 404
    assert client.get(TIKET).url == "/lacak/"


def test_nothing_internal_is_shown(cast, report, client):
    workflow.perform(report.pk, "assign", cast.agen, team="jaringan", note="Vendor lama, hati-hati")
    messages.post(ticket_id=report.pk, actor=cast.agen, text="Pelapor rewel", visibility="internal")
    messages.post(ticket_id=report.pk, actor=cast.agen, text="Kami periksa.")
    workflow.perform(report.pk, "hold", cast.teknisi, reason="third_party", note="Menunggu Telkom bayar")
    follow(client, report)
    shown = page(client.get(TIKET))
    assert "Kami periksa." in shown and "Agen (petugas)" in shown and "Menunggu pihak lain" in shown
    for secret in ("rewel", "Vendor", "Telkom", "Catatan", "sari@contoh.id", "teknisi", "Teknisi", "agen@"):
        assert secret not in shown, secret


def test_the_name_behind_a_claimed_address_is_not_told(cast, client):
    """Whoever types somebody's address must not learn the name we know for it."""
    factories.ticket(sender=Identity(name="Nama Asli", email="korban@contoh.id"))
    mine = factories.ticket(sender=Identity(name="Penyerang", email="korban@contoh.id"))
    follow(client, mine)
    assert "Nama Asli" not in page(client.get(TIKET))


def test_state_promise_and_history_are_in_plain_words(cast, report, client):
    workflow.perform(report.pk, "start", cast.agen)
    workflow.perform(report.pk, "hold", cast.agen, reason="requester", note="Nomor ruangan berapa?")
    follow(client, report)
    shown = page(client.get(TIKET))
    for expected in ("Menunggu jawaban Anda", "Nomor ruangan berapa?", "Petugas mulai menangani.", "lewat Web"):
        assert expected in shown, expected
    workflow.perform(report.pk, "resume", cast.agen)
    assert "paling lambat" in page(client.get(TIKET))


def test_replies_join_the_ticket_once_and_resume_it(cast, report, client):
    workflow.perform(report.pk, "start", cast.agen)
    workflow.perform(report.pk, "hold", cast.agen, reason="requester", note="Ruangan berapa?")
    follow(client, report)
    data = words(text="Ruang 3")
    for _ in range(2):
        assert client.post(TIKET, data).url == TIKET
    said = Message.objects.get(ticket=report, text="Ruang 3")
    assert (said.direction, said.author_contact_id) == ("in", report.requester_id)
    report.refresh_from_db()
    assert report.state == "in_progress" and report.hold_reason == ""
    html = client.get(TIKET).content.decode()
    assert "Ruang 3" in html and "msg-mine" in html


def test_an_anonymous_reporter_speaks_as_the_requester(cast, client):
    report = factories.ticket("complaint", sender=Identity(), confidentiality="anonymous")
    follow(client, report)
    client.post(TIKET, words(attachments=[picture()]))
    said = Message.objects.get(ticket=report, text="Masih mati.")
    assert said.author_contact_id == report.requester_id and said.attachments.count() == 1


def test_an_empty_or_refused_reply_keeps_the_words(report, client):
    follow(client, report)
    assert client.post(TIKET, words(text="  ")).status_code == 422
    response = client.post(TIKET, words(attachments=[picture("a.exe")]))
    assert response.status_code == 422 and "Masih mati." in response.content.decode()
    assert report.messages.count() == 1


def test_the_requester_closes_reopens_and_cancels(cast, report, client):
    follow(client, report)
    assert {step.name for step in client.get(TIKET).context["steps"]} == {"cancel"}
    empty = client.post(TIKET + "langkah/cancel/", {"reason": ""})
    assert empty.status_code == 422 and "open" in empty.content.decode().split('id="langkah-cancel"')[1][:10]
    workflow.perform(report.pk, "start", cast.agen)
    workflow.perform(report.pk, "resolve", cast.agen, code="fixed", solution="Kabel diganti.")
    assert {step.name for step in client.get(TIKET).context["steps"]} == {"close", "reopen"}
    client.post(TIKET + "langkah/reopen/", {"reason": "Masih putus"})
    report.refresh_from_db()
    assert report.state == "in_progress" and report.reopen_count == 1
    workflow.perform(report.pk, "resolve", cast.agen, code="fixed", solution="Modem diganti.")
    client.post(TIKET + "langkah/close/")
    report.refresh_from_db()
    assert report.state == "closed"
    other = factories.ticket()
    follow(client, other)
    client.post(TIKET + "langkah/cancel/", {"reason": "Sudah menyala"})
    other.refresh_from_db()
    assert other.state == "cancelled"
    again = client.post(TIKET + "langkah/cancel/", {"reason": "Sudah menyala"}, follow=True)
    assert "tidak tersedia" in page(again)


@pytest.mark.parametrize("step", ["assign", "start", "resolve", "hold", "nonsens"])
def test_steps_of_staff_are_not_open_to_requesters(report, client, step):
    follow(client, report)
    client.post(TIKET + f"langkah/{step}/", {"team": "jaringan", "reason": "requester", "note": "x"})
    report.refresh_from_db()
    assert report.state == "new"


def test_states_are_never_changed_by_a_link(report, client):
    follow(client, report)
    assert client.get(TIKET + "langkah/cancel/").status_code == 405
    assert client.get("/lacak/keluar/").status_code == 405


@pytest.mark.parametrize("level", ["secret", "whistleblowing"])
def test_restricted_reports_are_followed_with_the_code_alone(cast, client, level):
    report = factories.ticket("complaint", confidentiality=level, subject="Suap di loket", sender=Identity())
    messages.post(ticket_id=report.pk, actor=cast.inspektorat, text="Kapan kejadiannya?")
    for name in ("agen", "koordinator", "admin", "pimpinan"):
        client.force_login(getattr(cast, name))
        assert client.get(f"/tiket-saya/{report.number}/").status_code == 404
        assert client.get(TIKET).status_code == 302
    client.logout()
    follow(client, report)
    shown = page(client.get(TIKET))
    assert "Suap di loket" in shown and "Kapan kejadiannya?" in shown
    assert "Inspektorat (petugas)" not in shown
    client.post(TIKET, words(text="Kemarin"))
    assert report.messages.filter(text="Kemarin", direction="in").exists()


@pytest.mark.parametrize("level", ["normal", "anonymous", "secret"])
def test_a_late_reply_opens_a_ticket_that_is_not_less_secret(cast, client, level):
    handler = cast.inspektorat if level == "secret" else cast.agen
    report = factories.ticket("complaint", confidentiality=level)
    workflow.perform(report.pk, "verify", handler, complaint_class="ordinary")
    workflow.perform(report.pk, "respond", handler, answer="Sudah ditindaklanjuti")
    follow(client, report)
    client.post(TIKET + "langkah/close/")
    Ticket.objects.filter(pk=report.pk).update(closed_at=timezone.now() - timedelta(days=90))
    moved = client.post(TIKET, words(text="Terjadi lagi"))
    assert moved.url == "/lapor/terima-kasih/"
    new = Ticket.objects.exclude(pk=report.pk).get()
    assert (new.confidentiality, new.kind, new.requester_id) == (level, "complaint", report.requester_id)
    assert new.access_code in page(client.get(moved.url))


def test_pages_of_a_ticket_are_never_cached(report, client):
    follow(client, report)
    assert "no-store" in client.get(TIKET)["Cache-Control"]


def test_the_draft_of_a_reply_is_dropped_once_it_arrived(report, client):
    follow(client, report)
    key = f'data-draft-clear="tiket-{report.number}-balas"'
    assert key not in client.get(TIKET).content.decode()
    client.post(TIKET, words())
    assert key in client.get(TIKET).content.decode()
    assert key not in client.get(TIKET).content.decode()


def test_a_disposition_names_the_office(cast, client):
    report = factories.ticket("complaint")
    workflow.perform(report.pk, "verify", cast.agen, complaint_class="ordinary")
    workflow.perform(report.pk, "forward", cast.agen, office="dukcapil", note="Tolong cepat")
    follow(client, report)
    shown = page(client.get(TIKET))
    assert "Laporan diteruskan ke Dukcapil." in shown and "Tolong cepat" not in shown


def test_a_reply_to_a_merged_ticket_does_not_open_the_other_one(cast, report, client):
    survivor = factories.ticket(sender=Identity(name="Budi", email="budi@contoh.id"))
    Ticket.objects.filter(pk=report.pk).update(merged_into=survivor)
    follow(client, report)
    assert client.post(TIKET, words(text="Juga di sini")).url == TIKET
    assert survivor.messages.filter(text="Juga di sini").exists()
    assert tracking.RECEIPT not in client.session
    shown = page(client.get(TIKET))
    assert survivor.access_code not in shown and survivor.number not in shown
