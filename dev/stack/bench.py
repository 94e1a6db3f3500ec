"""`dev/bench/run [PROFILE]`: builds the functions as they are deployed, and the baseline, and measures them.

Everything runs on a private Postgres and Redis and on one processor. At the end dev/timing compares the response times
for numbers with and without an account. It fails if they differ, or if a goal is missed that was met before.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path

from stack import build, services, settings
from stack.console import Failure, say
from stack.paths import DEV, ROOT, TARGET

BUILT = ROOT / "target" / "bench"
BASELINE = ("hello", "bare")
# The memory of a function that is not in the template.
DEFAULT_MEMORY = 256


def main(arguments: list[str]) -> int:
    """Prints the tables; the result is the exit code."""
    if sys.platform != "linux":
        raise Failure("The functions are Linux programs: run this on Linux.")
    profile = arguments[0] if arguments else "release"
    build.build_functions(profile, build.host(), BUILT, ["baseline"])
    manifest = DEV / "bench.json"
    manifest.write_text(json.dumps(_manifest(), indent=2))
    for name in ("TEST_DATABASE_URL", "TEST_REDIS_URL"):
        # The bench changes the settings of these servers, so they must be its own.
        os.environ.pop(name, None)
    build.build_packages("bench, timing", "stack", "bench", "timing")
    # On one processor: a small function has only a part of one, and no time is spent on waking up an idle one.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    say("\nIt measures for about four minutes; the tables appear as they are measured.")
    programs = TARGET / "stack"
    measured = services.main([str(programs / "bench"), str(manifest)])
    say("\nFor half a minute: do times tell who has an account?")
    return services.main([str(programs / "timing")]) or measured


def _manifest() -> dict:
    """The path and size of each built program, and its settings and memory in the template."""
    described = _described()
    found = {}
    for bootstrap in sorted(BUILT.glob("*/bootstrap")):
        name = bootstrap.parent.name
        if name in described or name in BASELINE:
            found[name] = {
                "bootstrap": str(bootstrap),
                "binary_bytes": bootstrap.stat().st_size,
                "zip_bytes": _zipped(bootstrap),
                **described.get(name, {"memory_mb": DEFAULT_MEMORY, "settings": {"DATABASE_URL": "", "REDIS_URL": ""}}),
            }
    return found


def _described() -> dict:
    """The memory and environment of each function in the template, with local values."""
    template = settings.template()
    values = {name: one.get("Default", "") for name, one in template["Parameters"].items()}
    values |= settings.parameters("", "", build.host())
    shared = template["Globals"]["Function"]
    found = {}
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            declared = dict(shared["Environment"]["Variables"])
            declared |= properties.get("Environment", {}).get("Variables", {})
            filled = {key: _filled(one, values) for key, one in declared.items()}
            memory = properties.get("MemorySize", shared["MemorySize"])
            found[Path(properties["CodeUri"]).name] = {"memory_mb": memory, "settings": filled}
    return found


def _filled(declared: object, values: dict) -> str:
    """The local value of a variable. What only AWS knows, a resource for example, is an address where nothing is."""
    if not isinstance(declared, dict):
        return str(declared)
    name = declared.get("Ref", "")
    return str(values.get(name, f"http://127.0.0.1:1/1/{name}"))


def _zipped(bootstrap: Path) -> int:
    """The size of the upload in bytes."""
    archive = bootstrap.parent / "size.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        zipped.write(bootstrap, "bootstrap")
        for file in (bootstrap.parent / build.CERTIFICATES.name).rglob("*.pem"):
            zipped.write(file, file.relative_to(bootstrap.parent))
    size = archive.stat().st_size
    archive.unlink()
    return size
