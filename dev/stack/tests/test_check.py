"""The stages of `make test`."""

import contextlib
import io
import os
import subprocess
import sys
import time
import unittest
from unittest import mock

from stack import check


class Stages(unittest.TestCase):
    def stage(self, script: str, seconds: float = 30):
        """What a stage of this shell script returns, what it prints, and how long it takes."""
        printed, began = io.StringIO(), time.monotonic()
        with contextlib.redirect_stdout(printed):
            outcome = check._stage(["sh", "-c", script], dict(os.environ), seconds)
        return outcome, printed.getvalue(), time.monotonic() - began

    def test_a_stage_that_hangs_is_stopped_with_all_it_started_and_says_so(self):
        script = "trap 'echo cleaned; exit 0' TERM; sleep 77.5 & echo begun; wait"
        (counts, code), printed, took = self.stage(script, 0.5)
        self.assertEqual((counts, code), (None, 1), "a stage that was stopped did not pass")
        self.assertIn("begun", printed)
        self.assertIn("cleaned", printed)
        self.assertIn("has not ended after", printed)
        self.assertLess(took, 20)
        running = subprocess.run(["pgrep", "-f", "^sleep 77.5$"], stdout=subprocess.DEVNULL, check=False).returncode
        self.assertEqual(running, 1, "nothing is left behind")

    def test_a_stage_that_ends_in_time_has_its_own_code_and_totals(self):
        line = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured"
        (counts, code), printed, _ = self.stage(f"echo '{line}'; echo '{line}'; exit 4")
        self.assertEqual((counts, code), ((6, 0), 4))
        self.assertNotIn("has not ended", printed)

    def test_a_stage_is_ended_when_the_run_is(self):
        script = (
            "import sys; sys.path.insert(0, 'dev'); from stack import check, commands; commands.interruptible();"
            "import os; check._stage(['sh', '-c', 'sleep 78.5 & echo begun; wait'], dict(os.environ))"
        )
        run = subprocess.Popen([sys.executable, "-c", script], cwd=check.ROOT, stdout=subprocess.PIPE, text=True)
        self.assertEqual(run.stdout.readline(), "begun\n")
        run.terminate()
        run.wait(20)
        run.stdout.close()
        running = subprocess.run(["pgrep", "-f", "^sleep 78.5$"], stdout=subprocess.DEVNULL, check=False).returncode
        self.assertEqual(running, 1, "nothing is left behind")


QUICK = "crates: listed twice"


class Runs(unittest.TestCase):
    def run_only(self, *titles: str) -> subprocess.CompletedProcess:
        command = [sys.executable, check.ROOT / "dev/test", "--only", *titles]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_stages_run_alone_by_their_titles(self):
        run = self.run_only(QUICK)
        self.assertEqual(run.returncode, 0)
        self.assertIn(f"=== {QUICK}", run.stdout)
        self.assertEqual(run.stdout.splitlines()[-1], "1 passed, 0 failed")

    def test_a_stage_that_there_is_not_is_refused_with_those_that_there_are(self):
        run = self.run_only("listed twice")
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn(QUICK, run.stderr)

    def aside(self, title: str):
        """The summary and the output of a stage that runs beside others."""
        printed = io.StringIO()
        shown = contextlib.redirect_stdout(printed)
        with mock.patch.object(check, "ASIDE", title), shown, check._aside(True) as aside:
            aside.start()
            return aside.finish(), printed.getvalue()

    def test_a_stage_beside_others_is_shown_and_counted_when_it_is_over(self):
        [summary], printed = self.aside(QUICK)
        self.assertEqual(check.TOTALS.search(summary).groups(), ("1", "0"))
        self.assertIn(f"=== {QUICK}", printed)

    def test_a_stage_beside_others_that_does_not_run_has_failed(self):
        [summary], printed = self.aside("no stage")
        self.assertEqual(check.TOTALS.search(summary).groups(), ("0", "1"))
        self.assertIn("--only takes", printed)

    def test_a_stage_beside_others_ends_with_them(self):
        with self.assertRaises(KeyError), mock.patch.object(check, "ASIDE", "game day"), check._aside(True) as aside:
            aside.start()
            raise KeyError
        self.assertIsNotNone(aside.process.poll())
