"""Starts MiniStack in this process: `launcher.py FAULTS`, where FAULTS is a folder.

While FAULTS/sqs exists, every request to SQS returns 503, as when the service is down; queued messages stay. The
batches of a FIFO queue run in parallel, as on AWS; MiniStack alone runs them one after another.
"""

import json
import socketserver
import sys
from pathlib import Path

# The folder of the package `stack`; nothing must be imported from the folder of this file.
sys.path[0] = str(Path(__file__).resolve().parent.parent)
FAULT = Path(sys.argv.pop(1)) / "sqs"

# Its Lambda Runtime API sends a response in two segments: Nagle's algorithm delays the second one by 40 ms.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from ministack import app  # noqa: E402
from ministack.services import lambda_svc, sqs  # noqa: E402

from stack.emulator import pages  # noqa: E402

serve = sqs.handle_request


async def handle_request(*arguments, **named):
    """Handles a request to SQS unless the fault is on."""
    if FAULT.exists():
        body = {"__type": "com.amazonaws.sqs#ServiceUnavailable", "message": "stopped by dev/ctl"}
        return 503, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body).encode()
    return await serve(*arguments, **named)


sqs.handle_request = handle_request


def concurrency_of_groups(mapping, *_):
    """The mapping's MaximumConcurrency, whatever the queue: a group that is in a batch is locked in the queue."""
    return int(mapping.get("ScalingConfig", {}).get("MaximumConcurrency", lambda_svc._ESM_SQS_DEFAULT_CONCURRENCY))


lambda_svc._sqs_esm_concurrency = concurrency_of_groups

pages.apply()
app.main()
