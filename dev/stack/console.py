"""The output of the scripts: one line per step with its time, and the last lines of a failed step's log."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

TAIL_LINES = 20


class Failure(Exception):
    """A step failed for a reason that the user can act on; `log` is the file with the details."""

    def __init__(self, message: str, log: Path | None = None):
        super().__init__(message)
        self.log = log


def say(text: str = "") -> None:
    """Prints to stderr: stdout belongs to the command that the stack runs."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(title: str):
    """Shows `title` while its block runs, then the elapsed time."""
    began = time.monotonic()
    print(f"  {title:<44}", end="", file=sys.stderr, flush=True)
    try:
        yield
    except BaseException:
        say(f"failed after {time.monotonic() - began:.1f} s")
        raise
    say(f"{time.monotonic() - began:6.1f} s")


def report(failure: Failure) -> None:
    """Prints a failure with the last lines of its log."""
    say(f"\n{failure}")
    if failure.log and failure.log.exists():
        lines = failure.log.read_text(errors="replace").splitlines()
        say("\n".join(f"    {line}" for line in lines[-TAIL_LINES:]))
        say(f"\nThe whole log is in {failure.log}")


def run(command: list, log: Path, what: str, **options) -> None:
    """Runs a command with its output in `log`; `what` names it when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False, **options
            )
        except FileNotFoundError as missing:
            raise Failure(f"{what} failed: {missing.filename} is not installed.") from missing
    if done.returncode:
        raise Failure(f"{what} failed with exit code {done.returncode}.", log)
