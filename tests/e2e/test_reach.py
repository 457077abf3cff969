"""Nobody is left out: the keyboard alone, a thin line, no JavaScript."""

import re

from playwright.sync_api import Page, expect

FIRST_VISIT_BYTES = 100 * 1024
FOCUSED = """() => { const el = document.activeElement; const style = getComputedStyle(el);
  return {name: el.name || el.id || el.textContent.trim(), text: el.textContent.trim(),
    seen: style.outlineStyle !== "none" || style.boxShadow !== "none"}; }"""


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the element with this name or text has the focus, and see the focus on the way."""
    passed = []
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused["seen"], f"the focus does not show at {focused['name']!r}"
        assert focused["name"] != "website", "the trap for programs catches people at the keyboard"
        if wanted in (focused["name"], focused["text"]):
            return
        passed.append(focused["name"])
    raise AssertionError(f"Tab never came to {wanted!r}, only to {passed}")


def test_reporting_by_keyboard_alone(open_window):
    page = open_window().go("/")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["text"] == "Langsung ke isi"
    page.keyboard.press("Enter")
    tab_to(page, "Laporkan gangguan")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lapor/?jenis=incident")
    words = {"subject": "Printer kantor desa macet", "text": "Kertas tersangkut.", "name": "Made"}
    for name in ("subject", "text"):
        tab_to(page, name)
        page.keyboard.type(words[name])
    tab_to(page, "service")
    page.keyboard.type("Internet")
    assert page.locator("[name=service]").input_value()
    tab_to(page, "name")
    page.keyboard.type(words["name"])
    tab_to(page, "Kirim laporan")
    page.keyboard.press("Enter")
    expect(page.locator(".code-card dd").first).to_have_text(re.compile(r"^GGN-"))


def test_first_visit_is_light(open_window):
    window = open_window(360, is_phone=True)
    network = window.context.new_cdp_session(window.page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    window.page.goto("/", wait_until="networkidle")
    assert len(sizes) >= 3 and sum(sizes) <= FIRST_VISIT_BYTES, sizes


def test_reporting_without_javascript(open_window):
    page = open_window(360, is_phone=True, java_script_enabled=False).go("/")
    page.get_by_role("link", name="Sampaikan pengaduan").click()
    page.get_by_label("Anonim").check()
    page.get_by_label("Perihal").fill("Antrean KTP tidak dilayani")
    page.get_by_label("Penjelasan").fill("Loket tutup sebelum waktunya.")
    page.get_by_role("button", name="Kirim pengaduan").click()
    number, code = page.locator(".code-card dd").all_inner_texts()
    page.get_by_role("button", name="Sudah saya simpan").click()
    page.get_by_role("link", name="Lacak", exact=True).click()
    page.get_by_label("Nomor tiket").fill(number)
    page.get_by_label("Kode akses").fill(code.lower())
    page.get_by_role("button", name="Lihat tiket").click()
    page.get_by_label("Balasan Anda").fill("Kejadiannya hari Senin.")
    page.get_by_role("button", name="Kirim balasan").click()
    expect(page.locator(".msg-mine").last).to_contain_text("Kejadiannya hari Senin.")


def test_working_without_javascript(desk, open_window):
    """An agent whose browser runs no scripts still gets through a ticket."""
    page = open_window(user="agen", java_script_enabled=False).go("/kerja/")
    page.get_by_role("link", name="Pinjam proyektor untuk sosialisasi desa").click()
    page.locator("#ticket-head").get_by_role("button", name="Tugaskan ke saya").click()
    page.locator("#ticket-head").get_by_role("link", name="Alihkan", exact=True).click()
    page.locator("[name=team]").select_option("perangkat")
    page.get_by_role("button", name="Alihkan", exact=True).click()
    expect(page.locator("#ticket-head")).to_contain_text("Perangkat")
