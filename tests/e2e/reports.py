"""Reports by the three ways people have, and an agent's work on them."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

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
    sent = person.write(subject, "Sejak pagi tidak ada surat masuk ke kotak dinas kami.\n\nSalam,\nTri")
    number, code = number_and_code(person.hears("Kode akses", answering=sent).text)

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


def in_queue(page: Page, case: Case) -> Locator:
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


def see_each_other(first: Window, second: Window, case: Case) -> None:
    """Budi and Agus have the same ticket open; Agus is writing when Budi answers."""
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
