"""People at the desk's doors: somebody at a browser, somebody who mails, somebody in Telegram."""

import itertools
import re
import smtplib
from collections.abc import Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from tests.servers.botapi import BotApiServer
from tests.servers.mail import MailHub, Received

NUMBER = re.compile(r"\b[A-Z]{3}-\d{4}-[A-Z0-9]{6,12}\b")
CODE = re.compile(r"Kode akses: (\S+)")
REFUSED = re.compile(r"status of (\d{3})")
# Every violation of the content security policy becomes an error of the console, also what the browser keeps quiet.
REPORT_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"""
_chats = itertools.count(70_001)


class Window:
    """A browser window with cookies of its own. `problems` is everything that went wrong in it."""

    def __init__(self, browser: Browser, base_url: str, width: int, *, is_phone: bool = False, **options: Any) -> None:
        self.base_url = base_url
        self.problems: list[str] = []
        self._refusals: set[str] = set()
        self.context = browser.new_context(
            base_url=base_url,
            viewport={"width": width, "height": 740 if is_phone else 900},
            is_mobile=is_phone,
            has_touch=is_phone,
            locale="id-ID",
            timezone_id="Asia/Jakarta",
            reduced_motion="reduce",
            **options,
        )
        self.context.set_default_timeout(15_000)
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.page = self.context.new_page()
        self._watch(self.page)

    def _watch(self, page: Page) -> None:
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("request", self._note_request)
        page.on("requestfailed", self._note_failure)

    def _note_console(self, message: ConsoleMessage) -> None:
        refused = REFUSED.search(message.text)
        if message.type == "error" and not (refused and refused[1] in self._refusals):
            self.problems.append(f"{self.page.url}: {message.text}")

    def _note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.netloc != urlsplit(self.base_url).netloc:
            self.problems.append(f"{self.page.url}: request to another host, {request.url}")

    def _note_failure(self, request: Request) -> None:
        # Leaving a page cancels what it still asks for.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"{self.page.url}: {request.url} {request.failure}")

    @contextmanager
    def refusals(self, *statuses: int):
        """Inside, answers with these statuses are what the test is about."""
        self._refusals |= {str(status) for status in statuses}
        yield
        # The console reports a little after the answer; one round trip through the page makes it speak.
        self.page.evaluate("1")
        self._refusals -= {str(status) for status in statuses}

    def go(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def status_of(self, path: str) -> int:
        """The status of a page asked for by its address."""
        with self.refusals(403, 404):
            answer = self.page.goto(path)
        assert answer is not None
        return answer.status

    def sign_in(self, user: str, password: str) -> None:
        page = self.go("/akun/login/")
        page.get_by_label("Email, NIP, atau nama pengguna").fill(user)
        page.get_by_label("Kata sandi").fill(password)
        page.get_by_role("button", name="Masuk", exact=True).click()
        page.wait_for_url(lambda url: "/akun/login/" not in url)

    def close(self) -> None:
        self.context.close()


class Correspondent:
    """Somebody who writes mails to the desk and reads its answers."""

    def __init__(self, mail: MailHub, address: str, name: str) -> None:
        self.mail, self.address, self.name = mail, address, name

    def write(
        self, subject: str, text: str, answering: Received | None = None, headers: Mapping[str, str] | None = None
    ) -> str:
        """Send a mail; returns its Message-ID."""
        letter = EmailMessage()
        letter["From"] = f"{self.name} <{self.address}>"
        letter["To"] = self.mail.address
        letter["Subject"] = subject
        letter["Message-ID"] = make_msgid(domain="contoh.example")
        for name, value in (headers or {}).items():
            letter[name] = value
        if answering:
            theirs = answering.message["Message-ID"]
            letter["In-Reply-To"] = letter["References"] = theirs
            text += "\n\nPada Sen, 1 Jun 2026 pukul 09.00 Pusat Layanan menulis:\n> " + answering.text.replace(
                "\n", "\n> "
            )
        letter.set_content(text)
        with smtplib.SMTP("127.0.0.1", self.mail.smtp.port, timeout=10) as client:
            client.send_message(letter, self.address, [self.mail.address])
        return str(letter["Message-ID"])

    def hears(self, words: str, timeout: float = 30, answering: str = "") -> Received:
        """The first mail to this person with these words, and in answer to that Message-ID. Raises TimeoutError."""
        return self.mail.smtp.wait_for(
            lambda mail: (
                self.address in mail.recipients
                and words in mail.text
                and answering in str(mail.message["In-Reply-To"] or "")
            ),
            timeout,
        )


class Chat:
    """Somebody who writes to the bot."""

    def __init__(self, bot: BotApiServer, name: str) -> None:
        self.bot, self.name, self.id = bot, name, next(_chats)

    def say(self, text: str) -> None:
        self.bot.push_text(self.id, text, first_name=self.name)

    def show(self, photo: bytes, caption: str) -> None:
        self.bot.push_photo(self.id, photo, caption, first_name=self.name)

    def press(self, label: str) -> None:
        self.bot.press(self.id, label)

    def hears(self, words: str, timeout: float = 30) -> str:
        """The text of the first answer with these words. Raises TimeoutError."""
        return self.bot.wait_for(lambda call: call.chat_id == self.id and words in call.text, timeout).text


def number_and_code(text: str) -> tuple[str, str]:
    """Ticket number and access code out of a receipt."""
    number, code = NUMBER.search(text), CODE.search(text)
    assert number and code, text
    return number[0], code[1]
