"""`dev/test [--lint]`: every check and every test, with the totals of all of them in the last line.

With --lint only those that need no server. A check that is not a test runner counts as one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

from stack import commands, settings, tools
from stack.paths import ROOT

# How test runners end: cargo tells how many passed, newman how many there were.
CARGO = re.compile(r"test result: \w+\. (\d+) passed; (\d+) failed;")
NEWMAN = re.compile(r"│ +assertions │ +(\d+) │ +(\d+) │")
SAM, CFN_LINT = tools.tool(tools.SAM, "sam"), tools.tool(tools.SAM, "cfn-lint")
CLIPPY = ["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]
# What --all-targets leaves out: targets with `test = false`, which run only when they are named.
CLIPPY_NAMED = ["cargo", "clippy", "-p", "e2e", "--test", "sms", "--test", "cors", "--test", "faults", "--", "-D", "warnings"]
LINTS = [
    ("formatting", ["cargo", "fmt", "--all", "--check"]),
    ("clippy", CLIPPY),
    ("clippy: named targets", CLIPPY_NAMED),
    ("template: sam validate", [SAM, "validate", "--lint", "--template-file", settings.TEMPLATE]),
    ("template: cfn-lint", [CFN_LINT, settings.TEMPLATE]),
    ("contract: redocly", [ROOT / "dev/lint-contract"]),
]
UP = [ROOT / "dev/up", "--name", "test"]
OTHER = ["OTP_DELIVERY=sns", "CORS_ORIGINS=https://app.example.org,https://beta.example.org"]
TESTS = [
    ("template: rules", ["env", "PYTHONPATH=dev", tools.PYTHON, "-m", "stack.rules"]),
    ("tests", [ROOT / "dev/services", "cargo", "test", "--workspace", "--exclude", "e2e", "--no-fail-fast"]),
    ("end to end", [*UP, "cargo", "test", "-p", "e2e", "--no-fail-fast"]),
    ("end to end: faults", [*UP, "cargo", "test", "-p", "e2e", "--test", "faults"]),
    ("end to end: other settings", ["env", *OTHER, *UP, "cargo", "test", "-p", "e2e", "--test", "sms", "--test", "cors"]),
    ("postman: journey", [*UP, ROOT / "dev/postman"]),
    ("schemathesis", [*UP, ROOT / "dev/fuzz-api", "--quick"]),
]


def main(arguments: list[str]) -> int:
    """Runs the stages; the result is 1 when anything failed."""
    commands.interruptible()
    tools.ensure_cargo()
    stages = LINTS if arguments == ["--lint"] else LINTS + TESTS
    env = _environment()
    passed = failed = 0
    summary = []
    for title, command in stages:
        print(f"\n=== {title}", flush=True)
        began = time.monotonic()
        counts, code = _stage(command, env)
        if counts is None:
            counts = (0, 1) if code else (1, 0)
        elif code and not counts[1]:
            # The runner broke down: nothing that it did not run may look passed.
            counts = (counts[0], 1)
        passed, failed = passed + counts[0], failed + counts[1]
        outcome = "failed" if counts[1] else "ok"
        summary.append(f"  {title:<28}{outcome:<8}{time.monotonic() - began:7.1f} s   {counts[0]} passed, {counts[1]} failed")
    print("\n" + "\n".join(summary))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def _environment() -> dict:
    """An environment in which a run is the same whatever the reader's own one and .env say."""
    settable = {settings.variable(parameter) for parameter in settings.template()["Parameters"]}
    kept = {name: value for name, value in os.environ.items() if name not in settable}
    return {**kept, "DOTENV": "", "PORT": "0", "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}


def _totals(line: str) -> tuple[int, int] | None:
    """How many passed and failed, if the line is the one by which a test runner tells it."""
    if found := CARGO.match(line):
        return int(found[1]), int(found[2])
    if found := NEWMAN.match(line):
        return int(found[1]) - int(found[2]), int(found[2])
    return None


def _stage(command: list, env: dict) -> tuple[tuple[int, int] | None, int]:
    """Runs one stage with its output shown; the sums of its test runners, None when there was none, and its code."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    counts = None
    try:
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            found = _totals(line)
            if found:
                before = counts or (0, 0)
                counts = (before[0] + found[0], before[1] + found[1])
        return counts, process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
