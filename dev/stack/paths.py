"""Paths: the project, its installed tools, and the files of one running stack."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from stack.console import Failure

ROOT = Path(__file__).resolve().parent.parent.parent
DEV = ROOT / ".dev"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
MAIN = "run"


class Home:
    """The folder of one running stack; stacks with different names share nothing that changes."""

    def __init__(self, name: str = MAIN):
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            raise Failure(f"A stack's name has letters, digits, - and _ alone: {name!r} has others.")
        self.name = name
        self.directory = DEV / (name if name == MAIN else f"{MAIN}-{name}")
        self.logs = self.directory / "logs"
        self.data = self.directory / "data"
        # What outlives a run: the database of a stack that a person runs.
        self.kept = self.directory / "kept"
        self.code = self.data / "code"
        self.records = self.directory / "processes"
        self.faults = self.directory / "faults"
        self.env = DEV / "env" if name == MAIN else self.directory / "env"

    @classmethod
    def current(cls) -> Home:
        """The stack that started this command, else the stack of `make run`."""
        return cls(os.environ.get("STACK_NAME") or MAIN)

    def starts_with(self) -> str:
        """The command that starts it."""
        return "`make run`" if self.name == MAIN else f"`dev/up --name {self.name}`"

    def claim(self) -> None:
        """Locks the folder for this process until it ends, even if it crashes."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock = (self.directory / "lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            owner = self._lock.read().strip() or "unknown"
            raise Failure(f"This stack is already running (process {owner}); stop that one first.") from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
