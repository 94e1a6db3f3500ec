"""Puts newly built functions into a running stack: `dev/ctl reload [FUNCTION…]`, and `dev/ctl watch` at every save.

The stack, its data and its sessions stay. A change of template.yaml needs a new start.
"""

from __future__ import annotations

import filecmp
import io
import json
import shutil
import time
import zipfile
from pathlib import Path

from stack import build, logs
from stack.aws import LocalAws
from stack.console import Failure, report, say, step
from stack.paths import ROOT, Home

EVERY_SECONDS = 0.3
READY_SECONDS = 30
# What a function is made of.
SOURCES = [
    *("functions/*/src/**/*", "functions/*/assets/*", "shared/src/**/*", "shared/migrations/*", "docs/openapi.json"),
    *("Cargo.toml", "Cargo.lock", "functions/*/Cargo.toml", "shared/Cargo.toml"),
]
NEEDS_A_START = ROOT / "template.yaml"


def reload(home: Home, local: LocalAws, names: list[str]) -> None:
    """Builds the functions, and replaces those that have changed, or of them only the named ones."""
    wanted = [logs.function_named(name) for name in names] or sorted(logs.resources())
    profile = (home.code / "profile").read_text()
    with step(f"functions, profile {profile}"), build.alone():
        build.compile_functions(profile, build.host())
        changed = [name for name in wanted if _differs(home, name)]
        for name in changed:
            shutil.copy2(_built(name), _draft(home, name))
    if not changed:
        say("  nothing has changed")
    for name in changed:
        with step(name):
            _replace(local, _draft(home, name), local.functions()[logs.resources()[name]])
            if name == "migrate":
                _migrate(local)
            # What has failed is replaced again by the next reload.
            _draft(home, name).replace(_deployed(home, name))


def watch(home: Home, local: LocalAws) -> None:
    """Reloads whenever a source is saved, until Ctrl-C."""
    say("  Save a file of a function or of shared; Ctrl-C ends this, the stack goes on.")
    before = _saved()
    while True:
        time.sleep(EVERY_SECONDS)
        now = _saved()
        if now == before:
            continue
        saved = sorted({path for path, _ in now ^ before})
        before = now
        say(f"\n  {', '.join(str(path.relative_to(ROOT)) for path in saved[:3])}{' …' if len(saved) > 3 else ''}")
        if NEEDS_A_START in saved:
            say("  template.yaml has changed: start the stack again to deploy it.")
        if saved != [NEEDS_A_START]:
            try:
                reload(home, local, [])
            except Failure as failure:
                report(failure)


def _saved() -> set[tuple[Path, int]]:
    """Every source with the time of its last change."""
    files = [path for pattern in SOURCES for path in ROOT.glob(pattern)] + [NEEDS_A_START]
    found = set()
    for path in files:
        try:
            found.add((path, path.stat().st_mtime_ns))
        except OSError:
            # An editor replaces a file by another one.
            continue
    return found


def _built(name: str) -> Path:
    return build.DEPLOYED / name / "bootstrap"


def _deployed(home: Home, name: str) -> Path:
    return home.code / _built(name).relative_to(ROOT)


def _draft(home: Home, name: str) -> Path:
    """A copy that a later build does not change, until it is what the function runs."""
    return _deployed(home, name).with_name("bootstrap.new")


def _differs(home: Home, name: str) -> bool:
    return not filecmp.cmp(_built(name), _deployed(home, name), shallow=False)


def _replace(local: LocalAws, program: Path, function: str) -> None:
    """Gives a function its new code and waits until it is used; environments with the old code end."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
        zipped.write(program, "bootstrap")
        for file in (program.parent / build.CERTIFICATES.name).rglob("*.pem"):
            zipped.write(file, file.relative_to(program.parent))
    client = local.client("lambda")
    client.update_function_code(FunctionName=function, ZipFile=archive.getvalue())
    deadline = time.monotonic() + READY_SECONDS
    while client.get_function_configuration(FunctionName=function)["LastUpdateStatus"] != "Successful":
        if time.monotonic() > deadline:
            raise Failure(f"{function} was not replaced within {READY_SECONDS} seconds.")
        time.sleep(0.05)


def _migrate(local: LocalAws) -> None:
    """Runs the migrations that the new program brings."""
    function = local.functions()[logs.resources()["migrate"]]
    answer = local.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Failure(f"The migrations failed: {said.get('errorMessage', said)}")
