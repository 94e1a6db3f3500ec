"""One line that shows a running step: its title, how long it runs, and what it is at.

On a terminal the line is rewritten twice a second. Without one, a step that takes long prints a line now and then.
"""

from __future__ import annotations

import re
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

EVERY_SECONDS = 0.5
# Without a terminal: the time until the first line of a long step, and between two of them.
QUIET_SECONDS = 15
WIDTH = 44
TAIL_BYTES = 4096
CLEAR = "\r\x1b[2K"
BAR = re.compile(r"Building \[[^]]*\] +(\d+/\d+)(?:: (.*))?")
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Progress:
    """The line of one step. Use it as a context manager."""

    current: Progress | None = None

    def __init__(self, title: str, stream=None):
        self.title = title
        self.stream = stream or sys.stderr
        self.log: Path | None = None
        self.at = ""
        self.began = time.monotonic()
        self._lines = 0
        self._done = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Progress:
        self._print(f"  {self.title:<{WIDTH}}")
        Progress.current = self
        self._ticker.start()
        return self

    def __exit__(self, kind, *_) -> None:
        self._done.set()
        self._ticker.join()
        Progress.current = None
        seconds = time.monotonic() - self.began
        outcome = f"{seconds:6.1f} s" if kind is None else f"failed after {seconds:.1f} s"
        if self.stream.isatty():
            self._print(CLEAR)
        if self.stream.isatty() or self._lines:
            self._print(f"  {self.title:<{WIDTH}}")
        self._print(f"{outcome}\n")

    def _tick(self) -> None:
        terminal = self.stream.isatty()
        while not self._done.wait(EVERY_SECONDS if terminal else QUIET_SECONDS):
            self.at = _last(self.log) or self.at
            seconds = f"{time.monotonic() - self.began:6.0f} s"
            if terminal:
                line = f"  {self.title}  {seconds.strip()}  {self.at}"
                self._print(CLEAR + line[: shutil.get_terminal_size().columns - 1])
            else:
                self._print(f"{'' if self._lines else chr(10)}  {seconds}  {self.at or self.title}\n")
                self._lines += 1

    def _print(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


@contextmanager
def reads(log: Path):
    """Has the present step show the last line of a log while the block runs."""
    step = Progress.current
    if step:
        step.log = log
    try:
        yield
    finally:
        if step:
            step.log, step.at = None, ""


def note(text: str) -> None:
    """Says what the present step waits for."""
    if Progress.current:
        Progress.current.at = text


def told(line: str) -> str:
    """What a line of a command's output says about its progress."""
    line = " ".join(ESCAPES.sub("", line).split())
    if bar := BAR.search(line):
        return " ".join(f"Compiling {bar[2] or ''} ({bar[1]})".split())
    if "Blocking waiting for file lock" in line:
        return f"waits for another build ({line})"
    return line


def without_bars(log: Path) -> None:
    """Removes what programs wrote only to rewrite it: cargo's progress bar, and lines that end in a carriage return."""
    if log.exists():
        lines = re.split(r"[\r\n]+", ESCAPES.sub("", log.read_text(errors="replace")))
        log.write_text("".join(f"{line}\n" for line in lines if line.strip() and not BAR.search(line)))


def _last(log: Path | None) -> str:
    """What the last line of a log says; nothing while it is empty."""
    if log is None:
        return ""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - TAIL_BYTES))
            lines = re.split(rb"[\r\n]+", file.read())
    except OSError:
        return ""
    return next((found for line in reversed(lines) if (found := told(line.decode(errors="replace")))), "")
