"""A step is never silent."""

import io
import os
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from stack import build, console, progress, settings
from stack.paths import DEV

# As cargo writes them; printf reads the escapes.
BAR = r"\033[K    Building [====>        ]  12/377: tokio, serde(build)\r"
COMPILING = r"   Compiling libc v0.2\n"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


def shown(stream, seconds: float, lines: list[str]) -> str:
    """What a step prints whose command writes these lines and then takes a while."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["sh", "-c", f'printf "%b" "$@"; sleep {seconds}', "sh", *lines]
        with progress.Progress("the build", stream):
            console.run(command, Path(folder) / "log", "The build")
        stream.log = (Path(folder) / "log").read_text()
    return stream.getvalue()


class AStep(unittest.TestCase):
    def test_on_a_terminal_it_rewrites_one_line_with_the_time_and_the_crate(self):
        with mock.patch.object(progress, "EVERY_SECONDS", 0.05):
            told = shown(Terminal(), 0.3, [COMPILING, BAR])
        self.assertIn("Compiling tokio, serde(build) (12/377)", told)
        self.assertIn(progress.CLEAR + "  the build  0 s", told)
        self.assertEqual(told.count("\n"), 1)
        self.assertRegex(told, r"  the build +0\.\d s\n$")

    def test_without_a_terminal_it_prints_a_line_now_and_then(self):
        with mock.patch.object(progress, "QUIET_SECONDS", 0.1):
            told = shown(io.StringIO(), 0.35, [COMPILING])
        self.assertGreaterEqual(told.count("Compiling libc v0.2"), 2)
        self.assertNotIn("\r", told)
        self.assertRegex(told, r"  the build +0\.\d s\n$")

    def test_without_a_terminal_a_short_one_is_one_line(self):
        self.assertRegex(shown(io.StringIO(), 0, []), r"^  the build +0\.\d s\n$")

    def test_says_that_it_waits_for_the_lock_of_cargo(self):
        told = progress.told("    Blocking waiting for file lock on build directory")
        self.assertEqual(told, "waits for another build (Blocking waiting for file lock on build directory)")

    def test_leaves_no_bars_in_the_log(self):
        stream = io.StringIO()
        shown(stream, 0, [COMPILING, BAR, r"done\n"])
        self.assertEqual(stream.log, "   Compiling libc v0.2\ndone\n")

    def test_a_failed_one_says_so(self):
        stream = io.StringIO()
        with self.assertRaises(console.Failure), progress.Progress("the build", stream):
            console.run(["false"], DEV / "logs" / "false.log", "The build")
        self.assertIn("failed after", stream.getvalue())


class TwoBuilds(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_the_second_one_waits_and_says_for_whom(self):
        stream, held = io.StringIO(), threading.Event()

        def first():
            with build.alone():
                held.set()
                time.sleep(0.4)

        with mock.patch.object(build, "DEV", self.folder), mock.patch.object(progress, "QUIET_SECONDS", 0.1):
            holder = threading.Thread(target=first)
            holder.start()
            held.wait()
            began = time.monotonic()
            with progress.Progress("functions", stream), build.alone():
                waited = time.monotonic() - began
            holder.join()
        self.assertIn(f"waits for another build (process {os.getpid()})", stream.getvalue())
        self.assertGreater(waited, 0.3)

    def test_the_first_one_says_how_long_it_takes(self):
        with mock.patch.object(build, "TARGET", self.folder), mock.patch.object(build, "say") as said:
            build.announce("stack")
            (self.folder / "x86_64-unknown-linux-gnu" / "stack" / "deps").mkdir(parents=True)
            build.announce("stack")
        told = [call.args[0] for call in said.call_args_list]
        self.assertRegex(told[0], r"about \d+ minutes on \d+ cores")
        self.assertEqual(len(told), 2)

    def test_a_stack_deploys_its_own_copy(self):
        built = self.folder / "target" / "lambda" / "user" / "bootstrap"
        built.parent.mkdir(parents=True)
        built.write_text("first")
        home = mock.Mock(code=self.folder / "code")
        folders = {"ROOT": self.folder, "DEPLOYED": built.parent.parent, "DEV": self.folder}
        nothing = mock.patch.object(build, "compile_functions")
        with mock.patch.multiple(build, **folders), nothing, mock.patch("sys.stderr", io.StringIO()):
            template = build.build_for(home, "stack")
        built.write_text("second")
        self.assertEqual((template.parent / "target" / "lambda" / "user" / "bootstrap").read_text(), "first")
        self.assertEqual(template.read_text(), settings.TEMPLATE.read_text())
