"""What conditions mean, and which are refused when a rule is saved."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests import factories
from tests.automation.conftest import when
from tickets.automation import conditions
from tickets.automation.conditions import Facts, match
from tickets.models import Tag, Ticket

MONDAY_NINE = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Jakarta"))
SUNDAY = datetime(2026, 3, 1, 9, tzinfo=ZoneInfo("Asia/Jakarta"))


def holds(ticket, *wanted, at=MONDAY_NINE):
    good, bad = conditions.clean(list(wanted))
    assert not bad
    return match(good, Facts(Ticket.objects.get(pk=ticket.pk), at))


@pytest.fixture
def ticket(cast):
    service = factories.service("wifi-kantor", support_team=cast.network)
    made = factories.ticket(
        requester=cast.asn,
        subject="Wifi lambat",
        text="Sejak pagi jaringan PUTUS.",
        service=service,
        impact=3,
        urgency=3,
    )
    made.tags.add(Tag.objects.create(name="wifi"))
    return made


@pytest.mark.parametrize(
    "field, value, other",
    [
        ("kind", "Gangguan", "Pengaduan"),
        ("state", "Baru", "Ditutup"),
        ("stage", "new", "closed"),
        ("priority", "Tinggi", "Rendah"),
        ("impact", "high", "low"),
        ("urgency", "high", "critical"),
        ("service", "wifi-kantor", None),
        ("category", "umum", None),
        ("office", "Dukcapil", "Dinkes"),
        ("team", "jaringan", "Meja Layanan"),
        ("unassigned", "Ya", "Tidak"),
        ("channel", "Web", "Telepon"),
        ("requester_class", "asn", "Warga"),
        ("tag", "wifi", "printer"),
        ("working_time", "ya", "tidak"),
    ],
)
def test_each_field_holds_for_its_value_and_not_for_another(ticket, field, value, other):
    assert holds(ticket, when(field, value))
    if other:
        assert not holds(ticket, when(field, other))
        if "is_not" in conditions.FIELDS[field].operators:
            assert holds(ticket, when(field, other, "is_not"))


def test_the_class_of_a_complaint(cast):
    complaint = factories.ticket(kind="complaint", complaint_class="aspiration")
    assert holds(complaint, when("complaint_class", "Aspirasi"))
    assert not holds(factories.ticket(), when("complaint_class", "Aspirasi"))


@pytest.mark.parametrize(
    "operator, value, expected",
    [
        ("at_least", "Sedang", True),
        ("at_least", "Kritis", False),
        ("at_most", "Tinggi", True),
        ("at_most", "low", False),
    ],
)
def test_levels_compare(ticket, operator, value, expected):
    assert holds(ticket, when("priority", value, operator)) is expected


@pytest.mark.parametrize(
    "operator, value, expected",
    [
        ("contains", "putus, padam", True),
        ("contains", "padam", False),
        ("contains_all", "putus, wifi", True),
        ("contains_all", "putus, padam", False),
        ("contains_not", "padam", True),
        ("contains_not", "putus", False),
    ],
)
def test_words_are_looked_for_in_what_the_requester_wrote(ticket, operator, value, expected):
    assert holds(ticket, when("text", value, operator)) is expected


def test_all_conditions_must_hold_and_none_always_does(ticket):
    assert holds(ticket)
    assert holds(ticket, when("kind", "incident"), when("team", "jaringan"))
    assert not holds(ticket, when("kind", "incident"), when("team", "meja-layanan"))
    assert holds(ticket, when("kind", "complaint, incident"))


def test_working_time_is_that_of_the_moment(ticket):
    assert holds(ticket, when("working_time", "tidak"), at=SUNDAY)


@pytest.mark.parametrize(
    "row, said",
    [
        ("x", "bentuknya tidak dikenal"),
        ({"field": "phase", "operator": "is", "value": "x"}, "“phase” bukan hal yang dapat diperiksa"),
        (when("kind", "x"), "“x” tidak dikenal sebagai Jenis. Yang ada: Pengaduan"),
        (when("kind", ""), "nilai untuk Jenis belum diisi"),
        (when("kind", "incident", "contains"), "Jenis hanya dapat dibandingkan dengan"),
        (when("priority", "Tinggi, Rendah", "at_least"), "memerlukan satu nilai saja"),
        (when("priority", "99", "at_least"), "“99” tidak dikenal sebagai Prioritas"),
        (when("text", ",".join("abcdefghijklmnopqrstuvwxyz"), "contains"), "paling banyak 20 nilai"),
        ({**when("kind", "incident"), "extra": 1}, "bentuknya tidak dikenal"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(db, row, said):
    good, bad = conditions.clean([when("unassigned", "ya"), row])
    assert len(good) == 1 and len(bad) == 1
    assert bad[0].startswith("Syarat 2: ") and said in bad[0]


def test_a_condition_on_something_that_is_gone_does_not_hold(ticket):
    assert not match([{"field": "gone", "operator": "is", "value": ["x"]}], Facts(ticket, MONDAY_NINE))


def test_conditions_read_as_words(cast):
    good, _bad = conditions.clean([when("priority", "high", "at_least")])
    assert conditions.describe(good[0]) == "Prioritas paling rendah Tinggi"
