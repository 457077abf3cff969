"""One ticket: shape, what is hidden from whom, files and untrimmed words."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.contacts import Identity
from accounts.models import IdentityView
from assets.models import Asset, AssetType
from tests import factories
from tests.api.conftest import is_problem
from tests.api.test_lists import ITEM
from tickets import messages, workflow
from tickets.attachments import Upload
from tickets.models import TicketLink

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
SARI = {"name": "Sari", "email": "sari@contoh.id", "phone": "+6281234567890"}


def sari(**kw):
    kw.setdefault("sender", Identity(name="Sari", email="sari@contoh.id", phone="0812-3456-7890", verified=True))
    return factories.ticket(**kw)


@pytest.fixture
def asset(cast):
    kind = AssetType.objects.create(code="server", name="Server")
    return Asset.objects.create(code="SRV-1", name="Server email", asset_type=kind, office=factories.office("kominfo"))


def test_the_detail_has_the_agreed_fields(api, cast, asset):
    ticket = factories.ticket(
        requester=cast.asn,
        text="Mati.",
        full_text="Mati.\n> kutipan lama",
        html="<p>Mati.</p>",
        uploads=(Upload("foto layar.png", "image/png", PNG),),
        assets=(asset,),
    )
    response = api("agen").ticket(ticket)
    shown = response.json()
    operations = {"is_major", "merged_into", "tags", "watchers", "tasks", "spent_minutes"}
    assert set(shown) == ITEM | operations | {
        "description", "messages", "timeline", "links", "assets", "transitions", "approvals",
    }  # fmt: skip
    ticket.refresh_from_db()
    assert response["ETag"].removeprefix("W/") == ticket.etag
    assert shown["description"] == "Mati."
    message = ticket.messages.get()
    file = message.attachments.get()
    assert shown["messages"] == [
        {
            "id": message.pk,
            "direction": "in",
            "visibility": "public",
            "author": "Asn",
            "channel": "web",
            "text": "Mati.",
            "html": "<p>Mati.</p>",
            "original_url": f"http://testserver/api/v1/messages/{message.pk}/original/",
            "attachments": [
                {
                    "name": "foto layar.png",
                    "size": len(PNG),
                    "content_type": "image/png",
                    "url": f"http://testserver/api/v1/attachments/{file.uuid}/",
                }
            ],
            "created_at": timezone.localtime(message.created_at).isoformat(),
        }
    ]
    assert [event["code"] for event in shown["timeline"]] == ["ticket.created", "message.in"]
    created = shown["timeline"][0]
    assert set(created) == {"code", "actor", "channel", "at", "changes"}
    assert created["actor"] == "Asn" and created["changes"] == {"kind": "incident"}
    assert shown["assets"] == [{"code": "SRV-1", "name": "Server email", "type": "server"}]
    assert shown["links"] == []


def test_transitions_are_those_the_caller_may_run_now(api, cast):
    ticket = factories.ticket(requester=cast.asn)
    by_name = {each["name"]: each for each in api("agen").ticket(ticket).json()["transitions"]}
    assert list(by_name) == [info.name for info in workflow.available(ticket, cast.agen)]
    assign = {each["name"]: each for each in by_name["assign"]["inputs"]}
    assert by_name["assign"]["label"] == "Tugaskan"
    assert set(assign["team"]) == {"name", "label", "type", "required", "choices"}
    assert assign["team"]["type"] == "choice" and assign["team"]["required"] is False
    assert {"value": "jaringan", "label": "Jaringan"} in assign["team"]["choices"]
    assert {each["value"] for each in assign["assignee"]["choices"]} == {"agen", "teknisi", "koordinator", "penghubung"}
    assert assign["note"] == {
        "name": "note", "label": "Catatan untuk petugas", "type": "text", "required": False, "choices": None,
    }  # fmt: skip
    assert [each["name"] for each in api("asn").ticket(ticket).json()["transitions"]] == ["cancel"]


def test_what_the_detail_offers_can_be_run(api, cast):
    """The inputs named by a transition, filled with its own choices, are accepted."""
    ticket, caller = factories.ticket(requester=cast.asn), api("agen")
    for name in ("start", "hold", "resume", "resolve", "reopen"):
        offered = {each["name"]: each for each in caller.ticket(ticket).json()["transitions"]}
        inputs = {
            each["name"]: each["choices"][0]["value"] if each["choices"] else "Keterangan."
            for each in offered[name]["inputs"]
            if each["required"]
        }
        assert caller.step(ticket, name, inputs).status_code == 200


def test_links_are_shown_in_both_directions_as_far_as_visible(api, cast):
    incident, problem = factories.ticket(), factories.ticket(kind="problem", requester=cast.agen)
    secret = factories.ticket(kind="complaint", confidentiality="secret")
    TicketLink.objects.create(source=incident, target=problem, type="caused_by")
    TicketLink.objects.create(source=incident, target=secret, type="related")
    link = {"type": "caused_by", "kind": "problem", "state": "new", "subject": "Internet mati"}
    shown = api("agen").ticket(incident)
    assert shown.json()["links"] == [{**link, "direction": "out", "number": problem.number}]
    assert secret.number not in shown.content.decode()
    back = api("agen").ticket(problem).json()["links"]
    assert back == [{**link, "direction": "in", "number": incident.number, "kind": "incident"}]


def test_staff_sees_addresses_in_full_and_it_is_noted_once_an_hour(api, cast):
    ticket = sari()
    for _each in range(2):
        assert api("agen").ticket(ticket).json()["requester"] == SARI
    view = IdentityView.objects.get()
    assert (view.viewer, view.contact_id, view.reason) == (cast.agen, ticket.requester_id, f"{ticket.number}: API")
    IdentityView.objects.update(at=timezone.now() - timedelta(minutes=61))
    api("agen").ticket(ticket)
    assert IdentityView.objects.count() == 2


def test_others_see_masked_addresses_and_oneself_is_not_noted(api, cast):
    ticket = sari()
    masked = {"name": "Sari", "email": "s•••@contoh.id", "phone": "+62•••••••890"}
    for name in ("pimpinan", "admin"):
        assert api(name).ticket(ticket).json()["requester"] == masked
    own = factories.ticket(requester=cast.asn)
    assert api("asn").ticket(own).json()["requester"]["email"] == "asn@contoh.go.id"
    assert not IdentityView.objects.exists()


def test_an_anonymous_reporter_appears_nowhere(api, cast):
    ticket = sari(
        kind="complaint",
        confidentiality="anonymous",
        text="Petugas loket kasar.",
        full_text="Petugas loket kasar.\n--\nSari, RT 4",
        html="<p>Petugas loket kasar.</p><p>Sari, RT 4</p>",
        channel="email",
    )
    message = ticket.messages.get()
    for name in ("agen", "koordinator", "admin", "pimpinan"):
        response = api(name).ticket(ticket)
        shown = response.json()
        for secret in ("Sari", "sari@", "81234567", "RT 4"):
            assert secret not in response.content.decode()
        assert shown["requester"] == {"name": "Anonim", "email": None, "phone": None}
        assert shown["messages"][0]["author"] == "Anonim"
        assert shown["messages"][0]["original_url"] is None and shown["messages"][0]["html"] == ""
        assert {event["actor"] for event in shown["timeline"]} == {"Anonim"}
        is_problem(api(name).get(f"messages/{message.pk}/original/"), 404)
        deliveries = api(name).get("deliveries/", {"ticket": ticket.number})
        assert deliveries.status_code == 200 and "sari@" not in deliveries.content.decode()
    assert not IdentityView.objects.exists()


def test_the_officer_may_open_a_whistleblower_and_that_is_noted(api, cast):
    ticket = sari(kind="complaint", confidentiality="whistleblowing")
    assert api("inspektorat").ticket(ticket).json()["requester"] == SARI
    assert IdentityView.objects.get().viewer == cast.inspektorat


def test_requesters_see_their_own_ticket_whole(api, cast):
    ticket = factories.ticket(requester=cast.asn, kind="complaint", confidentiality="whistleblowing")
    shown = api("asn").ticket(ticket).json()
    assert shown["requester"]["email"] == "asn@contoh.go.id"
    assert shown["messages"][0]["author"] == "Asn"


def test_the_original_is_plain_text(api, cast):
    ticket = factories.ticket(requester=cast.asn, text="Mati.", full_text="Mati.\n<script>alert(1)</script>")
    url = api("agen").ticket(ticket).json()["messages"][0]["original_url"]
    response = api("agen").get(url, accept="text/plain")
    assert response.content.decode() == "Mati.\n<script>alert(1)</script>"
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff" and "sandbox" in response["Content-Security-Policy"]
    plain = factories.ticket(requester=cast.asn, text="Mati lagi.")
    assert api("agen").ticket(plain).json()["messages"][0]["original_url"] is None
    is_problem(api("agen").get(f"messages/{plain.messages.get().pk}/original/"), 404)
    is_problem(api("agen").get(f"messages/{2**70}/original/"), 404)


def test_a_file_is_a_download_that_runs_nowhere(api, cast):
    ticket = factories.ticket(requester=cast.asn, uploads=(Upload("foto.png", "image/png", PNG),))
    url = api("agen").ticket(ticket).json()["messages"][0]["attachments"][0]["url"]
    response = api("agen").get(url, accept="image/*")
    assert b"".join(response.streaming_content) == PNG
    assert response["Content-Disposition"] == 'attachment; filename="foto.png"'
    assert response["X-Content-Type-Options"] == "nosniff" and "sandbox" in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "private, no-store"
    is_problem(api("orang_luar").get(url), 404)
    is_problem(api("agen").get("attachments/00000000-0000-0000-0000-000000000000/"), 404)


def test_a_file_that_was_lost_is_not_found(api, cast):
    ticket = factories.ticket(requester=cast.asn, uploads=(Upload("foto.png", "image/png", PNG),))
    file = ticket.messages.get().attachments.get()
    file.file.storage.delete(file.file.name)
    is_problem(api("agen").get(f"attachments/{file.uuid}/"), 404)


@pytest.mark.parametrize("number", ["TIDAK-ADA", "GGN-2026-999999", "%00", "x" * 200, "é", "..%2f"])
def test_numbers_of_nothing_are_not_found(api, number):
    is_problem(api("agen").get(f"tickets/{number}/"), 404)


def test_the_number_may_be_typed_in_small_letters(api, cast):
    ticket = factories.ticket()
    assert api("agen").get(f"tickets/{ticket.number.lower()}/").json()["number"] == ticket.number


@pytest.mark.parametrize("name", ["agen", "asn"])
def test_the_detail_takes_as_many_queries_for_30_messages_as_for_3(api, cast, name):
    ticket = factories.ticket(requester=cast.asn)

    def more(count):
        for position in range(count):
            visibility = "internal" if position % 3 == 0 else "public"
            file = Upload(f"{position}.png", "image/png", PNG)
            messages.post(
                ticket_id=ticket.pk, actor=cast.agen, text=f"Kata {position}", visibility=visibility, uploads=[file]
            )

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert api(name).ticket(ticket).status_code == 200
        return len(captured)

    more(3)
    api(name).ticket(ticket)
    few = queries()
    more(27)
    assert queries() == few
    assert few <= 36
