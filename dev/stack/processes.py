"""Servers in the background: they are started, recorded with their pid, and stopped by that pid.

A record outlives the script that wrote it. So the next start can stop servers that a killed script left behind, and
another process can stop and start a server of a running stack.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from stack.console import Failure
from stack.paths import Home

STOP_SECONDS = 10


def free_port() -> int:
    """A free port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    """Whether a process accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _birth(pid: int) -> str | None:
    """The start time of a process, which differs from that of a later one with the same pid; None if it has ended."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return None if not shown or shown.startswith("Z") else shown.partition(" ")[2].strip()


def _succeeds(command: list | None) -> bool:
    return command is None or subprocess.run(command, capture_output=True, check=False).returncode == 0


class Server:
    """One recorded server of a stack."""

    def __init__(self, home: Home, name: str):
        self.home = home
        self.name = name
        self.record_file = home.records / f"{name}.json"
        self.log = home.logs / f"{name}.log"

    @property
    def record(self) -> dict:
        """The record of the last start or stop; empty if the server never started."""
        try:
            return json.loads(self.record_file.read_text())
        except (OSError, ValueError):
            return {}

    def start(self, command: list, port: int, **options) -> None:
        """Starts the server and waits until it serves on `port`.

        Options: `env`; `stop`, the signal that ends it; `stale`, a file that an earlier run may have left behind; and
        `ready`, a command that succeeds once the server serves, which can be later than when it listens.
        """
        record = {"env": None, "stop": signal.SIGTERM, "stale": None, "ready": None, **options}
        self._spawn({**record, "command": [str(part) for part in command], "port": port})

    def restart(self) -> None:
        """Starts a stopped server again, with the same command, port and data."""
        record = self.record
        if not record:
            raise Failure(f"{self.name} is not part of this stack.")
        if not self.alive():
            self._spawn(record)

    def alive(self) -> bool:
        """Whether the recorded process still runs."""
        record = self.record
        return bool(record.get("pid")) and _birth(record["pid"]) == record.get("birth")

    def stopped_on_purpose(self) -> bool:
        """Whether `stop` ended it and not a crash."""
        return self.record.get("pid") is None

    def stop(self, kill: bool = False) -> None:
        """Ends the process and all of its session; with `kill` it cannot shut down cleanly."""
        record = self.record
        if self.alive():
            self._signal(record["pid"], signal.SIGKILL if kill else record["stop"])
            deadline = time.monotonic() + STOP_SECONDS
            while self.alive() and time.monotonic() < deadline:
                self._reap(record["pid"])
                time.sleep(0.02)
        if record.get("pid"):
            _signal_group(record)
            self._reap(record["pid"])
            self._write({**record, "pid": None})

    def _spawn(self, record: dict) -> None:
        for directory in (self.home.records, self.home.logs):
            directory.mkdir(parents=True, exist_ok=True)
        if record["stale"]:
            Path(record["stale"]).unlink(missing_ok=True)
        with self.log.open("a") as output:
            process = subprocess.Popen(
                record["command"], env=record["env"], cwd=self.home.directory, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            self._write({**record, "pid": process.pid, "birth": _birth(process.pid)})
        except BaseException:
            process.kill()
            raise
        deadline = time.monotonic() + 30
        while not (listens(record["port"]) and _succeeds(record["ready"])):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"{self.name} did not start.", self.log)
            time.sleep(0.02)

    def _write(self, record: dict) -> None:
        draft = self.record_file.with_suffix(".new")
        draft.write_text(json.dumps(record))
        draft.replace(self.record_file)

    @staticmethod
    def _signal(pid: int, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    @staticmethod
    def _reap(pid: int) -> None:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _signal_group(record: dict) -> None:
    """Kills the rest of the server's session, for example the functions that the emulator was running."""
    if _birth(record["pid"]) in (None, record["birth"]):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(record["pid"], signal.SIGKILL)


def servers(home: Home) -> list[Server]:
    """Every server that the stack has started."""
    return [Server(home, file.stem) for file in sorted(home.records.glob("*.json"))]


def stop_all(home: Home) -> None:
    """Stops every server of the stack, in reverse order of their start."""
    for server in sorted(servers(home), key=lambda one: one.record_file.stat().st_mtime, reverse=True):
        server.stop()
    shutil.rmtree(home.records, ignore_errors=True)
