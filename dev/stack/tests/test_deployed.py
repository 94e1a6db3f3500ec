"""The checks of a deployed environment find it, and leave out what needs a payment."""

import os
import unittest
from unittest import mock

import yaml

from stack import deployed, samconfig
from stack.console import Failure
from stack.paths import ROOT

CHOSEN = {"stack_name": "above", "parameters": {"OtpDelivery": "response", "Stage": "staging"}}
SECRET = {"operator_key": "key", "stripe_webhook_secret": "whsec_new,whsec_old"}


class Account:
    """What AWS would answer."""

    def __init__(self, outputs):
        self.found = outputs

    def outputs(self, stack):
        return self.found if stack == "above" else {}

    def secret(self, name):
        return SECRET if name == "chat-backend/staging" else {}


class Checks(unittest.TestCase):
    def test_the_checks_know_the_address_and_two_secrets_and_have_no_access_to_the_account(self):
        with mock.patch.dict(os.environ, {"AWS_SECRET_ACCESS_KEY": "secret", "API_URL": ""}):
            found = deployed.variables(Account({"ApiUrl": "https://api.example.org"}), CHOSEN)
        self.assertEqual(found["API_URL"], "https://api.example.org")
        self.assertEqual((found["OPERATOR_KEY"], found["WEBHOOK_SECRET"]), ("key", "whsec_new"))
        self.assertEqual((found["AWS_SECRET_ACCESS_KEY"], found["STRIPE_STANDIN_URL"]), ("", ""))

    def test_an_environment_with_a_domain_is_checked_there(self):
        with mock.patch.dict(os.environ, {"API_URL": "https://chat.example.org"}):
            found = deployed.variables(Account({"ApiUrl": "https://api.example.org"}), CHOSEN)
        self.assertEqual(found["API_URL"], "https://chat.example.org")

    def test_an_environment_that_sends_codes_or_is_not_deployed_is_refused(self):
        sends = {**CHOSEN, "parameters": {"Stage": "prod"}}
        for outputs, chosen, reason in [({"ApiUrl": "x"}, sends, "OtpDelivery"), ({}, CHOSEN, "not deployed")]:
            with self.assertRaisesRegex(Failure, reason):
                deployed.variables(Account(outputs), chosen)

    def test_staging_can_be_checked_and_prod_cannot(self):
        delivery = {name: samconfig.parameters(name).get("OtpDelivery") for name in ("staging", "prod")}
        self.assertEqual(delivery, {"staging": "response", "prod": None})

    def test_the_journey_without_a_payment_signs_in_sends_and_signs_out(self):
        names = " ".join(deployed.without_payment())
        for part in ("Sign up", "Wait for the reply", "Renew the tokens", "Sign out"):
            self.assertIn(part, names)
        for part in ("Exceed the limit", "Pay", "Pro", "invoices", "Cancel"):
            self.assertNotIn(part, names)

    def test_the_example_of_a_workflow_checks_staging_between_both_deployments_with_commands_that_exist(self):
        jobs = yaml.safe_load((ROOT / "docs/examples/deploy.yml").read_text())["jobs"]
        runs = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
        staging, prod = ["make deploy ENV=staging", "dev/check-deployed staging"], ["make deploy ENV=prod"]
        self.assertEqual(runs, [".ci/run", *staging, *prod])
        self.assertTrue((ROOT / ".ci/run").exists() and (ROOT / "dev/check-deployed").exists())
        self.assertEqual([jobs[name].get("needs") for name in ("test", "staging", "prod")], [None, "test", "staging"])


if __name__ == "__main__":
    unittest.main()
