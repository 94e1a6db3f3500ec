"""`dev/fuzz-api [--quick]`: Schemathesis, all checks and phases, against the API of the stack that it runs in.

A run of fewer cases than it promises fails, like one with a finding or a warning. --quick is a short run that is the
same each time; else SEED repeats a run.
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
# How much is tried, and how many cases that must come to. With a time, whatever is random is repeated until it is over.
FULL, FULL_LEAST = ["--max-examples", "100", "--max-time", "1200"], 5000
QUICK, QUICK_LEAST = ["--max-examples", "10"], 1000


def main(arguments: list[str]) -> int:
    """Runs Schemathesis; the result is 1 unless it found nothing in enough cases."""
    if not given("API_URL"):
        raise Failure("There is no API_URL: run this in a stack, say by dev/up --name fuzz dev/fuzz-api.")
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
    command += ["--generation-database", "none", "--no-color", "--report-json-path", report]
    variables = {"SCHEMATHESIS_HOOKS": str(CONFIG / "hooks.py"), "FUZZ_PEOPLE": str(folder / "people.json")}
    commands.interruptible()
    # It leaves files behind where it runs.
    os.chdir(folder)
    code = commands.run(command, {**variables, "PYTHONDONTWRITEBYTECODE": "1"})
    cases = json.loads(report.read_text())["test_cases"]["generated"] if report.exists() else 0
    print(f"{cases} cases, at least {least} wanted, seed {seed}", flush=True)
    return 1 if code or cases < least else 0
