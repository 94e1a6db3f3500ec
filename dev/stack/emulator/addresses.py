"""Function URLs have the address at which they answer here, so that what a template makes of it is right at once.

MiniStack gives them an address of AWS with a random id. Here the id is the function's name without the suffix that
CloudFormation appends, so that an address is the same after each start.
"""

import json
import os
import re

from ministack.services import lambda_svc

PLACE = f"127.0.0.1:{os.environ['GATEWAY_PORT']}/_aws/lambda-url"


def apply() -> None:
    """Changes the addresses of function URLs, and what events say of them."""
    create, build = lambda_svc._create_function_url_config, lambda_svc._build_function_url_event

    def create_here(name, data, qualifier):
        status, headers, body = create(name, data, qualifier)
        if status == 201:
            config = lambda_svc._function_urls[lambda_svc._url_config_key(name, qualifier)]
            config["FunctionUrl"] = f"http://{PLACE}/{re.sub(r'-[A-Za-z0-9]+$', '', name)}/"
            body = json.dumps(config).encode()
        return status, headers, body

    def build_here(url_id, *arguments, **named):
        event = build(url_id, *arguments, **named)
        host, _, port = PLACE.partition("/")[0].partition(":")
        event["headers"] |= {"host": f"{host}:{port}", "x-forwarded-proto": "http", "x-forwarded-port": port}
        # On AWS the domain is the whole address; here a path belongs to it.
        event["requestContext"]["domainName"] = f"{PLACE}/{url_id}"
        return event

    def id_of(address):
        return address.rstrip("/").rpartition("/")[2]

    lambda_svc._create_function_url_config = create_here
    lambda_svc._build_function_url_event = build_here
    lambda_svc._function_url_id = id_of
