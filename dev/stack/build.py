"""Builds what runs: the functions with cargo-lambda, the stand-ins with cargo."""

from __future__ import annotations

import os
import platform

from stack import tools
from stack.console import run, step
from stack.paths import DEV, ROOT, TARGET

# One selection for every build: another one would change the features of shared dependencies and build them again.
SELECTION = ["--workspace", "--exclude", "standins", "--exclude", "testkit", "--exclude", "e2e"]


def build_functions(profile: str) -> None:
    """Puts each function's bootstrap into target/lambda/NAME/, where template.yaml takes it from."""
    tools.ensure_cargo()
    arm = platform.machine() in ("arm64", "aarch64")
    command = [tools.tool(tools.CARGO_LAMBDA, "cargo-lambda"), "lambda", "build", "--profile", profile, *SELECTION]
    command += ["--skip-target-check", "--lambda-dir", ROOT / "target" / "lambda", "--arm64" if arm else "--x86-64"]
    # cargo-lambda finds zig on the PATH.
    path = f"{tools.tool(tools.CARGO_LAMBDA, '')}{os.pathsep}{os.environ['PATH']}"
    with step(f"functions, profile {profile}"):
        run(command, DEV / "logs" / "build-functions.log", "The build", cwd=ROOT, env={**os.environ, "PATH": path})


def build_standins() -> None:
    """Builds the servers that take the places of Gemini and Stripe."""
    tools.ensure_cargo()
    with step("stand-ins"):
        run(["cargo", "build", "-p", "standins"], DEV / "logs" / "build-standins.log", "The build", cwd=ROOT)


def standin(name: str):
    """The program of a stand-in."""
    return TARGET / "debug" / f"{name}-standin"


def main(arguments: list[str]) -> int:
    """Builds the functions with the profile that is named, else with the one that is deployed."""
    build_functions(arguments[0] if arguments else "release")
    return 0
