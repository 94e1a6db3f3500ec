"""`dev/deploy ENVIRONMENT`: builds the functions and deploys them to an environment of samconfig.toml.

It says where it deploys to before it builds: the environment, the account and the region.
"""

from __future__ import annotations

import os
import subprocess

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from stack import build, samconfig, tools
from stack.console import Failure, say
from stack.paths import ROOT


def main(arguments: list[str]) -> int:
    """Deploys and returns the exit code of sam, which asks before it changes a production stack."""
    name = arguments[0]
    settings = samconfig.environments()[name]
    say(target(name, settings))
    if code := build.main(["release"]):
        return code
    return subprocess.call([tools.tool(tools.SAM, "sam"), "deploy", "--config-env", name], cwd=ROOT, env=os.environ)


def target(name: str, settings: dict) -> str:
    """Where this environment is, in words."""
    try:
        session = boto3.Session(profile_name=settings.get("profile"), region_name=settings.get("region"))
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as refused:
        raise Failure(f"AWS does not say whose credentials these are: {refused}") from refused
    stack = settings.get("stack_name", "without a name")
    return f"Deploying {name} to account {account}, region {session.region_name}, stack {stack}."
