"""Generates a Python client from docs/openapi.json, as a stranger would, and lets it read every example in it.

Run by `dev/test` with the Python of .dev/lint, which has the generator and what its clients need.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime

from stack import tools
from stack.paths import DEV, ROOT

TIME = re.compile(r"\d{4}-\d\d-\d\dT.*")
CONTRACT = ROOT / "docs" / "openapi.json"
FOLDER = DEV / "clients"
NAME = "python_client"
# A class for every list of codes made several hundred of them.
MOST_MODELS = 100


def main() -> int:
    """Prints each defect; the result is 1 when there is one."""
    _generate()
    models = [path.stem for path in (FOLDER / NAME / "models").glob("*.py") if path.stem != "__init__"]
    defects = [f"{name}: a class without a name" for name in models if "inline" in name]
    if len(models) > MOST_MODELS:
        defects.append(f"{len(models)} models: a part of the contract became a class of its own for each operation")
    read, unread = _read_examples(json.loads(CONTRACT.read_text()))
    defects += unread
    print("\n".join(defects) or f"{len(models)} models, which read {read} examples.")
    return 1 if defects else 0


def _generate() -> None:
    """Generates the client; a warning is a failure."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    generator = tools.tool(tools.LINT, "openapi-python-client")
    command = [generator, "generate", "--path", CONTRACT, "--output-path", FOLDER / NAME, "--meta", "none"]
    # The generator formats what it wrote with the ruff that it finds.
    path = os.pathsep.join([str(generator.parent), os.environ.get("PATH", "")])
    subprocess.run([*command, "--fail-on-warning"], env={**os.environ, "PATH": path}, check=True)


def _read_examples(contract: dict) -> tuple[int, list[str]]:
    """How many examples of responses the client reads and writes back unchanged, and what it does not."""
    sys.path.insert(0, str(FOLDER))
    httpx = importlib.import_module("httpx")
    client = importlib.import_module(NAME).Client(base_url="http://api.example", raise_on_unexpected_status=True)
    read, unread = 0, []
    for operation in (one for item in contract["paths"].values() for one in item.values()):
        tag, name = operation["tags"][0].lower(), operation["operationId"]
        module = importlib.import_module(f"{NAME}.api.{tag}.{name}")
        for status, example in _examples(contract, operation):
            answer = httpx.Response(int(status), json=example)
            parsed = module._parse_response(client=client, response=answer)
            if parsed is None or _plain(parsed.to_dict()) != _plain(example):
                unread.append(f"{name} {status}: {example} became {parsed}")
            read += 1
    return read, unread


def _plain(value):
    """A value whose times are written in one way."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, str) and TIME.fullmatch(value):
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value


def _examples(contract: dict, operation: dict) -> list[tuple[str, dict]]:
    """The examples of an operation's JSON responses, with their statuses."""
    found = []
    for status, response in operation["responses"].items():
        if "$ref" in response:
            response = contract["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
        for media_type, media in response.get("content", {}).items():
            if status != "default" and media_type.endswith("json"):
                named = [example["value"] for example in media.get("examples", {}).values()]
                found += [(status, example) for example in named or [media["example"]]]
    return found


if __name__ == "__main__":
    sys.exit(main())
