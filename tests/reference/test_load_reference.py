"""The reference data: what is loaded, what is left out on purpose, and that officers' edits survive."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from django.contrib.auth.models import Group
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import Office, Team
from accounts.roles import Role
from assets.models import Asset, AssetType
from catalog.models import Service, ServiceCategory
from servicedesk.reference import catalogue
from servicedesk.reference.policies import amount_of
from sla import calendars
from sla.models import Calendar, CalendarPeriod, EscalationStep, Holiday, Policy, PolicyTarget
from sla.policies import Facts, targets_for
from tests.reference.conftest import run
from tickets.choices import Kind
from tickets.models import NumberSequence, PriorityRule

MODELS = (
    Office, Team, Group, ServiceCategory, Service, AssetType, Asset, Calendar, CalendarPeriod, Holiday, Policy,
    PolicyTarget, EscalationStep, PriorityRule, NumberSequence,
)  # fmt: skip


def snapshot():
    return {model: list(model.objects.order_by("pk").values()) for model in MODELS}


def test_offices_come_with_their_hierarchy(reference):
    assert Office.objects.count() == 67
    assert Office.objects.filter(kind=Office.Kind.LOCATION).count() == 6
    sections = Office.objects.filter(parent__code="setda")
    assert sections.count() == 15 and set(sections.values_list("kind", flat=True)) == {"bagian"}
    assert Office.objects.exclude(parent=None).count() == 15
    # bandwidth_maks_mbps (80) is a slip of the source
    assert Office.objects.get(code="bpbd").bandwidth_mbps == 15


def test_computers_are_counted_without_the_total_of_the_secretariat(reference):
    assert Asset.objects.filter(asset_type__code="pc").count() == 376
    assert Asset.objects.filter(asset_type__code="laptop").count() == 404
    assert not Asset.objects.filter(office__code__in=["setda", "dinassosial"]).exists()
    first = Asset.objects.get(code="PC-dukcapil-001")
    assert first.name == "PC Dinas Kependudukan dan Pencatatan Sipil 1"
    assert first.asset_type.goods_code == "1.3.2.10.01.02.001"
    assert Asset.objects.filter(code__startswith="PC-dukcapil-").count() == 9


def test_servers_know_what_they_serve(reference):
    servers = Asset.objects.filter(asset_type__code="server")
    assert servers.count() == 11
    assert Asset.objects.count() == 791
    lpse = servers.get(code="srv-lpse")
    assert lpse.details["ram_gb"] == 32 and lpse.office.code == "bag-pbj"
    assert set(lpse.services.values_list("code", flat=True)) == {"spse", "pelaporan-digital-pengadaan"}
    assert not servers.get(code="srv-dpmd").services.exists()  # "persiapan", nothing runs on it


def test_applications_are_services_of_their_owners(reference):
    applications = Service.objects.filter(category__code="aplikasi").exclude(source="")
    assert applications.count() == 74
    assert set(applications.values_list("support_team__code", flat=True)) == {"aplikasi"}
    assert list(applications.filter(owner_office=None).values_list("code", flat=True)) == ["krisna-dak"]
    assert applications.get(code="sitampan").name == "Sistem Tata Administrasi Persuratan (SITAMPAN)"
    assert applications.get(code="siak").audience == Service.Audience.ALL
    assert applications.get(code="simtun").audience == Service.Audience.ASN
    assert "Badan Pengelolaan Keuangan dan Aset Daerah" in applications.get(code="sipd").description


def test_only_public_addresses_under_go_id_are_shown(reference):
    shown = Service.objects.exclude(url="")
    assert shown.count() == 47
    hosts = {service.url.split("/")[2].split(":")[0] for service in shown}
    assert all(host.endswith(".go.id") for host in hosts)
    assert Service.objects.get(code="e-arsip").url == ""


@pytest.mark.parametrize(
    ("url", "access", "expected"),
    [
        ("https://a.go.id/x", "publik", "https://a.go.id/x"),
        ("https://a.go.id/x", "internal", ""),
        ("https://go.id.penipu.com", "publik", ""),
        ("https://penipugo.id", "publik", ""),
        ("https://a.go.id@penipu.com/", "publik", ""),
        ("", "", ""),
    ],
)
def test_a_look_alike_host_is_not_trusted(url, access, expected):
    assert catalogue.safe_url({"url": url, "akses": access}) == expected


def test_common_services_can_be_worked_on(reference):
    common = Service.objects.filter(source="")
    assert common.count() == 21
    assert not common.filter(support_team=None).exists()
    assert not common.filter(description="").exists()
    # who decides: the owner's liaison, or the support team's coordinator where nobody owns it
    owners = set(common.filter(needs_approval=True).values_list("owner_office__code", flat=True))
    assert owners == {None, "dukcapil"}


def test_the_working_week_has_the_hours_of_the_law(reference):
    calendar = calendars.load(Calendar.objects.get(code="asn", is_default=True).pk)
    monday = timezone.make_aware(datetime(2026, 10, 5))
    assert calendar.between(monday, monday + timedelta(days=7)) == timedelta(hours=37, minutes=30)
    fasting = timezone.make_aware(datetime(2026, 3, 2))
    assert calendar.between(fasting, fasting + timedelta(days=7)) == timedelta(hours=32, minutes=30)
    always = calendars.load(Calendar.objects.get(code="24x7").pk)
    assert always.between(monday, monday + timedelta(days=7)) == timedelta(days=7)


def test_ramadan_ends_the_day_before_the_feast(reference):
    for period in CalendarPeriod.objects.all():
        feast = Holiday.objects.get(name__startswith="Hari Raya Idul Fitri", date__year=period.first_date.year)
        assert period.last_date == feast.date - timedelta(days=1)


def test_holidays_are_one_row_a_date(reference):
    dates = list(Holiday.objects.values_list("date", flat=True))
    assert len(dates) == len(set(dates))
    assert date(2026, 8, 17) in dates and date(2026, 12, 24) in dates  # a national holiday and a cuti bersama
    assert Holiday.objects.get(date=date(2026, 12, 24)).kind == Holiday.Kind.GOVERNMENT
    this_year = timezone.localdate().year
    assert set(Holiday.objects.filter(date__year__gt=this_year).values_list("status", flat=True)) == {"estimated"}
    assert set(Holiday.objects.filter(date__year=2025).values_list("status", flat=True)) == {"confirmed"}
    calendar = calendars.load(Calendar.objects.get(code="asn").pk)
    assert not calendar.is_open(datetime(2026, 8, 17, 2, tzinfo=UTC))


def test_every_ticket_has_targets(reference):
    for kind, priority in product(Kind.values, [1, 2, 3, 4]):
        targets = targets_for(Facts(kind=kind, priority=priority, complaint_class="information"))
        assert {"response", "resolution"} <= set(targets), (kind, priority)
        assert ("verification" in targets) == (kind == Kind.COMPLAINT), (kind, priority)


def test_complaints_have_the_limits_of_practice(reference):
    days = {
        name: targets_for(Facts("complaint", 2, complaint_class=name))["resolution"].working_days
        for name in ("information", "ordinary", "supervisory", "aspiration")
    }
    assert days == {"information": 5, "ordinary": 14, "supervisory": 60, "aspiration": 60}


def test_policies_do_not_tie(reference):
    for policy in Policy.objects.all():
        policy.clean()
    assert amount_of(15) == {"minutes": 15, "working_days": None}
    with pytest.raises(ValueError, match="3d"):
        amount_of("3 hari")


def test_the_matrix_is_complete_and_rises(reference):
    cells = {(rule.impact, rule.urgency): rule.priority for rule in PriorityRule.objects.all()}
    assert len(cells) == 16
    for (impact, urgency), priority in cells.items():
        assert cells.get((impact + 1, urgency), 4) >= priority
        assert cells.get((impact, urgency + 1), 4) >= priority


def test_roles_teams_and_numbering(reference):
    assert set(Group.objects.values_list("name", flat=True)) == set(Role.values)
    confidential = Team.objects.get(code="inspektorat")
    assert confidential.is_confidential and confidential.receives_whistleblowing
    assert list(Team.objects.filter(sees_all=True).values_list("code", flat=True)) == ["meja-layanan"]
    assert dict(NumberSequence.objects.values_list("kind", "prefix")) == {
        "complaint": "ADU", "incident": "GGN", "problem": "MSL", "request": "PMT", "change": "PRB",
    }  # fmt: skip


def test_a_second_run_changes_nothing(reference):
    before = snapshot()
    output = run("load_reference")
    assert snapshot() == before
    assert "Perangkat daerah: 0 baru, 0 diperbarui, 67 tetap" in output


def test_what_an_officer_changed_or_removed_stays_so(reference):
    Office.objects.filter(code="kominfo").update(name="Diskominfosandi", parent=Office.objects.get(code="setda"))
    Service.objects.filter(code="vpn").update(needs_approval=False)
    Policy.objects.filter(kind="incident", priority=4).update(name="Gangguan kritis kami")
    Policy.objects.filter(kind="incident", priority=3).update(valid_until=timezone.now())
    EscalationStep.objects.filter(percent=80).update(percent=75)
    Holiday.objects.get(date=date(2026, 12, 24)).delete()
    period = CalendarPeriod.objects.get(first_date=date(2027, 2, 8))
    CalendarPeriod.objects.filter(pk=period.pk).update(name="Puasa 2027", first_date=date(2027, 2, 9))
    Asset.objects.get(code="PC-dukcapil-009").delete()
    Asset.objects.get(code="srv-siak").services.clear()
    before = snapshot()
    run("load_reference")
    assert snapshot() == before
    assert not Asset.objects.get(code="srv-siak").services.exists()


def test_update_brings_the_files_back(reference):
    Office.objects.filter(code="bag-umum").update(name="Lain", parent=None)
    Asset.objects.get(code="PC-dukcapil-009").delete()
    PolicyTarget.objects.filter(policy__kind="incident", policy__priority=4).update(minutes=1)
    output = run("load_reference", update=True)
    office = Office.objects.get(code="bag-umum")
    assert (office.name, office.parent.code) == ("Bagian Umum", "setda")
    assert Asset.objects.filter(code="PC-dukcapil-009").exists()
    critical = PolicyTarget.objects.filter(policy__kind="incident", policy__priority=4, metric="response")
    assert critical.get(policy__valid_until=None).minutes == 15
    assert critical.exclude(policy__valid_until=None).get().minutes == 1, "tickets keep what they were promised"
    assert "Perangkat daerah: 0 baru, 1 diperbarui, 66 tetap" in output
    assert EscalationStep.objects.count() == 4


def test_another_county_brings_its_own_files(db, tmp_path):
    (tmp_path / "perangkat_daerah.csv").write_text(
        "kode,nama,jenis,induk_kode,situs,bandwidth_min_mbps,bandwidth_maks_mbps,pc,laptop,terhubung_internet,sumber\n"
        "kominfo,Diskominfo Lain,dinas,,,,,2,1,,uji\n",
        encoding="utf-8",
    )
    (tmp_path / "aplikasi.csv").write_text(
        "kode,nama,singkatan,pemilik_kode,url,akses,kategori,jenis_layanan,model_layanan,keterangan,sumber\n",
        encoding="utf-8",
    )
    run("load_reference", data=tmp_path)
    assert list(Office.objects.values_list("name", flat=True)) == ["Diskominfo Lain"]
    assert Asset.objects.filter(asset_type__code__in=["pc", "laptop"]).count() == 3


def test_a_broken_file_leaves_everything_as_it_was(db, tmp_path):
    (tmp_path / "prioritas.csv").write_text("impact,urgency,priority\nlow,low,sangat tinggi\n", encoding="utf-8")
    with pytest.raises(CommandError, match="tidak ada yang diubah"):
        run("load_reference", data=tmp_path)
    assert not Office.objects.exists() and not Calendar.objects.exists()
