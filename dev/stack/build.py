"""Builds the functions with cargo-lambda and the stand-ins with cargo."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from stack import settings, tools
from stack.console import run, step
from stack.environment import given
from stack.paths import DEV, ROOT, TARGET


def host() -> str:
    """This machine's architecture as Lambda names it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


# The folder from which template.yaml takes the functions.
DEPLOYED = ROOT / "target" / "lambda"


def build_functions(profile: str, architecture: str, directory: Path = DEPLOYED, others: Sequence[str] = ()) -> None:
    """Puts the bootstrap of each function, and of the other packages, into a folder with its name."""
    tools.ensure_cargo()
    command = [tools.tool(tools.CARGO_LAMBDA, "cargo-lambda"), "lambda", "build", "--profile", profile]
    # Always all functions: a different selection changes the features of shared dependencies, which are then rebuilt.
    command += [f"--package={file.parent.name}" for file in sorted((ROOT / "functions").glob("*/Cargo.toml"))]
    command += [f"--package={name}" for name in others]
    command += ["--lambda-dir", directory, "--arm64" if architecture == "arm64" else "--x86-64"]
    if sys.platform == "linux" and architecture == host():
        # No target to install: the toolchain builds for its own machine.
        command.append("--skip-target-check")
    # cargo-lambda finds zig on the PATH.
    path = f"{tools.tool(tools.CARGO_LAMBDA, '')}{os.pathsep}{os.environ['PATH']}"
    with step(f"functions, profile {profile}"):
        run(command, DEV / "logs" / "build-functions.log", "The build", cwd=ROOT, env={**os.environ, "PATH": path})


def build_standins() -> None:
    """Builds the servers that replace Gemini and Stripe."""
    tools.ensure_cargo()
    with step("stand-ins"):
        run(["cargo", "build", "-p", "standins"], DEV / "logs" / "build-standins.log", "The build", cwd=ROOT)


def standin(name: str):
    """The path of a stand-in's program."""
    return TARGET / "debug" / f"{name}-standin"


def main(arguments: list[str]) -> int:
    """Builds the functions with the given profile, by default as they are deployed."""
    profile = arguments[0] if arguments else "release"
    deployed = given("ARCHITECTURE") or settings.template()["Parameters"]["Architecture"]["Default"]
    build_functions(profile, deployed if profile == "release" else host())
    return 0
