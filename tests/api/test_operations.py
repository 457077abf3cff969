"""Catalogue, assets, quarantine, deliveries and the SLA report."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import IdentityView
from accounts.roles import Role
from assets.models import Asset, AssetType
from notify.models import Delivery
from reports.sla import attainment
from tests import factories
from tests.api.conftest import Caller, is_problem, label
from tickets import messages, workflow


def results(response):
    assert response.status_code == 200, response.content
    page = response.json()
    assert set(page) == {"next", "previous", "results"}
    return page["results"]


def test_services(api, cast):
    factories.service("email", support_team=cast.network, owner_office=factories.office("kominfo"), requestable=True)
    factories.service("lama", status="retired")
    shown = results(api("warga").get("services/"))
    assert shown == [
        {
            "code": "email",
            "name": "Email",
            "category": "umum",
            "description": "",
            "audience": "all",
            "status": "active",
            "owner_office": "kominfo",
            "support_team": "jaringan",
            "requestable": True,
            "needs_approval": False,
            "url": "",
        }
    ]
    staff = {each["code"]: each for each in results(api("agen").get("services/"))}
    assert set(staff) == {"email", "lama"} and staff["lama"]["owner_office"] is None


def test_lists_by_name_page_like_the_others(api, cast):
    for name in "cabed":
        factories.service(f"s-{name}")
    first = api("warga").get("services/", {"page_size": 2}).json()
    second = api("warga").get(first["next"]).json()
    codes = [each["code"] for each in first["results"] + second["results"]]
    assert codes == ["s-a", "s-b", "s-c", "s-d"]
    back = api("warga").get(second["previous"]).json()
    assert back == {**first, "next": back["next"]}
    is_problem(api("warga").get("services/", {"ordering": "code"}), 400)


@pytest.fixture
def register(cast):
    kind = AssetType.objects.create(code="laptop", name="Laptop")
    for code, office in (("A", "dukcapil"), ("B", "dinkes"), ("C", None)):
        made = Asset.objects.create(
            code=code, name=f"Laptop {code}", asset_type=kind, office=factories.office(office) if office else None
        )
        made.services.add(factories.service("email"), factories.service("vpn"))
    return cast


def test_assets_of_the_own_office(api, register):
    assert [each["code"] for each in results(api("asn").get("assets/"))] == ["A"]
    assert results(api("warga").get("assets/")) == []
    everything = results(api("agen").get("assets/"))
    assert [each["code"] for each in everything] == ["A", "B", "C"]
    assert everything[0] == {
        "code": "A",
        "name": "Laptop A",
        "type": "laptop",
        "office": "dukcapil",
        "services": ["email", "vpn"],
        "brand": "",
        "model": "",
        "serial": "",
        "condition": "baik",
        "status": "digunakan",
    }
    assert everything[2]["office"] is None


def test_asset_managers_see_the_whole_register(register):
    keeper = Caller(factories.user("pengelola", Role.ASSET_MANAGER))
    assert len(results(keeper.get("assets/"))) == 3


def test_assets_take_a_constant_number_of_queries(api, register):
    results(api("agen").get("assets/"))
    with CaptureQueriesContext(connection) as few:
        results(api("agen").get("assets/"))
    kind = AssetType.objects.get()
    for position in range(30):
        Asset.objects.create(code=f"X{position}", name="X", asset_type=kind, office=factories.office("dinkes"))
    with CaptureQueriesContext(connection) as many:
        results(api("agen").get("assets/"))
    assert len(few) == len(many)


def test_quarantine(api, cast):
    ticket = factories.ticket(requester=cast.asn)
    record = factories.arrive("Saya ikut.", channel="email", subject=f"Re: [{ticket.number}] Internet mati").record
    assert results(api("agen").get("quarantine/")) == [
        {
            "id": record.pk,
            "channel": "email",
            "sender": "sari@contoh.id",
            "subject": f"Re: [{ticket.number}] Internet mati",
            "text": "Saya ikut.",
            "reason": "stranger",
            "received_at": timezone.localtime(record.received_at).isoformat(),
        }
    ]
    # A role alone is not enough: the desk decides.
    is_problem(api("teknisi").get("quarantine/"), 403)
    record.state = "discarded"
    record.save()
    assert results(api("agen").get("quarantine/")) == []


def test_deliveries(api, cast):
    ticket = factories.ticket()
    reply = messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Halo.")
    Delivery.objects.filter(cause=reply.cause).update(state="sending", attempts=1, error="550 sari@contoh.id penuh")
    shown = results(api("agen").get("deliveries/", {"ticket": ticket.number}))
    assert [each["state"] for each in shown] == ["queued", "queued"]
    newest = Delivery.objects.get(cause=reply.cause)
    assert shown[0] == {
        "id": newest.pk,
        "ticket": ticket.number,
        "channel": "email",
        "recipient": "sari@contoh.id",
        "state": "queued",
        "attempts": 1,
        "message_id": newest.message_id,
        "error": "550 sari@contoh.id penuh",
        "created_at": timezone.localtime(newest.created_at).isoformat(),
        "sent_at": None,
    }
    assert IdentityView.objects.get().viewer == cast.agen
    masked = results(api("pimpinan").get("deliveries/", {"ticket": ticket.number}))
    assert masked[0]["recipient"] == "s•••@contoh.id" and masked[0]["error"] == ""


def test_deliveries_of_nothing(api, cast):
    ticket = factories.ticket(requester=cast.agen, team=cast.network)
    assert "ticket" in is_problem(api("agen").get("deliveries/"), 400)["errors"]
    is_problem(api("agen").get("deliveries/", {"ticket": "GGN-2026-999999"}), 404)
    is_problem(api("agen").get("deliveries/", {"ticket": ticket.number}), 403)
    hidden = factories.ticket(team=cast.desk)
    is_problem(api("teknisi").get("deliveries/", {"ticket": hidden.number}), 404)


def test_notices_to_staff_keep_their_address(api, cast):
    ticket = factories.ticket(kind="complaint", confidentiality="anonymous")
    workflow.perform(ticket.pk, "verify", cast.agen, complaint_class="ordinary")
    Delivery.objects.create(
        key="k", topic=f"ticket:{ticket.pk}", channel="email", recipient="agen@contoh.go.id", text="x",
        options={"is_staff": True},
    )  # fmt: skip
    shown = results(api("agen").get("deliveries/", {"ticket": ticket.number}))
    assert shown[0]["recipient"] == "agen@contoh.go.id"
    assert {each["recipient"] for each in shown[1:]} == {"Anonim"}


def test_the_sla_report_gives_the_figures_of_the_page(api, cast):
    ticket = factories.ticket()
    workflow.perform(ticket.pk, "start", cast.agen)
    workflow.perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Beres.")
    factories.ticket(kind="request")
    today = timezone.localdate()
    query = {"from": today.replace(day=1).isoformat(), "to": today.isoformat(), "group_by": "kind"}
    report = api("pimpinan").get("reports/sla/", query).json()
    assert (report["from"], report["to"], report["group_by"]) == (query["from"], query["to"], "kind")
    expected = attainment(cast.pimpinan, start=today.replace(day=1), end=today, group_by="kind")
    by_key = {(each["key"], each["metric"]): each for each in report["results"]}
    assert len(by_key) == sum(1 + len(row.metrics) for row in expected)
    for row in expected:
        for metric, counts in (("all", row), *row.metrics.items()):
            shown = by_key[row.key, metric]
            assert shown == {
                "key": row.key,
                "label": row.label,
                "metric": metric,
                "total": counts.total,
                "met": counts.met,
                "breached": counts.breached,
                "running": counts.running,
                "attainment": counts.attainment,
            }
    assert by_key["incident", "all"]["attainment"] == 100.0
    assert by_key["request", "all"]["attainment"] is None


@pytest.mark.parametrize("group_by", ["kind", "service", "office", "team", "priority", "month"])
def test_every_grouping_answers(api, cast, group_by):
    factories.ticket()
    report = api("koordinator").get("reports/sla/", {"group_by": group_by}).json()
    assert report["results"][0]["total"] == 2
    assert report["from"] == timezone.localdate().replace(day=1).isoformat()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"group_by": "assignee"}, "group_by"),
        ({"from": "kemarin"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "from"),
        ({"from": "0001-01-01"}, "from"),
        ({"to": "9999-12-31"}, "from"),
        ({"sampai": "2026-02-01"}, "sampai"),
    ],
    ids=label,
)
def test_reports_of_nothing(api, cast, query, field):
    assert field in is_problem(api("pimpinan").get("reports/sla/", query), 400)["errors"]
