"""`dev/ctl [--name NAME]`: looks at a running stack, replaces its functions, and stops single parts of it.

    dev/ctl status                 the servers and whether they run
    dev/ctl logs [-f] [-n LINES] [--request ID] [FUNCTION]
                                   the functions' logs, oldest line first
    dev/ctl reload [FUNCTION…]     builds the functions and replaces those that have changed
    dev/ctl watch                  the same at every save of a source
    dev/ctl stop|kill|start NAME   postgres, redis, gemini, stripe, or sqs: SQS alone returns 503, the queues stay
    dev/ctl reset                  removes the data that a stopped stack keeps

NAME is that of `dev/up --name NAME`; without it, the stack of `make run`.
"""

from __future__ import annotations

import signal

from stack import commands, stores
from stack.console import Failure, say
from stack.paths import Home
from stack.processes import Server, servers, stop_all

SQS = "sqs"


def main(arguments: list[str]) -> int:
    """Runs one command and returns the exit code."""
    # `dev/ctl logs | head` ends without a word when head does.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    home = Home.current()
    if arguments[:1] == ["--name"] and len(arguments) > 1:
        home, arguments = Home(arguments[1]), arguments[2:]
    verb, rest = (arguments or [""])[0], arguments[1:]
    if verb == "reset" and not rest:
        _reset(home)
    elif (verb in ("status", "watch") and not rest) or verb in ("logs", "reload"):
        _of_running(home, verb, rest)
    elif verb in ("stop", "kill", "start") and len(rest) == 1:
        _change(_running(home), verb, *rest)
    else:
        say(__doc__.strip())
        return 2
    return 0


def _running(home: Home) -> Home:
    if not home.records.exists():
        raise Failure(f"The stack {home.name} does not run: start it with {home.starts_with()}.")
    return home


def _of_running(home: Home, verb: str, rest: list[str]) -> None:
    _running(home)
    if verb == "status":
        return _status(home)
    from botocore.exceptions import BotoCoreError, ClientError

    from stack import logs, reload
    from stack.aws import LocalAws

    commands.interruptible()
    try:
        local = LocalAws(home, Server(home, "aws").record["port"])
        if verb == "logs":
            return logs.main(local, rest)
        return reload.watch(home, local) if verb == "watch" else reload.reload(home, local, rest)
    except (KeyError, BotoCoreError, ClientError) as refused:
        raise Failure(f"The stack {home.name} is not ready, or has stopped: {refused}") from refused


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


def _reset(home: Home) -> None:
    """Removes the kept data; a running stack must be stopped first."""
    home.claim()
    stop_all(home)
    had_data = stores.has_kept(home)
    stores.forget(home)
    say(f"  The data of the stack {home.name} is removed." if had_data else f"  The stack {home.name} keeps no data.")
