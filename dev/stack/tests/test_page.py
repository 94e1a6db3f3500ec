"""The page's port, and what its server reads of a stack."""

from __future__ import annotations

import os
import re
import socket
import tempfile
import unittest
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
