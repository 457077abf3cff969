"""The page that tells why a ticket has its targets."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sla.models import Agreement, Calendar, CalendarUse, Clock, Escalation, EscalationStep
from tests import factories
from tests.policies.conftest import proposal
from tickets.clocks import sync_clocks
from tickets.models import Ticket
from tickets.targets import keeping
from tickets.targets.explain import explain

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 08.00 WIB


def page(client, ticket):
    return client.get(reverse("agent:sla_explain", args=(ticket.number,)))


def clock_of(explanation, metric):
    return next(each for each in explanation.clocks if each.view.metric == metric)


def test_the_winner_and_the_losers_with_their_reasons(cast):
    service = factories.service("vpn")
    factories.policy("Gangguan", {"response": 45}, kind="incident")
    factories.policy("VPN", {"resolution": 240}, service=service)
    factories.policy("Permintaan", {"response": 5}, kind="request")
    found = explain(factories.ticket(service=service, team=cast.network), timezone.now())
    response, resolution = clock_of(found, "response"), clock_of(found, "resolution")
    assert (response.policy.name, response.why) == (
        "Gangguan",
        "Syaratnya paling khusus di antara kebijakan yang cocok.",
    )
    assert [(each.policy.name, each.reason) for each in response.rivals] == [
        ("VPN", "tidak memuat target untuk ukuran ini"),
        ("Umum", "syaratnya kurang khusus"),
    ]
    assert resolution.policy.name == "VPN"
    assert [each.policy.name for each in resolution.rivals] == ["Gangguan", "Umum"]
    assert resolution.conditions == "Layanan: Vpn"


def test_the_only_one_and_the_version_of_its_opening(cast, umum):
    ticket = factories.ticket()
    keeping.publish(policy=umum, proposal=proposal(response=5, resolution=50), by=cast.koordinator)
    response = clock_of(explain(ticket, timezone.now()), "response")
    assert (response.policy.pk, response.policy.number) == (umum.pk, 1)
    assert response.why == "Satu-satunya kebijakan yang cocok dan memuat ukuran ini." and not response.rivals


def test_a_finished_clock_says_that_its_target_was_chosen_before(cast):
    ticket = factories.ticket(team=cast.network)
    Clock.objects.filter(ticket=ticket, metric="response").update(is_stopped=True)
    factories.policy("Tinggi", {"response": 30}, kind="incident", priority=3)
    Ticket.objects.filter(pk=ticket.pk).update(priority=3)
    ticket.refresh_from_db()
    response = clock_of(explain(ticket, timezone.now()), "response")
    assert "tetap pada targetnya" in response.why
    assert [each.reason for each in response.rivals] == ["lebih khusus, tetapi baru cocok setelah target dipilih"]


def test_stretches_count_only_running_time(cast):
    ticket = factories.ticket(received_at=MONDAY, team=cast.network)
    for stage, minutes in (("waiting", 60), ("active", 180)):
        ticket.stage = stage
        sync_clocks(ticket, MONDAY + timedelta(minutes=minutes))
    now = MONDAY + timedelta(hours=3, minutes=15)
    resolution = clock_of(explain(ticket, now), "resolution")
    assert [(each.label, each.minutes) for each in resolution.stretches] == [
        ("Berjalan", 60), ("Berhenti sementara", None), ("Berjalan", 15),
    ]  # fmt: skip
    assert resolution.view.elapsed_minutes == 75 and resolution.stretches[-1].end is None
    assert resolution.stretches[0].target == "8 j"


def test_where_the_calendar_comes_from(cast, umum):
    def why():
        ticket = factories.ticket(team=cast.network, office=office)
        return clock_of(explain(ticket, timezone.now()), "resolution").calendar_why

    office = factories.office("puskesmas")
    always = {str(day): [["00:00", "24:00"]] for day in range(7)}
    other, third, fourth = (Calendar.objects.create(code=code, name=code, week=always) for code in ("a", "b", "c"))
    assert why() == "kalender bawaan"
    CalendarUse.objects.create(calendar=other, office=office)
    assert why() == "kalender perangkat daerah"
    CalendarUse.objects.create(calendar=third, team=cast.network)
    assert why() == "kalender tim Jaringan"
    keeping.publish(policy=umum, proposal=proposal(calendar=fourth, resolution=60), by=cast.koordinator)
    assert why() == "ditetapkan kebijakan"


def test_the_agreement_of_the_opening_date(cast):
    service, office = factories.service("vpn"), factories.office("kominfo")
    common = {"service": service, "owner": office, "title": "VPN", "made_by": cast.admin}
    Agreement.objects.create(
        number="1/2025",
        version=1,
        status="signed",
        valid_from=date(2025, 1, 1),
        valid_until=date(2025, 12, 31),
        **common,
    )
    Agreement.objects.create(number="2/2026", version=2, status="signed", valid_from=date(2026, 1, 1), **common)
    Agreement.objects.create(number="3/2026", version=3, status="draft", valid_from=date(2026, 1, 1), **common)
    opened = {at: factories.ticket(service=service, received_at=at) for at in (MONDAY, MONDAY - timedelta(days=90))}
    assert [explain(each, timezone.now()).agreement.number for each in opened.values()] == ["2/2026", "1/2025"]
    assert explain(factories.ticket(), timezone.now()).agreement is None


def test_the_page_says_it_all_in_words(cast, client, umum):
    step = EscalationStep.objects.get(percent=80)
    after = EscalationStep.objects.create(offset_minutes=30, metric="resolution")
    ticket = factories.ticket(team=cast.network)
    clock = Clock.objects.get(ticket=ticket, metric="resolution")
    Escalation.objects.create(
        clock=clock, step=step, target_version=1, planned_at=MONDAY, fired_at=MONDAY + timedelta(hours=9), is_late=True
    )
    Escalation.objects.create(clock=clock, step=after, target_version=1, planned_at=MONDAY, fired_at=MONDAY)
    client.force_login(cast.teknisi)
    html = page(client, ticket).content.decode()
    for words in (
        "Mengapa target ini?", "sisa ", "tenggat", "WIB", "Satu-satunya kebijakan yang cocok", "kalender bawaan",
        "80% target terpakai", "seharusnya Sen 2 Mar 08.00 WIB", "terlambat", "30 m setelah tenggat", "Berjalan",
        "Tidak ada yang berlaku pada hari tiket dibuka", "(versi 1)",
    ):  # fmt: skip
        assert words in html, words
    assert reverse("agent:sla_policy_history", args=(umum.pk,)) not in html, "only keepers get there"
    client.force_login(cast.koordinator)
    assert reverse("agent:sla_policy_history", args=(umum.pk,)) in page(client, ticket).content.decode()
    ticket_page = client.get(reverse("agent:ticket", args=(ticket.number,))).content.decode()
    assert reverse("agent:sla_explain", args=(ticket.number,)) in ticket_page


def test_the_zone_is_that_of_the_calendar(cast, client, umum):
    wit = Calendar.objects.create(code="wit", name="WIT", timezone="Asia/Jayapura", week=factories.ASN_WEEK)
    keeping.publish(policy=umum, proposal=proposal(calendar=wit, resolution=480, days={"response": 2}), by=cast.admin)
    ticket = factories.ticket(team=cast.network)
    client.force_login(cast.koordinator)
    for html in (
        page(client, ticket).content.decode(),
        client.get(reverse("agent:ticket", args=(ticket.number,))).content.decode(),
        client.get(reverse("agent:queue")).content.decode(),
    ):
        assert " WIT" in html
    assert "2 hari kerja" in page(client, ticket).content.decode()


@pytest.mark.parametrize(
    ("person", "status"),
    [("teknisi", 404), ("penghubung", 404), ("inspektorat", 404), ("agen", 200), ("pimpinan", 200), ("warga", 403)],
)
def test_whoever_sees_the_ticket_sees_why(cast, client, person, status):
    client.force_login(getattr(cast, person))
    assert page(client, factories.ticket(team=cast.desk)).status_code == status


@pytest.mark.parametrize(("person", "status"), [("inspektorat", 200), ("agen", 404), ("admin", 404)])
def test_restricted_tickets_are_explained_to_their_officers_alone(cast, client, person, status):
    ticket = factories.ticket("complaint", confidentiality="whistleblowing")
    client.force_login(getattr(cast, person))
    assert page(client, ticket).status_code == status


def test_the_queries_do_not_grow_with_segments_and_policies(cast, client):
    ticket = factories.ticket(received_at=MONDAY, team=cast.network)
    client.force_login(cast.agen)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert page(client, ticket).status_code == 200
        return len(captured)

    few = queries()
    for priority in (3, 4, 1, 2):
        factories.policy(f"P{priority}", {"resolution": 100 * priority}, priority=priority)
    for hour, priority in enumerate((3, 4, 1, 2), start=1):
        Ticket.objects.filter(pk=ticket.pk).update(priority=priority)
        ticket.refresh_from_db()
        sync_clocks(ticket, MONDAY + timedelta(hours=hour))
    assert Clock.objects.get(ticket=ticket, metric="resolution").segments.count() == 5
    assert queries() == few
