"""Reporting, speaking and moving on: who becomes what, and every way to be refused."""

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from notify.models import Delivery
from tests import factories
from tests.api.conftest import is_problem, label
from tickets import workflow
from tickets.models import InboundRecord, Message, Ticket, TimelineEntry

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
REPORT = {"kind": "incident", "subject": "Printer mati", "description": "Lampunya padam sejak pagi."}


def made(response):
    assert response.status_code == 201, response.content
    return Ticket.objects.get(number=response.json()["number"])


def test_a_report_becomes_a_ticket_of_the_caller(api, cast):
    factories.service("email")
    factories.office("kominfo")
    response = api("asn").post(
        "tickets/",
        {**REPORT, "service": "email", "office": "kominfo", "impact": "high", "urgency": "critical"},
    )
    ticket = made(response)
    assert (ticket.kind, ticket.subject, ticket.channel) == ("incident", "Printer mati", "api")
    assert (ticket.impact, ticket.urgency) == (3, 4)
    assert ticket.service.code == "email" and ticket.office.code == "kominfo"
    assert ticket.requester.user == cast.asn
    message = ticket.messages.get()
    assert (message.text, message.direction, message.channel) == ("Lampunya padam sejak pagi.", "in", "api")
    assert InboundRecord.objects.get().message == message
    shown = response.json()
    assert shown["description"] == "Lampunya padam sejak pagi." and shown["requester"]["name"] == "Asn"
    assert response["ETag"].removeprefix("W/") == ticket.etag
    assert response["Location"] == f"http://testserver/api/v1/tickets/{ticket.number}/"
    assert Delivery.objects.get().recipient == "asn@contoh.go.id"


def test_staff_reports_for_somebody_else(api, cast):
    reporter = {"name": "Sari", "email": "sari@contoh.id", "phone": "0812-3456-7890"}
    ticket = made(api("agen").post("tickets/", {**REPORT, "requester": reporter}))
    assert ticket.requester.name == "Sari" and ticket.requester.user is None
    assert {point.value for point in ticket.requester.points.all()} == {"sari@contoh.id", "+6281234567890"}
    assert TimelineEntry.objects.get(ticket=ticket, code="ticket.created").actor_user == cast.agen
    assert ticket.messages.get().author_name == "Sari"


def test_staff_who_report_a_secret_get_a_receipt_and_no_further_sight(api, cast):
    body = {**REPORT, "kind": "complaint", "confidentiality": "secret", "requester": {"name": "Sari"}}
    response = api("agen").post("tickets/", body)
    ticket = made(response)
    assert response.json()["number"] == ticket.number and response.json()["transitions"] == []
    is_problem(api("agen").ticket(ticket), 404)


def test_requesters_speak_for_themselves(api, cast):
    document = is_problem(api("warga").post("tickets/", {**REPORT, "requester": {"name": "Sari"}}), 403)
    assert "atas nama" in document["detail"]
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("kind", ["problem", "change"])
def test_problems_and_changes_are_for_staff(api, cast, kind):
    is_problem(api("warga").post("tickets/", {**REPORT, "kind": kind}), 403)
    assert made(api("agen").post("tickets/", {**REPORT, "kind": kind})).kind == kind


def test_a_whistleblower_reads_their_own_report(api, cast):
    body = {**REPORT, "kind": "complaint", "confidentiality": "whistleblowing"}
    ticket = made(api("asn").post("tickets/", body))
    assert ticket.is_restricted and ticket.team == cast.confidential_team
    assert api("asn").ticket(ticket).status_code == 200
    is_problem(api("admin").ticket(ticket), 404)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"kind": None}, {"kind"}),
        ({"kind": "gangguan"}, {"kind"}),
        ({"kind": ["incident"]}, {"kind"}),
        ({"subject": ""}, {"subject"}),
        ({"subject": "x" * 121}, {"subject"}),
        ({"subject": {"a": 1}}, {"subject"}),
        ({"subject": "Susulan [GGN-2026-000001]"}, {"subject"}),
        ({"description": "  "}, {"description"}),
        ({"description": "x" * 20_001}, {"description"}),
        ({"service": "tidak-ada"}, {"service"}),
        ({"service": 3}, {"service"}),
        ({"service": {"code": "email"}}, {"service"}),
        ({"office": "tidak-ada"}, {"office"}),
        ({"impact": 3}, {"impact"}),
        ({"urgency": "segera"}, {"urgency"}),
        ({"confidentiality": "rahasia"}, {"confidentiality"}),
        ({"requester": {}}, {"requester.name"}),
        ({"requester": "Sari"}, {"requester"}),
        ({"requester": {"name": "Sari", "email": "bukan", "phone": "1"}}, {"requester.email", "requester.phone"}),
        ({"requester": {"name": "Sari", "nama": "Sari"}}, {"requester.nama"}),
        ({"status": "new"}, {"status"}),
        ({"kind": "x", "subject": ""}, {"kind", "subject"}),
    ],
    ids=label,
)
def test_bad_reports_say_what_is_wrong(api, cast, change, fields):
    document = is_problem(api("agen").post("tickets/", {**REPORT, **change}), 400)
    assert set(document["errors"]) == fields
    assert document["type"] == "urn:spbe:problem:invalid-inputs"
    assert not Ticket.objects.exists() and not InboundRecord.objects.exists()


def test_retired_services_are_not_offered(api, cast):
    factories.service("lama", status="retired")
    assert "service" in is_problem(api("agen").post("tickets/", {**REPORT, "service": "lama"}), 400)["errors"]


@pytest.mark.parametrize(
    "raw",
    [
        "{",
        "",
        "[]",
        '"teks"',
        "null",
        "7",
        "NaN",
        "[" * 100_000,
        '{"subject": "a\\u0000b"}',
        '{"subject": "\\ud800"}',
        '{"\\u0000": 1}',
        b"\xff\xfe",
        '{"n": ' + "9" * 5000 + "}",
    ],
    ids=lambda raw: repr(raw)[:20],
)
def test_bodies_that_are_no_report_are_refused(api, cast, raw):
    is_problem(api("agen").post("tickets/", raw=raw), 400)
    ticket = factories.ticket()
    if raw:
        is_problem(api("agen").post(f"tickets/{ticket.number}/messages/", raw=raw), 400)
        is_problem(api("agen").post(f"tickets/{ticket.number}/transitions/assign/", raw=raw), 400)


def test_other_content_types_are_refused(api, cast):
    caller = api("agen")
    is_problem(caller.post("tickets/", raw="<a/>", content_type="application/xml"), 415)
    is_problem(caller.post("tickets/", raw="a=b", content_type="application/x-www-form-urlencoded"), 415)
    is_problem(caller.post("tickets/", raw="x", content_type="multipart/form-data"), 415)
    ticket = factories.ticket()
    is_problem(caller.post(f"tickets/{ticket.number}/messages/", raw="x", content_type="multipart/form-data"), 400)


def test_a_huge_body_is_refused(api, cast, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    document = is_problem(api("agen").post("tickets/", {**REPORT, "description": "x" * 2000}), 413)
    assert document["title"] == "Permintaan terlalu besar"


def test_many_files_at_once_are_refused_before_they_are_read(api, cast, settings):
    settings.ATTACHMENT_MAX_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    ticket = factories.ticket()
    file = SimpleUploadedFile("foto.png", PNG + b"0" * 4000, "image/png")
    is_problem(api("agen").post(f"tickets/{ticket.number}/messages/", {"text": "a"}, files={"attachments": file}), 413)


def test_staff_replies_reach_the_requester(api, cast):
    ticket = factories.ticket()
    response = api("agen").say(ticket, "Sedang kami periksa.")
    assert response.status_code == 201
    ticket.refresh_from_db()
    shown = response.json()
    message = Message.objects.get(pk=shown["id"])
    assert (shown["direction"], shown["visibility"], shown["author"], shown["channel"]) == (
        "out", "public", "Agen", "api",
    )  # fmt: skip
    assert message.text == shown["text"] == "Sedang kami periksa."
    assert Delivery.objects.filter(cause=message.cause, recipient="sari@contoh.id").exists()
    assert ticket.first_response_at and response["ETag"].removeprefix("W/") == ticket.etag


def test_notes_are_not_sent(api, cast):
    ticket = factories.ticket()
    response = api("agen").say(ticket, "Cek kabel.", visibility="internal")
    assert (response.json()["direction"], response.json()["visibility"]) == ("note", "internal")
    assert not Delivery.objects.filter(cause=f"message:{response.json()['id']}").exists()


def test_the_requesters_reply_resumes_the_ticket(api, cast):
    ticket = factories.ticket(requester=cast.asn)
    workflow.perform(ticket.pk, "start", cast.agen)
    workflow.perform(ticket.pk, "hold", cast.agen, reason="requester", note="Lampu mana?")
    assert api("asn").say(ticket, "Lampu merah.").json()["direction"] == "in"
    assert api("asn").ticket(ticket).json()["state"] == "in_progress"


def test_requesters_write_no_notes(api, cast):
    ticket = factories.ticket(requester=cast.asn)
    is_problem(api("asn").say(ticket, visibility="internal"), 403)
    assert ticket.messages.count() == 1


def test_a_reply_to_a_long_closed_ticket_asks_for_a_new_one(api, cast):
    ticket = factories.ticket(requester=cast.asn)
    for name, inputs in (("start", {}), ("resolve", {"code": "fixed", "solution": "Beres."}), ("close", {})):
        workflow.perform(ticket.pk, name, cast.koordinator, **inputs)
    Ticket.objects.update(closed_at=timezone.now() - timezone.timedelta(days=60))
    document = is_problem(api("asn").say(ticket, "Kambuh lagi."), 409)
    assert "tiket baru" in document["detail"]
    assert api("agen").say(ticket, "Catatan akhir.", visibility="internal").status_code == 201


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"text": ""}, {"text"}),
        ({}, {"text"}),
        ({"text": 3.5, "visibility": "rahasia"}, {"visibility"}),
        ({"text": {"a": 1}}, {"text"}),
        ({"text": "x" * 200_001}, {"text"}),
        ({"text": "a", "attachments": "foto"}, {"attachments"}),
        ({"text": "a", "attachments": [{"name": "a.png", "content": "bukan base64!"}]}, {"attachments.0.content"}),
        ({"text": "a", "attachments": [{"name": "a.exe", "content": "TVo="}]}, {"attachments"}),
        ({"text": "a", "attachments": [{"name": "a.txt", "content": "YQ=="}] * 11}, {"attachments"}),
        ({"text": "a", "internal": True}, {"internal"}),
    ],
    ids=label,
)
def test_bad_messages_say_what_is_wrong(api, cast, body, fields):
    ticket = factories.ticket()
    document = is_problem(api("agen").post(f"tickets/{ticket.number}/messages/", body), 400)
    assert set(document["errors"]) == fields
    assert ticket.messages.count() == 1


def test_files_come_as_a_form_or_inside_json(api, cast):
    ticket, caller = factories.ticket(), api("agen")
    path = f"tickets/{ticket.number}/messages/"
    files = {"attachments": [SimpleUploadedFile(f"{n}.png", PNG, "image/png") for n in "ab"]}
    shown = caller.post(path, {"text": "Lihat.", "visibility": "internal"}, files=files).json()
    assert [(each["name"], each["size"]) for each in shown["attachments"]] == [("a.png", 28), ("b.png", 28)]
    assert (shown["text"], shown["visibility"]) == ("Lihat.", "internal")
    file = SimpleUploadedFile("c.png", PNG, "image/png")
    assert caller.post(path, files={"attachments[]": file}).json()["attachments"][0]["name"] == "c.png"
    inline = [{"name": "../d.png", "content": base64.b64encode(PNG).decode()}]
    shown = caller.say(ticket, "Dan ini.", attachments=inline).json()
    assert shown["attachments"][0]["name"] == "d.png"
    assert b"".join(caller.get(shown["attachments"][0]["url"]).streaming_content) == PNG


@pytest.mark.parametrize(
    ("field", "name", "content", "error"),
    [
        ("attachments", "virus.exe", b"MZ", "attachments"),
        ("attachments", "foto.png", b"MZ" + PNG, "attachments"),
        ("attachments", "kosong.png", b"", "attachments"),
        ("berkas", "foto.png", PNG, "berkas"),
    ],
)
def test_bad_files_are_named(api, cast, field, name, content, error):
    ticket = factories.ticket()
    response = api("agen").post(
        f"tickets/{ticket.number}/messages/", {"text": "a"}, files={field: SimpleUploadedFile(name, content)}
    )
    assert list(is_problem(response, 400)["errors"]) == [error]
    assert ticket.messages.count() == 1


def test_a_file_over_the_limit_is_refused(api, cast, settings):
    settings.ATTACHMENT_MAX_BYTES = 1024
    ticket = factories.ticket()
    file = SimpleUploadedFile("foto.png", PNG + b"0" * 1024, "image/png")
    response = api("agen").post(f"tickets/{ticket.number}/messages/", {"text": "a"}, files={"attachments": file})
    assert "attachments" in is_problem(response, 400)["errors"]


def test_a_step_answers_with_the_ticket_as_it_is_then(api, cast):
    ticket = factories.ticket()
    response = api("agen").step(ticket, "assign", {"team": "jaringan", "assignee": "teknisi", "note": None})
    assert response.status_code == 200
    shown = response.json()
    assert (shown["state"], shown["team"], shown["assignee"]) == ("assigned", "jaringan", "teknisi")
    ticket.refresh_from_db()
    assert response["ETag"].removeprefix("W/") == ticket.etag
    entry = TimelineEntry.objects.filter(ticket=ticket, code="ticket.transition").get()
    assert (entry.actor_user, entry.channel) == (cast.agen, "api")


def test_a_step_that_takes_the_ticket_out_of_sight_still_answers(api, cast):
    ticket = factories.ticket(team=cast.network)
    response = api("teknisi").step(ticket, "assign", {"team": "meja-layanan"})
    assert response.status_code == 200 and response.json()["team"] == "meja-layanan"
    assert response.json()["transitions"] == []
    is_problem(api("teknisi").ticket(ticket), 404)


@pytest.mark.parametrize(
    ("name", "body", "fields"),
    [
        ("assign", {}, {"__all__"}),
        ("assign", {"team": "tidak-ada"}, {"team"}),
        ("assign", {"team": "jaringan", "assignee": "agen"}, {"assignee"}),
        ("assign", {"team": ["jaringan"]}, {"team"}),
        ("assign", {"team": {"code": "jaringan"}}, {"team"}),
        ("assign", {"tim": "jaringan"}, {"tim"}),
        ("assign", {"team": "jaringan", "ticket_id": 1, "actor": None, "expected_version": 1}, {
            "ticket_id", "actor", "expected_version",
        }),
        ("start", {"note": "x" * 20_001}, {"note"}),
        ("cancel", {}, {"reason"}),
        ("cancel", {"reason": "   "}, {"reason"}),
    ],
    ids=label,
)  # fmt: skip
def test_bad_inputs_say_what_is_wrong(api, cast, name, body, fields):
    ticket = factories.ticket()
    document = is_problem(api("agen").step(ticket, name, body), 400)
    assert set(document["errors"]) == fields
    ticket.refresh_from_db()
    assert ticket.state == "new" and ticket.version == 2


@pytest.mark.parametrize("body", [{}, {"code": "fixed", "solution": "Beres."}, {"kode": "x"}])
def test_a_step_from_the_wrong_state_says_why(api, cast, body):
    document = is_problem(api("agen").step(factories.ticket(), "resolve", body), 409)
    assert "tidak dapat dijalankan" in document["detail"] and "Baru" in document["detail"]
    assert document["type"] == "urn:spbe:problem:wrong-state"


def test_a_guard_says_why(api, cast):
    service = factories.service("vpn", needs_approval=True)
    ticket = factories.ticket(kind="request", service=service, requester=cast.agen)
    document = is_problem(api("agen").step(ticket, "start"), 409)
    assert "Menunggu Persetujuan" in document["detail"]


def test_unknown_steps_are_not_found(api, cast):
    is_problem(api("agen").step(factories.ticket(), "teleport"), 404)
    is_problem(api("agen").step(factories.ticket(), "save"), 404)


def test_change_steps_take_numbers_and_instants(api, cast):
    caller = api("agen")
    ticket = made(caller.post("tickets/", {**REPORT, "kind": "change"}))
    assert caller.step(ticket, "submit").status_code == 200
    plans = dict.fromkeys(("impact_note", "plan", "back_out_plan", "test_plan"), "Ada.")
    response = caller.step(ticket, "assess", {"risk": 3, **plans})
    assert response.status_code == 200, response.content
    ticket.refresh_from_db()
    assert ticket.change_detail.risk == 3


def test_the_etag_guards_against_overwriting(api, cast):
    ticket, caller = factories.ticket(), api("agen")
    tag = caller.ticket(ticket)["ETag"]
    assert caller.step(ticket, "start", if_match=tag).status_code == 200
    document = is_problem(caller.step(ticket, "hold", {"reason": "requester", "note": "?"}, if_match=tag), 409)
    assert document["type"] == "urn:spbe:problem:stale" and "Agen" in document["detail"]
    assert is_problem(caller.say(ticket, if_match=tag), 409)["type"] == "urn:spbe:problem:stale"
    assert ticket.messages.count() == 1
    fresh = caller.ticket(ticket)["ETag"]
    answer = caller.say(ticket, if_match=f'"lain", {fresh}')
    assert answer.status_code == 201
    assert (
        caller.step(ticket, "resolve", {"code": "fixed", "solution": "Ya."}, if_match=answer["ETag"]).status_code == 200
    )
    assert caller.step(ticket, "reopen", {"reason": "Kambuh."}, if_match="*").status_code == 200


@pytest.mark.parametrize("tag", ['"lain"', "", "1", '"', 'W/"1-1"', "é"])
def test_a_tag_that_is_none_is_stale(api, cast, tag):
    ticket = factories.ticket()
    is_problem(api("agen").step(ticket, "start", if_match=tag), 409)
    ticket.refresh_from_db()
    assert ticket.state == "new"


def test_compressed_answers_carry_a_weak_tag_that_works(api, cast):
    ticket, caller = factories.ticket(), api("agen")
    response = caller.get(f"tickets/{ticket.number}/", accept_encoding="gzip")
    assert response["ETag"].startswith('W/"')
    assert caller.step(ticket, "start", if_match=response["ETag"]).status_code == 200


@pytest.mark.parametrize("text", ["a\\u0000b", "a\\ud800b"])
def test_text_that_no_database_holds_stops_at_the_door(api, cast, text):
    """Where no serializer looks at the words: the inputs of a step are checked by its form."""
    ticket = factories.ticket()
    response = api("agen").step(ticket, "cancel", None, raw=f'{{"reason": "{text}"}}')
    assert "karakter" in is_problem(response, 400)["detail"]
    ticket.refresh_from_db()
    assert ticket.state == "new"
