"""Saved reports: whose they are, what they remember, and who may change them."""

import re
from datetime import time
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reports import saved, schedule
from reports.forms import dates_of
from reports.models import ReportSchedule, SavedReport
from reports.urls import KEEPING
from tests import factories
from tickets.errors import InvalidInputs, NotVisible

LIST = "/laporan/tersimpan/"


def keep(actor, name="Bulanan", query="periode=bulan-lalu&kelompok=office", **kw):
    return saved.keep(actor=actor, name=name, page="sla", query=query, **{"is_shared": False, **kw})


def addresses(pk):
    for pattern in KEEPING:
        yield reverse(f"reports:{pattern.name}", kwargs={"pk": pk} if "pk" in pattern.pattern.converters else {})


def test_strangers_are_asked_to_sign_in(cast, client):
    for where in addresses(keep(cast.pimpinan, is_shared=True).pk):
        for answer in (client.get(where), client.post(where)):
            assert answer.status_code == 302 and answer["Location"].startswith("/akun/login/?next=/laporan/"), where


@pytest.mark.parametrize("person", ["warga", "asn", "agen", "penghubung", "cab", "inspektorat", "orang_luar"])
def test_people_who_do_not_manage_are_refused(cast, client, person):
    kept = keep(cast.pimpinan, is_shared=True)
    client.force_login(getattr(cast, person))
    for where in [*addresses(kept.pk), LIST]:
        assert {client.get(where).status_code, client.post(where).status_code} <= {403, 405}, where
    assert SavedReport.objects.get() == kept
    with pytest.raises(NotVisible):
        saved.get_visible(getattr(cast, person), kept.pk)


def test_somebody_elses_own_report_does_not_exist(cast, client):
    kept = keep(cast.pimpinan, "Rahasia dapur")
    client.force_login(cast.koordinator)
    assert "Rahasia dapur" not in client.get(LIST).content.decode()
    for where in addresses(kept.pk):
        if "tersimpan/" in where:
            assert {client.get(where).status_code, client.post(where, {"confirm": "1"}).status_code} <= {404, 405}, (
                where
            )
    assert SavedReport.objects.filter(pk=kept.pk).exists()


def test_a_shared_report_is_opened_but_not_changed(cast, client):
    kept = keep(cast.pimpinan, "Untuk semua", is_shared=True)
    client.force_login(cast.koordinator)
    assert "Untuk semua" in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{kept.pk}/").status_code == 302
    for step in ("ubah", "hapus", "jadwal", "jadwal/hentikan"):
        answer = client.post(f"{LIST}{kept.pk}/{step}/", {"confirm": "1", "name": "Milik saya"})
        assert answer.status_code == 403, step
    kept.refresh_from_db()
    assert kept.name == "Untuk semua"


def test_the_page_offers_to_save_what_it_shows(cast, client):
    client.force_login(cast.pimpinan)
    page = client.get("/laporan/", {"periode": "bulan-lalu", "kelompok": "team", "kind": "incident"}).content.decode()
    where = re.search(r'href="(/laporan/simpan/[^"]+)"', page)[1].replace("&amp;", "&")
    form = client.get(where)
    assert form.context["form"]["periode"].value() == "bulan-lalu", "the dates are those of last month"
    answer = client.post(where, {"name": "  Gangguan   tim ", "periode": "bulan-lalu"})
    assert answer.status_code == 302
    kept = SavedReport.objects.get()
    assert (kept.name, kept.owner, kept.page, kept.is_shared) == ("Gangguan tim", cast.pimpinan, "sla", False)
    assert dict(parse_qsl(kept.query)) == {"periode": "bulan-lalu", "kelompok": "team", "kind": "incident"}
    opened = client.get(f"{LIST}{kept.pk}/", follow=True)
    start, end = dates_of("bulan-lalu", timezone.localdate())
    assert (opened.context["report"].start, opened.context["report"].end) == (start, end)
    assert opened.context["report"].chosen == [("Jenis tiket", "Gangguan")]


def test_fixed_dates_stay_and_cannot_be_sent_again_and_again(cast, client):
    client.force_login(cast.pimpinan)
    query = "dari=2026-03-01&sampai=2026-03-31&kelompok=kind"
    client.post(f"/laporan/simpan/?laporan=sla&{query}", {"name": "Maret", "periode": ""})
    kept = SavedReport.objects.get()
    assert kept.query == query and not saved.follows_time(kept)
    assert "tanggal tetap" in client.get(f"{LIST}{kept.pk}/jadwal/").content.decode()
    with pytest.raises(InvalidInputs, match="tanggal tetap"):
        plan(cast.pimpinan, kept)
    client.post(f"{LIST}{kept.pk}/ubah/", {"name": "Maret", "periode": "bulan-lalu", "is_shared": "on"})
    kept.refresh_from_db()
    assert kept.query == "periode=bulan-lalu&kelompok=kind" and kept.is_shared
    client.post(f"{LIST}{kept.pk}/ubah/", {"name": "Maret", "periode": ""})
    kept.refresh_from_db()
    start, end = dates_of("bulan-lalu", timezone.localdate())
    assert kept.query == f"dari={start}&sampai={end}&kelompok=kind"


def plan(actor, kept, *recipients):
    return schedule.put(
        actor=actor,
        pk=kept.pk,
        cadence="monthly",
        at=time(8),
        file_format="pdf",
        recipients=recipients or [actor],
        now=timezone.now(),
    )


def test_a_name_is_used_once_per_person(cast, client):
    keep(cast.pimpinan)
    keep(cast.koordinator)
    client.force_login(cast.pimpinan)
    answer = client.post("/laporan/simpan/?laporan=sla&kelompok=team", {"name": "Bulanan", "periode": "bulan-ini"})
    assert answer.status_code == 422 and "sudah punya laporan bernama" in answer.content.decode()
    assert SavedReport.objects.filter(owner=cast.pimpinan).count() == 1


@pytest.mark.parametrize("query", ["laporan=sla&kelompok=warna", "laporan=tidak-ada", "laporan=sla&dari=kapan"])
def test_what_has_no_answer_is_not_saved(cast, client, query):
    client.force_login(cast.pimpinan)
    assert client.post(f"/laporan/simpan/?{query}", {"name": "X"}).status_code == 404
    assert not SavedReport.objects.exists()


def test_deleting_asks_first_and_takes_the_schedule_along(cast, client):
    kept = keep(cast.pimpinan)
    plan(cast.pimpinan, kept)
    client.force_login(cast.pimpinan)
    assert "Hapus laporan" in client.get(f"{LIST}{kept.pk}/hapus/").content.decode()
    assert client.post(f"{LIST}{kept.pk}/hapus/").status_code == 200 and SavedReport.objects.exists()
    client.post(f"{LIST}{kept.pk}/hapus/", {"confirm": "1"})
    assert not SavedReport.objects.exists() and not ReportSchedule.objects.exists()


def test_a_question_that_grew_old_is_listed_but_not_opened_in_vain(cast, client):
    factories.office("lama", name="Dinas Lama")
    kept = keep(cast.pimpinan, query="periode=bulan-lalu&office=lama")
    factories.office("lama").delete()
    client.force_login(cast.pimpinan)
    assert "saringannya tidak dikenal lagi" in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{kept.pk}/", follow=True).status_code == 422


def test_the_list_costs_the_same_at_any_length(cast, client):
    client.force_login(cast.pimpinan)

    def queries(first, last):
        for number in range(first, last):
            plan(cast.koordinator, keep(cast.koordinator, f"Laporan {number}", is_shared=True), cast.pimpinan)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    client.get(LIST)
    assert queries(0, 3) == queries(3, 30)


def test_an_address_leads_to_the_page_with_its_question(cast, client):
    kept = keep(cast.pimpinan, query="periode=tahun-ini&kelompok=month")
    client.force_login(cast.pimpinan)
    target = urlsplit(client.get(f"{LIST}{kept.pk}/")["Location"])
    assert target.path == "/laporan/" and dict(parse_qsl(target.query))["periode"] == "tahun-ini"
