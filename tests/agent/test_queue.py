from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.contacts import Identity
from accounts.models import User
from accounts.roles import Role
from tests import factories
from tickets import edits, queues, rows, workflow
from tickets.filters import QueueFilters
from tickets.models import Ticket

QUEUE = "/kerja/"


@pytest.fixture
def agent(cast, client):
    client.force_login(cast.agen)
    return cast


def numbers(response):
    return [row.number for row in response.context["rows"]]


def many(count, **kw):
    return [factories.ticket(subject=f"Tiket {i}", **kw) for i in range(count)]


def put_due(ticket, due):
    Ticket.objects.filter(pk=ticket.pk).update(sort_due_at=due, due_at=due)


def test_open_tickets_come_by_deadline(agent, client):
    late, soon, later = many(3)
    now = timezone.now()
    put_due(late, now - timedelta(hours=1))
    put_due(soon, now + timedelta(hours=1))
    put_due(later, now + timedelta(days=1))
    assert numbers(client.get(QUEUE)) == [late.number, soon.number, later.number]


def test_tabs_narrow(agent, client):
    mine, other, done = many(3)
    workflow.perform(mine.pk, "assign", agent.agen, assignee="agen")
    workflow.perform(other.pk, "assign", agent.koordinator, team="jaringan")
    workflow.perform(done.pk, "cancel", agent.agen, reason="Salah kirim.")
    overdue = factories.ticket()
    put_due(overdue, timezone.now() - timedelta(minutes=1))

    def tab(code):
        return set(numbers(client.get(QUEUE, {"tab": code})))

    assert tab("terbuka") == {mine.number, other.number, overdue.number}
    assert tab("saya") == {mine.number}
    assert tab("belum") == {other.number, overdue.number}
    assert tab("tim") == {mine.number, overdue.number}
    assert tab("lewat") == {overdue.number}
    assert tab("menunggu") == set()
    assert tab("selesai") == {done.number}
    assert tab("ngawur") == tab("terbuka")


def test_waiting_tab(agent, client):
    ticket = factories.ticket()
    workflow.perform(ticket.pk, "start", agent.agen)
    workflow.perform(ticket.pk, "hold", agent.agen, reason="requester", note="Nomor perangkatnya berapa?")
    assert numbers(client.get(QUEUE, {"tab": "menunggu"})) == [ticket.number]


def test_counts_are_capped_and_read_no_more_than_the_cap(cast):
    many(4)
    tickets = Ticket.objects.order_by("sort_due_at", "id")
    assert queues.capped_counts([tickets, tickets.none(), tickets.filter(pk=tickets[0].pk)]) == ["4", "0", "1"]
    queues_cap, queues.COUNT_CAP = queues.COUNT_CAP, 3
    try:
        with CaptureQueriesContext(connection) as captured:
            assert queues.capped_counts([tickets, tickets.none()]) == ["2+", "0"]
    finally:
        queues.COUNT_CAP = queues_cap
    assert len(captured) == 1 and "LIMIT 3" in captured[0]["sql"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"kind": "request"}, {"Minta email"}),
        ({"stage": "new"}, {"Internet mati", "Minta email"}),
        ({"priority": "4"}, {"Internet mati"}),
        ({"team": "jaringan"}, {"Minta email"}),
        ({"assignee": "agen"}, {"Server panas"}),
        ({"service": "surel"}, {"Minta email"}),
        ({"office": "dukcapil"}, {"Internet mati"}),
        ({"channel": "email"}, {"Server panas"}),
        ({"q": "intern"}, {"Internet mati"}),
        ({"kind": "request", "office": "dukcapil"}, set()),
        ({"kind": "naga", "priority": "9", "team": "tidak-ada", "assignee": "x", "service": "1"}, None),
    ],
)
def test_filters_from_the_url(agent, client, params, expected):
    first = factories.ticket(subject="Internet mati", office=factories.office("dukcapil"))
    edits.change(ticket_id=first.pk, actor=agent.agen, impact=4, urgency=4)
    factories.ticket("request", subject="Minta email", service=factories.service("surel"), team=agent.network)
    third = factories.ticket(subject="Server panas", channel="email")
    workflow.perform(third.pk, "assign", agent.agen, assignee="agen")
    response = client.get(QUEUE, params)
    shown = {row.subject for row in response.context["rows"]}
    assert shown == ({"Internet mati", "Minta email", "Server panas"} if expected is None else expected)


def test_a_number_is_found_whatever_its_case(agent, client):
    ticket, _other = many(2)
    assert numbers(client.get(QUEUE, {"q": f" {ticket.number.lower()} "})) == [ticket.number]


def test_an_active_filter_can_be_removed(agent, client):
    factories.ticket(subject="Internet mati")
    response = client.get(QUEUE, {"tab": "belum", "q": "Internet", "kind": "incident", "sesudah": "x"})
    by_label = {each.label: each for each in response.context["active_filters"]}
    assert by_label["Jenis"].value == "Gangguan"
    assert parse_qs(by_label["Jenis"].rest.lstrip("?")) == {"tab": ["belum"], "q": ["Internet"]}
    assert by_label["Jenis"].rest in response.content.decode().replace("&amp;", "&")


def walk(base, size, **kw):
    """Every page forward, then back; returns the keys in order of both walks."""
    page = queues.keyset_page(base, size=size, **kw)
    pages = [page]
    while page.next:
        page = queues.keyset_page(base, after=page.next, size=size, **kw)
        pages.append(page)
    back = [page]
    while page.previous:
        page = queues.keyset_page(base, before=page.previous, size=size, **kw)
        back.insert(0, page)
    return [[t.pk for t in p.rows] for p in pages], [[t.pk for t in p.rows] for p in back]


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_forward_and_back_show_each_ticket_once(cast, newest_first):
    made = many(7)
    same = timezone.now()
    for ticket in made[:5]:
        put_due(ticket, same)  # ties are settled by id
    forward, back = walk(Ticket.objects.all(), 3, newest_first=newest_first)
    order = ("-id",) if newest_first else ("sort_due_at", "id")
    assert [pk for page in forward for pk in page] == list(Ticket.objects.order_by(*order).values_list("pk", flat=True))
    assert back == forward


def test_the_page_links_lead_on_and_back(agent, client, monkeypatch):
    monkeypatch.setattr(queues, "PAGE_SIZE", 2)
    monkeypatch.setattr(queues.keyset_page, "__kwdefaults__", {**queues.keyset_page.__kwdefaults__, "size": 2})
    many(3)
    first = client.get(QUEUE, {"q": "Tiket"})
    assert 'rel="next"' in first.content.decode() and 'rel="prev"' not in first.content.decode()
    second = client.get(QUEUE, {"q": "Tiket", "sesudah": first.context["page"].next})
    assert len(numbers(second)) == 1
    assert 'rel="next"' not in second.content.decode() and 'rel="prev"' in second.content.decode()
    back = client.get(QUEUE, {"q": "Tiket", "sebelum": second.context["page"].previous})
    assert numbers(back) == numbers(first)


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "%%%", "bnVsbA", "W10", "WyIiLDFd", "WyIyMDI2LTAxLTAxIiwxXQ", "WyJuYW4iLCJhIl0", "é", "W" * 5000],
)
def test_a_garbage_cursor_gives_the_first_page(agent, client, cursor):
    ticket = factories.ticket()
    for name in ("sesudah", "sebelum"):
        response = client.get(QUEUE, {name: cursor})
        assert response.status_code == 200
        assert numbers(response) == [ticket.number]


def test_a_row_shows_what_agents_need(agent, client):
    ticket = factories.ticket(subject="Printer macet")
    html = client.get(QUEUE).content.decode()
    for text in (ticket.number, "Printer macet", "Sari", "Gangguan", "Baru", "Sedang", "belum ada", "Web"):
        assert text in html
    clock = client.get(QUEUE).context["rows"][0].clock
    assert clock.metric == "response" and clock.state == "running"
    assert 55 <= clock.remaining_minutes <= 60


def test_an_anonymous_reporter_is_not_named(agent, client):
    sender = Identity(name="Rukmini", email="rukmini@contoh.id")
    factories.ticket("complaint", confidentiality="anonymous", sender=sender)
    html = client.get(QUEUE).content.decode()
    assert "Anonim" in html and "Rukmini" not in html


@pytest.mark.parametrize("name", ["agen", "admin", "koordinator"])
def test_restricted_tickets_do_not_exist_for_others(cast, client, name):
    hidden = factories.ticket("complaint", confidentiality="whistleblowing", subject="Suap pejabat")
    secret = factories.ticket(confidentiality="secret", subject="Kebocoran data")
    client.force_login(getattr(cast, name))
    for params in ({}, {"q": hidden.number}, {"q": "Suap"}, {"q": secret.number}, {"tab": "tim"}):
        response = client.get(QUEUE, params)
        assert response.context["rows"] == []
        assert {tab.count for tab in response.context["tabs"]} == {"0"}
    client.force_login(cast.inspektorat)
    assert set(numbers(client.get(QUEUE))) == {hidden.number, secret.number}


def test_an_agent_sees_only_tickets_of_their_teams(cast, client):
    factories.ticket(subject="Meja")
    ours = factories.ticket(subject="Jaringan", team=cast.network)
    client.force_login(cast.teknisi)
    assert numbers(client.get(QUEUE)) == [ours.number]


def test_the_same_number_of_queries_at_3_and_30_rows(agent, client):
    def queries():
        cache.clear()  # the options of the filters are kept for a while
        with CaptureQueriesContext(connection) as captured:
            assert client.get(QUEUE).status_code == 200
        return len(captured)

    offices = [factories.office("dukcapil"), factories.office("dinkes")]
    many(2, office=offices[0])
    factories.ticket("complaint", confidentiality="anonymous")
    few = queries()
    many(24, office=offices[1], team=agent.network)
    for ticket in many(3):
        workflow.perform(ticket.pk, "assign", agent.agen, assignee="agen")
    assert queries() == few


def test_options_of_the_filters_are_kept_and_a_choice_is_looked_up_afresh(agent, client):
    def shown():
        return [label for _value, label in QueueFilters({}).fields["service"].widget.choices]

    before = shown()
    service = factories.service("baru")
    assert shown() == before
    assert QueueFilters({"service": "baru"}).cleaned_data["service"] == service
    cache.clear()
    assert service.name in shown()


def test_a_refresh_gets_the_list_alone(agent, client):
    factories.ticket()
    html = client.get(QUEUE, HTTP_HX_REQUEST="true").content.decode()
    assert html.lstrip().startswith('<div id="queue"') and "<html" not in html
    assert 'hx-trigger="settled:queue from:body"' in html


def test_take_many(agent, client):
    first, second = many(2)
    closed = factories.ticket()
    workflow.perform(closed.pk, "cancel", agent.agen, reason="Salah kirim.")
    hidden = factories.ticket(confidentiality="secret")
    data = {"tiket": [t.number for t in (first, closed, hidden, second)], "kembali": "/kerja/?tab=belum"}
    response = client.post("/kerja/ambil/", data, follow=True)
    assert urlsplit(response.redirect_chain[0][0]).query == "tab=belum"
    owners = {t.number: t.assignee for t in Ticket.objects.select_related("assignee")}
    assert owners[first.number] == owners[second.number] == agent.agen
    assert owners[closed.number] is owners[hidden.number] is None
    html = response.content.decode()
    assert "2 tiket kini milik Anda" in html and closed.number in html and hidden.number not in html


def test_take_many_does_not_redirect_elsewhere(agent, client):
    response = client.post("/kerja/ambil/", {"kembali": "https://jahat.example/"})
    assert response.status_code == 302 and response["Location"] == QUEUE


def test_people_without_a_team_are_offered_no_bulk_action(cast, client):
    factories.ticket()
    client.force_login(cast.admin)
    assert "Tugaskan ke saya" not in client.get(QUEUE).content.decode()


def test_paused_and_overdue_clocks_say_so(agent):
    ticket = factories.ticket()
    workflow.perform(ticket.pk, "start", agent.agen)
    workflow.perform(ticket.pk, "hold", agent.agen, reason="requester", note="Nomor perangkatnya?")
    found = rows.columns(Ticket.objects.filter(pk=ticket.pk))
    now = timezone.now()
    (row,) = rows.rows(list(found), now)
    assert row.clock.state == "paused" and row.clock.due_at is None and row.clock.remaining_minutes > 0
    workflow.perform(ticket.pk, "resume", agent.agen)
    (row,) = rows.rows(list(rows.columns(Ticket.objects.filter(pk=ticket.pk))), now + timedelta(days=30))
    assert row.clock.state == "breached" and row.clock.remaining_minutes < 0


def test_filters_offer_only_staff(cast):
    factories.user("bekas", Role.AGENT, is_active=False)
    User.objects.filter(username="teknisi").update(first_name="", last_name="")
    offered = QueueFilters({}).fields["assignee"].widget.choices
    expected = {user.username: user.display_name for user in (cast.agen, cast.koordinator, cast.penghubung)}
    assert dict(offered) == {"": "Semua", "teknisi": "teknisi", **expected}
