"""The page of times, load and causes: every number opens exactly its tickets."""

import re
from html import unescape

import pytest
from django.urls import reverse

from reports import pages
from reports.forms import ReportForm
from tests.report_figures.conftest import local

pytestmark = pytest.mark.slow

QUERY = {"dari": "2026-03-01", "sampai": "2026-03-31"}
LINK = re.compile(r'<td class="num[^"]*"><a href="(/laporan/angka/tiket/[^"]+)">([0-9.]+)</a>')


@pytest.fixture
def page(client, week, at):
    at(local(6, 9))

    def opened(person, **query):
        client.force_login(person)
        return client.get(reverse("reports:figures"), {**QUERY, **query})

    return opened


@pytest.mark.parametrize(
    "group_by",
    ["kind", *(pytest.param(name, marks=pytest.mark.slow) for name in ("service", "team", "month", "channel"))],
)
def test_every_number_opens_exactly_its_tickets(cast, client, page, group_by):
    shown = page(cast.koordinator, kelompok=group_by).content.decode()
    links = LINK.findall(shown)
    assert len(links) > 10
    for address, number in links:
        answer = client.get(unescape(address))
        assert answer.status_code == 200 and answer.context["count"] == int(number.replace(".", "")), address


def test_load_per_agent_is_not_for_managers(cast, client, page):
    assert "Beban petugas" in page(cast.koordinator).content.decode()
    assert "Beban petugas" not in page(cast.pimpinan).content.decode()
    address = reverse("reports:figure_tickets")
    asked = {**QUERY, "angka": "agent.open", "butir": str(cast.agen.pk)}
    assert client.get(address, asked).status_code == 403


@pytest.mark.parametrize("person", ["warga", "asn", "agen", "penghubung", "cab", "inspektorat", "orang_luar"])
def test_outsiders_get_neither_figures_nor_tickets(cast, client, page, person):
    assert page(getattr(cast, person)).status_code == 403
    assert client.get(reverse("reports:figure_tickets"), QUERY).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"angka": "gaji"},
        {"angka": "place", "butir": "surga"},
        {"angka": "backlog", "butir": "1-1"},
        {"angka": "agent.open", "butir": "x"},
        {"angka": "created", "kunci": "tidak-ada"},
        {"angka": "created", "kelompok": "month", "kunci": "2026-99"},
    ],
)
def test_a_figure_that_cannot_be_is_not_found(cast, client, page, wrong):
    client.force_login(cast.koordinator)
    assert client.get(reverse("reports:figure_tickets"), {**QUERY, **wrong}).status_code == 404


def test_a_wrong_question_gets_a_sentence(cast, page):
    answer = page(cast.pimpinan, sampai="2026-02-01")
    assert answer.status_code == 422 and "Tanggal akhir" in answer.content.decode()


def test_restricted_tickets_are_in_no_number(cast, client, page, week):
    page(cast.pimpinan)
    answer = client.get(reverse("reports:figure_tickets"), {**QUERY, "angka": "created"})
    assert week.hidden.number not in answer.content.decode() and answer.context["count"] == 4


@pytest.mark.parametrize("kind", sorted(pages.FORMATS))
def test_the_report_can_be_taken_along(cast, client, page, kind):
    page(cast.pimpinan)
    answer = client.get(reverse("reports:sla_export"), {**QUERY, "laporan": "figures", "bentuk": kind})
    assert answer.status_code == 200 and "laporan-waktu-beban" in answer["Content-Disposition"]


def test_the_document_says_what_the_page_says(cast, page, week):
    form = ReportForm(page(cast.pimpinan).wsgi_request.GET)
    assert form.is_valid()
    document = pages.PAGES["figures"].build(cast.pimpinan, form, local(6, 9))
    volume = next(table for table in document.tables if table.title == "Beban dan hasil")
    assert sum(row[1] for row in volume.rows) == 4
