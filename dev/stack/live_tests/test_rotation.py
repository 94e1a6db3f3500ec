"""A secret changes, and a deployment with its version brings it to the functions and to Postgres."""

from __future__ import annotations

import io
import json
import os
import subprocess
import unittest
import zipfile
from urllib.parse import urlsplit

from stack import settings
from stack.aws import LocalAws
from stack.paths import Home
from stack.processes import Server

SECRET = STACK = BUCKET = "rotation"
# What a secret of a stage has, by the parameter that takes it.
KEYS = {"DatabaseUrl": "database_url", "MigrationDatabaseUrl": "migration_database_url", "OperatorKey": "operator_key"}


class Rotating(unittest.TestCase):
    """A stack of its own, with `migrate` alone: its deployment makes the role of the functions."""

    def setUp(self) -> None:
        home = Home.current()
        self.program = home.code / "target" / "lambda" / "migrate" / "bootstrap"
        self.aws = LocalAws(home, Server(home, "aws").record["port"])
        server = urlsplit(os.environ["DATABASE_URL"])
        psql(os.environ["DATABASE_URL"], "create database rotation")
        self.owner = server._replace(path="/rotation").geturl()
        self.host = f"{server.hostname}:{server.port}"
        self.addCleanup(self.clean)

    def clean(self) -> None:
        cloudformation = self.aws.client("cloudformation")
        cloudformation.delete_stack(StackName=STACK)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
        self.aws.client("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
        psql(os.environ["DATABASE_URL"], "drop database rotation with (force)")
        psql(os.environ["DATABASE_URL"], "drop role rotation")

    def url(self, password: str) -> str:
        return f"postgres://rotation:{password}@{self.host}/rotation"

    def store(self, password: str) -> str:
        """Changes the secret and returns its version."""
        secrets = self.aws.client("secretsmanager")
        values = {"database_url": self.url(password), "migration_database_url": self.owner, "operator_key": password}
        text = json.dumps(values)
        if not secrets.list_secrets(Filters=[{"Key": "name", "Values": [SECRET]}])["SecretList"]:
            return secrets.create_secret(Name=SECRET, SecretString=text)["VersionId"]
        return secrets.put_secret_value(SecretId=SECRET, SecretString=text)["VersionId"]

    def template(self) -> str:
        """The template without everything but `migrate`."""
        full, packed = settings.template(), io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(self.program, "bootstrap")
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="migrate.zip", Body=packed.getvalue())
        kept = {name: full["Resources"][name] for name in ("MigrateFunction", "MigrateLogs", "Migrations")}
        kept["MigrateFunction"]["Properties"]["CodeUri"] = {"Bucket": BUCKET, "Key": "migrate.zip"}
        outputs = {"Name": {"Value": {"Ref": "MigrateFunction"}}}
        return json.dumps({**full, "Resources": kept, "Outputs": outputs})

    def deploy(self, **parameters: str) -> dict:
        """Deploys and returns the environment of the function."""
        needed = {name for name, one in settings.template()["Parameters"].items() if "Default" not in one}
        values = dict.fromkeys(needed, "of-nobody")
        values |= {name: f"{{{{resolve:secretsmanager:{SECRET}:SecretString:{key}}}}}" for name, key in KEYS.items()}
        values |= parameters
        cloudformation = self.aws.client("cloudformation")
        exists = any(one["StackName"] == STACK for one in cloudformation.describe_stacks()["Stacks"])
        (cloudformation.update_stack if exists else cloudformation.create_stack)(
            StackName=STACK,
            TemplateBody=self.template(),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        )
        done = "stack_update_complete" if exists else "stack_create_complete"
        cloudformation.get_waiter(done).wait(StackName=STACK, WaiterConfig={"Delay": 1})
        (output,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
        function = self.aws.client("lambda").get_function_configuration(FunctionName=output["OutputValue"])
        return function["Environment"]["Variables"]

    def test_a_changed_secret_arrives_with_its_version_and_not_before(self) -> None:
        first = self.store("first")
        self.assertEqual(self.deploy(SecretVersion=first)["OPERATOR_KEY"], "first")
        self.assertTrue(signs_in(self.url("first")))

        second = self.store("second")
        # Another deployment resolves nothing anew, as on AWS.
        self.assertEqual(self.deploy(SecretVersion=first, LogRetentionDays="1")["OPERATOR_KEY"], "first")
        self.assertTrue(signs_in(self.url("first")))

        self.assertEqual(self.deploy(SecretVersion=second, LogRetentionDays="1")["OPERATOR_KEY"], "second")
        self.assertTrue(signs_in(self.url("second")), "the deployment has set the role's password")
        self.assertFalse(signs_in(self.url("first")))


def psql(url: str, statement: str) -> subprocess.CompletedProcess:
    return subprocess.run(["psql", "-qX", url, "-c", statement], capture_output=True, text=True, check=True)


def signs_in(url: str) -> bool:
    try:
        return bool(psql(url, "select count(*) from users"))
    except subprocess.CalledProcessError as refused:
        if "password authentication failed" in refused.stderr:
            return False
        raise
