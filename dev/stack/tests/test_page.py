"""The page's port, and what its server reads of a stack."""

from __future__ import annotations

import os
import re
import socket
import tempfile
import threading
import unittest
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from stack import inside, page


class Ports(unittest.TestCase):
    """Which port the page gets."""

    def test_the_page_has_the_port_that_is_given(self):
        with patch.dict(os.environ, {"PAGE_PORT": "9123"}):
            self.assertEqual(page.choose_port(), 9123)

    def test_a_free_port_is_chosen_where_the_apis_is(self):
        with patch.dict(os.environ, {"PORT": "0", "PAGE_PORT": ""}):
            self.assertNotIn(page.choose_port(), (0, page.PORT))

    def test_a_port_that_is_in_use_is_not_chosen(self):
        with socket.socket() as busy, patch.dict(os.environ, {"PORT": "", "PAGE_PORT": ""}):
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            with patch.object(page, "PORT", busy.getsockname()[1]):
                self.assertNotEqual(page.choose_port(), busy.getsockname()[1])


class Quiet(page.Page):
    """The page's server, without its log."""

    home = SimpleNamespace(env=Path("/nonexistent"))

    def log_message(self, *_):
        pass


class Refusals(unittest.TestCase):
    """What is refused, and what becomes of its body."""

    def setUp(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,)).start()
        self.own = f"127.0.0.1:{self.server.server_port}"
        called = patch.object(inside, "admin", return_value=b"{}")
        self.admin = called.start()
        self.addCleanup(called.stop)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def post(self, *headers: str, host: str = "", path: str = "/dev/standins/gemini/reset", body: bytes = b"") -> bytes:
        lines = [f"POST {path} HTTP/1.1", f"host: {host or self.own}", *headers]
        if body:
            lines.append(f"content-length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body

    def sent(self, request: bytes) -> list[str]:
        """The statuses of the answers to what is sent on one connection, until the server closes it."""
        with socket.create_connection(("127.0.0.1", self.server.server_port), timeout=10) as connection:
            connection.sendall(request)
            found = b""
            try:
                while piece := connection.recv(65536):
                    found += piece
            except ConnectionResetError:
                pass
        return re.findall(r"HTTP/1\.1 (\d+)", found.decode())

    def test_a_call_of_the_page_itself_is_made(self):
        self.assertEqual(self.sent(self.post("connection: close", f"origin: http://{self.own}", body=b"{}")), ["200"])
        self.assertEqual(self.admin.call_args.args[1:], ("gemini", "reset", b"{}"))

    def test_the_connection_stays_open_after_an_answer(self):
        twice = self.post(body=b"{}") + self.post("connection: close", body=b"{}")
        self.assertEqual(self.sent(twice), ["200", "200"])

    def test_the_body_of_what_is_refused_is_no_request(self):
        hidden = self.post("connection: close")
        refused = {
            "403": self.post("origin: https://evil.example", body=hidden),
            "421": self.post(host="evil.example", body=hidden),
            "404": self.post(path="/elsewhere", body=hidden),
            "413": self.post(f"content-length: {page.BODY_BYTES + 1}") + hidden,
            "400": self.post("content-length: +1") + hidden,
            "411": self.post("transfer-encoding: chunked") + hidden,
        }
        for status, request in refused.items():
            with self.subTest(status):
                self.assertEqual(self.sent(request), [status])
        self.assertEqual(self.sent(self.post("content-length: " + "9" * 5000) + hidden), ["413"])
        self.assertEqual(self.sent(self.post(path="/", body=hidden).replace(b"POST", b"GET", 1)), ["400"])
        self.admin.assert_not_called()

    def test_who_sends_nothing_is_left(self):
        with patch.object(Quiet, "timeout", 0.1):
            self.assertEqual(self.sent(self.post("content-length: 10") + b"half"), [])
        self.assertIsNotNone(page.Page.timeout)


class Files(unittest.TestCase):
    """What is served."""

    def test_the_page_is_complete_and_loads_nothing_from_elsewhere(self):
        served = page.files()
        for path, file in served.items():
            text = file.read_text()
            for name in re.findall(r"""(?:from|import\() ?["']\./([\w.-]+)["']""", text):
                self.assertIn(f"/{name}", served, f"{path} imports {name}")
            for address in re.findall(r"""(?:src|href|from|url\()[ =]*["']?(https?:[^"')\s]+)""", text):
                self.fail(f"{path} loads {address}")


class Variables(unittest.TestCase):
    """The variables of a stack."""

    def test_variables_are_read_as_the_shell_reads_them(self):
        with tempfile.TemporaryDirectory() as folder:
            env = Path(folder) / "env"
            env.write_text("export A=b\nexport C='d e=f'\n")
            self.assertEqual(inside.variables(SimpleNamespace(env=env)), {"A": "b", "C": "d e=f"})

    def test_a_stack_that_is_not_ready_is_away(self):
        with self.assertRaises(inside.Away):
            inside.variables(SimpleNamespace(env=Path("/nonexistent")))
