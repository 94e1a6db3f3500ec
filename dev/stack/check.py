"""`dev/test [--lint | --only STAGE…]`: runs every check and every test; the last line has the totals of all of them.

With --lint it runs only the checks that need no server, with --only the stages whose titles are given. A check that
is not a test runner counts as one test.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress

from stack import commands, infrastructure, settings, tools
from stack.console import Failure
from stack.paths import ROOT

# The last lines of test runners: cargo and Node.js print how many tests passed, newman how many there were.
CARGO = re.compile(r"test result: \w+\. (\d+) passed; (\d+) failed;")
NODE = re.compile(r"[#ℹ] (pass|fail) (\d+)")
NEWMAN = re.compile(r"│ +assertions │ +(\d+) │ +(\d+) │")
# A stage that takes longer hangs: the first build of everything takes half as long on two busy cores.
STAGE_SECONDS = 60 * 60
# How long a stage may take to stop its servers.
CLEANUP_SECONDS = 60
SAM = tools.tool(tools.SAM, "sam")
CFN_LINT = [tools.tool(tools.SAM, "cfn-lint"), "--config-file", ROOT / "dev/cfn-lint.yaml", "--"]
CHECKOV = [tools.tool(tools.CHECKOV, "checkov"), "--config-file", ROOT / "dev/checkov.yaml"]
RUFF = tools.tool(tools.LINT, "ruff")
CLIPPY = ["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]
# --all-targets leaves out the targets with `test = false`: they run only by name.
NAMED = ["--test", "sms", "--test", "cors", "--test", "faults"]
CLIPPY_NAMED = ["cargo", "clippy", "-p", "e2e", *NAMED, "--", "-D", "warnings"]
# Private items are documented too, so links to them are allowed.
RUSTDOC = "RUSTDOCFLAGS=-D warnings -A rustdoc::private_intra_doc_links"
DOC = ["env", RUSTDOC, "cargo", "doc", "--workspace", "--no-deps", "--document-private-items"]
DENY = [tools.tool(tools.LINT, "cargo-deny"), "--locked", "--config", ROOT / "dev/deny.toml", "check", "-D", "warnings"]
DENY += ["--hide-inclusion-graph", "licenses", "bans", "sources"]
SHEAR = [tools.tool(tools.LINT, "cargo-shear"), "--locked", "--deny-warnings"]
MODULE = ["env", "PYTHONPATH=dev", tools.PYTHON, "-m"]
OF_OTHERS = ["env", "PYTHONPATH=dev", tools.tool(tools.LINT, "python"), "-m"]
CLIENT = [*OF_OTHERS, "stack.clients"]
LINTS = [
    ("formatting", ["cargo", "fmt", "--all", "--check"]),
    ("clippy", CLIPPY),
    ("clippy: named targets", CLIPPY_NAMED),
    ("documentation: links", DOC),
    ("crates: cargo-deny", DENY),
    ("crates: cargo-shear", SHEAR),
    ("crates: cargo-shear, fuzz", [*SHEAR, ROOT / "dev/fuzz"]),
    ("crates: listed twice", [*MODULE, "stack.manifests"]),
    ("scripts: ruff", [RUFF, "check", "--no-cache", ROOT / "dev"]),
    ("template: sam validate", [SAM, "validate", "--lint", "--template-file", settings.TEMPLATE]),
    ("templates: cfn-lint", [*CFN_LINT, settings.TEMPLATE, infrastructure.TEMPLATE]),
    ("templates: checkov", CHECKOV),
    ("contract: redocly", [ROOT / "dev/lint-contract"]),
    ("page: its client is fresh", [ROOT / "dev/client", "page", "--check"]),
    ("clients: format, types", [ROOT / "dev/client", "lint"]),
    ("contract: a generated client", CLIENT),
]
UP = [ROOT / "dev/up", "--name", "test"]
E2E = ["cargo", "test", "-p", "e2e"]
OTHER = ["OTP_DELIVERY=sns", "CORS_ORIGINS=https://app.example.org,http://localhost:47821"]
# A killed worker's lease ends after this and five seconds.
QUICK = "GEMINI_FIRST_TOKEN_SECONDS=15"
# So that a flood uses up the day's codes.
FEW_CODES = ["OTP_DELIVERY=sns", "OTP_DAILY_CAP=720"]
SHARED = ["PGBOUNCER=true", "REDIS_CLUSTER=true"]
TESTS = [
    ("template: rules", [*MODULE, "stack.rules"]),
    ("emulator: streams", [*MODULE, "stack.trial"]),
    ("tests", [ROOT / "dev/services", "cargo", "test", "--workspace", "--exclude", "e2e", "--no-fail-fast"]),
    ("scripts: tests", [*MODULE, "unittest", "discover", "-s", "dev/stack/tests", "-t", "dev"]),
    ("end to end", [*UP, *E2E, "--no-fail-fast"]),
    ("end to end: faults", ["env", QUICK, ROOT / "dev/up", "--name", "faults", *E2E, "--test", "faults"]),
    ("end to end: other settings", ["env", *OTHER, *UP, *E2E, "--test", "sms", "--test", "cors"]),
    ("end to end: pooler, cluster", ["env", *SHARED, *UP, *E2E, "--test", "stack", "--", "journey"]),
    ("scripts: running stack", [*UP, *MODULE, "unittest", "discover", "-s", "dev/stack/live_tests", "-t", "dev"]),
    ("end to end: from nothing", [ROOT / "dev/from-nothing", *E2E, "--test", "stack", "--", "journey"]),
    ("game day", ["env", *FEW_CODES, *UP, ROOT / "dev/game-day"]),
    ("papers: shell blocks", [*UP, ROOT / "dev/papers"]),
    ("stripe: its own libraries", [*MODULE, "stack.stripe_libraries"]),
    ("papers: real accounts", [ROOT / "dev/papers", "--accounts"]),
    ("postman: journey", [*UP, ROOT / "dev/postman"]),
    ("contract: Prism", [*UP, *MODULE, "stack.prism"]),
    ("clients: generated", [*UP, *OF_OTHERS, "stack.generators"]),
    ("clients: typescript", [*UP, ROOT / "dev/client", "test"]),
    ("schemathesis", [*UP, ROOT / "dev/fuzz-api", "--quick"]),
]
# It is idle most of the time, since it waits for timeouts. So it runs beside the stages after it, on its own stack.
ASIDE = "end to end: faults"
TOTALS = re.compile(r"(\d+) passed, (\d+) failed$")


def main(arguments: list[str]) -> int:
    """Runs the stages; the result is 1 when anything failed."""
    commands.interruptible()
    tools.ensure_cargo()
    stages = _chosen(arguments)
    env = _environment()
    summary = []
    with _aside(len(stages) > 1) as aside:
        for title, command in stages:
            if title == ASIDE and aside:
                aside.start()
                continue
            print(f"\n=== {title}", flush=True)
            began = time.monotonic()
            passed, failed = _judged(*_stage(command, env))
            outcome, seconds = "failed" if failed else "ok", time.monotonic() - began
            summary.append(f"  {title:<30}{outcome:<8}{seconds:7.1f} s   {passed} passed, {failed} failed")
        if aside:
            summary += aside.finish()
    counts = [[int(count) for count in TOTALS.search(line).groups()] for line in summary]
    passed, failed = (sum(column) for column in zip(*counts, strict=True))
    print("\n" + "\n".join(summary))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def _chosen(arguments: list[str]) -> list:
    if arguments[:1] != ["--only"]:
        return LINTS if arguments == ["--lint"] else LINTS + TESTS
    known = dict(LINTS + TESTS)
    if not arguments[1:] or not known.keys() >= set(arguments[1:]):
        raise Failure("--only takes some of: " + "; ".join(known))
    return [(title, known[title]) for title in arguments[1:]]


def _judged(counts: tuple[int, int] | None, code: int) -> tuple[int, int]:
    """How many passed and failed, of a stage with this exit code."""
    if counts is None:
        return (0, 1) if code else (1, 0)
    # If a runner crashed, the tests that it did not run must not look passed.
    return (counts[0], 1) if code and not counts[1] else counts


class Aside:
    """A run of one stage alone, whose output is shown when it is over."""

    process: subprocess.Popen | None = None

    def __init__(self, output):
        self.output = output

    def start(self) -> None:
        """Begins the run."""
        command = [sys.executable, ROOT / "dev/test", "--only", ASIDE]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=self.output, stderr=subprocess.STDOUT)

    def finish(self) -> list[str]:
        """Waits for its end; shows its output, and returns the lines of its summary."""
        if not self.process:
            return []
        self.process.wait()
        self.output.seek(0)
        lines = self.output.read().rstrip().split("\n")
        ended = TOTALS.match(lines[-1])
        print("\n".join(lines[:-2] if ended else lines), flush=True)
        return [lines[-2] if ended else f"  {ASIDE:<30}failed   0 passed, 1 failed"]


@contextmanager
def _aside(wanted: bool):
    """The run beside the others, if there are others. It ends with its block, whatever happens there."""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        aside = Aside(output) if wanted else None
        try:
            yield aside
        finally:
            if aside and aside.process:
                aside.process.terminate()
                aside.process.wait()


def _environment() -> dict:
    """The environment of a run; neither the user's own settings nor .env change it."""
    settable = {settings.variable(parameter) for parameter in settings.template()["Parameters"]}
    kept = {name: value for name, value in os.environ.items() if name not in settable}
    unset = dict.fromkeys(("DOTENV", "PGBOUNCER", "REDIS_CLUSTER"), "")
    return {**kept, **unset, "PORT": "0", "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}


def _totals(line: str) -> tuple[int, int] | None:
    """How many tests passed and failed, if the line is the last one of a test runner."""
    if found := CARGO.match(line):
        return int(found[1]), int(found[2])
    if found := NODE.match(line):
        return (int(found[2]), 0) if found[1] == "pass" else (0, int(found[2]))
    if found := NEWMAN.match(line):
        return int(found[1]) - int(found[2]), int(found[2])
    return None


def _stage(command: list, env: dict, seconds: float = STAGE_SECONDS) -> tuple[tuple[int, int] | None, int]:
    """Runs one stage and shows its output. Returns the totals of its test runners, if any, and its exit code."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    # In a session of its own: what it leaves behind ends with it, and would keep the pipe open.
    process = subprocess.Popen(command, cwd=ROOT, env=env, text=True, start_new_session=True, **streams)
    late = threading.Event()
    limit = threading.Timer(seconds, lambda: (late.set(), _end(process)))
    limit.start()
    counts = None
    try:
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            found = _totals(line)
            if found:
                before = counts or (0, 0)
                counts = (before[0] + found[0], before[1] + found[1])
        code = process.wait()
        if late.is_set():
            print(f"The stage has not ended after {seconds / 60:.0f} minutes, so it was stopped.", flush=True)
            return counts, code or 1
        return counts, code
    except BaseException:
        _end(process)
        process.wait()
        raise
    finally:
        limit.cancel()


def _end(process: subprocess.Popen) -> None:
    """Ends a stage and all it started: it may clean up first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(CLEANUP_SECONDS)
