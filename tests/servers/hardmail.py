"""An SMTP server that is as difficult as real ones are: TLS, sign-in, delays, lines cut in the middle of a message."""

import asyncio
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.servers.mail import Received


def certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A self-signed certificate and its key, for `name` and 127.0.0.1."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(cert)]
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*request, *files, *subject], check=True, capture_output=True)
    return cert, key


class HardServer:
    """`tls`: "" | "starttls" | "tls". `password`: sign-in is required. Collects what it accepts."""

    def __init__(self, *, tls: str = "", cert: tuple[Path, Path] | None = None, password: str = "") -> None:
        self.messages: list[Received] = []
        self.greylist = False
        self.cut_data = False
        self.delay = 0.0
        self.sender_reply = ""
        self.rcpt_reply = ""
        self.concurrent = self.most_concurrent = 0
        self.hold = threading.Event()
        self.hold.set()
        self._seen: set[str] = set()
        self._password = password
        context = None
        if cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*cert)
        options: dict[str, Any] = {"server_hostname": "mx.uji.invalid"}
        if tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if password:
            options |= {
                "authenticator": self._authenticate,
                "auth_required": True,
                "auth_require_tls": False,
            }
        options["ssl_context"] = context if tls == "tls" else None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=10, **options)
        # Its own way of waiting would check the certificate.
        self._controller._trigger_server = lambda: socket.create_connection(("127.0.0.1", self.port), 5).close()

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.hold.set()
        self._controller.stop()

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password.decode() == self._password
        return AuthResult(success=good, handled=good)

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.sender_reply:
            return self.sender_reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.rcpt_reply:
            return self.rcpt_reply
        if self.greylist and address not in self._seen:
            self._seen.add(address)
            return "451 4.7.1 Greylisted, try again later"
        envelope.rcpt_tos.append(address)
        if self.cut_data:  # the line breaks while the content is on its way
            asyncio.get_running_loop().call_soon(server.transport.abort)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.concurrent += 1
        self.most_concurrent = max(self.most_concurrent, self.concurrent)
        await asyncio.sleep(self.delay)
        while not self.hold.is_set():
            await asyncio.sleep(0.02)
        self.concurrent -= 1
        self.messages.append(Received(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"
