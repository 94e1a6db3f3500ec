"""`dev/bench/run [PROFILE]`: builds the functions as they are deployed, the baseline with them, and measures them.

Everything runs on a private Postgres and Redis and on one processor. At last the answers to numbers with and without an account are timed
side by side (dev/timing); it fails if they differ.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path

from stack import build, commands, services, settings
from stack.console import Failure, run, step
from stack.paths import DEV, ROOT, TARGET

BUILT = ROOT / "target" / "bench"
BASELINE = ("hello", "bare")
# What a function without an entry in the template is given.
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
        # The settings of these servers are changed: they must be its own.
        os.environ.pop(name, None)
    with step("bench"):
        run(["cargo", "build", "--quiet", "--profile", "stack", "--package", "bench"], DEV / "logs" / "bench.log", "The build", cwd=ROOT)
    # On one processor, which a small function has a part of: none is to pay for waking up another that slept.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return services.main([str(TARGET / "stack" / "bench"), str(manifest)]) or services.main(["cargo", "run", "-q", "-p", "timing"])


def _manifest() -> dict:
    """What was built: where it is, how big, and the settings and memory that the template gives it."""
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
    """Each function's memory and environment as the template gives them, with the local values."""
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
            # What refers to a resource is the address of a queue.
            filled = {key: str(values.get(one["Ref"], f"http://127.0.0.1:1/1/{one['Ref']}")) for key, one in declared.items()}
            memory = properties.get("MemorySize", shared["MemorySize"])
            found[Path(properties["CodeUri"]).name] = {"memory_mb": memory, "settings": filled}
    return found


def _zipped(bootstrap: Path) -> int:
    """Bytes of what is uploaded."""
    archive = bootstrap.parent / "size.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        zipped.write(bootstrap, "bootstrap")
    size = archive.stat().st_size
    archive.unlink()
    return size
