"""Function URLs whose InvokeMode is RESPONSE_STREAM stream."""

from ministack.services import lambda_svc

from stack.emulator import pages, streams


def apply() -> None:
    """Makes function URLs stream that are meant to."""
    serve = lambda_svc.handle_function_url_request
    streams.apply()

    async def handle(url_id, method, path, headers, body, query, resolved=None, source_ip=None):
        resolved = resolved or lambda_svc.resolve_function_url(url_id)
        invocation = serve(url_id, method, path, headers, body, query, resolved, source_ip)
        if not resolved or resolved[4].get("InvokeMode") != "RESPONSE_STREAM":
            return await invocation
        cors = lambda_svc._function_url_cors_headers(resolved[4], headers)
        status, answered, body_or_stream = await streams.stream(invocation, "application/octet-stream", cors)
        pages.widen(answered, headers)
        return status, answered, body_or_stream

    lambda_svc.handle_function_url_request = handle
