import gzip
import re

import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Service, ServiceCategory
from sla.models import Policy, PolicyTarget
from tests import factories
from tests.portal.conftest import page
from tickets import workflow
from tickets.models import IncidentDetail
from tickets.views.portal import catalog, home

LIMIT = 100 * 1024


@pytest.fixture
def many(cast):
    network = ServiceCategory.objects.create(code="jaringan", name="Jaringan", position=1)
    for i in range(30):
        factories.service(f"aplikasi-{i:02}", description="Surat menyurat", owner_office=factories.office("dukcapil"))
    factories.service("wifi", category=network, name="WiFi Kecamatan")


def names(response):
    return [service.code for service in response.context["page"]]


def test_every_word_of_the_query_must_match(many, client):
    assert names(client.get("/layanan/", {"q": "wifi kecamatan"})) == ["wifi"]
    assert names(client.get("/layanan/", {"q": "jaringan"})) == ["wifi"]
    assert names(client.get("/layanan/", {"q": "aplikasi-07 dukcapil"})) == []
    assert names(client.get("/layanan/", {"q": "Aplikasi 07 dukcapil surat"})) == ["aplikasi-07"]
    factories.service("zona", name="Jaringan rumah sakit")
    assert names(client.get("/layanan/", {"q": "jaringan"})) == ["zona", "wifi"]
    empty = client.get("/layanan/", {"q": "%_' tidak ada"})
    assert names(empty) == [] and "Tidak ada layanan yang cocok" in page(empty)
    assert client.get("/layanan/", {"q": "a\x00b", "hal": "rusak"}).status_code == 200


def test_categories_and_pages(many, client):
    first = client.get("/layanan/")
    assert len(names(first)) == catalog.PAGE_SIZE and names(first)[0] == "wifi"
    rest = client.get("/layanan/", {"hal": "2"})
    assert len(names(rest)) == 31 - catalog.PAGE_SIZE and not set(names(first)) & set(names(rest))
    assert names(client.get("/layanan/", {"kategori": "jaringan"})) == ["wifi"]
    assert "kategori=umum&amp;q=surat" in client.get("/layanan/?q=surat&kategori=umum").content.decode()


def test_retired_and_planned_services_are_not_offered(cast, client, service):
    for code, status in (("lama", Service.Status.RETIRED), ("kelak", Service.Status.PLANNED)):
        factories.service(code, status=status)
        assert client.get(f"/layanan/{code}/").status_code == 404
    assert names(client.get("/layanan/")) == ["email-dinas"]
    assert client.get("/layanan/tidak-ada/").status_code == 404


def test_a_service_says_what_it_promises(cast, client, service):
    special = Policy.objects.create(name="Email", service=service, kind="request")
    PolicyTarget.objects.create(policy=special, metric="resolution", working_days=2)
    shown = page(client.get("/layanan/email-dinas/"))
    assert "Ditanggapi paling lama 1 jam kerja, selesai paling lama 8 jam kerja." in shown
    assert "selesai paling lama 2 hari kerja." in shown and "Ajukan permintaan" in shown
    factories.service("simpeg")
    assert "Ajukan permintaan" not in page(client.get("/layanan/simpeg/"))


def major(ticket, words="Server padam"):
    IncidentDetail.objects.filter(ticket=ticket).update(is_major=True, public_notice=words)


def test_major_incidents_are_announced_while_open(cast, client):
    ticket = factories.ticket(requester=cast.warga, subject="Perihal internal")
    assert "Server padam" not in page(client.get("/"))
    major(ticket)
    shown = page(client.get("/"))
    assert "Server padam" in shown and "Perihal internal" not in shown
    workflow.perform(ticket.pk, "cancel", cast.warga, reason="Keliru")
    assert "Server padam" not in page(client.get("/"))


def test_restricted_tickets_are_never_announced_or_counted(cast, client, service):
    ticket = factories.ticket("incident", confidentiality="secret", service=service)
    major(ticket, "Kebocoran data")
    assert "Kebocoran" not in page(client.get("/"))
    assert home._most_reported() == []


def test_popular_services_come_first(many, client):
    wanted = Service.objects.get(code="aplikasi-20")
    for _ in range(2):
        factories.ticket(service=wanted)
    factories.ticket(service=Service.objects.get(code="aplikasi-10"))
    cache.clear()
    codes = [service.code for service in client.get("/").context["popular"]]
    assert codes[:3] == ["aplikasi-20", "aplikasi-10", "wifi"] and len(codes) == len(set(codes)) == 6


@pytest.mark.parametrize("address", ["/", "/layanan/", "/lapor/?jenis=incident", "/layanan/aplikasi-0/"])
def test_queries_do_not_grow(cast, client, address):
    def measure(count):
        for i in range(count):
            made = factories.service(f"aplikasi-{i}", owner_office=factories.office(f"dinas-{i}"))
            major(factories.ticket(service=made))
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    few = measure(3)
    assert measure(30) <= few <= 12


def transferred(client, address):
    """Bytes of a first visit: the page and every file it names, as the server compresses them."""
    html = client.get(address).content
    total = len(gzip.compress(html))
    found = set(re.findall(r'(?:src|href)="/static/([^"#?]+)', html.decode()))
    assert found
    for name in found:
        path = finders.find(name)
        assert path, name
        with open(path, "rb") as file:  # noqa: PTH123 - a path of the finder
            total += len(gzip.compress(file.read()))
    return total


@pytest.mark.parametrize("address", ["/", "/layanan/", "/lapor/?jenis=complaint", "/lacak/"])
def test_a_first_visit_is_light(many, client, address):
    for i in range(70):
        factories.office(f"dinas-{i}", name=f"Dinas Urusan Nomor {i} Kabupaten")
    assert transferred(client, address) <= LIMIT
    html = client.get(address).content.decode()
    assert not re.findall(r'(?:src|href)="https?://', html)
