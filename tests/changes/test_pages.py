"""Calendar, feed, panel, log and results, as people meet them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from icalendar import Calendar

from tests import factories
from tests.changes.factories import (
    HOUR,
    NOON,
    PLANS,
    answers,
    asset,
    detail,
    questionnaire,
    relate,
    scheduled,
    template,
)
from tickets import timeline
from tickets.changes import feed, log, results, schedule
from tickets.errors import Forbidden, NotVisible, Stale, WrongState
from tickets.models import CalendarFeed, ChangeDetail, FreezeWindow, ImplementationEntry, Ticket
from tickets.workflow import perform

pytestmark = pytest.mark.slow

CALENDAR = "/kerja/perubahan/kalender/"
MARCH = f"{CALENDAR}?tanggal=2031-03-04"
WEEK = f"{CALENDAR}?tampilan=minggu&tanggal=2031-03-04"


@pytest.fixture
def page(client):
    def read(person, url):
        client.force_login(person)
        response = client.get(url)
        assert response.status_code == 200, (url, response.status_code)
        return response.content.decode()

    return read


def make_secret(ticket):
    Ticket.objects.filter(pk=ticket.pk).update(confidentiality="secret", is_restricted=True)


@pytest.mark.parametrize("url", [MARCH, WEEK])
def test_the_calendar_shows_visible_changes_and_freezes(cast, page, url):
    shown = scheduled(cast.agen, subject="Ganti sakelar")
    hidden = scheduled(cast.agen, subject="Rahasia besar")
    make_secret(hidden)
    cancelled = scheduled(cast.agen, subject="Tidak jadi")
    perform(cancelled.pk, "cancel", cast.agen, reason="Batal.")
    FreezeWindow.objects.create(name="Pemilu", starts_at=NOON, ends_at=NOON + 48 * HOUR)
    html = page(cast.agen, url)
    assert shown.number in html and "Ganti sakelar" in html and "12.00–13.00" in html
    assert html.count("Masa beku:") == 3
    assert hidden.number not in html and "Rahasia besar" not in html and cancelled.number not in html
    assert shown.number not in page(cast.teknisi, url)
    assert shown.number in page(cast.cab, url)


def test_today_is_marked_and_the_neighbours_are_links(cast, page):
    html = page(cast.agen, CALENDAR)
    assert html.count('aria-current="date"') == 1
    html = page(cast.agen, f"{CALENDAR}?tanggal=2031-01-31")
    assert 'tanggal=2030-12-01"' in html and 'tanggal=2031-02-01"' in html and 'aria-current="date"' not in html
    html = page(cast.agen, f"{CALENDAR}?tampilan=minggu&tanggal=2031-01-01")
    assert 'tanggal=2030-12-25"' in html and 'tanggal=2031-01-08"' in html
    for nonsense in ("x", "9999-12-31", "0001-01-01", "2031-02-30"):
        assert 'aria-current="date"' in page(cast.agen, f"{CALENDAR}?tanggal={nonsense}")


def test_a_month_is_whole_weeks_and_a_change_stands_on_each_of_its_days(cast):
    scheduled(cast.agen, start=NOON, end=NOON + 36 * HOUR)
    month = schedule.calendar(cast.agen, view="bulan", anchor=date(2031, 3, 4), today=date(2031, 3, 4))
    days = [day for week in month.weeks for day in week]
    assert (days[0].date, days[-1].date, len(days)) == (date(2031, 2, 24), date(2031, 4, 6), 42)
    assert [(day.date.day, day.entries[0].hours) for day in days if day.entries] == [(4, "12.00–"), (5, "–00.00")]


def test_a_full_day_leads_to_its_week(cast, page):
    for minute in range(6):
        scheduled(cast.agen, start=NOON + timedelta(minutes=minute))
    assert "2 lagi" in page(cast.agen, MARCH)
    assert page(cast.agen, WEEK).count('class="ticket-no"') == 6


@pytest.mark.parametrize("url", [MARCH, WEEK])
def test_the_number_of_queries_does_not_grow(cast, page, url, django_assert_max_num_queries):
    def fill(count):
        for _n in range(count):
            scheduled(cast.agen, service=factories.service("hosting"), assignee=cast.agen, override_reason="Perlu.")
            window = FreezeWindow.objects.create(name="Beku", starts_at=NOON + 3 * HOUR, ends_at=NOON + 4 * HOUR)
            window.services.add(factories.service("hosting"))

    fill(3)
    page(cast.agen, url)
    with django_assert_max_num_queries(60) as few:
        page(cast.agen, url)
    fill(12)
    with django_assert_max_num_queries(len(few)):
        page(cast.agen, url)


def test_only_staff_opens_the_calendar(cast, client):
    assert client.get(CALENDAR).status_code == 302
    client.force_login(cast.warga)
    assert client.get(CALENDAR).status_code == 403
    assert client.post(f"{CALENDAR}alamat/").status_code == 403
    assert not CalendarFeed.objects.exists()


def read_feed(client, key, **headers):
    response = client.get(f"/kalender/perubahan/{key}.ics", headers=headers)
    return response


def test_the_feed_is_a_calendar_of_what_its_owner_sees(cast, client):
    shown = scheduled(cast.agen, subject="Ganti sakelar; lantai 2, gedung utama " + "ä" * 60)
    hidden = scheduled(cast.agen)
    make_secret(hidden)
    perform((gone := scheduled(cast.agen)).pk, "cancel", cast.agen, reason="Batal.")
    response = read_feed(client, feed.renew(user=cast.agen).key)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in response.content.split(b"\r\n"))
    events = {str(event["summary"]).split()[0]: event for event in Calendar.from_ical(response.content).walk("VEVENT")}
    assert set(events) == {shown.number, gone.number}
    event = events[shown.number]
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (NOON, NOON + HOUR)
    assert str(event["summary"]) == f"{shown.number} {shown.subject}"
    assert (event["status"], events[gone.number]["status"]) == ("CONFIRMED", "CANCELLED")
    assert b"DTSTART:20310304T050000Z" in response.content
    stranger = read_feed(client, feed.renew(user=cast.teknisi).key)
    assert not Calendar.from_ical(stranger.content).walk("VEVENT")


def test_an_event_keeps_its_uid_when_it_moves(cast, client):
    ticket = scheduled(cast.agen)
    key = feed.renew(user=cast.agen).key

    def event():
        return Calendar.from_ical(read_feed(client, key).content).walk("VEVENT")[0]

    before = event()
    perform(ticket.pk, "reschedule", cast.agen, window_start=NOON + HOUR, window_end=NOON + 2 * HOUR)
    assert event()["uid"] == before["uid"] and event()["sequence"] > before["sequence"]


def test_the_feed_is_sent_again_only_when_it_differs(cast, client):
    ticket = scheduled(cast.agen)
    key = feed.renew(user=cast.agen).key
    first = read_feed(client, key)
    assert read_feed(client, key, **{"If-None-Match": first["ETag"]}).status_code == 304
    assert read_feed(client, key, **{"If-None-Match": f"W/{first['ETag']}"}).status_code == 304
    make_secret(ticket)
    again = read_feed(client, key, **{"If-None-Match": first["ETag"], "If-Modified-Since": first["Last-Modified"]})
    assert again.status_code == 200 and ticket.number.encode() not in again.content


def test_a_key_ends_with_its_renewal_its_owner_or_their_role(cast, client):
    old = feed.renew(user=cast.agen).key
    client.force_login(cast.agen)
    assert old in client.get(CALENDAR).content.decode()
    client.post(f"{CALENDAR}alamat/")
    new = CalendarFeed.objects.get(user=cast.agen).key
    client.logout()
    assert [read_feed(client, key).status_code for key in (old, new, "salah")] == [404, 200, 404]
    groups = list(cast.agen.groups.all())
    cast.agen.groups.clear()
    assert read_feed(client, new).status_code == 404
    cast.agen.groups.set(groups)
    cast.agen.is_active = False
    cast.agen.save()
    assert read_feed(client, new).status_code == 404


@pytest.fixture
def under_way(cast):
    ticket = scheduled(cast.agen, start=NOON)
    perform(ticket.pk, "implement", cast.agen)
    return Ticket.objects.get(pk=ticket.pk)


def test_the_log_is_kept_in_the_ticket_and_in_its_history(cast, client, under_way):
    client.force_login(cast.agen)
    url = reverse("agent:change_log", args=[under_way.number])
    sent = {"text": "Kabel dilepas.", "version": under_way.version}
    assert client.post(url, sent).status_code == 302
    client.post(url, sent)  # a second click carries the old version
    assert [entry.text for entry in ImplementationEntry.objects.all()] == ["Kabel dilepas."]
    client.post(url, {"text": "  "})
    assert ImplementationEntry.objects.count() == 1
    entry = under_way.timeline.get(code=timeline.IMPLEMENTATION_LOGGED)
    assert timeline.describe(entry) == "Catatan pelaksanaan: Kabel dilepas." and not entry.is_public
    html = client.get(reverse("agent:ticket", args=[under_way.number])).content.decode()
    assert "Kabel dilepas." in html and "Simpan catatan" in html


def test_who_may_write_in_the_log_and_when(cast, client, under_way):
    with pytest.raises(NotVisible):
        log.add(ticket_id=under_way.pk, actor=cast.orang_luar, text="x")
    for person in (cast.cab, cast.pimpinan):
        with pytest.raises(Forbidden):
            log.add(ticket_id=under_way.pk, actor=person, text="x")
    with pytest.raises(Stale):
        log.add(ticket_id=under_way.pk, actor=cast.agen, text="x", expected_version=under_way.version - 1)
    perform(under_way.pk, "complete", cast.agen, note="Beres.")
    with pytest.raises(WrongState):
        log.add(ticket_id=under_way.pk, actor=cast.agen, text="x")
    assert not ImplementationEntry.objects.exists()


def test_the_pages_of_a_change_show_impact_questions_and_conflicts(cast, client, page):
    questionnaire()
    server, application = asset("server"), asset("aplikasi")
    relate(application, server)
    ticket = factories.ticket("change", requester=cast.koordinator, assets=(server,))
    perform(ticket.pk, "submit", cast.koordinator)
    assess = reverse("agent:transition", args=[ticket.number, "assess"])
    html = page(cast.agen, assess)
    assert "Terdampak:" in html and "Aset aplikasi" in html and 'name="risk_pengguna"' in html
    bad = client.post(assess, {**PLANS, **answers(3, 3), "risk": "1"})
    assert bad.status_code == 422 and "Skor 6 berarti risiko Tinggi" in bad.content.decode()
    assert client.post(assess, {**PLANS, **answers(3, 3)}).status_code == 302
    html = page(cast.agen, reverse("agent:ticket", args=[ticket.number]))
    assert "skor 6" in html and "Aset aplikasi" in html and "Tanya kembali?" in html


def test_the_schedule_page_says_what_stands_in_the_way(cast, client):
    server = asset("server")
    first = scheduled(cast.agen, server)
    second = scheduled(cast.agen, server, start=NOON + 5 * HOUR)
    client.force_login(cast.agen)
    url = reverse("agent:transition", args=[second.number, "reschedule"])
    inputs = {"window_start": "2031-03-04T12:30", "window_end": "2031-03-04T13:30", "override_reason": ""}
    refused = client.post(url, inputs)
    assert refused.status_code == 422 and f"{first.number} (4 Mar 2031 12.00–13.00)" in refused.content.decode()
    assert client.post(url, inputs | {"override_reason": "Bersamaan."}).status_code == 302
    html = client.get(reverse("agent:ticket", args=[second.number])).content.decode()
    assert "Bersamaan." in html and "Jadwal ini berbenturan" in html


def test_the_report_form_offers_active_templates_and_refuses_none(cast, client):
    template("lama", is_active=False)
    made = template(team=cast.network)
    client.force_login(cast.agen)
    html = client.get("/kerja/baru/").content.decode()
    assert "Templat sandi" in html and "Templat lama" not in html
    sent = {
        "token": "7c8b3cf6-4d6c-4a3b-9a39-0d1f0a3d8d11", "channel": "web", "kind": "change", "subject": "Ganti sandi",
        "text": "Rutin.", "received_at": "2026-11-24T08:00", "confidentiality": "normal", "change_type": "standard",
    }  # fmt: skip
    sent["received_at"] = client.get("/kerja/baru/").context["form"]["received_at"].value().strftime("%Y-%m-%dT%H:%M")
    refused = client.post("/kerja/baru/", sent)
    assert refused.status_code == 422 and "dibuat dari templat" in refused.content.decode()
    assert client.post("/kerja/baru/", sent | {"change_template": "sandi"}).status_code == 302
    assert detail(Ticket.objects.get()).template == made


def ended(cast, step, month):
    ticket = scheduled(cast.agen, override_reason="Bersamaan.")
    perform(ticket.pk, "implement", cast.agen)
    perform(ticket.pk, step, cast.agen, note="Sudah.")
    at = datetime(2031, month, 1, tzinfo=UTC) - 7 * HOUR  # midnight of the first of the month here
    Ticket.objects.filter(pk=ticket.pk).update(resolved_at=at)
    return ticket


def test_results_are_counted_by_local_month_and_sight(cast):
    for step, month in (("complete", 1), ("complete", 1), ("roll_back", 1), ("fail", 2)):
        last = ended(cast, step, month)
    perform(last.pk, "review", cast.agen, review="Kabel salah.", is_achieved="no")
    make_secret(ended(cast, "fail", 2))
    scheduled(cast.agen)
    year = datetime(2030, 12, 31, 17, tzinfo=UTC), datetime(2031, 12, 31, 17, tzinfo=UTC)
    february, january = results.by_month(cast.koordinator, *year)
    assert (february.month, february.failed, february.total, february.success) == (date(2031, 2, 1), 1, 1, 0)
    assert (january.successful, january.rolled_back, january.failed, january.success) == (2, 1, 0, 67)
    assert (february.achieved, february.reviewed) == (0, 1)
    assert results.total_of([february, january]).total == 4
    assert ChangeDetail.objects.get(ticket=last).review == "Kabel salah."


def test_results_are_for_readers_of_reports(cast, client):
    ended(cast, "complete", 1)
    for person, status in ((cast.pimpinan, 200), (cast.koordinator, 200), (cast.agen, 403), (cast.warga, 403)):
        client.force_login(person)
        assert client.get("/laporan/perubahan/").status_code == status
