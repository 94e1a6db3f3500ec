"""Builds the functions with cargo-lambda and the stand-ins with cargo."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

from stack import settings, tools
from stack.console import run, say, step
from stack.environment import given
from stack.paths import DEV, ROOT, TARGET, Home
from stack.progress import note

# The folder from which template.yaml takes the functions.
DEPLOYED = ROOT / "target" / "lambda"
# Certificate authorities that every function's package has, in a folder of the same name.
CERTIFICATES = ROOT / "certificates"
# What the first build took on two cores, in minutes of one core.
FIRST_BUILD_MINUTES = 14


def host() -> str:
    """This machine's architecture as Lambda names it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


@contextmanager
def alone():
    """Waits until no other script of this clone builds functions: their programs pass through the same folders."""
    DEV.mkdir(exist_ok=True)
    with (DEV / "build.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            note(f"waits for another build (process {lock.read().strip() or 'unknown'})")
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def build_functions(profile: str, architecture: str, directory: Path = DEPLOYED, others: Sequence[str] = ()) -> None:
    """Puts the bootstrap of each function, and of the other packages, into a folder with its name."""
    announce(profile)
    with step(f"functions, profile {profile}"), alone():
        compile_functions(profile, architecture, directory, others)


def build_for(home: Home, profile: str) -> Path:
    """Builds the functions and copies them into the stack's own folder; returns the template beside them.

    A later build does not change what a running stack deploys.
    """
    with step(f"functions, profile {profile}"), alone():
        compile_functions(profile, host())
        shutil.rmtree(home.code, ignore_errors=True)
        for function in sorted(DEPLOYED.glob("*/bootstrap")):
            copied = home.code / function.relative_to(ROOT)
            copied.parent.mkdir(parents=True)
            shutil.copy2(function, copied)
            add_certificates(copied.parent)
    (home.code / "profile").write_text(profile)
    return Path(shutil.copy2(settings.TEMPLATE, home.code))


def compile_functions(profile: str, architecture: str, directory: Path = DEPLOYED, others: Sequence[str] = ()) -> None:
    """Compiles; the caller holds the lock of `alone`."""
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
    run(command, DEV / "logs" / "build-functions.log", "The build", cwd=ROOT, env=_environment(PATH=path))
    for function in sorted((ROOT / "functions").iterdir()):
        add_certificates(directory / function.name)


def add_certificates(package: Path) -> None:
    """Puts the certificate authorities into a function's package, and no others."""
    folder = package / CERTIFICATES.name
    shutil.rmtree(folder, ignore_errors=True)
    for source in sorted(CERTIFICATES.rglob("*.pem")):
        copied = folder / source.relative_to(CERTIFICATES)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copied)


def build_standins() -> None:
    """Builds the servers that replace Gemini and Stripe."""
    build_packages("stand-ins", "dev", "standins")


def build_packages(title: str, profile: str, *names: str) -> None:
    """Builds packages that are not functions."""
    tools.ensure_cargo()
    with step(title):
        command = ["cargo", "build", "--profile", profile, *(f"--package={name}" for name in names)]
        run(command, DEV / "logs" / f"build-{names[0]}.log", "The build", cwd=ROOT, env=_environment())


def standin(name: str):
    """The path of a stand-in's program."""
    return TARGET / "debug" / f"{name}-standin"


def announce(profile: str) -> None:
    """Says before a first build how long it takes."""
    tools.ensure_cargo()
    folder = "debug" if profile == "dev" else profile
    if not any(TARGET.glob(f"*/{folder}/deps")):
        cores = os.cpu_count() or 1
        minutes = max(1, round(FIRST_BUILD_MINUTES / cores))
        say(f"\n  The first build compiles every dependency: about {minutes} minutes on {cores} cores, 2 GB of disk.")
        say("  Later builds take seconds.\n")


def _environment(**variables: str) -> dict:
    """The environment of a build: cargo shows its progress although its output is a file."""
    return {**os.environ, "CARGO_TERM_PROGRESS_WHEN": "always", "CARGO_TERM_PROGRESS_WIDTH": "100", **variables}


def main(arguments: list[str]) -> int:
    """Builds the functions with the given profile, by default as they are deployed."""
    profile = arguments[0] if arguments else "release"
    return deployable(profile, given("ARCHITECTURE"))


def deployable(profile: str, architecture: str | None) -> int:
    """Builds the functions for `architecture`, by default the template's; if not to be deployed, for this machine."""
    deployed = architecture or settings.template()["Parameters"]["Architecture"]["Default"]
    build_functions(profile, deployed if profile == "release" else host())
    return 0
