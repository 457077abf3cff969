"""A coordinator changes the working hours in a browser, and an open ticket shows what became of its deadline."""

from collections.abc import Callable
from datetime import date, timedelta

from django.utils import timezone
from playwright.sync_api import expect

from sla import packaged
from tests.e2e.people import Window
from tests.e2e.test_workflows import open_ticket, propose

OpenWindow = Callable[..., Window]
PATIENCE = 30_000
"""Milliseconds for the worker to come round."""


def test_a_local_holiday_from_the_form_to_the_ticket(open_window: OpenWindow):
    agent, coordinator = open_window(user="agen"), open_window(360, user="koordinator")
    number = propose(agent, "Jaringan aula berulang kali lambat", kind="problem")
    page = coordinator.go("/kerja/sla/kalender/")
    page.get_by_role("link", name="Jam kerja ASN", exact=True).click()
    page.get_by_role("link", name="Tambah", exact=True).click()
    page.get_by_label("Tanggal").fill(next_workday().isoformat())
    page.get_by_label("Nama").fill("Hari jadi kabupaten")
    page.get_by_label("Jenis").select_option("local")
    page.get_by_role("button", name="Hitung dampaknya").click()

    dry_run = page.locator("#perubahan")
    expect(dry_run).to_contain_text("tenggat akan berubah", timeout=PATIENCE)
    row = dry_run.locator("tr", has_text=number).filter(has_text="Penyelesaian")
    old, new = (row.locator("td").nth(column).inner_text().rpartition(": ")[2].strip() for column in (2, 3))
    assert old != new
    expect(open_ticket(agent, number).locator("#ticket-facts")).to_contain_text(old)

    page.get_by_role("link", name="Terapkan").click()
    page.get_by_role("button", name="Terapkan").click()
    expect(dry_run).to_contain_text("tenggat telah berubah", timeout=PATIENCE)
    ticket = open_ticket(agent, number)
    expect(ticket.locator("#ticket-facts")).to_contain_text(new)
    expect(ticket.locator("#ticket-facts")).not_to_contain_text(old)
    ticket.get_by_text("Riwayat", exact=False).first.click()
    expect(ticket.get_by_text("Tenggat dihitung ulang").first).to_be_visible()
    expect(ticket.get_by_text("Hari jadi kabupaten").first).to_be_visible()


def next_workday() -> date:
    """The next day that is neither a weekend nor free already; the deadline of a new problem lies beyond it."""
    day = timezone.localdate() + timedelta(days=1)
    while day.weekday() > 4 or day in packaged.holidays_of(day.year):
        day += timedelta(days=1)
    return day
