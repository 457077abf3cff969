"""One day at the desk: three people report in three ways and are answered by the way they came."""

import re

from playwright.sync_api import expect

from tests.e2e.people import Chat, Correspondent, Window
from tests.e2e.reports import PHOTO, Case, by_mail, by_telegram, by_web, handle, in_queue, see_each_other


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
    see_each_other(open_window(user="agen"), open_window(user="koordinator"), case)
