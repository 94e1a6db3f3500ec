"""Runs the user's command, and cleans up when a signal ends the script."""

from __future__ import annotations

import os
import signal
import subprocess

from stack.console import Failure

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(command: list[str], variables: dict) -> int:
    """Runs a command with additional variables and returns its exit code; the command does not outlive this process."""
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
    """Turns each signal that ends a script into SystemExit, so that the script stops what it started."""

    def unwind(number, _frame):
        raise SystemExit(128 + number)

    for number in SIGNALS:
        signal.signal(number, unwind)


def uninterruptible() -> None:
    """Ignores further signals, so that a second Ctrl-C does not interrupt the cleanup."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
