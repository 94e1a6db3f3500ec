"""`dev/services COMMAND…`: runs a command against an empty Postgres and Redis of its own.

The command finds them in TEST_DATABASE_URL and TEST_REDIS_URL. Either is used as it is when it is already given.
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
    """Runs the command; the result is its exit code."""
    if not arguments:
        say("usage: dev/services COMMAND…")
        return 2
    # The process id keeps two at once apart.
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
    """Stops what an earlier run left behind that had no chance to do so."""
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
