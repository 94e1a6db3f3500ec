"""Runs the reader's command, and unwinds when a signal ends the script."""

from __future__ import annotations

import os
import signal
import subprocess

from stack.console import Failure

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(command: list[str], variables: dict) -> int:
    """Runs a command with further variables and returns its exit code; it does not outlive this process."""
    try:
        child = subprocess.Popen(command, env={**os.environ, **variables})
    except OSError as refused:
        raise Failure(f"{command[0]}: {refused.strerror}") from refused
    try:
        code = child.wait()
    except BaseException:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
        raise
    return code if code >= 0 else 128 - code


def interruptible() -> None:
    """Makes each of the signals that end a script unwind it, so that it stops what it started."""

    def unwind(number, _frame):
        raise SystemExit(128 + number)

    for number in SIGNALS:
        signal.signal(number, unwind)


def uninterruptible() -> None:
    """Lets a second Ctrl-C not end the stopping half-way."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
