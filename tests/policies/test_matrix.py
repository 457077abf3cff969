"""The overview: which target holds where, what is missing, what ties."""

from sla.calendars import calendar_of
from sla.models import Calendar, CalendarUse, Policy
from tests import factories
from tickets.targets.choosing import UsualCalendars, current_policies
from tickets.targets.matrix import View, matrix


def cell(found, kind, row, metric):
    table = next(each for each in found.tables if each.kind == kind)
    line = next(each for each in table.rows if each.label == row)
    return line.cells[table.metrics.index(metric)]


def overview(**view):
    return matrix(current_policies(), View(**view))


def test_each_cell_says_which_policy_gives_its_target(cast):
    factories.policy("Kritis", {"response": 15}, kind="incident", priority=4)
    found = overview()
    critical = cell(found, "incident", "Kritis", "Tanggapan pertama")
    assert (critical.amount, critical.policy.name) == ("15 m", "Kritis")
    filled = cell(found, "incident", "Kritis", "Penyelesaian")
    assert (filled.amount, filled.policy.name) == ("8 j", "Umum")
    assert cell(found, "incident", "Tinggi", "Tanggapan pertama").amount == "1 j"
    assert cell(found, "complaint", "Aspirasi", "Verifikasi").amount == "3 hari kerja"
    assert "Verifikasi" not in next(each for each in found.tables if each.kind == "incident").metrics
    assert found.gaps == 0 and not found.ties


def test_gaps_are_those_of_the_promises_every_ticket_needs(cast):
    Policy.objects.filter(name="Umum").delete()
    found = overview()
    assert cell(found, "incident", "Rendah", "Penyelesaian").is_gap
    assert not cell(found, "incident", "Rendah", "Penugasan").is_gap
    assert not cell(found, "complaint", "Aspirasi", "Penyelesaian").is_gap
    assert found.gaps == 4 * 4 * 2  # four kinds, four priorities, response and resolution


def test_a_service_and_a_team_bring_their_own(cast):
    service = factories.service("vpn")
    factories.policy("VPN", {"response": 20}, service=service)
    factories.policy("Jaringan", {"assignment": 30, "response": 25}, team=cast.network)
    name = "Tanggapan pertama"
    assert cell(overview(), "request", "Sedang", name).policy.name == "Umum"
    assert cell(overview(service_id=service.pk), "request", "Sedang", name).policy.name == "VPN"
    both = overview(service_id=service.pk, team_id=cast.network.pk)
    assert cell(both, "request", "Sedang", name).policy.name == "Jaringan"
    assert cell(both, "request", "Sedang", "Penugasan").amount == "30 m"


def test_ties_are_marked_where_they_show(cast):
    factories.policy("Kembar A", {"response": 15, "resolution": 60}, kind="incident", priority=4)
    factories.policy("Kembar B", {"response": 30}, kind="incident", priority=4)
    factories.policy("Lama", {"response": 5}, kind="incident", priority=4, is_active=False)
    found = overview()
    assert [[each.name for each in same] for same in found.ties] == [["Kembar A", "Kembar B"]]
    tied = cell(found, "incident", "Kritis", "Tanggapan pertama")
    assert (tied.policy.name, [each.name for each in tied.rivals]) == ("Kembar A", ["Kembar B"])
    assert not cell(found, "incident", "Kritis", "Penyelesaian").rivals
    assert not cell(found, "incident", "Tinggi", "Tanggapan pertama").rivals


def test_usual_calendars_are_those_of_the_clocks(cast):
    round_the_clock = Calendar.objects.create(code="24x7", name="24 jam", week={"0": [["00:00", "24:00"]]})
    wita = Calendar.objects.create(code="wita", name="WITA", timezone="Asia/Makassar", week={"0": [["08:00", "16:00"]]})
    above, below = factories.office("setda"), factories.office("bagian")
    below.parent = above
    below.save()
    CalendarUse.objects.create(calendar=round_the_clock, team=cast.network)
    CalendarUse.objects.create(calendar=wita, office=above)
    usual = UsualCalendars.read()
    for team in (None, cast.network.pk, cast.desk.pk):
        for office in (None, above.pk, below.pk, factories.office("dinkes").pk):
            assert usual.of(team, office) == calendar_of(team, office)
