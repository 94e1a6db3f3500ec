"""`dev/services COMMAND…`: runs a command against an empty Postgres and Redis of its own.

The command finds them in TEST_DATABASE_URL and TEST_REDIS_URL. Either is used as it is when it is already given.
"""

from __future__ import annotations

import os
import shutil

from stack import commands, settings, stores
from stack.console import Failure, report, say
from stack.environment import given
from stack.paths import Home
from stack.processes import stop_all


def main(arguments: list[str]) -> int:
    """Runs the command; the result is its exit code."""
    if not arguments:
        say("usage: dev/services COMMAND…")
        return 2
    # The process id keeps two at once apart.
    home = Home(f"services-{os.getpid()}")
    commands.interruptible()
    home.claim()
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
        shutil.rmtree(home.directory, ignore_errors=True)
