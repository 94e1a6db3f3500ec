"""AWS on this machine: MiniStack, and the real template deployed into it by `sam deploy`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from stack import routes, settings, tools
from stack.console import Failure, run, step
from stack.paths import ROOT, Home
from stack.processes import Server, listens

REGION = "us-east-1"
STACK = "chat-backend"
BUCKET = "deployment"
# The id of the API in its path, so that its address is the same after each start.
API_ID = "chat"
# These variables keep every client away from the user's own AWS account.
ACCESS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class LocalAws:
    """One MiniStack on one port."""

    def __init__(self, home: Home, port: int):
        self.home = home
        self.port = port
        self.stack = STACK
        self.endpoint = f"http://127.0.0.1:{port}"
        self.api_url = f"{self.endpoint}/_aws/execute-api/{API_ID}"
        os.environ.update(ACCESS)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)

    def client(self, service: str):
        """A client of one service."""
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION)

    def start(self) -> None:
        """Starts MiniStack without any state and with roles enforced."""
        if listens(self.port):
            raise Failure(f"Port {self.port} is in use: choose another one with PORT=….")
        with step("aws (MiniStack)"):
            data = self.home.data / "aws"
            shutil.rmtree(data, ignore_errors=True)
            for directory in ("tmp", "s3", "state"):
                (data / directory).mkdir(parents=True)
            # The functions get all of this too, so it must contain nothing from the user's environment.
            env = {
                **ACCESS,
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(data),
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(self.port),
                "AWS_ENDPOINT_URL": self.endpoint,
                "AUTH": "true",
                "LAMBDA_EXECUTOR": "local",
                "DOCKER_HOST": "unix:///nonexistent",
                "TMPDIR": str(data / "tmp"),
                "S3_DATA_DIR": str(data / "s3"),
                "STATE_DIR": str(data / "state"),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONUNBUFFERED": "1",
            }
            command = [tools.PYTHON, ROOT / "dev" / "stack" / "emulator", self.home.faults]
            Server(self.home, "aws").start(command, self.port, env=env)

    def deploy(self, parameters: dict, template: Path) -> dict:
        """Deploys the template and returns the outputs, with addresses that work on this machine."""
        with step("deployment (sam deploy)"):
            self.client("s3").create_bucket(Bucket=BUCKET)
            overrides = [f"{name}={_quoted(value)}" for name, value in parameters.items()]
            command = [tools.tool(tools.SAM, "sam"), "deploy", "--template-file", template]
            command += ["--stack-name", self.stack, "--s3-bucket", BUCKET, "--region", REGION, "--no-progressbar"]
            command += ["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"]
            command += ["--tags", f"ms-custom-id={API_ID}"]
            # samconfig.toml is for real deployments.
            no_config = self.home.data / "samconfig.toml"
            no_config.write_text("version = 0.1\n")
            command += ["--config-file", no_config, "--parameter-overrides", *overrides]
            env = {**os.environ, "AWS_ENDPOINT_URL": self.endpoint}
            env |= {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2", "PYTHONUNBUFFERED": "1"}
            # `sam deploy` does not delete its archives.
            env["TMPDIR"] = str(self.home.data / "aws" / "tmp")
            try:
                run(command, self.home.logs / "deploy.log", "sam deploy", cwd=ROOT, env=env)
            except Failure as failure:
                raise Failure("\n".join([str(failure), *self._reasons()]), failure.log) from None
        with step("routes"):
            routes.replay(self, parameters)
        return self.outputs()

    def _reasons(self) -> list[str]:
        """The reasons why resources failed, oldest first; the later ones belong to the rollback."""
        try:
            events = self.client("cloudformation").describe_stack_events(StackName=self.stack)["StackEvents"]
        except ClientError:
            return []
        return [
            f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
            for event in reversed(events)
            if event["ResourceStatus"].endswith("_FAILED")
        ]

    def outputs(self) -> dict:
        """The stack's outputs as environment variables."""
        stack = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"][0]
        found = {settings.variable(one["OutputKey"]): one["OutputValue"] for one in stack["Outputs"]}
        found["API_URL"] = self.api_url
        for logical, physical in self.functions().items():
            found[settings.variable(logical)] = physical
        return found

    def functions(self) -> dict:
        """The name of each function in AWS, by its name in the template."""
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in self.client("cloudformation").describe_stack_resources(StackName=self.stack)["StackResources"]
            if one["ResourceType"] == "AWS::Lambda::Function"
        }


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
