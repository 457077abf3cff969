"""Fixtures of the browser tests: a running desk, and windows that notice everything that goes wrong in them."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e import desks
from tests.e2e.people import Window
from tests.servers.botapi import BotApiServer
from tests.servers.mail import MailHub, dovecot_available

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def mail_and_bot():
    if not dovecot_available():
        pytest.skip("needs dovecot: apt-get install dovecot-imapd")
    with MailHub() as mail, BotApiServer(desks.TOKEN) as bot:
        yield mail, bot


@pytest.fixture(scope="session")
def desk(tmp_path_factory, mail_and_bot):
    """The embedded default: SQLite, one process."""
    running = desks.single_desk(tmp_path_factory.mktemp("desk"), *mail_and_bot)
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()
    assert running.failures() == []


@pytest.fixture(scope="session")
def scaled(tmp_path_factory):
    """(desk, database): two web processes and two workers on PostgreSQL and Redis."""
    if not dovecot_available():
        pytest.skip("needs dovecot: apt-get install dovecot-imapd")
    database = desks.Database(os.environ["TEST_DATABASE_URL"])
    database.create()
    try:
        with MailHub() as mail, BotApiServer(desks.TOKEN) as bot:
            running = desks.scaled_desk(
                tmp_path_factory.mktemp("scaled"), mail, bot, database.url, os.environ["TEST_REDIS_URL"]
            )
            try:
                running.wait_ready()
                yield running, database
            finally:
                running.stop()
            assert running.failures() == []
    finally:
        database.drop()


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_window(browser: Browser, desk):
    """Open windows of separate visitors; at the end none of them may have seen an error."""
    yield from windows(browser, desk.url)


@pytest.fixture
def open_scaled_window(browser: Browser, scaled):
    yield from windows(browser, scaled[0].url)


def windows(browser: Browser, url: str):
    opened: list[Window] = []

    def open_window(width: int = 1280, user: str = "", base_url: str = url, **options) -> Window:
        window = Window(browser, base_url, width, **options)
        opened.append(window)
        if user:
            window.sign_in(user, desks.PASSWORD)
        return window

    yield open_window
    for window in opened:
        window.close()
    assert [problem for window in opened for problem in window.problems] == []
