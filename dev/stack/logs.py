"""The functions' logs: `dev/ctl logs [-f] [-n LINES] [--request ID] [FUNCTION]`, and the lines that `make run` shows.

FUNCTION is the name of its folder (gemini-worker) or of its resource in the template (GeminiWorkerFunction).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stack import settings
from stack.aws import LocalAws
from stack.console import Failure

EVERY_SECONDS = 0.5
# As many events come in one answer; after them one asks again.
PAGE = 10_000
# Lines of the platform about each invocation; they say nothing that the function's own line does not.
OF_THE_PLATFORM = ("START RequestId:", "END RequestId:", "REPORT RequestId:")
SERIOUS = ("WARN", "ERROR")


@dataclass
class Line:
    """A line of a log."""

    milliseconds: int
    function: str
    text: str

    def __str__(self) -> str:
        return f"{self.function:<15} {self.text}"

    def summary(self) -> str | None:
        """The line in short if it is about a request, or says that something went wrong; else None."""
        at = time.strftime("%H:%M:%S", time.localtime(self.milliseconds / 1000))
        try:
            said = json.loads(self.text)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            return f"{at}  {self}"
        span = said.get("span") or {}
        if said.get("message") == "answered":
            told = f"{said.get('status')} {span.get('method', ''):<6} {span.get('route', '')}"
            return f"{at}  {told:<50} {said.get('milliseconds', ''):>5} ms  {span.get('request_id', '')}"
        if said.get("level") in SERIOUS:
            details = {name: value for name, value in said.items() if name not in ("timestamp", "level", "message")}
            told = " ".join(f"{name}={value}" for name, value in details.items() if name != "span")
            return f"{at}  {said['level']} {self.function}: {said.get('message')} {told}".rstrip()
        return None


class Logs:
    """The logs of some functions of a running stack, read from where one left off."""

    def __init__(self, local: LocalAws, functions: list[str], since: int = 0):
        self.client = local.client("logs")
        groups = _groups(local)
        self.groups = {groups[name]: name for name in functions}
        self.since = dict.fromkeys(self.groups, since)
        self.seen: dict[str, set] = {group: set() for group in self.groups}

    def new(self) -> list[Line]:
        """The lines since the last call, oldest first."""
        found = [line for group, function in self.groups.items() for line in self._of(group, function)]
        return sorted(found, key=lambda line: line.milliseconds)

    def _of(self, group: str, function: str) -> Iterator[Line]:
        while True:
            events = self.client.filter_log_events(logGroupName=group, startTime=self.since[group])["events"]
            fresh = [one for one in events if _identity(one) not in self.seen[group]]
            for event in fresh:
                text = event["message"].rstrip()
                if text and not text.startswith(OF_THE_PLATFORM):
                    yield Line(event["timestamp"], function, text)
            if events:
                self.since[group] = events[-1]["timestamp"]
                self.seen[group] = {_identity(one) for one in events if one["timestamp"] == self.since[group]}
            if len(events) < PAGE or not fresh:
                return


def main(local: LocalAws, arguments: list[str]) -> None:
    """Prints the lines that the arguments ask for."""
    chosen = _options(arguments)
    functions = [function_named(chosen.function)] if chosen.function else sorted(resources())
    logs = Logs(local, functions)
    lines = [line for line in logs.new() if chosen.request in line.text]
    _print(lines if chosen.lines is None else lines[max(0, len(lines) - chosen.lines) :])
    while chosen.follow:
        time.sleep(EVERY_SECONDS)
        _print([line for line in logs.new() if chosen.request in line.text])


def resources() -> dict[str, str]:
    """The name of each function in the template, by the name of its folder."""
    return {
        Path(one["Properties"]["CodeUri"]).name: logical
        for logical, one in settings.template()["Resources"].items()
        if one["Type"] == "AWS::Serverless::Function"
    }


def function_named(name: str) -> str:
    """The folder of a function, named by it or by the template."""
    known = resources()
    found = {**{folder: folder for folder in known}, **{logical: folder for folder, logical in known.items()}}
    if name not in found:
        raise Failure(f"{name} is not a function: {', '.join(sorted(known))}.")
    return found[name]


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("dev/ctl logs", description="The functions' logs, oldest line first.")
    parser.add_argument("-f", "--follow", action="store_true", help="goes on with the lines that come")
    parser.add_argument("-n", "--lines", type=int, metavar="LINES", help="only the last ones")
    parser.add_argument("--request", default="", metavar="ID", help="only lines with this id, or any text")
    parser.add_argument("function", nargs="?", metavar="FUNCTION", help="gemini-worker, say; without it all")
    return parser.parse_args(arguments)


def _groups(local: LocalAws) -> dict[str, str]:
    """The log group of each function, by the name of its folder."""
    declared = settings.template()["Resources"]
    found = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in local.client("cloudformation").describe_stack_resources(StackName=local.stack)["StackResources"]
        if one["ResourceType"] == "AWS::Logs::LogGroup"
    }
    named = {
        folder: declared[logical]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        for folder, logical in resources().items()
    }
    return {folder: found[group] for folder, group in named.items() if group in found}


def _identity(event: dict) -> tuple:
    return event.get("eventId") or (event["logStreamName"], event["timestamp"], event["message"])


def _print(lines: list[Line]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
