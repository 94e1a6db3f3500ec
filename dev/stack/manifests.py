"""Refuses a dependency that a manifest lists twice: in [dependencies], and in [dev-dependencies] with nothing added.

Run by `dev/test`. The tests of a package already see its [dependencies].
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from stack.paths import ROOT

METADATA = ["cargo", "metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"]


def main() -> int:
    """Prints each repeated dependency; the result is 1 when there is one."""
    read = subprocess.run(METADATA, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found = [line for package in json.loads(read.stdout)["packages"] for line in _repeated(package)]
    print("\n".join(found) or "No dependency is listed twice.")
    return 1 if found else 0


def _repeated(package: dict) -> list[str]:
    """One line for each dependency of the package whose [dev-dependencies] entry adds no feature."""
    normal = {_name(entry): entry for entry in package["dependencies"] if entry["kind"] is None}
    dev = [entry for entry in package["dependencies"] if entry["kind"] == "dev" and _name(entry) in normal]
    names = [entry["name"] for entry in dev if not _adds(entry, normal[_name(entry)])]
    return [f"{Path(package['manifest_path']).relative_to(ROOT)}: [dev-dependencies] repeats {name}" for name in names]


def _name(entry: dict) -> tuple:
    """What two entries have in common when they mean the same crate for the same target."""
    return entry["rename"] or entry["name"], entry["target"]


def _adds(dev: dict, normal: dict) -> bool:
    """Whether the entry of the tests turns on what the other one leaves off."""
    more_defaults = dev["uses_default_features"] and not normal["uses_default_features"]
    return more_defaults or not set(dev["features"]) <= set(normal["features"])


if __name__ == "__main__":
    sys.exit(main())
