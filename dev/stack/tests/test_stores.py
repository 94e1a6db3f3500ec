"""The database of `make run` stays after its end; `dev/ctl reset` removes it, and tests never see it."""

import io
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from stack import ctl, paths, stores
from stack.console import Failure
from stack.paths import Home
from stack.processes import stop_all


class ADatabase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for patch in (mock.patch.object(paths, "DEV", Path(folder.name)), mock.patch("sys.stderr", io.StringIO())):
            patch.start()
            self.addCleanup(patch.stop)
        self.home = Home("try")
        self.addCleanup(stores.forget, self.home)
        self.addCleanup(stop_all, self.home)

    def ask(self, url: str, sql: str) -> str:
        shown = subprocess.run(["psql", "--no-psqlrc", "-Atc", sql, url], capture_output=True, text=True, check=False)
        return shown.stdout.strip() or shown.stderr

    def run_once(self, keep: bool, *statements: str) -> str:
        """What the last statement returns in a stack that then ends."""
        url = stores.start_postgres(self.home, "secret", keep)
        answers = [self.ask(url, sql) for sql in statements]
        stop_all(self.home)
        stores.clear(self.home)
        return answers[-1]

    def test_stays_for_the_next_run_until_it_is_reset(self):
        self.assertFalse(stores.has_kept(self.home))
        self.run_once(True, "create table tea (cups int)", "insert into tea values (3)")
        self.assertTrue(stores.has_kept(self.home))
        self.assertEqual(self.run_once(True, "select cups from tea"), "3")
        self.assertIn("does not exist", self.run_once(False, "select cups from tea"), "a command's database is empty")
        self.assertEqual(self.run_once(True, "select cups from tea"), "3")
        ctl.main(["--name", "try", "reset"])
        self.assertIn("does not exist", self.run_once(True, "select cups from tea"))

    def test_that_was_not_made_to_the_end_is_made_again(self):
        (self.home.kept / "postgres" / "data").mkdir(parents=True)
        (self.home.kept / "postgres" / "data" / "half").touch()
        self.assertEqual(self.run_once(True, "select 1"), "1")

    def test_of_another_version_is_refused_with_advice(self):
        self.run_once(True, "select 1")
        (self.home.kept / "postgres" / "data" / "PG_VERSION").write_text("9\n")
        with self.assertRaisesRegex(Failure, "of Postgres 9, and .* is installed: `make reset` removes"):
            self.run_once(True, "select 1")

    def test_of_a_running_stack_is_not_reset(self):
        self.home.claim()
        with self.assertRaisesRegex(Failure, "already running"):
            ctl.main(["--name", "try", "reset"])

    def test_without_a_stack_the_commands_say_how_to_start_it(self):
        with self.assertRaisesRegex(Failure, "start it with `dev/up --name try`"):
            ctl.main(["--name", "try", "logs"])
        with self.assertRaisesRegex(Failure, "letters, digits"):
            ctl.main(["--name", "../elsewhere", "reset"])
        self.assertEqual(ctl.main(["nothing"]), 2)
