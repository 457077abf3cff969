"""Every page, for everybody: rules of accessibility, light and dark, wide and narrow."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import axe
from tests.e2e.desks import until
from tests.e2e.people import Correspondent, Window

VISITOR = [
    "/",
    "/layanan/",
    "/layanan/?q=email",
    "/layanan/internet-kantor/",
    "/lapor/",
    "/lapor/?jenis=incident",
    "/lapor/?jenis=complaint",
    "/lacak/",
    "/kinerja/",
    "/akun/login/",
    "/akun/password/reset/",
]
AGENT = ["/kerja/", "/kerja/?tab=selesai&q=tidak-ada", "/kerja/baru/", "/kerja/karantina/"]
TICKET = ["", "langkah/assign/", "ubah/"]
MANAGER = [
    "/laporan/",
    "/laporan/angka/?periode=tahun-ini",
    "/laporan/rekap/",
    "/laporan/tersimpan/",
    "/laporan/?periode=tahun-ini&kelompok=service",
    "/laporan/?dari=2026-02-01&sampai=2026-01-01",
]
SCREENS = [(1280, "light"), (360, "light"), (1280, "dark"), (320, "light")]

pytestmark = pytest.mark.parametrize("width, scheme", SCREENS)


class Walk:
    """Visits pages at one width and writes down what is wrong with them."""

    def __init__(self, window: Window, width: int) -> None:
        self.window, self.width = window, width
        self.findings: list[str] = []

    def visit(self, path: str) -> Page:
        with self.window.refusals(404, 422):
            page = self.window.go(path)
        self.look()
        return page

    def look(self) -> None:
        page = self.window.page
        where = f"{page.url.removeprefix(self.window.base_url)} ({self.width})"
        wide = axe.sideways(page)
        if wide:
            self.findings.append(f"{where}: {wide} px wider than the window")
        if self.width > 320:
            self.findings += [f"{where}: {line}" for line in axe.violations(page)]


def report(page: Page, subject: str) -> None:
    page.goto("/lapor/?jenis=incident")
    page.get_by_label("Perihal").fill(subject)
    page.get_by_label("Penjelasan").fill("Tidak dapat dibuka sejak pagi.")
    page.get_by_label("Nama", exact=True).fill("Sari")
    page.get_by_role("button", name="Kirim laporan").click()
    page.wait_for_url("**/lapor/terima-kasih/")


def test_pages_of_visitors(open_window, width, scheme):
    window = open_window(width, is_phone=width == 360, color_scheme=scheme)
    walk = Walk(window, width)
    for path in VISITOR:
        walk.visit(path)
    page = walk.visit("/tidak-ada/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/lapor/?jenis=complaint")
    page.evaluate("document.querySelector('main form').noValidate = true")
    with window.refusals(422):
        page.get_by_role("button", name="Kirim pengaduan").click()
        expect(page.get_by_role("alert").first).to_be_visible()
    walk.look()
    report(page, "Situs desa tidak terbuka")
    walk.look()
    page.get_by_role("button", name="Buka tiket ini").click()
    page.wait_for_url("**/lacak/tiket/")
    walk.look()
    assert walk.findings == []


def test_pages_of_signed_in_reporters(open_window, width, scheme):
    window = open_window(width, user="asn", is_phone=width == 360, color_scheme=scheme)
    walk = Walk(window, width)
    page = walk.visit("/tiket-saya/")
    page.get_by_role("link", name="Printer loket 3 macet").click()
    page.wait_for_url("**/tiket-saya/*-*/")
    walk.look()
    walk.visit("/tiket-saya/?tampil=tidak-ada")
    walk.visit("/akun/password/change/")
    assert walk.findings == []


@pytest.fixture(scope="module")
def quarantined(desk):
    """An automatic answer in quarantine, so that its pages have something to show."""
    bot = Correspondent(desk.mail, "cuti@contoh.example", "Sedang Cuti")
    bot.write("Jawaban otomatis: sedang cuti", "Saya kembali pekan depan.", headers={"Auto-Submitted": "auto-replied"})


def test_pages_of_agents(open_window, quarantined, width, scheme):
    window = open_window(width, user="agen", is_phone=width == 360, color_scheme=scheme)
    walk = Walk(window, width)
    for path in AGENT:
        walk.visit(path)
    link = window.page.get_by_role("link", name="Jawaban otomatis")
    until(lambda: link.count() or not window.go("/kerja/karantina/"), what="the mail in quarantine")
    link.first.click()
    page = window.page
    page.wait_for_url(re.compile(r"/karantina/\d+/"))
    walk.look()
    page.goto("/kerja/")
    address = page.get_by_role("link", name="Internet lambat setiap siang").get_attribute("href")
    for part in TICKET:
        walk.visit(f"{address}{part}")
    page.goto(address)
    page.get_by_role("link", name="Tugaskan", exact=True).click()
    expect(page.locator("#step-panel [name=team]")).to_be_focused()
    walk.look()
    assert walk.findings == []


def test_pages_of_managers(open_window, width, scheme):
    window = open_window(width, user="pimpinan", is_phone=width == 360, color_scheme=scheme)
    walk = Walk(window, width)
    for path in MANAGER:
        walk.visit(path)
    page = window.go("/laporan/")
    page.locator(".kpi-value a").first.click()
    page.wait_for_url("**/laporan/tiket/**")
    walk.look()
    page.locator("td.subject a").first.click()
    page.wait_for_url("**/kerja/tiket/*/")
    walk.look()
    assert walk.findings == []
