"""`dev/bench [PROFILE]`: size, start and memory of each function as it is deployed, and what times tell of accounts.

Each is started against a Lambda Runtime API of our own, twenty times: the figures are medians, without the time that
AWS takes to bring the environment up. `ready` is the first request for work. No store is reached until then.

At last the answers to numbers with and without an account are timed side by side (dev/timing); it fails if they differ.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from stack import build, settings
from stack.console import Failure
from stack.paths import ROOT

STARTS = 20
# Nobody listens here: a function that reaches for its stores before its first event would fail.
NOWHERE = "postgres://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1"


class RuntimeApi(BaseHTTPRequestHandler):
    """Notes when a function asks for work and leaves it waiting."""

    asked = threading.Event()
    at = 0.0

    def do_GET(self):  # noqa: N802
        """`GET /2018-06-01/runtime/invocation/next`"""
        type(self).at = time.perf_counter()
        self.asked.set()
        self.rfile.read(1)

    def log_message(self, *_arguments):
        """Says nothing."""


def main(arguments: list[str]) -> int:
    """Prints one line a function and one an endpoint; the result is the exit code."""
    if sys.platform != "linux":
        raise Failure("The functions are Linux programs: run this on Linux.")
    profile = arguments[0] if arguments else "release"
    build.build_functions(profile, build.host())
    server = ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"\n  {'function':<16}{'binary MB':>10}{'zip MB':>9}{'ready ms':>10}{'CPU ms':>9}{'memory MB':>11}")
    environments = _environments()
    for bootstrap in sorted((ROOT / "target" / "lambda").glob("*/bootstrap")):
        name = bootstrap.parent.name
        if name in environments:
            starts = [_start(bootstrap, environments[name], server.server_port) for _ in range(STARTS)]
            ready, cpu, memory = (statistics.median(column) for column in zip(*starts))
            size = bootstrap.stat().st_size / 1e6
            print(f"  {name:<16}{size:>10.2f}{_zipped(bootstrap):>9.2f}{ready:>10.2f}{cpu:>9.2f}{memory:>11.1f}")
    sys.stdout.flush()
    return subprocess.call([ROOT / "dev" / "services", "cargo", "run", "--quiet", "--package", "timing"], cwd=ROOT)


def _environments() -> dict:
    """Each function's environment as the template gives it, with the local values."""
    template = settings.template()
    values = {name: one.get("Default", "") for name, one in template["Parameters"].items()}
    values |= settings.parameters(*NOWHERE, build.host())
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    found = {}
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            own = properties.get("Environment", {}).get("Variables", {})
            declared = {**shared, **own}
            name = Path(properties["CodeUri"]).name
            # What refers to a resource is the address of a queue.
            found[name] = {
                key: str(values.get(one["Ref"], f"http://127.0.0.1:1/000000000000/{one['Ref']}"))
                for key, one in declared.items()
            }
    return found


def _start(bootstrap: Path, variables: dict, port: int) -> tuple[float, float, float]:
    """One start: milliseconds until it asks for work, of which on the processor, and megabytes of memory."""
    env = {
        **variables,
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_LAMBDA_FUNCTION_NAME": bootstrap.parent.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    RuntimeApi.asked.clear()
    began = time.perf_counter()
    process = subprocess.Popen([bootstrap], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        while not RuntimeApi.asked.wait(0.1):
            if process.poll() is not None or time.perf_counter() - began > 10:
                raise Failure(f"{bootstrap.parent.name} does not start: {process.stderr.read().decode()[-500:]}")
        ready = RuntimeApi.at - began
        stat = Path(f"/proc/{process.pid}/schedstat").read_text().split()
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory = int(status.partition("VmRSS:")[2].split()[0]) / 1024
        return ready * 1e3, int(stat[0]) / 1e6, memory
    finally:
        process.kill()
        process.wait()


def _zipped(bootstrap: Path) -> float:
    """Megabytes of what is uploaded."""
    archive = bootstrap.parent.parent / f"{bootstrap.parent.name}.size.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        zipped.write(bootstrap, "bootstrap")
    size = archive.stat().st_size / 1e6
    os.unlink(archive)
    return size
