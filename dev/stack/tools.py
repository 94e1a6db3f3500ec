"""Installs what the stack needs and the machine lacks.

It runs before anything is installed, so it uses only the standard library.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stack.console import Failure, run, step
from stack.paths import DEV, ROOT

MINISTACK = "ministack"
SAM = "sam"
CARGO_LAMBDA = "cargo-lambda"
SCHEMATHESIS = "schemathesis"
LINT = "lint"
CHECKOV = "checkov"
PYTHON = DEV / "venv" / "bin" / "python"
# Each is installed into a folder of its name.
_OTHER_FOLDERS = {MINISTACK: "venv"}


def tool(environment: str, program: str) -> Path:
    """A program of one of the private environments."""
    return _folder(environment) / "bin" / program


def _folder(environment: str) -> Path:
    return DEV / _OTHER_FOLDERS.get(environment, environment)


def ensure(environments: list[str], postgres: bool, redis: bool, browser: bool, pooler: bool) -> None:
    """Installs the named environments, and the stores, browser and pooler if wanted; quick if all is installed."""
    if sys.version_info < (3, 10):  # noqa: UP036
        raise Failure("Python 3.10 or newer is needed.")
    DEV.mkdir(exist_ok=True)
    with (DEV / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _ensure_packages(postgres, redis, browser, pooler)
        missing = [name for name in environments if not _is_installed(name)]
        if missing:
            with step(f"installing {', '.join(missing)}"), ThreadPoolExecutor() as pool:
                list(pool.map(_install, missing))


def ensure_cargo() -> None:
    """Fails with advice if Rust is not installed: the user chooses how to install it."""
    if not shutil.which("cargo"):
        raise Failure("cargo is not on the PATH: install Rust from https://rustup.rs and open a new shell.")


def _requirements(name: str) -> Path:
    return ROOT / "dev" / f"requirements-{name}.txt"


def _stamp(name: str) -> str:
    """What an installed environment says of itself."""
    return hashlib.sha256(
        _requirements(name).read_bytes() + sys.version.encode() + str(_folder(name)).encode()
    ).hexdigest()


def _is_installed(name: str) -> bool:
    stamp = _folder(name) / "stamp"
    return stamp.exists() and stamp.read_text() == _stamp(name)


def _install(name: str) -> None:
    directory = _folder(name)
    shutil.rmtree(directory, ignore_errors=True)
    log = DEV / "logs" / f"install-{name}.log"
    run([sys.executable, "-m", "venv", directory], log, "Creating a Python environment")
    pip = [directory / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "-r", _requirements(name)]
    run(pip, log, f"Installing {name}")
    (directory / "stamp").write_text(_stamp(name))


def _ensure_packages(postgres: bool, redis: bool, browser: bool, pooler: bool) -> None:
    debian, brew = [], []
    if postgres and postgres_programs() is None:
        debian.append("postgresql")
        brew.append("postgresql@17")
    if redis and not shutil.which("redis-server"):
        debian.append("redis-server")
        brew.append("redis")
    if pooler and not shutil.which("pgbouncer"):
        debian.append("pgbouncer")
        brew.append("pgbouncer")
    if browser and not shutil.which("chromedriver"):
        debian += ["chromium", "chromium-driver"]
        brew.append("chromedriver")
    if not shutil.which("cc"):
        debian.append("build-essential")
    if importlib.util.find_spec("ensurepip") is None:
        debian.append("python3-venv")
    if shutil.which("apt-get") and debian:
        prefix = _as_root(debian)
        with step("installing " + ", ".join(debian)):
            _apt(prefix, debian)
    elif shutil.which("brew") and brew:
        with step("installing " + ", ".join(brew)):
            run(["brew", "install", *brew], DEV / "logs" / "brew.log", "brew install")
    elif debian:
        advice = "If you run a store yourself, set DATABASE_URL or REDIS_URL."
        raise Failure(f"Please install {', '.join(debian)}. {advice}")


def _as_root(packages: list[str]) -> list[str]:
    """What precedes a command of root; sudo may ask for a password here, before a step is shown."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        raise Failure(f"Please install as root: apt-get install {' '.join(packages)}")
    subprocess.run(["sudo", "-v"], check=False)
    return ["sudo", "--preserve-env=DEBIAN_FRONTEND"]


def _apt(prefix: list[str], packages: list[str]) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    log = DEV / "logs" / "apt.log"
    install = [*prefix, "apt-get", "install", "--yes", "--no-install-recommends", *packages]
    try:
        run(install, log, "apt-get install", env=env)
    except Failure:
        # The lists of a new machine are empty or old.
        run([*prefix, "apt-get", "update"], log, "apt-get update", env=env)
        run(install, log, "apt-get install", env=env)


def postgres_programs() -> Path | None:
    """The folder with initdb, postgres and psql of the newest installed version."""
    places = [Path("/usr/lib/postgresql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt"), Path("/usr")]
    found = [path.parent for place in places for path in place.glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).parent)
    found = [path for path in found if (path / "postgres").exists() and (path / "psql").exists()]
    return max(found, key=postgres_version, default=None)


def postgres_version(programs: Path) -> int:
    """The major version of the server in a folder."""
    shown = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    digits = "".join(c if c.isdigit() else " " for c in shown).split()
    return int(digits[0]) if digits else 0
