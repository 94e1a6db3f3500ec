"""The environments of samconfig.toml, and what a deployment makes of them."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from stack import deploy, infrastructure, needs, samconfig
from stack.console import Failure

FILE = """version = 0.1

[dev.global.parameters]
region = "eu-west-1"

# A comment.
[dev.infrastructure.parameters]
stack_name = "below"
parameter_overrides = [
    "WayOut=none",
]

[dev.deploy.parameters]
stack_name = "above"
confirm_changeset = false
parameter_overrides = [
    "Stage=staging",
    "DatabaseUrl={{resolve:secretsmanager:chat-backend/staging:SecretString:database_url}}",
    "GeminiApiKey={{resolve:secretsmanager:chat-backend/staging:SecretString:gemini_api_key}}",
    "PortalReturnUrl={{resolve:ssm:/chat-backend/staging/portal_return_url}}",
]
"""


class Kept:
    """An account that remembers what is written."""

    def __init__(self, secrets=None, parameters=(), outputs=None):
        self.secrets, self.stacks = dict(secrets or {}), outputs or {}
        self.parameters = dict.fromkeys(parameters, "value")

    def secret(self, name):
        return dict(self.secrets.get(name, {}))

    def version(self, name):
        return f"version-of-{name}" if name in self.secrets else ""

    def write(self, name, keys):
        self.secrets[name] = dict(keys)

    def parameter(self, name):
        return self.parameters.get(name)

    def outputs(self, stack):
        return dict(self.stacks.get(stack, {}))


LOGINS = {name: {"username": name, "password": f"p-{name}"} for name in ("owner", "runtime", "cache")}
OUTPUTS = {
    "OwnerLogin": "owner",
    "RuntimeLogin": "runtime",
    "CacheLogin": "cache",
    "DatabaseHost": "proxy.internal",
    "DatabaseIsShared": "true",
    "MigrationDatabaseHost": "db.internal",
    "CacheHost": "cache.internal",
    "SubnetIds": "subnet-1,subnet-2",
    "SecurityGroupIds": "sg-1",
    "AlarmTopicArn": "arn:aws:sns:eu-west-1:1:alarms",
}


class Pinning(unittest.TestCase):
    def test_a_reference_names_the_present_version_unless_it_names_one(self):
        reference = "{{resolve:secretsmanager:chat-backend/prod:SecretString:jwt_keys%s}}"
        given = {"Stage": "prod", "JwtKeys": reference % "", "OtpKeys": reference % ":AWSPREVIOUS"}
        pinned = samconfig.pinned(given, lambda name: f"version-of-{name}")
        self.assertEqual(pinned, {**given, "JwtKeys": reference % "::version-of-chat-backend/prod"})


class Environments(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = Path(folder.name) / "samconfig.toml"
        file.write_text(FILE)
        patch = mock.patch.object(samconfig, "FILE", file)
        patch.start()
        self.addCleanup(patch.stop)
        self.dev = samconfig.environments()["dev"]

    def test_both_templates_have_their_own_parameters(self):
        self.assertEqual((self.dev["region"], self.dev["stack_name"]), ("eu-west-1", "above"))
        self.assertEqual(self.dev["confirm_changeset"], "false")
        self.assertEqual(self.dev["infrastructure"], {"stack_name": "below", "parameters": {"WayOut": "none"}})
        self.assertEqual(samconfig.stage(self.dev), "staging")
        self.assertNotIn("WayOut", self.dev["parameters"])

    def test_the_secret_is_the_one_that_is_read(self):
        self.assertEqual(samconfig.secret(self.dev), "chat-backend/staging")
        arn = "arn:aws:secretsmanager:us-east-1:1:secret:x"
        found = samconfig.secrets({"A": f"{{{{resolve:secretsmanager:{arn}:SecretString:key::}}}}"})
        self.assertEqual(found, {arn: ["key"]})

    def test_what_is_missing_is_named_with_the_command_that_stores_it(self):
        lines = needs.missing(Kept({"chat-backend/staging": {"database_url": "x"}}), "dev", self.dev["parameters"])
        self.assertEqual(len(lines), 2)
        self.assertIn("dev/secret dev gemini_api_key", lines[0])
        self.assertIn("aws ssm put-parameter --name /chat-backend/staging/portal_return_url", lines[1])
        complete = Kept(
            {"chat-backend/staging": {"database_url": "x", "gemini_api_key": "y"}},
            ["/chat-backend/staging/portal_return_url"],
        )
        self.assertEqual(needs.missing(complete, "dev", self.dev["parameters"]), [])

    def test_parameters_of_the_command_line_are_named(self):
        self.assertEqual(samconfig.overrides(["A=b=c", "Bc="]), {"A": "b=c", "Bc": ""})
        with self.assertRaises(Failure):
            samconfig.overrides(["prod"])

    def test_an_environment_must_be_named(self):
        told = io.StringIO()
        with contextlib.redirect_stderr(told):
            self.assertFalse(samconfig.is_named([]))
            self.assertFalse(samconfig.is_named(["prod"], "make deploy-infrastructure ENV="))
            self.assertFalse(samconfig.is_named(["dev", "dev"]))
            self.assertTrue(samconfig.is_named(["dev", "A=b"]))
        self.assertIn("make deploy-infrastructure ENV=dev", told.getvalue())


class Secrets(unittest.TestCase):
    def test_what_is_missing_is_made_once_and_the_owners_keys_stay(self):
        account = Kept({**LOGINS, "chat": {"gemini_api_key": "mine", "jwt_keys": "k2:b,k1:a"}})
        wrote, _ = infrastructure.fill(account, "chat", OUTPUTS)
        first = account.secret("chat")
        stores = ["database_url", "migration_database_url", "redis_url"]
        self.assertEqual(wrote, sorted([*stores, "operator_key", "otp_keys", "stripe_webhook_secret"]))
        self.assertEqual((first["gemini_api_key"], first["jwt_keys"]), ("mine", "k2:b,k1:a"))
        self.assertGreaterEqual(len(first["operator_key"]), 32)
        self.assertEqual(infrastructure.fill(account, "chat", OUTPUTS), ([], {}))
        self.assertEqual(account.secret("chat"), first)

    def test_a_changed_password_or_address_is_in_the_url(self):
        account = Kept({**LOGINS})
        infrastructure.fill(account, "chat", OUTPUTS)
        written = account.secret("chat")
        query = "sslmode=verify-full"
        self.assertEqual(
            written["database_url"],
            f"postgres://runtime:p-runtime@proxy.internal:5432/chat?{query}&pgbouncer=true",
        )
        self.assertEqual(written["migration_database_url"], f"postgres://owner:p-owner@db.internal:5432/chat?{query}")
        self.assertEqual(written["redis_url"], "rediss://cache:p-cache@cache.internal:6379")
        account.write("runtime", {"username": "runtime", "password": "n/e@w"})
        self.assertEqual(infrastructure.fill(account, "chat", OUTPUTS), (["database_url"], {}))
        self.assertIn("//runtime:n%2Fe%40w@", account.secret("chat")["database_url"])

    def test_the_webhook_waits_for_its_secret(self):
        account = Kept({**LOGINS})
        infrastructure.fill(account, "chat", OUTPUTS)
        read = {"StripeWebhookSecret": "{{resolve:secretsmanager:chat:SecretString:stripe_webhook_secret}}"}
        self.assertTrue(needs.waits_for_webhook(account, read))
        account.write("chat", {**account.secret("chat"), "stripe_webhook_secret": "whsec_real"})
        self.assertFalse(needs.waits_for_webhook(account, read))


class Deployment(unittest.TestCase):
    def setUp(self):
        self.chosen = {
            "stack_name": "above",
            "parameters": {"DatabaseUrl": "{{resolve:secretsmanager:chat:SecretString:database_url}}"},
            "infrastructure": {"stack_name": "below", "parameters": {}},
        }

    def taken(self, account, declared):
        with mock.patch.object(deploy.settings, "template", return_value={"Parameters": dict.fromkeys(declared)}):
            return deploy.taken(account, self.chosen)

    def test_outputs_that_are_parameters_become_them(self):
        account = Kept({"chat": {"database_url": "x", "migration_database_url": "y"}}, outputs={"below": OUTPUTS})
        declared = ["SubnetIds", "SecurityGroupIds", "AlarmTopicArn", "MigrationDatabaseUrl"]
        found = self.taken(account, [*declared, "SecretVersion", "Release"])
        self.assertEqual(found.pop("Release"), deploy.release())
        self.assertEqual(
            found,
            {
                "SubnetIds": "subnet-1,subnet-2",
                "SecurityGroupIds": "sg-1",
                "AlarmTopicArn": "arn:aws:sns:eu-west-1:1:alarms",
                "SecretVersion": "version-of-chat",
                "MigrationDatabaseUrl": "{{resolve:secretsmanager:chat:SecretString:migration_database_url}}",
            },
        )

    def test_the_portal_that_stripe_setup_made_is_passed_on(self):
        account = Kept({"chat": {"database_url": "x", "stripe_portal_configuration": "bpc_1"}})
        found = self.taken(account, ["StripePortalConfiguration"])
        reference = "{{resolve:secretsmanager:chat:SecretString:stripe_portal_configuration}}"
        self.assertEqual(found, {"StripePortalConfiguration": reference})

    def test_without_an_infrastructure_nothing_is_taken_of_it(self):
        account = Kept({"chat": {"database_url": "x"}})
        self.assertEqual(self.taken(account, ["SubnetIds", "MigrationDatabaseUrl", "Stage"]), {})

    def test_the_release_is_the_revision(self):
        self.assertRegex(deploy.release(), r"^([0-9a-f]{12}(-dirty)?)?$")

    def test_a_value_with_quotes_survives_the_command_line(self):
        self.assertEqual(samconfig.written({"SmsText": 'Say "{code}"'}), ['SmsText="Say \\"{code}\\""'])


if __name__ == "__main__":
    unittest.main()
