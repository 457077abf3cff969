"""One day at the desk: three people report in three ways and are answered by the way they came."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.e2e.people import Chat, Correspondent, Window, number_and_code

PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 40
QUESTION = "Sejak pukul berapa, dan apa bunyi pesannya?"
ANSWER = "Sejak pukul delapan, pesannya: sambungan ditolak."
SOLUTION = "Perangkat di ruang server sudah dimulai ulang dan diuji."


@dataclass(frozen=True)
class Case:
    """A report and its reporter: `answer` writes to the desk, `hears` waits for words of the desk, by one channel."""

    subject: str
    number: str
    code: str
    answer: Callable[[str], object]
    hears: Callable[[str], object]


def by_web(citizen: Window) -> Case:
    """A citizen without an account, at a phone of 360 px."""
    subject = "Situs kecamatan tidak dapat dibuka"
    page = citizen.go("/")
    page.get_by_role("link", name="Laporkan gangguan").click()
    page.get_by_label("Perihal").fill(subject)
    page.get_by_label("Penjelasan").fill("Halaman kosong sejak tadi pagi, sudah dicoba dari dua ponsel.")
    page.get_by_label("Nama", exact=True).fill("Yuni Astuti")
    page.get_by_role("button", name="Kirim laporan").click()
    expect(page.get_by_role("heading", name="Laporan Anda sudah kami terima")).to_be_visible()
    number, code = page.locator(".code-card dd").all_inner_texts()
    page.get_by_role("button", name="Buka tiket ini").click()
    expect(page.get_by_role("heading", name=subject)).to_be_visible()

    def answer(text: str) -> None:
        page.get_by_label("Balasan Anda").fill(text)
        page.get_by_role("button", name="Kirim balasan").click()
        expect(page.locator(".msg-mine", has_text=text)).to_be_visible()

    def hears(text: str) -> None:
        page.goto("/lacak/tiket/")
        expect(page.locator(".msg", has_text=text)).to_be_visible()

    return Case(subject, number, code, answer, hears)


def by_mail(person: Correspondent) -> Case:
    subject = "Email dinas tidak menerima surat"
    person.write(subject, "Sejak pagi tidak ada surat masuk ke kotak dinas kami.\n\nSalam,\nTri")
    number, code = number_and_code(person.hears("Kode akses").text)

    def answer(text: str) -> None:
        person.write(f"Re: [{number}] {subject}", text, answering=person.hears(QUESTION))

    return Case(subject, number, code, answer, person.hears)


def by_telegram(person: Chat) -> Case:
    """The guided report, with a photo."""
    subject = "Wi-Fi alun-alun mati"
    person.say("/mulai")
    person.hears("Selamat datang")
    person.press("Ada gangguan")
    person.hears("Layanan apa")
    person.press("Lainnya")
    person.hears("Ceritakan")
    person.show(PHOTO, subject)
    person.hears("Lampiran: 1")
    person.press("Kirim")
    number, code = number_and_code(person.hears("Kode akses"))
    return Case(subject, number, code, person.say, person.hears)


def in_queue(page: Page, case: Case):
    return page.locator("#queue tbody tr", has_text=case.number).get_by_role("link", name=case.subject)


def step(page: Page, label: str, **inputs: str) -> None:
    """Open the panel of a step, fill it in by field names, and run it."""
    page.locator("#ticket-head").get_by_role("link", name=label, exact=True).click()
    panel = page.locator("#step-panel")
    for name, value in inputs.items():
        field = panel.locator(f"[name={name}]")
        field.select_option(value) if field.evaluate("el => el.tagName") == "SELECT" else field.fill(value)
    panel.get_by_role("button", name=label, exact=True).click()
    expect(page.get_by_text(f"Langkah “{label}” sudah dijalankan.")).to_be_visible()


def handle(agent: Window, case: Case) -> None:
    """Assign, ask back, hear the answer without reloading, and resolve."""
    page = agent.go("/kerja/")
    in_queue(page, case).click()
    clocks, state = page.locator("#ticket-facts"), page.locator("#ticket-head")
    expect(clocks).to_contain_text("Penyelesaian")
    step(page, "Tugaskan", team="meja-layanan", assignee="agen")
    expect(state).to_contain_text("Budi Santoso")
    expect(clocks).not_to_contain_text("berhenti, sisa")
    step(page, "Tunggu", reason="requester", note=QUESTION)
    expect(clocks).to_contain_text("berhenti, sisa")
    expect(state).to_contain_text("Menunggu")
    case.hears(QUESTION)
    page.evaluate("window.opened = 1")
    case.answer(ANSWER)
    answered = page.locator("#conversation .msg", has_text=ANSWER)
    expect(answered).to_be_visible(timeout=30_000)
    assert "berhenti" not in clocks.inner_text()
    assert QUESTION not in answered.inner_text(), "the quoted question is no part of the answer"
    assert page.evaluate("window.opened") == 1
    step(page, "Selesaikan", code="fixed", solution=SOLUTION)
    expect(state).to_contain_text("Terselesaikan")
    case.hears(SOLUTION)


def test_three_ways_in_one_queue_and_every_answer_by_the_same_way(desk, open_window):
    agent = open_window(user="agen")
    queue = agent.go("/kerja/")
    queue.evaluate("window.opened = 1")
    before = reported(open_window)
    cases = [
        by_web(open_window(360, is_phone=True)),
        by_mail(Correspondent(desk.mail, "asn@contoh.example", "Tri Handayani")),
        by_telegram(Chat(desk.bot, "Joko")),
    ]
    for case in cases:
        expect(in_queue(queue, case)).to_be_visible(timeout=30_000)
    assert queue.evaluate("window.opened") == 1, "the queue page was loaded again"
    photo_arrived(agent, cases[2])
    for case in cases:
        handle(agent, case)
    seen_by_management(open_window, before, cases)
    hidden_from_others(open_window, cases)


def photo_arrived(agent: Window, case: Case) -> None:
    page = agent.go(f"/kerja/tiket/{case.number}/")
    address = page.locator("#conversation .files a").get_attribute("href")
    assert page.request.get(address).body() == PHOTO


def reported(open_window) -> int:
    """How many tickets the report of this month counts."""
    window = open_window(user="pimpinan")
    page = window.go("/laporan/")
    return int(page.locator(".kpi", has_text="Tiket dibuat").locator(".kpi-value").inner_text().replace(".", ""))


def seen_by_management(open_window, before: int, cases: list[Case]) -> None:
    """The director sees the figures grow, opens the tickets behind one, and one of the tickets."""
    assert reported(open_window) == before + len(cases)
    window = open_window(user="pimpinan")
    page = window.go("/laporan/")
    page.locator(".kpi", has_text="Tiket dibuat").get_by_role("link", name=re.compile("selesai")).click()
    for case in cases:
        expect(page.locator("tr", has_text=case.number)).to_contain_text("Terselesaikan")
    page.get_by_role("link", name=cases[0].subject).click()
    expect(page.get_by_role("heading", name=cases[0].subject)).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(cases[0].code)


def hidden_from_others(open_window, cases: list[Case]) -> None:
    """A citizen finds none of the tickets, neither by account nor with a wrong code."""
    outsider = open_window(user="warga")
    for case in cases:
        assert outsider.status_of(f"/tiket-saya/{case.number}/") == 404
        assert outsider.status_of(f"/kerja/tiket/{case.number}/") == 403
    own = outsider.go("/tiket-saya/")
    for case in cases:
        expect(own.locator("body")).not_to_contain_text(case.number)
    assert outsider.status_of("/laporan/") == 403
    wrong_code(open_window(360, is_phone=True), cases[1], cases[0].code)


def wrong_code(stranger: Window, case: Case, code: str) -> None:
    page = stranger.go("/lacak/")
    page.get_by_label("Nomor tiket").fill(case.number)
    page.get_by_label("Kode akses").fill(code)
    with stranger.refusals(422):
        page.get_by_role("button", name="Lihat tiket").click()
        expect(page.get_by_role("alert")).to_contain_text("tidak cocok")
    expect(page.locator("body")).not_to_contain_text(case.subject)
    page.goto("/lacak/tiket/")
    expect(page.get_by_role("heading", name="Lacak tiket")).to_be_visible()


def test_two_agents_at_one_ticket_see_each_other(desk, open_window):
    case = by_mail(Correspondent(desk.mail, "ratna@contoh.example", "Ratna"))
    first, second = open_window(user="agen"), open_window(user="koordinator")
    path = f"/kerja/tiket/{case.number}/"
    one, other = first.go(path), second.go(path)
    expect(one.locator("[data-viewers]")).to_have_text("Agus Wijaya juga membuka tiket ini")
    expect(other.locator("[data-viewers]")).to_have_text("Budi Santoso juga membuka tiket ini")
    other.locator("#composer textarea").press_sequentially("Saya coba")
    expect(one.locator("[data-presence]")).to_have_text("Agus Wijaya sedang membalas")
    one.locator("#composer textarea").fill("Baik, kami periksa.")
    one.get_by_role("button", name="Kirim").click()
    expect(other.locator("#conversation")).to_contain_text("Baik, kami periksa.")
    expect(other.locator("[data-live-notice]")).to_contain_text("Tiket baru saja diperbarui")
    expect(other.locator("#composer textarea")).to_have_value("Saya coba")
    second.go("/kerja/")
    expect(one.locator("[data-viewers]")).to_have_text("")
