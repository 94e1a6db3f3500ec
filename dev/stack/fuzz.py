"""`dev/fuzz-api [--quick]`: runs Schemathesis with all checks and phases against the API of the current stack.

A run with too few cases fails, like a run with a finding or a warning. --quick is a short run that is always the same;
otherwise SEED repeats a run.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil

from stack import commands, tools
from stack.console import Failure
from stack.environment import given
from stack.paths import ROOT, Home

CONFIG = ROOT / "dev" / "schemathesis"
# The size of a run, and its minimum number of cases. With --max-time, random cases are generated until time is up.
FULL, FULL_LEAST = ["--max-examples", "100", "--max-time", "1200"], 5000
QUICK, QUICK_LEAST = ["--max-examples", "10"], 1000


def main(arguments: list[str]) -> int:
    """Runs Schemathesis; returns 0 only if it ran enough cases and found nothing."""
    if not given("API_URL"):
        raise Failure("API_URL is not set: run this in a stack, for example by dev/up --name fuzz dev/fuzz-api.")
    is_quick = arguments == ["--quick"]
    size, least = (QUICK, QUICK_LEAST) if is_quick else (FULL, FULL_LEAST)
    seed = "1" if is_quick else given("SEED") or str(secrets.randbelow(2**32))
    folder = Home.current().data / "fuzz"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    report = folder / "report.json"
    command = [tools.tool(tools.SCHEMATHESIS, "schemathesis"), "--config-file", CONFIG / "schemathesis.toml", "run"]
    command += [ROOT / "docs" / "openapi.json", "--url", os.environ["API_URL"], "--checks", "all", "--mode", "all"]
    command += ["--phases", "examples,coverage,fuzzing,stateful", *size, "--seed", seed, "--continue-on-failure"]
    # The streaming door has another address.
    command += ["--exclude-operation-id", "follow_reply"]
    if not given("STRIPE_STANDIN_URL"):
        # Nobody can pay, so there is no subscription to ask about.
        command += ["--exclude-tag", "Subscription"]
    command += ["--generation-database", "none", "--no-color", "--report-json-path", report]
    variables = {"SCHEMATHESIS_HOOKS": str(CONFIG / "hooks.py"), "FUZZ_PEOPLE": str(folder / "people.json")}
    commands.interruptible()
    # It leaves files in its working directory.
    os.chdir(folder)
    code = commands.run(command, {**variables, "PYTHONDONTWRITEBYTECODE": "1"})
    cases = json.loads(report.read_text())["test_cases"]["generated"] if report.exists() else 0
    print(f"{cases} cases, at least {least} wanted, seed {seed}", flush=True)
    return 1 if code or cases < least else 0
