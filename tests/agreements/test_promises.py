"""What is promised is what the clocks measure."""

import pytest
from django.utils import timezone

from sla.models import Calendar, Clock, Policy
from tests import factories
from tickets.agreements import promises
from tickets.agreements.promises import Promised, amount
from tickets.choices import Kind

ALWAYS = {str(day): [["00:00", "24:00"]] for day in range(7)}


def offer(service):
    return promises.offer_of(service, timezone.localdate())


def said(found):
    return [(line.subject, line.priority_label, [each.sentence for each in line.targets]) for line in found.lines]


@pytest.mark.parametrize(
    ("minutes", "days", "words"),
    [
        (60, None, "1 jam kerja"),
        (15, None, "15 menit kerja"),
        (90, None, "1 jam 30 menit kerja"),
        (None, 3, "3 hari kerja"),
    ],
)
def test_amounts_in_words(minutes, days, words):
    assert amount(Promised("response", minutes, days, "x")) == words
    assert amount(None) == ""


def test_equal_priorities_share_a_line(service):
    factories.policy("Kritis", {"response": 15}, kind="incident", priority=4)
    incident = [row for row in said(offer(service)) if row[0] == "Gangguan"]
    assert incident == [
        (
            "Gangguan",
            "Prioritas kritis",
            ["Tanggapan paling lama 15 menit kerja", "Penyelesaian paling lama 8 jam kerja"],
        ),
        (
            "Gangguan",
            "Prioritas tinggi, sedang, dan rendah",
            ["Tanggapan paling lama 1 jam kerja", "Penyelesaian paling lama 8 jam kerja"],
        ),
    ]


def test_complaints_are_promised_by_class(service):
    factories.policy("Informasi", days={"resolution": 5}, kind="complaint", complaint_class="information")
    by_subject = {subject: sentences for subject, _priority, sentences in said(offer(service))}
    assert by_subject["Permintaan informasi"] == [
        "Pemeriksaan paling lama 3 hari kerja",
        "Tanggapan paling lama 5 hari kerja",
        "Penyelesaian paling lama 5 hari kerja",
    ]
    assert by_subject["Pengaduan berkadar pengawasan"][-1] == "Penyelesaian paling lama 14 hari kerja"


def test_only_what_can_be_asked_for_is_promised(cast):
    plain = factories.service("cctv", audience="asn")
    assert "Permintaan" not in {line.subject for line in offer(plain).lines}


def test_citizens_and_civil_servants_are_named_only_where_they_differ(cast):
    service = factories.service("wifi", audience="all")
    assert offer(service).lines[0].subject == "Gangguan"
    factories.policy("Warga", {"response": 30}, kind="incident", requester_class="citizen")
    lines = offer(service).lines
    assert [line.subject for line in lines][:2] == ["Gangguan (Warga)", "Gangguan (ASN)"]
    assert [line.targets[0].minutes for line in lines][:2] == [30, 60]
    assert "Permintaan informasi" in {line.subject for line in lines}


def test_what_teams_owe_each_other_is_not_promised(service):
    factories.policy("Tim", {"assignment": 10, "update": 240}, team=service.support_team)
    metrics = {each.metric for line in offer(service).lines for each in line.targets}
    assert metrics == {"verification", "response", "update", "resolution"}


def test_versions_that_ended_and_policies_of_others_do_not_count(cast, service):
    gone = factories.policy("Lama", {"response": 5}, kind="incident", valid_until=timezone.now())
    other = factories.policy("Lain", {"response": 6}, kind="incident", service=factories.service("vpn"))
    team = factories.policy("Jaringan", {"response": 7}, kind="incident", team=cast.network)
    off = factories.policy("Mati", {"response": 8}, kind="incident", service=service, is_active=False)
    assert {5, 6, 7, 8}.isdisjoint(each.minutes for line in offer(service).lines for each in line.targets)
    Policy.objects.filter(pk__in=[gone.pk, other.pk, team.pk, off.pk]).update(
        valid_until=None, is_active=True, service=service, team=None
    )
    assert 5 in {each.minutes for line in offer(service).lines for each in line.targets}


def test_hours_of_every_calendar_that_measures_something(service):
    always = Calendar.objects.create(code="24x7", name="24 jam setiap hari", week=ALWAYS)
    factories.policy("Kritis", {"response": 15}, kind="incident", priority=4, calendar=always)
    found = offer(service)
    assert {hours.name for hours in found.hours} == {"Jam kerja ASN", "24 jam setiap hari"}
    assert [each.calendar for each in found.lines[0].targets] == ["24 jam setiap hari", "Jam kerja ASN"]


def test_a_stored_offer_comes_back_the_same(service):
    found = offer(service)
    assert promises.restored(found.stored()) == found and found.lines and found.hours


@pytest.mark.parametrize("kind", ["incident", "request", "complaint"])
def test_the_promise_is_what_the_clocks_of_a_ticket_measure(cast, service, kind):
    factories.policy("Email", {"resolution": 200}, kind=kind, service=service)
    factories.policy("Tim", {"response": 25}, kind=kind, service=service, team=cast.desk)
    ticket = factories.ticket(kind, requester=cast.asn, service=service)
    (promise,) = promises.promises_of(service, [Kind(kind)], timezone.localdate(), "asn")
    measured = dict(Clock.objects.filter(ticket_id=ticket.pk).values_list("metric", "target_seconds"))
    in_minutes = {each.metric: each.minutes for each in promise.targets if each.minutes}
    assert in_minutes == {"resolution": 200, "response": 25}
    assert {metric: measured[metric] for metric in in_minutes} == {"resolution": 200 * 60, "response": 25 * 60}


def test_queries_do_not_grow_with_policies(service, django_assert_num_queries):
    def measure():
        with django_assert_num_queries(8):
            offer(service)

    measure()
    for number in range(10):
        factories.policy(f"P{number}", {"response": number + 1}, kind="incident", requester_class="asn", priority=1)
    measure()
