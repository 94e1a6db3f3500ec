"""`dev/services COMMAND…`: runs a command with its own empty Postgres and Redis.

The command finds them in TEST_DATABASE_URL and TEST_REDIS_URL. If one of these is already set, it is used unchanged.
"""

from __future__ import annotations

import os
import shutil

from stack import commands, settings, stores
from stack.console import Failure, report, say
from stack.environment import given
from stack.paths import DEV, MAIN, Home
from stack.processes import stop_all

NAME = "services-"


def main(arguments: list[str]) -> int:
    """Runs the command and returns its exit code."""
    if not arguments:
        say("usage: dev/services COMMAND…")
        return 2
    # The process id separates two runs at the same time.
    home = Home(f"{NAME}{os.getpid()}")
    commands.interruptible()
    home.claim()
    _clear_away_abandoned(home)
    try:
        database_url, redis_url = given("TEST_DATABASE_URL"), given("TEST_REDIS_URL")
        variables = {
            "TEST_DATABASE_URL": database_url or stores.start_postgres(home, settings.keys()["PostgresPassword"]),
            "TEST_REDIS_URL": redis_url or stores.start_redis(home),
            "STACK_NAME": home.name,
        }
        return commands.run(arguments, variables)
    except Failure as failure:
        report(failure)
        return 1
    finally:
        commands.uninterruptible()
        stop_all(home)
        stores.clear(home)
        shutil.rmtree(home.directory, ignore_errors=True)


def _clear_away_abandoned(own: Home) -> None:
    """Stops the servers of earlier runs that were killed before they could stop them."""
    prefix = f"{MAIN}-{NAME}"
    for directory in DEV.glob(f"{prefix}*"):
        home = Home(directory.name.removeprefix(f"{MAIN}-"))
        if home.directory != own.directory:
            try:
                home.claim()
            except Failure:
                continue
            stop_all(home)
            stores.clear(home)
            shutil.rmtree(home.directory, ignore_errors=True)
