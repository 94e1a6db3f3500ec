"""Starts MiniStack in this process: `launcher.py FAULTS`, where FAULTS is a folder.

While FAULTS/sqs exists, every request to SQS returns 503, as when the service is down; queued messages stay. The
batches of a FIFO queue run in parallel, as on AWS; MiniStack alone runs them one after another. Pages of this machine
may call the API from any port.
"""

import json
import re
import socketserver
import sys
from pathlib import Path

# Nothing must be imported from the folder of this file.
sys.path.pop(0)
FAULT = Path(sys.argv.pop(1)) / "sqs"

# Its Lambda Runtime API sends a response in two segments: Nagle's algorithm delays the second one by 40 ms.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

from ministack import app  # noqa: E402
from ministack.services import apigateway, lambda_svc, sqs  # noqa: E402

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

OF_THIS_MACHINE = re.compile(r"http://(localhost|127\.0\.0\.1)(:\d{1,5})?")


def allow_pages_of_this_machine() -> None:
    """Where the template allows some origin, any http://localhost:PORT and http://127.0.0.1:PORT is allowed too."""
    of_api, of_function = apigateway._cors_response_headers, lambda_svc._function_url_cors_headers

    def api_headers(config, origin):
        if config and OF_THIS_MACHINE.fullmatch(origin or ""):
            config = {**config, "allowOrigins": [origin]}
        return of_api(config, origin)

    def function_headers(config, headers):
        origin = headers.get("origin") or headers.get("Origin") or ""
        if config.get("Cors") and OF_THIS_MACHINE.fullmatch(origin):
            config = {**config, "Cors": {**config["Cors"], "AllowOrigins": [origin]}}
        return of_function(config, headers)

    apigateway._cors_response_headers, lambda_svc._function_url_cors_headers = api_headers, function_headers


allow_pages_of_this_machine()
app.main()
