"""The emulator with one function, behind a function URL and a REST API; nothing is built for it."""

from __future__ import annotations

import http.client
import io
import json
import time
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

from stack.aws import LocalAws

NAME = "trial-StreamFunction-AB12CD34"


class Trial:
    """The function of bootstrap.py behind both doors."""

    def __init__(self, local: LocalAws):
        self.local = local
        self.url = self._function()
        self.rest = self._rest_api()

    def open(self, door: str, path: str, **options) -> tuple:
        """Sends a request; returns the connection and the response, whose body is not read yet."""
        address = urlsplit(door)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        connection.request(options.pop("method", "GET"), address.path.rstrip("/") + path, **options)
        return connection, connection.getresponse()

    def delays(self, door: str) -> list[float]:
        """How far each of five pieces was behind its writer."""
        connection, response = self.open(door, "/pieces")
        delays = []
        while line := response.readline():
            if line.startswith(b"data: "):
                delays.append(time.time() - float(line.split()[2]))
        connection.close()
        return delays

    def log(self) -> str:
        """What the function has written."""
        logs = self.local.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{NAME}")
        return "\n".join(event["message"] for page in pages for event in page["events"])

    def _function(self) -> str:
        role = self._role()
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            file = zipfile.ZipInfo("bootstrap")
            file.external_attr = 0o755 << 16
            archive.writestr(file, Path(__file__).with_name("bootstrap.py").read_text())
        functions = self.local.client("lambda")
        functions.create_function(
            FunctionName=NAME, Runtime="provided.al2023", Handler="bootstrap", Role=role, Timeout=30,
            Code={"ZipFile": code.getvalue()},
        )  # fmt: skip
        public = {"FunctionName": NAME, "Principal": "*"}
        functions.add_permission(
            StatementId="url", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE", **public
        )
        functions.add_permission(StatementId="call", Action="lambda:InvokeFunction", **public)
        made = functions.create_function_url_config(FunctionName=NAME, AuthType="NONE", InvokeMode="RESPONSE_STREAM")
        return made["FunctionUrl"]

    def _role(self) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        iam = self.local.client("iam")
        role = iam.create_role(
            RoleName="trial", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        iam.attach_role_policy(
            RoleName="trial", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
        )
        return role["Role"]["Arn"]

    def _rest_api(self) -> str:
        arn = self.local.client("lambda").get_function(FunctionName=NAME)["Configuration"]["FunctionArn"]
        gateway = self.local.client("apigateway")
        api = gateway.create_rest_api(name="trial")["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        proxy = gateway.create_resource(restApiId=api, parentId=root, pathPart="{proxy+}")["id"]
        method = {"restApiId": api, "resourceId": proxy, "httpMethod": "ANY"}
        gateway.put_method(authorizationType="NONE", **method)
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/{arn}/response-streaming-invocations"
        gateway.put_integration(
            type="AWS_PROXY", integrationHttpMethod="POST", uri=uri, responseTransferMode="STREAM", **method
        )
        gateway.create_deployment(restApiId=api, stageName="live")
        return f"{self.local.endpoint}/_aws/execute-api/{api}/live"
