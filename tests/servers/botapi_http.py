"""The Bot API and its control endpoints over HTTP."""

import contextlib
import json
import socket
import struct
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.servers.botapi_methods import Call
from tests.servers.botapi_rules import ApiError, parse_parameters

if TYPE_CHECKING:
    from tests.servers.botapi import BotApiServer

MAX_BODY = 55 * 1024 * 1024


class Hangup(Exception):
    """Close the connection without an answer."""


class HttpServer(ThreadingHTTPServer):
    """Remembers its connections, so that stopping cuts them as a crash would."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], api: "BotApiServer") -> None:
        self.api = api
        self.connections: set[socket.socket] = set()
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error here; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def cut(self) -> None:
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr: `calls` is the log, and the path holds the token."""

    def _serve(self) -> None:
        api = self.server.api
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return self._answer_error(ApiError(413, "Request Entity Too Large"))
        body = self.rfile.read(length)
        url = urlsplit(self.path)
        path = unquote(url.path)
        try:
            if path.startswith("/_control/"):
                self._control(path.removeprefix("/_control/"), url.query, body)
            elif path.startswith(f"/file/bot{api.token}/"):
                self._file(path.removeprefix(f"/file/bot{api.token}/"))
            elif path.startswith(f"/bot{api.token}/"):
                self._method(path.removeprefix(f"/bot{api.token}/"), url.query, body)
            else:
                raise ApiError(401, "Unauthorized") if "/bot" in path else ApiError(404, "Not Found")
        except ApiError as error:
            self._answer_error(error)
        except Hangup:
            self._hang_up()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client gave up waiting

    def _method(self, method: str, query: str, body: bytes) -> None:
        params, files = parse_parameters(self.headers.get("Content-Type") or "", query, body)
        result = self.server.api.answer(Call(method, params, files=files))
        self._send(200, "application/json", result)

    def _file(self, path: str) -> None:
        content = self.server.api.download(path)
        self._send(200, "application/octet-stream", content)

    def _control(self, name: str, query: str, body: bytes) -> None:
        try:
            arguments = json.loads(body) if body else dict(parse_qsl(query))
            result = self.server.api.control(name, arguments)
        except (TypeError, ValueError, LookupError, TimeoutError) as error:
            raise ApiError(400, f"{type(error).__name__}: {error}") from error
        self._send_json(200, {"ok": True, "result": result})

    def _answer_error(self, error: ApiError) -> None:
        if error.status >= 500:  # Telegram's gateways answer with a page, not with JSON
            page = f"<html><head><title>{error.status}</title></head><body>{error.description}</body></html>"
            return self._send(error.status, "text/html", page.encode())
        answer: dict[str, Any] = {"ok": False, "error_code": error.status, "description": error.description}
        if error.parameters:
            answer["parameters"] = error.parameters
        self._send_json(error.status, answer)

    def _send_json(self, status: int, content: Any) -> None:
        self._send(status, "application/json", json.dumps(content).encode())

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        """A reset rather than an orderly end, as when a machine in between dies."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
