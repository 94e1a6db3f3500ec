"""Whether the API of a stack is ready."""

from __future__ import annotations

import time
import urllib.error
import urllib.request

from stack.console import Failure
from stack.paths import Home


def wait(api_url: str, home: Home) -> None:
    """Waits until the API says that it is healthy, for half a minute."""
    answer = "nothing"
    for _ in range(60):
        try:
            with urllib.request.urlopen(f"{api_url}/health", timeout=10) as response:
                if response.status == 200:
                    return
        except urllib.error.HTTPError as refused:
            answer = f"{refused.code} {refused.read().decode(errors='replace')[:500]}"
        except OSError as refused:
            answer = str(refused)
        time.sleep(0.5)
    raise Failure(f"The API is not healthy: GET /health returned {answer}", home.logs / "aws.log")
