"""What `make run` shows while it runs: a line a request, and what went wrong in the background."""

from __future__ import annotations

import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

from stack.aws import LocalAws
from stack.logs import Logs, resources


class Feed:
    """The lines of a running stack, from now on."""

    def __init__(self, local: LocalAws):
        self.logs = Logs(local, sorted(resources()), since=int(time.time() * 1000))

    def show(self) -> None:
        """Prints the new lines; none while the local AWS does not answer, which is reported elsewhere."""
        try:
            lines = self.logs.new()
        except (BotoCoreError, ClientError):
            return
        for line in lines:
            if told := line.summary():
                print(f"  {told}", file=sys.stderr, flush=True)
