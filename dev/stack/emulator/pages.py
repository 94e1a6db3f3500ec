"""Pages that a developer serves on this machine may call the API from any port.

Where the template allows some origin (CORS), every http://localhost:PORT and http://127.0.0.1:PORT is allowed too.
"""

import re

from ministack.services import apigateway, lambda_svc

OF_THIS_MACHINE = re.compile(r"http://(localhost|127\.0\.0\.1)(:\d{1,5})?")


def widen(answered: dict, asked: dict) -> None:
    """Allows such an origin in the answer of a function that answers CORS itself, as its `Vary` tells."""
    names = {name.lower(): name for name in answered}
    origin = next((value for name, value in asked.items() if name.lower() == "origin"), "")
    if OF_THIS_MACHINE.fullmatch(origin) and "origin" in answered.get(names.get("vary"), "").lower():
        answered[names.get("access-control-allow-origin", "access-control-allow-origin")] = origin


def apply() -> None:
    """Changes the emulator."""
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
