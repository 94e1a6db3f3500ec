"""`python -m stack.stripe_libraries`: Stripe's own libraries use the stand-in, each on one of its own.

What they read and check is in dev/others. Their versions are pinned in dev/requirements-lint.txt and dev/npm/clients.
"""

from __future__ import annotations

import os
import subprocess
import sys

from stack import build, tools
from stack.paths import ROOT, Home
from stack.processes import Server, free_port

OTHERS = ROOT / "dev" / "others"
# A library that does not end hangs.
SECONDS = 60


def main() -> int:
    """Runs both; the result is 1 if one of them fails."""
    build.build_standins()
    installed = subprocess.run([ROOT / "dev/npm/install", "clients"], capture_output=True, text=True, check=True)
    modules = installed.stdout.strip().removesuffix("/.bin")
    python = [tools.tool(tools.LINT, "python"), OTHERS / "stripe_account.py"]
    codes = [_run(python, {}), _run(["node", OTHERS / "stripe_account.mjs"], {"NODE_PATH": modules})]
    return 1 if any(codes) else 0


def _run(command: list, variables: dict) -> int:
    """Runs a program against a stand-in whose account is empty."""
    port, home = free_port(), Home("stripe-libraries")
    home.directory.mkdir(parents=True, exist_ok=True)
    server = Server(home, "stripe")
    server.start([build.standin("stripe"), "--listen", f"127.0.0.1:{port}", "--price", "price_other"], port)
    env = {**os.environ, **variables, "STRIPE_API_BASE": f"http://127.0.0.1:{port}"}
    try:
        return subprocess.run(command, env=env, timeout=SECONDS, check=False).returncode
    except subprocess.TimeoutExpired:
        print(f"{command[-1].name} has not ended after {SECONDS} s")
        return 1
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
