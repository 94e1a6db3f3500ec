"""Creates the routes of the deployed HTTP API.

SAM writes the routes of an HTTP API into the OpenAPI `Body` of AWS::ApiGatewayV2::Api, which MiniStack does not read.
So this module reads the processed template back and creates each of its routes with calls of the public API.
"""

from __future__ import annotations

import re

from stack import settings
from stack.console import Failure

INTEGRATION = "x-amazon-apigateway-integration"


class Intrinsics:
    """Resolves the few intrinsic functions that the API's properties use."""

    def __init__(self, template: dict, parameters: dict):
        self.conditions = template["Conditions"]
        self.values = {name: one.get("Default", "") for name, one in template["Parameters"].items()} | parameters

    def resolve(self, node):
        """The node with all references to parameters and all conditions replaced; None for AWS::NoValue."""
        if isinstance(node, list):
            return [self.resolve(one) for one in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name == "Ref":
                return None if argument == "AWS::NoValue" else self.values[argument]
            if name == "Fn::If":
                return self.resolve(argument[1 if self.holds(self.conditions[argument[0]]) else 2])
            if name == "Fn::Split":
                return self.resolve(argument[1]).split(argument[0])
            if name.startswith("Fn::"):
                raise Failure(f"dev/stack/routes.py does not support {name}.")
        return {key: self.resolve(value) for key, value in node.items()}

    def holds(self, condition: dict) -> bool:
        """Whether a condition is true."""
        (name, argument), *_ = condition.items()
        if name == "Fn::Not":
            return not self.holds(argument[0])
        if name == "Fn::Equals":
            return self.resolve(argument[0]) == self.resolve(argument[1])
        raise Failure(f"dev/stack/routes.py does not support the condition {name}.")


def replay(aws, parameters: dict) -> None:
    """Creates the routes, integrations and CORS settings of the template; fails if there are no routes."""
    cloudformation = aws.client("cloudformation")
    processed = cloudformation.get_template(StackName=aws.stack, TemplateStage="Processed")["TemplateBody"]
    body = next(
        resource["Properties"]["Body"]
        for resource in processed["Resources"].values()
        if resource["Type"] == "AWS::ApiGatewayV2::Api"
    )
    gateway = aws.client("apigatewayv2")
    api = gateway.get_apis()["Items"][0]["ApiId"]
    template = settings.template()
    # The processed template has the parameter's default instead of its value.
    declared = template["Resources"]["Api"]["Properties"].get("CorsConfiguration")
    cors = Intrinsics(template, parameters).resolve(declared)
    if cors:
        gateway.update_api(ApiId=api, CorsConfiguration=cors)
    existing = {route["RouteKey"] for route in gateway.get_routes(ApiId=api)["Items"]}
    targets: dict = {}
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            key = _route_key(path, method)
            if key not in existing:
                uri = operation[INTEGRATION]["uri"]
                target = targets.get(str(uri)) or _integration(aws, gateway, api, operation[INTEGRATION])
                targets[str(uri)] = target
                gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{target}")
    if not gateway.get_routes(ApiId=api)["Items"]:
        raise Failure("The deployed API has no routes.")


def _route_key(path: str, method: str) -> str:
    if path == "/$default":
        return "$default"
    return f"{'ANY' if method == 'x-amazon-apigateway-any-method' else method.upper()} {path}"


def _integration(aws, gateway, api: str, integration: dict) -> str:
    logical = re.search(r"/functions/\$\{(\w+)\}/invocations", str(integration["uri"]))
    if not logical:
        raise Failure(f"The integration has an unknown format: {integration['uri']}")
    made = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationMethod="POST",
        IntegrationUri=aws.aliases()[logical[1]],
        PayloadFormatVersion=integration.get("payloadFormatVersion", "2.0"),
    )  # fmt: skip
    return made["IntegrationId"]
