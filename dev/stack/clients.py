"""Generates a Python client from docs/openapi.json, as a stranger would, and lets it read every example in it.

Run by `dev/test` with the Python of .dev/lint, which has the generator and what its clients need.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from stack import tools
from stack.paths import DEV, ROOT

TIME = re.compile(r"\d{4}-\d\d-\d\dT.*")
CONTRACT = ROOT / "docs" / "openapi.json"
FOLDER = DEV / "clients"
NAME = "python_client"
# Where the API is: behind the mapping of a domain.
BASE = "https://api.example.org/apps/chat"
# A status that no operation has: the default response.
UNDOCUMENTED = "418"
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
    generated = importlib.import_module(NAME)
    read, unread = 0, []
    for path, operation in ((path, one) for path, item in contract["paths"].items() for one in item.values()):
        tag, name = operation["tags"][0].lower(), operation["operationId"]
        module = importlib.import_module(f"{NAME}.api.{tag}.{name}")
        inputs, address = _inputs(contract, path, operation, module)
        for status, example in _examples(contract, operation):
            door = Door(int(status), example)
            client = generated.AuthenticatedClient(BASE, "a-token", httpx_args={"transport": door.transport()})
            parsed = module.sync_detailed(client=client, **inputs).parsed
            if parsed is None or _plain(parsed.to_dict()) != _plain(example):
                unread.append(f"{name} {status}: {example} became {parsed}")
            if door.asked != address:
                unread.append(f"{name} asked {door.asked} and not {address}")
            read += 1
    return read, unread


class Door:
    """The API as a client sees it: it answers one example, and keeps which address was asked."""

    def __init__(self, status: int, example: dict):
        self.status, self.example = status, example
        self.asked = ""

    def transport(self):
        """What the client sends its requests through."""
        httpx = importlib.import_module("httpx")

        def answer(request):
            self.asked = f"{request.method} {request.url.path.removeprefix(urlsplit(BASE).path)}"
            if request.headers["authorization"] != "Bearer a-token":
                self.asked += " without its token"
            return httpx.Response(self.status, json=self.example)

        return httpx.MockTransport(answer)


def _inputs(contract: dict, path: str, operation: dict, module) -> tuple[dict, str]:
    """The examples of an operation's inputs, as its method takes them, and the address that they lead to."""
    takes = inspect.signature(module.sync_detailed).parameters
    method = next(method for method, one in contract["paths"][path].items() if one is operation)
    found = {}
    for parameter in (_resolved(contract, one) for one in operation.get("parameters", [])):
        name = re.sub(r"\W", "_", parameter["name"]).lower()
        example = parameter.get("example", _resolved(contract, parameter["schema"]).get("example"))
        if example is None:
            continue
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(example))
        found[name] = UUID(example) if "UUID" in str(takes[name].annotation) else example
    if "body" in takes:
        media = next(iter(operation["requestBody"]["content"].values()))
        found["body"] = _body_class(module, takes["body"].annotation).from_dict(media["example"])
    return found, f"{method.upper()} {path}"


def _body_class(module, annotation):
    """The class of a body, which is optional where nothing in it is needed."""
    named = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    return getattr(module, named.partition("|")[0].strip().rpartition(".")[2])


def _resolved(contract: dict, part: dict) -> dict:
    """A part of the contract that may be a reference to another."""
    if "$ref" not in part:
        return part
    found = contract
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


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
        for media_type, media in _resolved(contract, response).get("content", {}).items():
            if media_type.endswith("json"):
                named = [example["value"] for example in media.get("examples", {}).values()]
                answered = UNDOCUMENTED if status == "default" else status
                found += [(answered, example) for example in named or [media["example"]]]
    return found


if __name__ == "__main__":
    sys.exit(main())
