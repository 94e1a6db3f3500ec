"""A JSON secret in AWS Secrets Manager, and what a stack says of itself beside it."""

from __future__ import annotations

import json

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from stack.console import Failure


class SecretStore:
    """One secret: a JSON object whose values are texts."""

    def __init__(self, name: str, profile: str | None, region: str | None):
        self.name = name
        self.session = boto3.Session(profile_name=profile, region_name=region)

    def read(self) -> dict:
        """All of it."""
        try:
            text = self.session.client("secretsmanager").get_secret_value(SecretId=self.name)["SecretString"]
            held = json.loads(text)
        except (BotoCoreError, ClientError) as refused:
            raise Failure(f"The secret {self.name} cannot be read: {refused}") from None
        except (KeyError, ValueError):
            held = None
        if not isinstance(held, dict):
            raise Failure(f"The secret {self.name} is not a JSON object.")
        return held

    def write(self, held: dict) -> None:
        """Makes it another version of the secret."""
        try:
            client = self.session.client("secretsmanager")
            client.put_secret_value(SecretId=self.name, SecretString=json.dumps(held, indent=2))
        except (BotoCoreError, ClientError) as refused:
            raise Failure(f"The secret {self.name} cannot be written: {refused}") from None

    def output(self, stack: str, key: str) -> str | None:
        """An output of a stack, if that is deployed."""
        try:
            found = self.session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as refused:
            if "does not exist" in str(refused):
                return None
            raise Failure(f"The stack {stack} cannot be read: {refused}") from None
        except BotoCoreError as refused:
            raise Failure(f"The stack {stack} cannot be read: {refused}") from None
        return next((one["OutputValue"] for one in found.get("Outputs", []) if one["OutputKey"] == key), None)
