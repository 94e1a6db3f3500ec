"""The start of each script: it installs the tools it needs and continues in the private Python environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stack import tools
from stack.console import Failure, report
from stack.environment import given, read_dotenv
from stack.paths import DEV


def enter(
    module: str,
    environments: list[str],
    postgres: bool = False,
    redis: bool = False,
    browser: bool = False,
    pooler: bool = False,
) -> None:
    """Runs the main function of `module` and exits with its result.

    `postgres` and `redis` are installed unless their URLs are given; `browser` includes its driver, and
    `pooler` is PgBouncer.
    """
    try:
        if Path(sys.prefix).resolve() != (DEV / "venv").resolve():
            read_dotenv()
            wanted = [tools.MINISTACK, *(name for name in environments if name != tools.MINISTACK)]
            stores = {"postgres": postgres and not given("DATABASE_URL"), "redis": redis and not given("REDIS_URL")}
            tools.ensure(wanted, **stores, browser=browser, pooler=pooler)
            sys.stdout.flush()
            os.execv(tools.PYTHON, [str(tools.PYTHON), *sys.argv])
        main = __import__(module, fromlist=["main"]).main
        sys.exit(main(sys.argv[1:]))
    except Failure as failure:
        report(failure)
        sys.exit(1)
