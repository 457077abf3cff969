"""A manager reads the figures, opens the tickets behind one, keeps the report, takes it along; the public sees less."""

from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.people import Window

YEAR = "periode=tahun-ini&kelompok=kind"


def saved_as(window: Window, link: str) -> tuple[str, bytes]:
    """The file behind a link: its name, and what is in it."""
    with window.page.expect_download() as waiting:
        window.page.get_by_role("link", name=link, exact=True).click()
    path = waiting.value.path()
    return waiting.value.suggested_filename, Path(path).read_bytes()


def number_of(text: str) -> int:
    return int(text.replace(".", ""))


def listed(window: Window) -> int:
    """The tickets of a list, through all its pages."""
    page, found = window.page, 0
    while True:
        found += page.locator("td.subject").count()
        following = page.locator("a[rel=next]")
        if not following.count():
            return found
        following.first.click()
        page.wait_for_load_state()


def test_a_manager_follows_a_number_to_its_tickets_and_keeps_the_report(open_window):
    window = open_window(user="pimpinan")
    page = window.go(f"/laporan/angka/?{YEAR}")
    cell = page.locator("section", has_text="Beban dan hasil").locator("tbody td.num a").first
    number = number_of(cell.inner_text())
    cell.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tiket di balik angka")
    assert number_of(page.locator("h1 .count").inner_text()) == listed(window) == number > 0
    page.get_by_role("link", name="Kembali ke laporan").click()
    name, content = saved_as(window, "Unduh XLSX")
    assert name.startswith("laporan-waktu-beban-") and name.endswith(".xlsx") and content.startswith(b"PK")
    name, content = saved_as(window, "PDF")
    assert name.endswith(".pdf") and content.startswith(b"%PDF")
    page.get_by_role("link", name="Simpan", exact=True).click()
    page.get_by_label("Nama").fill("Beban tahun ini")
    page.get_by_role("button", name="Simpan").click()
    expect(page.get_by_text("Laporan “Beban tahun ini” disimpan.")).to_be_visible()
    page.get_by_role("link", name="Beban tahun ini", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waktu, beban, dan sebab")


def test_a_manager_reads_the_recap_and_prints_it(open_window):
    window = open_window(width=360, is_phone=True, user="pimpinan")
    page = window.go("/laporan/rekap/")
    page.get_by_label("Atau satu tahun").select_option(index=1)
    page.get_by_role("button", name="Tampilkan").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rekap Tahunan")
    late = page.locator(".kpi", has_text="Tenggat penyelesaian lewat").locator(".kpi-value a")
    number = number_of(late.inner_text())
    late.click()
    assert number_of(page.locator("h1 .count").inner_text()) == listed(window) == number > 0
    page.get_by_role("link", name="Kembali ke laporan").click()
    name, content = saved_as(window, "Unduh PDF")
    assert name.startswith("rekap-") and content.startswith(b"%PDF")


def test_anybody_sees_how_services_do(open_window):
    window = open_window()
    page = window.go("/kinerja/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kinerja layanan")
    page.get_by_role("link", name="3 bulan terakhir").click()
    expect(page.get_by_role("link", name="3 bulan terakhir")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("heading", name="Cara membaca")).to_be_visible()
    name, content = saved_as(window, "CSV")
    assert name.startswith("kinerja-layanan-3-bulan-") and "Layanan" in content.decode("utf-8-sig").splitlines()[0]
