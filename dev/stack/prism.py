"""`dev/up python -m stack.prism`: the journey goes through Prism, which refuses what docs/openapi.json does not allow.

Prism is a proxy before the running stack. It looks at each request and each answer; a violation becomes an error, which
the journey of the Postman collection meets.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

from stack.console import Failure, report
from stack.paths import ROOT, Home
from stack.processes import Server, free_port

# A journey that takes longer hangs.
SECONDS = 120


def main() -> int:
    """Runs the journey; the result is 1 if Prism or the journey refuses something."""
    installed = subprocess.run([ROOT / "dev/npm/install", "clients"], capture_output=True, text=True, check=True)
    port, home = free_port(), Home("prism")
    home.directory.mkdir(parents=True, exist_ok=True)
    server, url = Server(home, "prism"), f"http://127.0.0.1:{port}"
    prism = [f"{installed.stdout.strip()}/prism", "proxy", ROOT / "docs/openapi.json", os.environ["API_URL"]]
    try:
        server.start([*prism, "--errors", "--port", str(port), "--host", "127.0.0.1"], port)
        looks(url)
        env = {**os.environ, "API_URL": url}
        return 1 if subprocess.run([ROOT / "dev/postman"], env=env, timeout=SECONDS, check=False).returncode else 0
    except Failure as failure:
        report(failure)
        return 1
    except subprocess.TimeoutExpired:
        print(f"The journey has not ended after {SECONDS} s.")
        return 1
    finally:
        server.stop()


def looks(url: str) -> None:
    """Fails if Prism lets a request through that the contract does not allow."""
    wrong = urllib.request.Request(f"{url}/auth/signup", json.dumps({"mobile": 1}).encode(), method="POST")
    wrong.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(wrong, timeout=10) as answer:
            raise Failure(f"Prism let a wrong request through: {answer.status}")
    except urllib.error.HTTPError as refused:
        told = refused.read().decode()
        # The service refuses it too: with a problem document of its own.
        if refused.code != 422 or "stoplight" not in told:
            raise Failure(f"Prism answers a wrong request with {refused.code} {told[:300]}") from None


if __name__ == "__main__":
    sys.exit(main())
