"""The parameter VersionDigest: what a deployment is made of, in one text.

CloudFormation publishes a new version of a function only if the version has another name in the transformed template.
SAM makes that name of VersionDigest, and not of the values of parameters. So it must change with each of them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

PARAMETER = "VersionDigest"
# SAM takes the first ten characters into a name.
CHARACTERS = 16


def of(parameters: dict, template: Path, functions: Path) -> str:
    """The digest of the parameters, the template and every file of the built functions."""
    values = {name: str(value) for name, value in parameters.items() if name != PARAMETER}
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for file in [template, *sorted(file for file in functions.rglob("*") if file.is_file())]:
        digest.update(file.name.encode() if file == template else str(file.relative_to(functions)).encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:CHARACTERS]
