"""The scripts in a real browser: drafts, confirmation, double submission, live events, under the product's CSP."""

import shutil
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from django.conf import settings
from django.template.loader import render_to_string

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
]
STATIC = Path(settings.BASE_DIR) / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"


def page_of(body, live="", scripts=("draft", "live"), htmx=False):
    tags = "".join(f'<script src="/static/js/{name}.js" defer></script>' for name in ("app", *scripts))
    if htmx:
        tags += '<script src="/static/vendor/htmx/htmx.min.js" defer></script>'
    return (
        "<!doctype html><html lang='id'><title>x</title><meta name='htmx-config' "
        'content=\'{"includeIndicatorStyles":false,"allowEval":false}\'>'
        f"<body data-live='{live}'>{body}<div data-live-notice role='status'></div>"
        f"{render_to_string('components/_ui_text.html')}{tags}"
    )


class Site(BaseHTTPRequestHandler):
    """Static files, pages given by the test, and a memory of what was posted."""

    def __init__(self, pages, posted, *args):
        self.pages, self.posted = pages, posted
        super().__init__(*args)

    def answer(self, content, kind, status=200):
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/")
            self.answer(file.read_bytes(), TYPES[file.suffix])
        elif path in self.pages:
            self.answer(self.pages[path].encode(), "text/html")
        else:
            self.answer(b"", "text/plain", 404 if path != "/favicon.ico" else 200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append((self.path, parse_qs(body.decode()), self.headers.get("X-CSRFToken")))
        if self.path == "/lambat":
            # Answered only when the test has pressed the button again.
            self.server.release.wait(10)
        self.answer(self.pages.get(self.path, page_of("terkirim")).encode(), "text/html")

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def site():
    pages, posted = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, pages, posted))
    server.release = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.pages, server.posted = pages, posted
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser, site):
    """A tab that fails the test on any script error or CSP refusal."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.allow = errors.clear
    yield page
    context.close()
    assert errors == []


def form(attrs="", fields="", action="/kirim"):
    return page_of(
        f'<form method="post" action="{action}" {attrs}>{fields}'
        '<textarea name="text"></textarea><button>Kirim</button></form>'
    )


def kept(page):
    page.wait_for_timeout(600)  # drafts are written 400 ms after the last key
    return page.evaluate("Object.entries(localStorage)")


def test_draft_survives_reload_until_the_server_took_it(page, site):
    site.pages["/"] = form('data-draft="lapor"', '<input name="subject"><input type="password" name="pin">')
    page.goto("/")
    page.fill("[name=subject]", "Internet mati")
    page.fill("[name=text]", "Sejak pagi")
    page.fill("[name=pin]", "1234")
    assert "1234" not in str(kept(page))
    page.reload()
    assert page.input_value("[name=subject]") == "Internet mati"
    assert page.input_value("[name=text]") == "Sejak pagi"
    assert page.get_by_text("dipulihkan dari perangkat ini").is_visible()
    site.pages["/kirim"] = page_of('<span hidden data-draft-clear="lapor"></span>')
    page.get_by_role("button", name="Kirim").click()
    page.wait_for_url("**/kirim")
    assert kept(page) == []


def test_draft_can_be_discarded(page, site):
    site.pages["/"] = form('data-draft="lapor"')
    page.goto("/")
    page.fill("[name=text]", "Sejak pagi")
    kept(page)
    page.reload()
    page.get_by_role("button", name="Hapus draf").click()
    assert page.input_value("[name=text]") == ""
    assert kept(page) == []


def test_words_of_the_server_win_over_the_draft(page, site):
    site.pages["/"] = form('data-draft="lapor"')
    page.goto("/")
    page.fill("[name=text]", "lama")
    kept(page)
    site.pages["/"] = form('data-draft="lapor"').replace('<textarea name="text">', '<textarea name="text">baru')
    page.reload()
    assert page.input_value("[name=text]") == "baru"


def test_confidential_words_are_never_kept(page, site):
    choice = (
        '<select name="c" data-draft-off-values="secret whistleblowing">'
        "<option>normal</option><option>secret</option></select>"
    )
    site.pages["/"] = form('data-draft="lapor"', choice)
    page.goto("/")
    page.fill("[name=text]", "Rahasia")
    assert "Rahasia" in str(kept(page))
    page.select_option("[name=c]", "secret")
    assert kept(page) == []
    page.fill("[name=text]", "Rahasia sekali")
    assert kept(page) == []
    site.pages["/"] = form('data-draft-off="lapor"')
    page.reload()
    page.fill("[name=text]", "Rahasia")
    assert kept(page) == []


def test_without_connection_nothing_is_sent_and_nothing_is_lost(page, site):
    site.pages["/"] = form('data-draft="lapor"')
    page.goto("/")
    page.fill("[name=text]", "Sejak pagi")
    page.context.set_offline(True)
    page.get_by_role("button", name="Kirim").click()
    assert "Tidak ada sambungan" in page.inner_text("[data-live-notice]")
    assert site.posted == []
    page.context.set_offline(False)
    page.get_by_role("button", name="Kirim").click()
    page.wait_for_url("**/kirim")
    assert site.posted[0][1]["text"] == ["Sejak pagi"]


def test_a_form_is_sent_once(page, site):
    site.pages["/"] = form(action="/lambat")
    page.goto("/")
    page.evaluate("b = document.querySelector('form button'); b.click(); setTimeout(() => b.click(), 100)")
    page.wait_for_timeout(300)
    site.release.set()
    page.wait_for_url("**/lambat")
    assert len(site.posted) == 1


def test_confirmation_asks_and_keeps_the_pressed_button(page, site):
    site.pages["/"] = page_of(
        '<form method="post" action="/kirim">'
        '<button name="act" value="close" data-confirm="Tutup tiket?">Tutup</button></form>'
    )
    page.goto("/")
    page.get_by_role("button", name="Tutup").click()
    dialog = page.get_by_role("dialog")
    assert "Tutup tiket?" in dialog.inner_text()
    dialog.get_by_role("button", name="Batal").click()
    assert site.posted == []
    page.get_by_role("button", name="Tutup").click()
    page.keyboard.press("Escape")
    assert site.posted == []
    page.get_by_role("button", name="Tutup").click()
    dialog.get_by_role("button", name="Ya, lanjutkan").click()
    page.wait_for_url("**/kirim")
    assert [body for _, body, _ in site.posted] == [{"act": ["close"]}]


def test_htmx_sends_the_csrf_token_and_asks_in_our_dialog(page, site):
    site.pages["/"] = page_of('<button hx-post="/kirim" hx-confirm="Yakin?">Ambil</button>', htmx=True)
    page.context.add_cookies([{"name": "csrftoken", "value": "rahasia", "url": site.url}])
    page.goto("/")
    page.get_by_role("button", name="Ambil").click()
    page.get_by_role("dialog").get_by_role("button", name="Ya, lanjutkan").click()
    page.get_by_text("terkirim").wait_for()
    assert site.posted == [("/kirim", {}, "rahasia")]


def test_live_page_refreshes_reconnects_and_shows_who_is_typing(page, site):
    sockets = []
    heard = []

    def accept(socket):
        socket.on_message(lambda text: heard.append(text))
        sockets.append(socket)

    page.route_web_socket("**/ws/kerja/", accept)
    parts = "".join(
        f'<p id="{name}" hx-get="/{name}" hx-trigger="{trigger} from:body">lama</p>'
        for name, trigger in (("a", "live:queue"), ("t7", "live:ticket-7"), ("t8", "live:ticket-8"))
    )
    site.pages["/"] = page_of(
        f'{parts}<p data-presence id="who"></p><textarea data-typing></textarea>', live="/ws/kerja/", htmx=True
    )
    site.pages.update({"/a": "antrean baru", "/t7": "tiket baru", "/t8": "lain"})
    page.goto("/")
    page.wait_for_function("window.htmx")
    for _ in range(100):
        if sockets:
            break
        page.wait_for_timeout(50)
    sockets[0].send('{"type":"queue"}')
    page.get_by_text("antrean baru").wait_for()
    sockets[0].send('{"type":"ticket","id":7}')
    page.get_by_text("tiket baru").wait_for()
    assert page.inner_text("#t8") == "lama"
    sockets[0].send('{"type":"presence","people":["Budi <b>","Rina"]}')
    page.get_by_text("Budi <b>, Rina sedang membalas").wait_for()
    page.type("textarea", "halo")
    page.get_by_text("Budi").wait_for()
    assert heard == ['{"type":"typing"}']
    sockets[0].close()
    page.get_by_text("lain").wait_for(timeout=8000)
    assert len(sockets) == 2
    assert page.inner_text("#who") == ""
