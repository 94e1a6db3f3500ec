"""Carries an answer from a function to its client piece by piece; MiniStack alone reads all of it first.

As on AWS a function is not told that its client has left, and runs on. A function that ends in the middle of its
answer leaves the answer incomplete. Whoever reads slowly slows the function down.
"""

import asyncio
import json
from contextvars import ContextVar

from ministack.core import lambda_runtime
from ministack.core.responses import StreamingResponse
from ministack.services import lambda_svc

# Between the JSON with status and headers, and the body.
SEPARATOR = b"\0" * 8
# Pieces that may wait for a slow client before the function must wait.
WAITING = 16
SINK: ContextVar = ContextVar("sink", default=None)
# Tasks are known to the loop only weakly.
RUNNING: set = set()


class Sink:
    """Takes the pieces of one answer from the thread that reads them to the loop that sends them.

    `None` is the end of the answer, `False` the end of a function that did not finish it.
    """

    def __init__(self):
        self.loop, self.pieces = asyncio.get_running_loop(), asyncio.Queue(WAITING)

    def put(self, piece) -> None:
        """Hands a piece over; waits as long as too many wait."""
        asyncio.run_coroutine_threadsafe(self.pieces.put(piece), self.loop).result()


def apply() -> None:
    """Makes the Runtime API hand on what a function answers in streaming mode, if somebody wants it so."""
    worker = lambda_runtime.ProvidedWorker
    invoke, handlers = worker.invoke, worker._build_handler_class

    def invoke_with_sink(self, *arguments, **named):
        self.sink = SINK.get()
        return invoke(self, *arguments, **named)

    def handlers_that_stream(self, *arguments):
        class Handler(handlers(self, *arguments)):
            def _read_body(handler):
                sink, mode = getattr(self, "sink", None), "Lambda-Runtime-Function-Response-Mode"
                if sink is None or handler.headers.get(mode) != "streaming":
                    return super()._read_body()
                sink.put(None if _read_chunks(handler.rfile, sink) else False)
                return b"null"

        return Handler

    worker.invoke, worker._build_handler_class = invoke_with_sink, handlers_that_stream


def _read_chunks(source, sink: Sink) -> bool:
    """Hands on each chunk of a chunked body as it comes (RFC 9112, section 7.1). Returns whether the body was whole."""
    while size := source.readline().split(b";")[0].strip():
        length = int(size, 16)
        piece = source.read(length + 2)[:length]
        if not length:
            return True
        if len(piece) < length:
            break
        sink.put(piece)
    return False


async def stream(invocation, kind: str, more_headers: dict) -> tuple:
    """Answers with what a function writes, while `invocation` runs it. `kind` is the content type if it names none.

    A function that does not stream, or fails before it has said its status, is answered as without streaming.
    """
    sink = Sink()
    SINK.set(sink)
    whole = asyncio.ensure_future(invocation)
    RUNNING.add(whole)
    whole.add_done_callback(RUNNING.discard)
    head = b""
    while SEPARATOR not in head:
        piece = await _next(sink, whole)
        if not piece:
            return await whole
        head += piece
    prelude, _, first = head.partition(SEPARATOR)
    prelude = json.loads(prelude)
    headers = {"Content-Type": kind}
    lambda_svc._apply_headers_case_insensitively(headers, prelude.get("headers") or {})
    lambda_svc._apply_headers_case_insensitively(headers, more_headers)
    if cookies := prelude.get("cookies"):
        headers["Set-Cookie"] = list(cookies)

    async def send_on(send, receive):
        gone = asyncio.ensure_future(_left(receive))
        piece = first
        while piece is not None and piece is not False:
            if piece and not gone.done():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await _next(sink, whole)
        gone.cancel()
        if piece is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return int(prelude.get("statusCode", 200)), headers, StreamingResponse(send_on)


async def _left(receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(sink: Sink, whole: asyncio.Future):
    """The next piece; `False` if the invocation ended without one."""
    piece = asyncio.ensure_future(sink.pieces.get())
    await asyncio.wait({piece, whole}, return_when=asyncio.FIRST_COMPLETED)
    if piece.done():
        return piece.result()
    piece.cancel()
    return sink.pieces.get_nowait() if not sink.pieces.empty() else False
