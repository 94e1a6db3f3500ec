"""`dev/ctl`: shows a running stack and stops single parts of it, for tests of faults.

    dev/ctl status                 the servers and whether they run
    dev/ctl stop|kill|start NAME   postgres, redis, gemini, stripe, or sqs: SQS alone returns 503, the queues stay
    dev/ctl logs [FUNCTION]        the functions' logs, oldest line first: of all, or of one by its template name
"""

from __future__ import annotations

import sys

from stack import settings
from stack.console import Failure, say
from stack.paths import Home
from stack.processes import Server, servers

SQS = "sqs"


def main(arguments: list[str]) -> int:
    """Runs one command and returns the exit code."""
    home = Home.current()
    if not home.records.exists():
        raise Failure("No stack is running: start one with `make run`.")
    if arguments == ["status"]:
        _status(home)
    elif len(arguments) == 2 and arguments[0] in ("stop", "kill", "start"):
        _change(home, *arguments)
    elif arguments[:1] == ["logs"] and len(arguments) <= 2:
        _logs(home, *arguments[1:])
    else:
        say(__doc__.strip())
        return 2
    return 0


def _status(home: Home) -> None:
    for server in servers(home):
        print(f"{server.name:<10}{'runs, process ' + str(server.record['pid']) if server.alive() else 'stopped'}")
    print(f"{SQS:<10}{'stopped' if (home.faults / SQS).exists() else 'runs'}")


def _change(home: Home, verb: str, name: str) -> None:
    if name == SQS:
        fault = home.faults / SQS
        fault.unlink(missing_ok=True) if verb == "start" else fault.touch()
        return
    server = Server(home, name)
    if not server.record:
        raise Failure(f"{name} is not a server of this stack: {', '.join(one.name for one in servers(home))}, {SQS}.")
    if verb == "start":
        server.restart()
    else:
        server.stop(kill=verb == "kill")


def _logs(home: Home, function: str | None = None) -> None:
    from stack.aws import STACK, LocalAws

    aws = LocalAws(home, Server(home, "aws").record["port"])
    resources = aws.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    groups = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in resources
        if one["ResourceType"] == "AWS::Logs::LogGroup"
    }
    if function:
        declared = settings.template()["Resources"].get(function, {}).get("Properties", {}).get("LoggingConfig")
        if not declared:
            raise Failure(f"{function} is not a function of the template.")
        logical = declared["LogGroup"]["Ref"]
        groups = {logical: groups[logical]}
    events = []
    for logical, group in groups.items():
        for page in aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group):
            events += [(event["timestamp"], logical, event["message"].rstrip()) for event in page["events"]]
    for _, logical, message in sorted(events, key=lambda event: event[0]):
        sys.stdout.write(f"{logical.removesuffix('Logs'):<15} {message}\n")
