#!/usr/bin/env python3
"""The `bootstrap` of a function that streams. The path of a request says how it answers."""

import http.client
import json
import os
import time

HEAD = {"statusCode": 200, "headers": {"content-type": "text/event-stream"}, "cookies": []}
RUNTIME = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
API = "/2018-06-01/runtime/invocation"


def pieces(event: dict):
    """The pieces of an answer; each may be late."""
    kind = (event.get("rawPath") or event["path"]).rpartition("/")[2]
    if kind == "refused":
        raise ValueError("refused before anything was answered")
    yield json.dumps(HEAD).encode() + b"\0" * 8
    if kind == "body":
        yield (event.get("body") or "").encode()
    elif kind == "address":
        yield event["requestContext"].get("domainName", "").encode()
    elif kind == "large":
        for _ in range(512):
            yield b"x" * 16384
    else:
        for number in range(5):
            yield f"data: {number} {time.time()}\n\n".encode()
            time.sleep(0.1)
            if kind == "dies" and number == 2:
                os._exit(1)
    print(f"finished {kind}", flush=True)


def answer(invocation: str, event: dict) -> None:
    """Answers one event in streaming mode."""
    try:
        parts = pieces(event)
        first = next(parts)
    except ValueError as error:
        body = json.dumps({"errorType": "ValueError", "errorMessage": str(error)})
        RUNTIME.request("POST", f"{API}/{invocation}/error", body)
    else:
        headers = {
            "Lambda-Runtime-Function-Response-Mode": "streaming",
            "Content-Type": "application/vnd.awslambda.http-integration-response",
            "Transfer-Encoding": "chunked",
        }
        RUNTIME.request("POST", f"{API}/{invocation}/response", together(first, parts), headers, encode_chunked=True)
    RUNTIME.getresponse().read()


def together(first: bytes, rest):
    """All pieces, the empty ones left out: an empty chunk is the end."""
    yield first
    yield from filter(None, rest)


while True:
    RUNTIME.request("GET", f"{API}/next")
    given = RUNTIME.getresponse()
    answer(given.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(given.read()))
