"""Demonstration accounts and history."""

import re
from datetime import timedelta

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import User
from notify.models import Delivery
from servicedesk.demo import accounts, history
from tests.reference.conftest import run
from tickets import access, timeline
from tickets.choices import RESTRICTED, Kind
from tickets.models import Ticket

NAMES = {
    "admin", "agen", "agen2", "koordinator", "penghubung", "pimpinan", "asn", "warga", "inspektorat",
}  # fmt: skip


def test_without_reference_data_it_says_what_to_do(db):
    with pytest.raises(CommandError, match="load_reference"):
        run("load_demo")


def test_accounts_get_a_password_that_is_shown_once(reference, monkeypatch):
    first = run("load_demo")
    password = re.search(r"kata sandi (\S+) \(hanya", first).group(1)
    assert set(User.objects.values_list("username", flat=True)) == NAMES
    assert all(user.check_password(password) for user in User.objects.all())
    assert len(User.objects.get(username="asn").nip) == 18
    second = run("load_demo")
    assert "kata sandi" not in second and "0 tiket baru" in second
    assert User.objects.get(username="agen").check_password(password)
    monkeypatch.setenv("DEMO_PASSWORD", "sandi-untuk-coba")
    assert "sandi-untuk-coba" not in run("load_demo")
    assert User.objects.get(username="agen").check_password("sandi-untuk-coba")


def test_a_given_password_is_set_also_for_known_accounts(reference):
    names, shown = accounts.load("")
    assert set(names) == NAMES and len(shown) >= 12
    assert accounts.load("") == ([], "")
    assert accounts.load("sandi-untuk-coba") == (names, "sandi-untuk-coba")
    assert accounts.load("sandi-untuk-coba") == ([], "")
    assert all(user.check_password("sandi-untuk-coba") for user in User.objects.all())


def test_the_history_shows_every_kind_and_keeps_its_secrets(reference):
    run("load_demo")
    tickets = Ticket.objects.all()
    assert tickets.count() == 28
    assert set(tickets.values_list("kind", flat=True)) == set(Kind.values)
    assert {"new", "active", "waiting", "resolved", "closed"} == set(tickets.values_list("stage", flat=True))
    assert all(timeline.first_broken(ticket.pk) is None for ticket in tickets)
    assert tickets.filter(created_at__lt=timezone.now() - timedelta(days=30)).exists()
    assert not tickets.filter(updated_at__gt=timezone.now()).exists()
    hidden = tickets.filter(confidentiality__in=RESTRICTED)
    assert hidden.count() == 2
    admin, officer = (User.objects.get(username=name) for name in ("admin", "inspektorat"))
    assert not access.visible_to(admin).filter(pk__in=hidden).exists()
    assert access.visible_to(officer).filter(pk__in=hidden).count() == 2
    # weeks-old mail does not go out
    assert set(Delivery.objects.values_list("state", flat=True)) == {"suppressed"}


def test_the_clock_is_put_back_even_when_a_story_fails(reference):
    before = timezone.now
    with pytest.raises(ZeroDivisionError), history.clock_set_to(timezone.now()):
        raise ZeroDivisionError
    assert timezone.now is before
