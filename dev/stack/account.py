"""The account of AWS that an environment of samconfig.toml is deployed to: its stacks' outputs and its secrets."""

from __future__ import annotations

import json

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from stack.console import Failure

ABSENT = ("ResourceNotFoundException", "ParameterNotFound")


class Account:
    """The account and region of one environment, by its settings in samconfig.toml."""

    def __init__(self, chosen: dict):
        self.session = boto3.Session(profile_name=chosen.get("profile"), region_name=chosen.get("region"))

    def place(self) -> str:
        """The account and the region, in words."""
        try:
            account = self.session.client("sts").get_caller_identity()["Account"]
        except (BotoCoreError, ClientError) as refused:
            raise Failure(f"AWS does not say whose credentials these are: {refused}") from refused
        return f"account {account}, region {self.session.region_name}"

    def outputs(self, stack: str) -> dict:
        """The outputs of a stack; none if it does not exist."""
        try:
            found = self.session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        except ClientError as refused:
            if "does not exist" in str(refused):
                return {}
            raise Failure(f"AWS does not show the stack {stack}: {refused}") from refused
        return {one["OutputKey"]: one["OutputValue"] for one in found[0].get("Outputs", [])}

    def secret(self, name: str) -> dict:
        """The keys of a secret; none if it does not exist."""
        return json.loads(self._read(name).get("SecretString") or "{}")

    def version(self, name: str) -> str:
        """The id of a secret's present version; empty if it does not exist."""
        return self._read(name).get("VersionId", "")

    def write(self, name: str, keys: dict) -> None:
        """Makes these the keys of a secret, which is created if it does not exist."""
        manager, text = self.session.client("secretsmanager"), json.dumps(keys, indent=2)
        try:
            if self._read(name, must=False) is None:
                manager.create_secret(Name=name, Description="Settings of the chat backend", SecretString=text)
            else:
                manager.put_secret_value(SecretId=name, SecretString=text)
        except ClientError as refused:
            # The text of an error may not hold what was to be written.
            raise Failure(f"AWS refuses to write the secret {name}: {refused.response['Error']['Code']}") from None

    def has_parameter(self, name: str) -> bool:
        """Whether Systems Manager has a plain parameter of this name."""
        try:
            self.session.client("ssm").get_parameter(Name=name)
        except ClientError as refused:
            if refused.response["Error"]["Code"] in ABSENT:
                return False
            raise Failure(f"AWS does not show the parameter {name}: {refused}") from refused
        return True

    def _read(self, name: str, must: bool = True) -> dict | None:
        """The answer of Secrets Manager; for a secret without a value nothing, or None if it need not exist."""
        try:
            return self.session.client("secretsmanager").get_secret_value(SecretId=name)
        except ClientError as refused:
            if refused.response["Error"]["Code"] not in ABSENT:
                raise Failure(f"AWS does not show the secret {name}: {refused}") from refused
        return {} if must else None
