"""The page's server: `python -m stack.page NAME PORT` serves clients/typescript/page for the stack of that name.

Beside the page's files it serves `/config.json`, which says where the API is, and under `/dev/` what developers ask:
text messages, queues, logs, and the admin calls of the stand-ins. It listens on this machine alone, and answers no
page of another origin.
"""

from __future__ import annotations

import json
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from stack import inside, tools
from stack.console import step
from stack.environment import given
from stack.paths import ROOT, Home
from stack.processes import Server, free_port, listens

FOLDER = ROOT / "clients" / "typescript" / "page"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# The port, unless PAGE_PORT names another one.
PORT = 8080
# The longest body of an admin call.
BODY_BYTES = 64 * 1024
# How long a connection may send nothing.
SILENT_SECONDS = 60


class Refused(Exception):
    """The request is answered with this status."""

    def __init__(self, status: int, detail: str):
        super().__init__(detail)
        self.status = status


def files() -> dict[str, Path]:
    """The files of the page, by their paths in addresses."""
    found = {f"/{file.name}": file for file in FOLDER.iterdir() if file.suffix in TYPES}
    return {**found, "/": FOLDER / "index.html"}


class Page(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    timeout = SILENT_SECONDS
    home: Home

    def do_GET(self) -> None:
        """A file, the configuration, or a look into the stack."""
        self._answer(self._read)

    def do_POST(self) -> None:
        """An admin call of a stand-in."""
        self._answer(self._admin)

    def _answer(self, act) -> None:
        try:
            self._check_origin()
            kind, body = act()
            self._send(200, kind, body)
        except Refused as refused:
            # The body was not read: on a connection that stays open it would be the next request.
            self.close_connection = True
            self._send(refused.status, "application/json", json.dumps({"detail": str(refused)}).encode())
        except inside.Away as away:
            self._send(503, "application/json", json.dumps({"detail": str(away)}).encode())

    def _check_origin(self) -> None:
        """Refuses other sites' pages, those whose name leads to this machine included."""
        own = f"{self.server.server_port}"
        hosts = {f"127.0.0.1:{own}", f"localhost:{own}"}
        if self.headers.get("host") not in hosts:
            raise Refused(421, "This server is 127.0.0.1.")
        origin = self.headers.get("origin")
        if origin and origin.removeprefix("http://") not in hosts:
            raise Refused(403, "Pages of other origins are not served.")

    def _length(self) -> int:
        """The length of the body; refuses one that cannot be read to its end."""
        if "transfer-encoding" in self.headers:
            raise Refused(411, "A body needs its length.")
        given = self.headers.get("content-length", "0")
        if not (given.isascii() and given.isdecimal()):
            raise Refused(400, "The length of the body is not a number.")
        # Longer numbers are not parsed.
        if len(given) > 9 or int(given) > BODY_BYTES:
            raise Refused(413, "The body is too long.")
        return int(given)

    def _read(self) -> tuple[str, bytes]:
        if self._length():
            raise Refused(400, "A GET has no body.")
        address = urlsplit(self.path)
        if file := files().get(address.path):
            return TYPES[file.suffix], file.read_bytes()
        look = {
            "/config.json": inside.config,
            "/dev/sms": inside.sms,
            "/dev/queues": inside.queues,
            "/dev/logs": inside.logs,
            "/dev/standins": inside.standins,
        }.get(address.path)
        if not look:
            raise Refused(404, "There is no such file.")
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        return "application/json", json.dumps(look(self.home, query)).encode()

    def _admin(self) -> tuple[str, bytes]:
        called = re.fullmatch(r"/dev/standins/(gemini|stripe)/([\w/]+)", self.path)
        if not called:
            raise Refused(404, "There is no such call.")
        return "application/json", inside.admin(self.home, called[1], called[2], self.rfile.read(self._length()))

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.send_header("x-content-type-options", "nosniff")
        self.send_header("referrer-policy", "no-referrer")
        self.send_header("content-security-policy", "frame-ancestors 'none'")
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)


def choose_port() -> int:
    """PAGE_PORT; else 8080, so that the page finds its session again, or a free one if that is in use."""
    if chosen := given("PAGE_PORT"):
        return int(chosen) or free_port()
    return free_port() if given("PORT") == "0" or listens(PORT) else PORT


def start(home: Home, port: int) -> None:
    """Starts the server of a stack's page."""
    # Its record is a file, so it must contain nothing from the user's environment.
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "dev"), "PYTHONDONTWRITEBYTECODE": "1"}
    with step("page"):
        Server(home, "page").start([tools.PYTHON, "-m", "stack.page", home.name, str(port)], port, env=env)


def address(port: int) -> str:
    """The address of the page."""
    return f"http://127.0.0.1:{port}/"


def returns(page: str) -> dict:
    """The parameters that lead back from the payment page."""
    names = {"CheckoutSuccessUrl": "paid", "CheckoutCancelUrl": "unpaid", "PortalReturnUrl": "portal"}
    return {parameter: f"{page}?from={quote(place)}" for parameter, place in names.items()}


def main(name: str, port: int) -> None:
    """Serves until the process is stopped."""
    Page.home = Home(name)
    server = ThreadingHTTPServer(("127.0.0.1", port), Page)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
