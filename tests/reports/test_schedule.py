"""Reports by email: on time, once, to those who may, with what they may see."""

import io
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.roles import Role
from channels_bot.email.transport import build
from notify import outbox
from notify.errors import TransportError
from notify.models import Delivery
from reports import saved, schedule
from reports.models import ReportSchedule
from sla import calendars
from sla.models import Holiday
from tests import factories
from tests.races import together
from tickets.errors import Forbidden, InvalidInputs
from tickets.models import Ticket

WIB = ZoneInfo("Asia/Jakarta")
WEEKLY, MONTHLY = ReportSchedule.Cadence


def at(*args):
    return datetime(*args, tzinfo=WIB)


def planned(owner, *recipients, name="Mingguan Budi", query="periode=minggu-lalu&kelompok=kind", **kw):
    kept = saved.keep(actor=owner, name=name, page="sla", query=query, is_shared=False)
    values = {"cadence": WEEKLY, "at": time(8), "file_format": "xlsx", "now": timezone.now()}
    return schedule.put(actor=owner, pk=kept.pk, recipients=recipients or [owner], **{**values, **kw})


def due(plan, ago=timedelta(minutes=1)):
    ReportSchedule.objects.filter(pk=plan.pk).update(next_run_at=timezone.now() - ago)


def reports():
    return Delivery.objects.filter(topic__startswith="report:").order_by("pk")


def close_on(day):
    calendar = factories.calendar()
    Holiday.objects.create(calendar=calendar, date=day, name="Libur")
    calendars.touch(calendar.pk)


def test_weekly_is_monday_and_monthly_the_first_working_day(cast):
    sunday = at(2026, 11, 22, 12, 0)
    assert schedule.next_run(WEEKLY, time(8), sunday) == at(2026, 11, 23, 8, 0)
    assert schedule.next_run(WEEKLY, time(8), at(2026, 11, 23, 8, 0)) == at(2026, 11, 30, 8, 0)
    assert schedule.next_run(WEEKLY, time(8), at(2026, 11, 23, 7, 59)) == at(2026, 11, 23, 8, 0)
    # 1 August 2026 is a Saturday.
    assert schedule.next_run(MONTHLY, time(9), at(2026, 7, 20, 0, 0)) == at(2026, 8, 3, 9, 0)
    assert schedule.next_run(MONTHLY, time(9), at(2026, 8, 3, 9, 0)) == at(2026, 9, 1, 9, 0)
    assert schedule.next_run(MONTHLY, time(9), at(2026, 12, 31, 23, 0)) == at(2027, 1, 1, 9, 0)


def test_holidays_and_breaks_move_it_into_working_time(cast):
    close_on(date(2026, 11, 23))
    assert schedule.next_run(WEEKLY, time(8), at(2026, 11, 22, 12, 0)) == at(2026, 11, 24, 8, 0)
    assert schedule.next_run(WEEKLY, time(12, 30), at(2026, 11, 29, 12, 0)) == at(2026, 11, 30, 13, 0)


def test_it_goes_out_once_each_and_moves_on(cast):
    plan = planned(cast.pimpinan, cast.pimpinan, cast.koordinator)
    assert schedule.run_due() == 0 and not reports().exists()
    due(plan)
    assert schedule.run_due() == 1 and schedule.run_due() == 0
    assert {each.recipient for each in reports()} == {cast.pimpinan.email, cast.koordinator.email}
    plan.refresh_from_db()
    assert plan.next_run_at > timezone.now() and plan.last_run_at is not None


def test_after_downtime_it_goes_out_once(cast):
    plan = planned(cast.pimpinan)
    due(plan, timedelta(days=40))
    assert schedule.run_due() == 1 and schedule.run_due() == 0
    assert reports().count() == 1
    plan.refresh_from_db()
    assert timezone.now() < plan.next_run_at <= timezone.now() + timedelta(days=11)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_send_it_once():
    cast = factories.cast()
    plan = planned(cast.pimpinan, cast.pimpinan, cast.koordinator)
    for again in range(5):
        due(plan, timedelta(minutes=again + 1))
        before = reports().count()
        handled = together(schedule.run_due, schedule.run_due)
        assert sorted(handled) == [0, 1] and reports().count() == before + 2


def test_the_same_run_is_never_planned_twice(cast):
    """Were it claimed twice all the same, the key of the mail stops the second."""
    plan = planned(cast.pimpinan)
    moment = timezone.now() - timedelta(minutes=1)
    for _again in range(2):
        ReportSchedule.objects.filter(pk=plan.pk).update(next_run_at=moment)
        schedule.run_due()
    assert reports().count() == 1


@pytest.mark.parametrize("leave", ["inactive", "no reader"])
def test_it_pauses_when_its_owner_is_gone(cast, client, leave):
    plan = planned(cast.pimpinan, cast.koordinator)
    if leave == "inactive":
        cast.pimpinan.is_active = False
        cast.pimpinan.save()
    else:
        cast.pimpinan.groups.clear()
    due(plan)
    assert schedule.run_due() == 1 and not reports().exists()
    plan.refresh_from_db()
    assert plan.next_run_at is None and plan.pause == "owner"
    assert schedule.run_due() == 0
    client.force_login(cast.koordinator)
    assert "Dijeda" in client.get("/laporan/tersimpan/").content.decode()


def test_somebody_who_may_read_no_reports_any_more_gets_none(cast):
    plan = planned(cast.pimpinan, cast.koordinator)
    due(plan)
    schedule.run_due()
    cast.koordinator.groups.clear()
    with pytest.raises(TransportError) as refused:
        build(reports().get())
    assert refused.value.permanent
    plan.refresh_from_db()
    due(plan)
    schedule.run_due()
    plan.refresh_from_db()
    assert plan.pause == "nobody" and reports().count() == 1


def test_each_gets_what_they_may_see(cast):
    """`ketua` coordinates the network team alone; the manager sees every team."""
    ketua = factories.user("ketua", Role.COORDINATOR, teams=(cast.network,), coordinates=True)
    for team in (cast.network, cast.desk, cast.desk):
        factories.ticket(team=team)
    factories.ticket("complaint", confidentiality="whistleblowing")
    Ticket.objects.update(created_at=timezone.now() - timedelta(days=timezone.localdate().weekday() + 3))
    due(planned(cast.pimpinan, cast.pimpinan, ketua))
    schedule.run_due()
    created = {}
    for delivery in reports():
        ((name, content, kind),) = build(delivery).attachments
        assert name.startswith("laporan-sla-") and name.endswith(".xlsx") and "spreadsheetml" in kind
        lines = {row[0]: row[1] for row in load_workbook(io.BytesIO(content))["Ringkasan"].values}
        created[delivery.recipient] = lines["Tiket dibuat"]
    assert created == {cast.pimpinan.email: 3, ketua.email: 1}


def test_a_mail_that_leaves_late_tells_of_its_own_period(cast):
    due(planned(cast.pimpinan))
    schedule.run_due()
    options = reports().get().options["report"]
    sunday = timezone.localdate() - timedelta(days=timezone.localdate().weekday() + 1)
    assert f"sampai={sunday}" in options["query"] and "periode" not in options["query"]


def test_the_subject_names_nobody(cast):
    due(planned(cast.pimpinan, name="Keluhan Ibu Sari"))
    schedule.run_due()
    delivery = reports().get()
    assert "Sari" not in delivery.subject and "Keluhan Ibu Sari" in delivery.text
    assert f"/laporan/tersimpan/{ReportSchedule.objects.get().report_id}/" in delivery.text


def test_it_leaves_with_its_file(cast):
    due(planned(cast.pimpinan, file_format="pdf"))
    schedule.run_due()
    outbox.send_due()
    (sent,) = mail.outbox
    ((name, content, kind),) = sent.attachments
    assert kind == "application/pdf" and content.startswith(b"%PDF") and name.endswith(".pdf")
    assert reports().get().state == Delivery.State.SENT


def test_a_trial_goes_to_oneself_and_not_twice_a_minute(cast, client):
    plan = planned(cast.pimpinan, cast.koordinator)
    client.force_login(cast.pimpinan)
    where = reverse("reports:saved_send", args=[plan.report_id])
    for _again in range(2):
        client.post(where)
    assert [each.recipient for each in reports()] == [cast.pimpinan.email]
    before = plan.next_run_at
    plan.refresh_from_db()
    assert plan.next_run_at == before and plan.last_run_at is None


def test_only_readers_with_an_address_can_be_recipients(cast, client):
    plan = planned(cast.pimpinan)
    silent = factories.user("diam", Role.MANAGER, email="")
    assert not set(schedule.possible_recipients()) & {cast.agen, cast.warga, silent}
    for wrong in (cast.agen, cast.warga, silent):
        with pytest.raises(InvalidInputs):
            planned(cast.pimpinan, wrong, name=f"Untuk {wrong}")
    client.force_login(cast.pimpinan)
    where = reverse("reports:saved_plan", args=[plan.report_id])
    values = {"cadence": "weekly", "at": "08:00", "file_format": "pdf"}
    assert client.post(where, values | {"recipients": [cast.agen.pk]}).status_code == 422
    assert client.post(where, values).status_code == 422
    assert client.post(where, values | {"at": "03:00", "recipients": [cast.admin.pk]}).status_code == 422
    assert client.post(where, values | {"at": "13:00", "recipients": [cast.admin.pk]}).status_code == 302
    plan.refresh_from_db()
    assert list(plan.recipients.all()) == [cast.admin] and plan.at == time(13) and plan.file_format == "pdf"


def test_a_recipient_opens_it_and_may_leave(cast, client):
    plan = planned(cast.pimpinan, cast.koordinator, cast.admin)
    client.force_login(cast.koordinator)
    assert "Berhenti menerima" in client.get("/laporan/tersimpan/").content.decode()
    assert client.get(f"/laporan/tersimpan/{plan.report_id}/").status_code == 302
    client.post(f"/laporan/tersimpan/{plan.report_id}/berhenti/")
    assert list(plan.recipients.all()) == [cast.admin]
    assert client.get(f"/laporan/tersimpan/{plan.report_id}/").status_code == 404


def test_stopping_keeps_the_report(cast, client):
    plan = planned(cast.pimpinan)
    with pytest.raises(Forbidden):
        schedule.stop(actor=cast.koordinator, pk=_shared(plan).pk)
    client.force_login(cast.pimpinan)
    client.post(f"/laporan/tersimpan/{plan.report_id}/jadwal/hentikan/")
    assert not ReportSchedule.objects.exists()
    assert "Mingguan Budi" in client.get("/laporan/tersimpan/").content.decode()


def _shared(plan):
    plan.report.is_shared = True
    plan.report.save()
    return plan.report
