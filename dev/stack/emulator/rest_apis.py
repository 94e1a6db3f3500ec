"""REST APIs stream where an integration's address says so."""

from ministack.services import apigateway_v1

from stack.emulator import streams

# The end of the address of an integration whose responseTransferMode is STREAM.
STREAMING = "/response-streaming-invocations"


def apply() -> None:
    """Makes the Lambda integrations of REST APIs stream that are meant to."""
    serve = apigateway_v1._invoke_lambda_proxy_v1

    async def invoke(integration, *arguments, **named):
        uri = integration.get("uri", "")
        if not uri.endswith(STREAMING):
            return await serve(integration, *arguments, **named)
        buffered = {**integration, "uri": uri.removesuffix(STREAMING) + "/invocations"}
        return await streams.stream(serve(buffered, *arguments, **named), "application/json", {})

    apigateway_v1._invoke_lambda_proxy_v1 = invoke
