"""The ticket list: shape, filters, order, pages, and how many queries it takes."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tests.api.conftest import is_problem, label
from tickets import workflow
from tickets.clocks import readings
from tickets.models import Ticket

ITEM = {
    "number", "kind", "state", "stage", "subject", "priority", "impact", "urgency", "confidentiality", "service",
    "office", "team", "assignee", "requester", "channel", "created_at", "updated_at", "due_at", "clocks",
}  # fmt: skip


def numbers(response):
    assert response.status_code == 200, response.content
    return [each["number"] for each in response.json()["results"]]


def test_an_item_has_the_agreed_fields(api, cast):
    ticket = factories.ticket(
        requester=cast.asn, service=factories.service("email"), office=factories.office("kominfo"), impact=4, urgency=1
    )
    workflow.perform(ticket.pk, "assign", cast.agen, team="meja-layanan", assignee="agen")
    item = api("agen").get("tickets/").json()["results"][0]
    assert set(item) == ITEM
    ticket.refresh_from_db()
    expected = {
        "number": ticket.number,
        "kind": "incident",
        "state": "assigned",
        "stage": "active",
        "subject": "Internet mati",
        "impact": "critical",
        "urgency": "low",
        "confidentiality": "normal",
        "service": "email",
        "office": "kominfo",
        "team": "meja-layanan",
        "assignee": "agen",
        "channel": "web",
        "requester": {"name": "Asn", "email": "a•••@contoh.go.id", "phone": None},
    }
    assert {name: item[name] for name in expected} == expected
    assert item["priority"] in {"low", "medium", "high", "critical"}
    for name in ("created_at", "updated_at", "due_at"):
        assert timezone.datetime.fromisoformat(item[name]) == getattr(ticket, name)


def test_what_is_missing_is_null(api, cast):
    Ticket.objects.filter(pk=factories.ticket().pk).update(team=None)
    item = api("agen").get("tickets/").json()["results"][0]
    assert [item[name] for name in ("service", "office", "team", "assignee")] == [None] * 4


def test_clocks_read_like_those_of_the_pages(api, cast):
    running = factories.ticket(kind="complaint")
    stopped = factories.ticket(requester=cast.asn)
    workflow.perform(stopped.pk, "start", cast.agen)
    workflow.perform(stopped.pk, "resolve", cast.agen, code="fixed", solution="Beres.")
    paused = factories.ticket()
    workflow.perform(paused.pk, "start", cast.agen)
    workflow.perform(paused.pk, "hold", cast.agen, reason="third_party", note="Menunggu vendor.")
    shown = {each["number"]: each["clocks"] for each in api("agen").get("tickets/").json()["results"]}
    for ticket in (running, stopped, paused):
        expected = readings(ticket, timezone.now())
        clocks = shown[ticket.number]
        assert [clock["metric"] for clock in clocks] == [each.metric for each in expected]
        for clock, each in zip(clocks, expected, strict=True):
            assert set(clock) == {
                "metric", "state", "target_minutes", "due_at", "elapsed_minutes", "remaining_minutes",
            }  # fmt: skip
            assert (clock["state"], clock["target_minutes"]) == (each.state, each.target_minutes)
            assert abs(clock["remaining_minutes"] - each.remaining_minutes) <= 1
            due = clock["due_at"] and timezone.datetime.fromisoformat(clock["due_at"])
            assert due == each.due_at
    assert {clock["state"] for clock in shown[paused.number]} == {"paused"}
    assert {clock["state"] for clock in shown[stopped.number]} == {"met"}


def test_requesters_see_their_own_addresses_in_full(api, cast):
    factories.ticket(requester=cast.asn)
    requester = api("asn").get("tickets/").json()["results"][0]["requester"]
    assert requester == {"name": "Asn", "email": "asn@contoh.go.id", "phone": None}


def test_the_anonymous_are_hidden_in_lists_from_everybody(api, cast):
    factories.ticket(kind="complaint", confidentiality="anonymous", requester=cast.asn)
    for name in ("agen", "admin", "koordinator"):
        item = api(name).get("tickets/").json()["results"][0]
        assert item["requester"] == {"name": "Anonim", "email": None, "phone": None}
    assert api("asn").get("tickets/").json()["results"][0]["requester"]["name"] == "Asn"


@pytest.fixture
def mixed(cast):
    cast.a = factories.ticket(
        requester=cast.asn, subject="Surel macet", service=factories.service("email"), impact=4, urgency=4
    )
    cast.b = factories.ticket(kind="request", office=factories.office("dinkes"), subject="Laptop baru")
    cast.c = factories.ticket(kind="complaint", subject="Antre lama", team=cast.network)
    workflow.perform(cast.a.pk, "start", cast.agen)
    Ticket.objects.filter(pk=cast.c.pk).update(sort_due_at=timezone.now() - timedelta(hours=1))
    return cast


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "request"}, "b"),
        ({"state": "in_progress"}, "a"),
        ({"stage": "new"}, "bc"),
        ({"priority": "critical"}, "a"),
        ({"service": "email"}, "a"),
        ({"office": "dinkes"}, "b"),
        ({"team": "jaringan"}, "c"),
        ({"assignee": "me"}, "a"),
        ({"assignee": "agen"}, "a"),
        ({"assignee": "teknisi"}, ""),
        ({"assignee": "none"}, "bc"),
        ({"requester": "ASN@contoh.go.id"}, "a"),
        ({"requester": "tak.dikenal@contoh.go.id"}, ""),
        ({"requester": "999999999999999999"}, ""),
        ({"q": "macet"}, "a"),
        ({"q": "tidak ada yang begini"}, ""),
        ({"overdue": "true"}, "c"),
        ({"overdue": "false"}, "ab"),
        ({"stage": "new", "kind": "complaint"}, "c"),
        ({"kind": "", "q": ""}, "abc"),
    ],
)
def test_filters(api, mixed, query, found):
    shown = numbers(api("agen").get("tickets/", query))
    assert sorted(shown) == sorted(getattr(mixed, name).number for name in found)


def test_filters_by_contact_and_number(api, mixed):
    caller = api("agen")
    assert numbers(caller.get("tickets/", {"requester": mixed.b.requester_id}))
    assert mixed.a.number not in numbers(caller.get("tickets/", {"requester": mixed.b.requester_id}))
    assert numbers(caller.get("tickets/", {"q": mixed.c.number.lower()})) == [mixed.c.number]


def test_filters_by_creation(api, cast):
    ticket, caller = factories.ticket(), api("agen")
    at = ticket.created_at.isoformat()
    assert numbers(caller.get("tickets/", {"created_after": at})) == [ticket.number]
    assert numbers(caller.get("tickets/", {"created_before": at})) == []
    later = (ticket.created_at + timedelta(hours=7, microseconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    # A plus sign that the caller did not escape.
    response = caller.client.get(f"/api/v1/tickets/?created_before={later}+07:00")
    assert numbers(response) == [ticket.number]


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "gangguan"},
        {"state": "sleeping"},
        {"stage": "x"},
        {"priority": "4"},
        {"service": "tidak-ada"},
        {"office": "tidak-ada"},
        {"team": "tidak-ada"},
        {"team": "a\x00b"},
        {"assignee": "tidak-ada"},
        {"requester": "bukan alamat"},
        {"requester": "9" * 40},
        {"q": "x" * 101},
        {"q": "a\x00b"},
        {"created_after": "2026-11-24"},
        {"created_after": "2026-11-24T08:00:00"},
        {"created_before": "0001-01-01T00:00:00+14:00"},
        {"created_before": "2026-13-01T00:00:00Z"},
        {"created_before": "kemarin"},
        {"overdue": "ya"},
        {"overdue": "1"},
        {"ordering": "subject"},
        {"ordering": "--created_at"},
        {"page_size": "0"},
        {"page_size": "-1"},
        {"page_size": "banyak"},
        {"cursor": "bukan-cursor"},
        {"cursor": "W10"},
        {"kindd": "incident"},
    ],
    ids=label,
)
def test_what_nobody_knows_is_an_error(api, query):
    document = is_problem(api("agen").get("tickets/", query), 400)
    assert set(document["errors"]) == set(query)
    assert all(isinstance(text, str) and text for texts in document["errors"].values() for text in texts)


def test_requesters_learn_no_user_names_by_filtering(api, cast):
    answers = [api("warga").get("tickets/", {"assignee": name}).json() for name in ("agen", "tidak-ada")]
    assert answers[0] == answers[1] and answers[0]["status"] == 400
    assert numbers(api("warga").get("tickets/", {"assignee": "none"})) == []


def test_searching_for_a_person_does_not_show_what_they_said_anonymously(api, cast):
    hidden = factories.ticket(kind="complaint", confidentiality="anonymous", requester=cast.asn)
    known = factories.ticket(requester=cast.asn)
    query = {"requester": "asn@contoh.go.id"}
    assert numbers(api("agen").get("tickets/", query)) == [known.number]
    assert numbers(api("agen").get("tickets/", {"requester": hidden.requester_id})) == [known.number]
    assert set(numbers(api("asn").get("tickets/", query))) == {hidden.number, known.number}


@pytest.mark.parametrize("ordering", ["created_at", "updated_at", "due_at", "priority"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_every_order_pages_through_everything_once(api, cast, ordering, sign):
    for position in range(7):
        factories.ticket(impact=1 + position % 3, urgency=2)
    field = {"due_at": "sort_due_at"}.get(ordering, ordering)
    expected = list(Ticket.objects.order_by(f"{sign}{field}", f"{sign}id").values_list("number", flat=True))
    caller, seen, pages = api("agen"), [], []
    url = f"/api/v1/tickets/?page_size=3&ordering={sign}{ordering}"
    while url:
        page = caller.get(url).json()
        assert set(page) == {"next", "previous", "results"}
        pages.append(url)
        seen += [each["number"] for each in page["results"]]
        back, url = page["previous"], page["next"]
    assert seen == expected and len(pages) == 3
    # And back again to the first page, which has nothing before it.
    middle = caller.get(back).json()
    assert [each["number"] for each in middle["results"]] == expected[3:6]
    first = caller.get(middle["previous"]).json()
    assert [each["number"] for each in first["results"]] == expected[:3]
    assert first["previous"] is None and first["next"]


def test_arrivals_do_not_move_a_page(api, cast):
    old = [factories.ticket().number for _each in range(4)]
    caller = api("agen")
    first = caller.get("tickets/", {"page_size": 2}).json()
    factories.ticket()
    second = caller.get(first["next"]).json()
    assert [each["number"] for each in second["results"]] == [old[1], old[0]]
    assert second["next"] is None


def test_the_cursor_keeps_filters_and_belongs_to_one_order(api, cast):
    for _each in range(3):
        factories.ticket()
        factories.ticket(kind="request")
    caller = api("agen")
    following = caller.get("tickets/", {"page_size": 2, "kind": "request"}).json()["next"]
    assert {each["kind"] for each in caller.get(following).json()["results"]} == {"request"}
    cursor = parse_qs(urlsplit(following).query)["cursor"][0]
    document = is_problem(caller.get("tickets/", {"cursor": cursor, "ordering": "priority"}), 400)
    assert "cursor" in document["errors"]


@pytest.mark.parametrize("size", ["1000000", "9" * 5000])
def test_a_huge_page_is_cut(api, cast, size, monkeypatch):
    monkeypatch.setattr("servicedesk.api.pagination.MAX_PAGE_SIZE", 2)
    for _each in range(3):
        factories.ticket()
    page = api("agen").get("tickets/", {"page_size": size}).json()
    assert len(page["results"]) == 2 and page["next"]


def queries(call):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert call().status_code == 200
    return len(captured)


def test_the_list_takes_as_many_queries_for_30_tickets_as_for_3(api, cast):
    def more(count):
        for position in range(count):
            kind = ("incident", "request", "complaint")[position % 3]
            factories.ticket(kind=kind, requester=cast.asn if position % 2 else None, text=f"Laporan {position}")

    caller = api("agen")
    more(3)
    caller.get("tickets/")
    few = queries(lambda: caller.get("tickets/"))
    more(27)
    assert queries(lambda: caller.get("tickets/")) == few
    assert few <= 10
