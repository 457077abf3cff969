"""The five kinds of work in a browser, each step by the person whose step it is."""

import re
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.e2e.desks import Desk
from tests.e2e.people import NUMBER, Correspondent, Window
from tests.e2e.reports import step

OpenWindow = Callable[..., Window]
INCIDENTS = 12


def test_a_normal_change_from_draft_to_review(open_window: OpenWindow):
    agent, judge = open_window(user="agen"), open_window(user="koordinator")
    number = propose(agent, "Ganti firewall utama")
    page = open_ticket(agent, number)
    step(page, "Ajukan")
    assess(page)
    step(page, "Minta persetujuan")
    expect(page.locator("#ticket-head").get_by_role("link", name="Jadwalkan", exact=True)).to_have_count(0)
    approve(judge, number)
    window = schedule(page, number, hour=20)
    step(page, "Mulai laksanakan")
    page = open_ticket(agent, number)
    page.get_by_label("Catatan baru").fill("Perangkat baru terpasang di rak 2.")
    page.get_by_role("button", name="Simpan catatan").click()
    expect(page.locator("#ticket-change-log")).to_contain_text("Perangkat baru terpasang di rak 2.")
    step(page, "Terlaksana", note="Lalu lintas pindah tanpa putus.")
    review(page)
    finish(page, "Tutup", "Ditutup")
    calendar = agent.go(f"/kerja/perubahan/kalender/?bulan={window:%Y-%m}")
    expect(calendar.get_by_text(number).first).to_be_visible()


def test_an_emergency_change_is_assessed_before_it_closes(open_window: OpenWindow):
    agent, judge = open_window(user="agen"), open_window(user="koordinator")
    number = propose(agent, "Tambal celah server surel", change_type="emergency")
    page = open_ticket(agent, number)
    step(page, "Ajukan")
    step(page, "Minta persetujuan")
    approve(judge, number)
    schedule(page, number, hour=21)
    step(page, "Mulai laksanakan")
    step(page, "Terlaksana", note="Tambalan terpasang.")
    review(page)
    expect(page.locator("#ticket-head").get_by_role("button", name="Tutup", exact=True)).to_have_count(0)
    assess(page, "Lengkapi kajian")
    finish(page, "Tutup", "Ditutup")


def test_a_request_is_rejected_and_resubmitted(open_window: OpenWindow):
    citizen, owner, agent = open_window(360, user="asn"), open_window(user="penghubung"), open_window(user="agen")
    page = citizen.go("/lapor/?jenis=request&layanan=akses-data-kependudukan")
    page.get_by_label("Perihal").fill("Akses data kependudukan untuk bansos")
    page.get_by_label("Penjelasan").fill("Mohon akses baca.")
    page.get_by_role("button", name=re.compile("^Kirim")).click()
    number = number_on(page)
    page = open_ticket(owner, number)
    step(page, "Tolak", reason="Sebutkan dasar hukumnya.")
    expect(page.locator("#ticket-head")).to_contain_text("Ditolak")
    page = citizen.go(f"/tiket-saya/{number}/")
    expect(page.get_by_text("Sebutkan dasar hukumnya.")).to_be_visible()
    fold = page.locator("#langkah-resubmit")
    fold.locator("summary").click()
    fold.locator("[name=reason]").fill("Dasarnya Perbup 12/2026.")
    fold.get_by_role("button", name="Perbaiki dan ajukan lagi").click()
    expect(page.get_by_text("Menunggu Persetujuan").first).to_be_visible()
    approve(owner, number)
    approve(open_window(user="koordinator"), number)
    page = open_ticket(agent, number)
    expect(page.locator("#ticket-head")).to_contain_text("Disetujui")
    step(page, "Mulai kerjakan")
    step(page, "Penuhi", solution="Akses baca sudah dibuka sampai 31 Desember.")
    page = citizen.go(f"/tiket-saya/{number}/")
    page.get_by_role("button", name="Sudah selesai, tutup tiket").click()
    expect(page.get_by_text("Ditutup").first).to_be_visible()


def test_a_complaint_goes_to_an_office_and_back(open_window: OpenWindow):
    citizen, agent, office = open_window(360, user="warga"), open_window(user="agen"), open_window(user="penghubung")
    page = citizen.go("/lapor/?jenis=complaint")
    page.get_by_label("Perihal").fill("Antrean KTP tidak tertib")
    page.get_by_label("Penjelasan").fill("Nomor antrean dilewati dua kali.")
    page.get_by_role("button", name=re.compile("^Kirim")).click()
    number = number_on(page)
    page = open_ticket(agent, number)
    step(page, "Verifikasi", complaint_class="ordinary")
    step(page, "Disposisi", office="dukcapil", note="Mohon ditindaklanjuti.")
    expect(page.locator("#ticket-head")).to_contain_text("Didisposisi")
    page = open_ticket(office, number)
    step(page, "Kembalikan", reason="Loket ini dikelola kecamatan.")
    page = open_ticket(agent, number)
    expect(page.locator("#ticket-head")).to_contain_text("Terverifikasi")
    step(page, "Disposisi", office="dukcapil", note="Loketnya ada di kantor Dukcapil.")
    page = open_ticket(office, number)
    step(page, "Mulai tindak lanjut")
    step(page, "Kirim tindak lanjut", answer="Petugas loket sudah ditegur dan antrean memakai layar.")
    page = citizen.go(f"/tiket-saya/{number}/")
    expect(page.get_by_text("Petugas loket sudah ditegur")).to_be_visible()
    page.get_by_role("button", name="Sudah selesai, tutup tiket").click()
    expect(page.get_by_text("Selesai").first).to_be_visible()


def test_a_problem_closes_its_incidents_and_each_reporter_hears_once(open_window: OpenWindow, desk: Desk):
    agent = open_window(user="agen")
    people = [Correspondent(desk.mail, f"korban{n}@contoh.example", f"Korban {n}") for n in range(INCIDENTS)]
    for person in people:
        person.write("Surel tertunda", f"Surel saya terlambat dua jam. {person.name}")
    numbers = [number_of(person.hears("Kode akses").text) for person in people]
    problem = propose(agent, "Antrean surel menumpuk", kind="problem")
    page = open_ticket(agent, problem)
    page.get_by_label("Tautkan gangguan").fill("\n".join(numbers))
    page.get_by_role("button", name="Tautkan", exact=True).click()
    expect(page.locator("#gangguan-tertaut")).to_contain_text(f"{INCIDENTS} tertaut, {INCIDENTS} masih terbuka")
    step(page, "Selidiki")
    page.locator("#ticket-head").get_by_role("link", name="Selesaikan", exact=True).click()
    panel = page.locator("#step-panel")
    panel.locator("[name=code]").select_option("fixed")
    panel.locator("[name=solution]").fill("Penyaring spam diganti.")
    panel.locator("[name=resolve_incidents]").check()
    panel.locator("[name=incident_message]").fill("Surel Anda kembali lancar sejak pukul 10.")
    panel.get_by_role("button", name="Selesaikan", exact=True).click()
    expect(page.locator("#ticket-head")).to_contain_text("Terselesaikan")
    expect(page.locator("#gangguan-tertaut")).to_contain_text(f"{INCIDENTS} tertaut, 0 masih terbuka")
    for person in people:
        person.hears("kembali lancar sejak pukul 10")
        letters = [each for each in desk.mail.smtp.messages_to(person.address) if "kembali lancar" in each.text]
        assert len(letters) == 1


def propose(agent: Window, subject: str, kind: str = "change", change_type: str = "") -> str:
    """A problem or change in one's own name; returns its number."""
    page = agent.go("/kerja/baru/")
    page.locator("[name=channel]").select_option("web")
    page.locator("[name=kind]").select_option(kind)
    page.get_by_label("Perihal").fill(subject)
    page.get_by_label("Isi laporan").fill("Diusulkan setelah rapat mingguan.")
    if change_type:
        page.locator("#more-facts summary").click()
        page.locator("[name=change_type]").select_option(change_type)
    page.get_by_role("button", name="Simpan dan tampilkan nomor tiket").click()
    expect(page.get_by_role("heading", name="Tanda terima laporan")).to_be_visible()
    return number_on(page)


def open_ticket(window: Window, number: str) -> Page:
    page = window.go(f"/kerja/tiket/{number}/")
    expect(page.locator("#ticket-head")).to_contain_text(number)
    return page


def assess(page: Page, label: str = "Kaji") -> None:
    """Answer every question of the questionnaire with its first answer, and write the plans."""
    page.locator("#ticket-head").get_by_role("link", name=label, exact=True).click()
    panel = page.locator("#step-panel")
    expect(panel.get_by_role("button", name=label, exact=True)).to_be_visible()
    for question in panel.locator("select[name^=risk_]").all():
        question.select_option(index=1)
    for name in ("impact_note", "plan", "back_out_plan", "test_plan"):
        panel.locator(f"[name={name}]").fill(f"Isi {name}.")
    panel.get_by_role("button", name=label, exact=True).click()
    expect(page.get_by_text(f"Langkah “{label}” sudah dijalankan.")).to_be_visible()


def approve(judge: Window, number: str) -> None:
    """Find the ticket among the decisions that wait for this person, and agree."""
    page = judge.go("/kerja/persetujuan/")
    page.get_by_role("link", name=f"Setujui {number}").click()
    panel = page.locator("#step-panel")
    panel.locator("[name=note]").fill("Setuju.")
    panel.get_by_role("button", name="Setujui", exact=True).click()
    expect(page.get_by_text("Langkah “Setujui” sudah dijalankan.")).to_be_visible()


def schedule(page: Page, number: str, hour: int):
    start = (timezone.localtime() + timedelta(days=3)).replace(hour=hour, minute=0)
    page.goto(f"/kerja/tiket/{number}/")
    form = "%Y-%m-%dT%H:%M"
    end = start + timedelta(minutes=45)
    step(page, "Jadwalkan", window_start=start.strftime(form), window_end=end.strftime(form))
    return start


def review(page: Page) -> None:
    page.locator("#ticket-head").get_by_role("link", name="Tinjau", exact=True).click()
    panel = page.locator("#step-panel")
    panel.locator("[name=review]").fill("Berjalan sesuai rencana.")
    achieved = panel.locator("[name=is_achieved]")
    if achieved.first.evaluate("el => el.tagName") == "SELECT":
        achieved.select_option(index=1)
    else:
        achieved.first.check()
    panel.get_by_role("button", name="Tinjau", exact=True).click()
    expect(page.get_by_text("Langkah “Tinjau” sudah dijalankan.")).to_be_visible()


def finish(page: Page, label: str, state: str) -> None:
    """A step without inputs is a button."""
    page.locator("#ticket-head").get_by_role("button", name=label, exact=True).click()
    expect(page.locator("#ticket-head")).to_contain_text(state)


def number_on(page: Page) -> str:
    expect(page.get_by_text(NUMBER).first).to_be_visible()
    return number_of(page.locator("main").inner_text())


def number_of(text: str) -> str:
    found = NUMBER.search(text)
    assert found, text
    return found[0]
