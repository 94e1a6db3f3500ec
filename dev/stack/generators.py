"""`dev/up python -m stack.generators`: clients that others' generators make of docs/openapi.json, used on the stack.

openapi-generator (Python, TypeScript, Kotlin; it needs Java, and says so where there is none) and orval. Each client
must have names for everything and no more files than the contract has types; TypeScript must compile; the clients of
Python and TypeScript sign in, write a message and read the room.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from stack import tools
from stack.paths import DEV, ROOT

CONTRACT = ROOT / "docs" / "openapi.json"
FOLDER = DEV / "generated"
OTHERS = ROOT / "dev" / "others"
# A generator, a compiler or a journey that takes longer hangs.
SECONDS = 60
# What a generator makes of a type that has no name, and how many files beside the named types a client may have.
NAMELESS = ("inline", "anonymous", "oneof", "anyof")
MORE_FILES = 8
# orval is written for Node.js 22; this gives an older one what it lacks.
SHIM = OTHERS / "older_node.cjs"


def main() -> int:
    """Prints each defect; the result is 1 when there is one."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    defects = _orval()
    if shutil.which("java"):
        defects += _openapi_generator()
    else:
        print("openapi-generator is not run: it needs Java.")
    print("\n".join(defects) or "All clients do what the contract says.")
    return 1 if defects else 0


def _openapi_generator() -> list[str]:
    """Its clients for Python, TypeScript and Kotlin."""
    python = _generate("python", "chat_client/models", "--additional-properties=packageName=chat_client")
    script = _generate("typescript-fetch", "models")
    kotlin = _generate("kotlin", "src/main/kotlin/org/openapitools/client/models")
    if defects := python + script + kotlin:
        return defects
    used = _run("a Python client is used", tools.tool(tools.LINT, "python"), OTHERS / "generated.py", FOLDER / "python")
    return used + _typescript("typescript-fetch", "openapi_generator.cjs")


def _orval() -> list[str]:
    """Its client, which calls `fetch`."""
    programs = _programs()
    folder = FOLDER / "orval"
    folder.mkdir()
    output = {"mode": "tags-split", "target": "api.ts", "schemas": "model", "client": "fetch"}
    output["baseUrl"] = os.environ["API_URL"]
    settings = {"chat": {"input": str(CONTRACT), "output": output}}
    (folder / "orval.config.cjs").write_text(f"module.exports = {json.dumps(settings)};\n")
    command = ["node", "--require", SHIM, programs / "orval", "--config", folder / "orval.config.cjs"]
    # It makes a file of each response and each list of parameters too.
    wrong = _run("orval", *command) or _names("orval", folder / "model", more=110)
    return wrong or _typescript("orval", "orval.cjs")


def _generate(kind: str, models: str, *options: str) -> list[str]:
    """Generates a client with openapi-generator and looks at its models."""
    command = [tools.tool(tools.LINT, "openapi-generator-cli"), "generate", "--generator-name", kind]
    command += ["--input-spec", CONTRACT, "--output", FOLDER / kind, *options]
    return _run(f"openapi-generator, {kind}", *command) or _names(kind, FOLDER / kind / models, more=MORE_FILES)


def _names(kind: str, models: Path, more: int) -> list[str]:
    """Types without a name, and files that no type of the contract accounts for."""
    files = [file.stem for file in models.glob("*.*")]
    types = len(json.loads(CONTRACT.read_text())["components"]["schemas"])
    print(f"{kind}: {len(files)} files for {types} types", flush=True)
    if not files:
        return [f"{kind}: no models in {models}"]
    defects = [f"{kind}: {name} is a type without a name" for name in files if _is_nameless(name)]
    if len(files) > types + more:
        defects.append(f"{kind}: {len(files)} files for {types} types: a part of the contract is repeated")
    return defects


def _is_nameless(name: str) -> bool:
    return any(part in name.lower() for part in NAMELESS)


def _typescript(kind: str, journey: str) -> list[str]:
    """Compiles a client in strict mode and uses it."""
    folder = FOLDER / kind
    options = {"target": "es2022", "module": "commonjs", "moduleResolution": "bundler", "strict": True, "types": []}
    options |= {"lib": ["es2022", "dom", "dom.iterable"], "outDir": "js", "rootDir": "."}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["**/*.ts"]}))
    wrong = _run(f"{kind} compiles", _programs() / "tsc", "--project", folder)
    return wrong or _run(f"{kind} is used", "node", OTHERS / journey, folder / "js")


def _programs() -> Path:
    done = subprocess.run([ROOT / "dev/npm/install", "clients"], stdout=subprocess.PIPE, text=True, check=True)
    return Path(done.stdout.strip())


def _run(what: str, *command) -> list[str]:
    """Runs a command and returns what is wrong, with the end of its output."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return [f"{what}: has not ended after {SECONDS} s"]
    if done.returncode:
        return [f"{what}: exit code {done.returncode}\n{done.stdout[-3000:]}"]
    print(f"{what}: ok", flush=True)
    return []


if __name__ == "__main__":
    sys.exit(main())
