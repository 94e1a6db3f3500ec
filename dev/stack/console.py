"""The output of the scripts: one line per step with its time, and the last lines of a failed step's log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stack.progress import Progress, reads, without_bars

TAIL_LINES = 20


class Failure(Exception):
    """A step failed for a reason that the user can act on; `log` is the file with the details."""

    def __init__(self, message: str, log: Path | None = None):
        super().__init__(message)
        self.log = log


def say(text: str = "") -> None:
    """Prints to stderr: stdout belongs to the command that the stack runs."""
    print(text, file=sys.stderr, flush=True)


def step(title: str) -> Progress:
    """Shows `title`, the elapsed time and what its command is at while its block runs, then the time it took."""
    return Progress(title)


def report(failure: Failure) -> None:
    """Prints a failure with the last lines of its log."""
    say(f"\n{failure}")
    if failure.log and failure.log.exists():
        lines = failure.log.read_text(errors="replace").splitlines()
        say("\n".join(f"    {line}" for line in lines[-TAIL_LINES:]))
        say(f"\nThe whole log is in {failure.log}")


def run(command: list, log: Path, what: str, **options) -> None:
    """Runs a command with its output in `log`; `what` names it when it fails. The present step shows its last line."""
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Into a file: a server that the command leaves behind would keep a pipe open.
        with log.open("w") as output, reads(log):
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False, **options
            )
    except FileNotFoundError as missing:
        raise Failure(f"{what} failed: {missing.filename} is not installed.") from missing
    finally:
        without_bars(log)
    if done.returncode:
        raise Failure(f"{what} failed with exit code {done.returncode}.", log)
