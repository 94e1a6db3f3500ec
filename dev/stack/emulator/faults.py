"""While FAULTS/sqs exists, every request to SQS returns 503, as when the service is down; queued messages stay."""

import json
from pathlib import Path

from ministack.services import sqs


def apply(folder: Path) -> None:
    """Makes the folder's files decide what fails."""
    serve, fault = sqs.handle_request, folder / "sqs"

    async def handle_request(*arguments, **named):
        if fault.exists():
            body = {"__type": "com.amazonaws.sqs#ServiceUnavailable", "message": "stopped by dev/ctl"}
            return 503, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body).encode()
        return await serve(*arguments, **named)

    sqs.handle_request = handle_request
