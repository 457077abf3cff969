"""The screens of the calendars: each edit ends on a dry run, and others are refused."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sla import packaged
from sla.models import Calendar, CalendarPeriod, Holiday, Revision
from tests import factories
from tests.revisions.conftest import FREE, default, propose, through
from tickets.revisions import calendars


@pytest.fixture
def desk(client, cast, wall):
    client.force_login(cast.koordinator)
    return client


def url(name, *args):
    return reverse(f"agent:{name}", args=args)


def follow(client, response, apply=True):
    """The revision that an edit made, tried, and applied."""
    assert response.status_code == 302, response.content.decode()
    revision = Revision.objects.latest("pk")
    assert response["Location"] == url("sla_revision", revision.pk)
    through(revision)
    if apply:
        assert client.post(url("sla_revision_apply", revision.pk)).status_code == 302
        through(revision)
        assert revision.state == Revision.State.DONE
    return revision


def hours(**more):
    week = {f"h{day}_0_mulai": "08.00" for day in range(5)} | {f"h{day}_0_sampai": "12.00" for day in range(5)}
    return {**week, **more}


PAGES = ["sla", "sla_calendars", "sla_calendar_create", "sla_revisions"]
OF_A_CALENDAR = [
    "sla_calendar", "sla_calendar_facts", "sla_calendar_uses", "sla_calendar_history", "sla_calendar_week",
    "sla_calendar_period", "sla_calendar_holiday", "sla_calendar_import", "sla_calendar_refresh",
]  # fmt: skip


@pytest.mark.parametrize("person", ["agen", "teknisi", "penghubung", "cab", "pimpinan", "inspektorat", "warga"])
def test_others_are_refused_everywhere(client, cast, person):
    revision = propose(cast.admin)
    client.force_login(getattr(cast, person))
    pk = default().pk
    wanted = [url(name) for name in PAGES] + [url(name, pk) for name in OF_A_CALENDAR]
    wanted += [url("sla_revision", revision.pk), url("sla_revision_apply", revision.pk)]
    assert {client.get(each).status_code for each in wanted} == {403}
    posts = [url("sla_calendar_holiday", pk), url("sla_revision_apply", revision.pk)]
    posts.append(url("sla_revision_discard", revision.pk))
    assert {client.post(each, {"date": "2026-11-25"}).status_code for each in posts} == {403}
    assert Revision.objects.get().state == Revision.State.PREVIEWING


def test_keepers_open_everything(desk, django_assert_max_num_queries):
    pk = default().pk
    for where in [url(name) for name in PAGES] + [url(name, pk) for name in OF_A_CALENDAR]:
        with django_assert_max_num_queries(25):
            assert desk.get(where).status_code == 200, where
    assert desk.get(url("sla_calendar", 10**9)).status_code == 404
    assert desk.get(url("sla_calendar_holiday", pk), {"tanggal": "2026-01-01"}).status_code == 404
    assert url("sla") in desk.get(url("queue")).content.decode()


def test_a_holiday_from_the_form_to_the_ticket(desk, cast):
    ticket = factories.ticket()
    data = {"date": "25 November 2026", "name": "Pilkada", "kind": "local", "status": "confirmed", "source": "Keppres"}
    revision = follow(desk, desk.post(url("sla_calendar_holiday", default().pk), data), apply=False)
    page = desk.get(url("sla_revision", revision.pk)).content.decode()
    assert "1 tenggat akan berubah" in page and ticket.number in page and "+7 j 30 m" in page
    assert "Rab 25 Nov 09.30 WIB" in page and "Kam 26 Nov 09.30 WIB" in page
    assert "Tambah libur 25 Nov 2026 Pilkada (libur daerah, ditetapkan, Keppres)" in page
    assert not Holiday.objects.exists()
    assert "Terapkan perubahan ini?" in desk.get(url("sla_revision_apply", revision.pk)).content.decode()
    desk.post(url("sla_revision_apply", revision.pk))
    assert "Menghitung ulang tenggat" in desk.get(url("sla_revision", revision.pk)).content.decode()
    through(revision)
    assert "1 tenggat telah berubah" in desk.get(url("sla_revision", revision.pk)).content.decode()
    assert Holiday.objects.get().date == FREE
    for where in (url("sla_calendar_history", default().pk), url("sla_revisions")):
        history = desk.get(where).content.decode()
        assert "Pilkada" in history and cast.koordinator.display_name in history
    assert "Tenggat dihitung ulang" in desk.get(url("ticket", ticket.number)).content.decode()


def test_progress_is_polled_and_ends(desk, cast):
    factories.ticket()
    revision = propose(cast.admin)
    where = url("sla_revision", revision.pk)
    part = desk.get(where, {"bagian": "1"}, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in part and "hx-trigger" in part and "<progress" in part
    through(revision)
    part = desk.get(where, {"bagian": "1"}, headers={"hx-request": "true"}).content.decode()
    assert "hx-trigger" not in part and "Terapkan" in part
    assert "<html" in desk.get(where).content.decode()


def test_a_proposal_is_thrown_away(desk, cast):
    revision = through(propose(cast.admin))
    assert desk.get(url("sla_revision_discard", revision.pk)).status_code == 405
    desk.post(url("sla_revision_discard", revision.pk))
    assert "Usulan ini dibuang" in desk.get(url("sla_revision", revision.pk)).content.decode()
    answer = desk.post(url("sla_revision_apply", revision.pk), follow=True)
    assert "tidak sedang menunggu konfirmasi" in answer.content.decode() and not Holiday.objects.exists()


def test_restricted_tickets_leave_no_trace(desk, cast):
    """The same page but for numbers and instants, whether a restricted ticket moves too or not."""
    shown = factories.ticket()
    without = through(propose(cast.admin))
    before = desk.get(url("sla_revision", without.pk)).content.decode()
    secret = factories.ticket("complaint", confidentiality="whistleblowing")
    revision = through(propose(cast.admin))
    page = desk.get(url("sla_revision", revision.pk)).content.decode()
    assert revision.moves.filter(clock__ticket=secret).exists()
    assert shown.number in page and secret.number not in page and "1 tenggat akan berubah" in page
    assert page.count("<tr>") == before.count("<tr>") and revision.payload["result"] == without.payload["result"]


def test_the_list_costs_the_same_at_any_length(desk, cast):
    def count(number):
        for _number in range(number):
            factories.ticket()
        revision = through(propose(cast.admin))
        desk.get(url("sla_revision", revision.pk))
        with CaptureQueriesContext(connection) as queries:
            desk.get(url("sla_revision", revision.pk))
        return len(queries)

    assert count(2) == count(12)


def test_weekly_hours_with_a_break(desk):
    data = hours(h0_0_mulai="0730", h0_0_sampai="12:00", h0_1_mulai="13.00", h0_1_sampai="16.00", h5_0_mulai="24.00")
    wrong = desk.post(url("sla_calendar_week", default().pk), data)
    assert wrong.status_code == 422 and not Revision.objects.exists()
    data.pop("h5_0_mulai")
    follow(desk, desk.post(url("sla_calendar_week", default().pk), data))
    week = default().week
    assert week["0"] == [["07:30", "12:00"], ["13:00", "16:00"]] and week["4"] == [["08:00", "12:00"]]
    assert set(week) == {"0", "1", "2", "3", "4"}


def test_mondays_hours_are_copied_without_javascript(desk):
    data = {"h0_0_mulai": "09.00", "h0_0_sampai": "15.00", "copy": "1", "source": "SE Bupati"}
    page = desk.post(url("sla_calendar_week", default().pk), data).content.decode()
    assert page.count('value="09.00"') == 5 and page.count('value="15.00"') == 5 and 'value="SE Bupati"' in page
    assert not Revision.objects.exists()


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"h0_0_mulai": "jam 8"}, "Tulis jam seperti 07.30"),
        ({"h0_0_sampai": ""}, "Tulis jam seperti 07.30"),
        ({"h0_0_sampai": "25.00"}, "Tulis jam seperti 07.30"),
        ({"h0_0_sampai": "07.00"}, "Jam selesai harus sesudah jam mulai"),
        ({"h0_1_mulai": "11.00", "h0_1_sampai": "14.00"}, "jam bertumpuk"),
        ({"valid_from": "31 Februari 2026"}, "Tulis tanggal seperti"),
    ],
)
def test_wrong_hours_are_told(desk, wrong, said):
    answer = desk.post(url("sla_calendar_week", default().pk), hours(**wrong))
    assert answer.status_code == 422 and said in answer.content.decode() and not Revision.objects.exists()


def test_empty_hours_are_refused(desk):
    answer = desk.post(url("sla_calendar_week", default().pk), {})
    assert "paling sedikit satu hari" in answer.content.decode()


def test_hours_from_a_date_on_changed_and_removed(desk):
    where = url("sla_calendar_week", default().pk)
    follow(desk, desk.post(where, hours(valid_from="2027-01-04", source="Perbup")))
    assert default().weeks.get().valid_from == date(2027, 1, 4)
    follow(desk, desk.post(f"{where}?tanggal=2027-01-04", hours(valid_from="2027-01-11")))
    assert [row.valid_from for row in default().weeks.all()] == [date(2027, 1, 11)]
    answer = desk.post(f"{where}?tanggal=2027-01-11", hours())
    assert answer.status_code == 422 and "Isi tanggal mulainya" in answer.content.decode()
    follow(desk, desk.post(f"{where}?tanggal=2027-01-11", {"remove": "1"}))
    assert not default().weeks.exists()


def test_ramadan_is_added_and_may_not_overlap(desk):
    where = url("sla_calendar_period", default().pk)
    data = hours(name="Ramadan 1448 H", first_date="2027-02-08", last_date="2027-03-09")
    follow(desk, desk.post(where, data))
    assert CalendarPeriod.objects.get().last_date == date(2027, 3, 9)
    answer = desk.post(where, {**data, "name": "Lain", "first_date": "2027-03-09", "last_date": "2027-03-10"})
    assert answer.status_code == 422 and "bertumpuk dengan" in answer.content.decode()
    answer = desk.post(where, {**data, "last_date": "2027-01-10"})
    assert "Tanggal terakhir harus sesudah" in answer.content.decode()


def test_a_date_is_not_entered_twice(desk):
    default().holidays.create(date=FREE, name="Ada")
    data = {"date": "2026-11-25", "name": "Lagi", "kind": "local", "status": "confirmed"}
    answer = desk.post(url("sla_calendar_holiday", default().pk), data)
    assert answer.status_code == 422 and "tercatat dua kali" in answer.content.decode()


def test_estimates_are_confirmed_one_by_one_and_by_year(desk):
    for day in (1, 2):
        default().holidays.create(date=date(2027, 1, day), name="Libur", status="estimated")
    default().holidays.create(date=date(2028, 1, 1), name="Libur", status="estimated")
    where = url("sla_calendar_holiday", default().pk)
    follow(desk, desk.post(f"{where}?tanggal=2027-01-01", {"confirm_day": "1"}))
    assert Holiday.objects.get(date=date(2027, 1, 1)).status == "confirmed"
    assert Holiday.objects.filter(status="estimated").count() == 2
    follow(desk, desk.post(where, {"confirm_year": "2027"}))
    assert Holiday.objects.get(status="estimated").date.year == 2028
    follow(desk, desk.post(f"{where}?tanggal=2027-01-02", {"remove": "1"}))
    assert Holiday.objects.count() == 2


def upload(client, text, **more):
    data = {"file": SimpleUploadedFile("skb.csv", text.encode()), "source": "SKB"}
    return client.post(url("sla_calendar_import", default().pk), {**data, **more})


def test_a_decree_replaces_the_years_it_covers(desk):
    default().holidays.create(date=date(2027, 5, 1), name="Perkiraan lama", status="estimated")
    default().holidays.create(date=date(2027, 7, 17), name="Hari jadi", kind="local")
    default().holidays.create(date=date(2026, 12, 25), name="Natal")
    follow(desk, upload(desk, "tanggal;nama;jenis\n02/05/2027;Waisak;libur nasional\n", replace="on"))
    assert [(row.date.isoformat(), row.source) for row in default().holidays.all()] == [
        ("2026-12-25", ""),
        ("2027-05-02", "SKB"),
        ("2027-07-17", ""),
    ]


def test_a_decree_with_errors_imports_nothing(desk):
    answer = upload(desk, "tanggal,nama,jenis\n2027-05-02,Waisak,libur nasional\n31/02/2027,X,libur\n")
    page = answer.content.decode()
    assert answer.status_code == 422 and "Baris 3:" in page and "Tidak ada yang diimpor" in page
    assert not Revision.objects.exists()


def test_the_package_proposes_and_what_is_unticked_stays_out(desk, monkeypatch):
    monkeypatch.setattr(
        packaged,
        "holidays_of",
        lambda year: {date(year, 1, 1): ("Tahun Baru", "public"), date(year, 12, 26): ("Cuti bersama", "government")},
    )
    where = url("sla_calendar_refresh", default().pk)
    assert "Tambah: 1 Jan 2026 Tahun Baru (libur nasional)" in desk.get(where).content.decode()
    assert desk.post(where, {}).status_code == 422
    follow(desk, desk.post(where, {"updates": [">2026-01-01", ">2027-12-26"]}))
    assert [row.status for row in default().holidays.all()] == ["confirmed", "estimated"]


def test_a_new_calendar_and_its_users(desk, cast):
    ticket = factories.ticket(team=cast.network)
    data = {"name": "Piket 24 jam", "zone": "Asia/Jayapura", "template": "24x7"}
    assert desk.post(url("sla_calendar_create"), {**data, "zone": "Mars"}).status_code == 422
    assert desk.post(url("sla_calendar_create"), data).status_code == 302
    made = Calendar.objects.get(name="Piket 24 jam")
    assert made.code == "piket-24-jam" and made.revisions.get().state == Revision.State.DONE
    follow(desk, desk.post(url("sla_calendar_uses", made.pk), {"teams": [cast.network.pk]}))
    assert ticket.clocks.get(metric="resolution").calendar == made
    page = desk.get(url("sla_calendars")).content.decode()
    assert "setiap hari 24 jam WIT" in page and "Jaringan" in page


def test_templates_work_in_every_zone(cast):
    for code, zone in (("asn", "Asia/Jakarta"), ("enam-hari", "Asia/Makassar"), ("24x7", "Asia/Jayapura")):
        made = calendars.create(name="Sama", zone=zone, week=calendars.template(code), by=cast.admin)
        assert made.timezone == zone and made.week
    assert Calendar.objects.filter(name="Sama").count() == 3


def test_the_zone_of_a_calendar_moves_its_deadlines(desk, wall):
    wall.now = wall.now.replace(hour=7)  # before offices open in the west, after they did in the east
    factories.ticket()
    data = {"name": "Jam kerja ASN", "zone": "Asia/Jayapura"}
    revision = follow(desk, desk.post(url("sla_calendar_facts", default().pk), data))
    assert revision.moved >= 1 and default().timezone == "Asia/Jayapura"


def test_next_year_is_asked_for_from_november_on(desk, wall):
    page = desk.get(url("sla")).content.decode()
    assert "Kalender tahun depan belum lengkap" in page and "Belum ada hari libur 2027" in page
    assert "Jam kerja Ramadan 2027 belum ada" in page
    wall.now = wall.now.replace(month=10)
    assert "belum lengkap" not in desk.get(url("sla")).content.decode()


def test_the_default_calendar_is_changed_by_a_proposal(desk, cast):
    old = default()
    new = Calendar.objects.create(code="piket", name="Piket", week=calendars.template("24x7"))
    ticket = factories.ticket()
    assert 'name="as_default"' not in desk.get(url("sla_calendar_uses", old.pk)).content.decode()
    assert desk.post(url("sla_calendar_uses", old.pk), {"as_default": "on"}).status_code == 422  # it is already
    follow(desk, desk.post(url("sla_calendar_uses", new.pk), {"as_default": "on"}))
    assert default() == new
    assert ticket.clocks.get(metric="resolution").calendar == new
