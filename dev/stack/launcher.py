"""Starts MiniStack in this process: `launcher.py FAULTS`, where FAULTS is a folder.

While FAULTS/sqs exists, requests to SQS are answered with 503, as when the service is down; what is queued stays.
"""

import json
import os
import socketserver
import sys

# The folder of this file is not a place to import from.
sys.path.pop(0)
FAULT = os.path.join(sys.argv.pop(1), "sqs")

# Its Lambda Runtime API answers in two segments: Nagle's algorithm holds the second one back for 40 ms.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from ministack import app  # noqa: E402
from ministack.services import sqs  # noqa: E402

serve = sqs.handle_request


async def handle_request(*arguments, **named):
    """Serves a request to SQS unless the fault is on."""
    if os.path.exists(FAULT):
        body = {"__type": "com.amazonaws.sqs#ServiceUnavailable", "message": "stopped by dev/ctl"}
        return 503, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body).encode()
    return await serve(*arguments, **named)


sqs.handle_request = handle_request
app.main()
