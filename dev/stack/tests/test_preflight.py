"""Settings are checked before anything is built."""

import os
import socket
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from stack import preflight
from stack.console import Failure


def given(**variables):
    """An environment with these settings and no others, and no .env."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return mock.patch.dict(os.environ, {**kept, "DOTENV": "/nowhere", **variables}, clear=True)


class Settings(unittest.TestCase):
    def refusal(self, **variables) -> str:
        with given(**variables), self.assertRaises(Failure) as refused:
            preflight.check()
        return str(refused.exception)

    def test_no_settings_are_fine(self):
        with given():
            preflight.check()
            self.assertEqual((preflight.port(), preflight.profile(), preflight.slips()), (8000, "stack", []))

    def test_every_wrong_one_is_named_at_once(self):
        told = self.refusal(PORT="abc", LAMBDA_PROFILE="fast", BASIC_DAILY_LIMIT="five", DOCS_ENABLED="maybe")
        self.assertIn("PORT=abc: a number from 0 to 65535 is expected", told)
        self.assertIn("LAMBDA_PROFILE=fast: one of stack, release", told)
        self.assertIn("BASIC_DAILY_LIMIT=five: a number is expected", told)
        self.assertIn("DOCS_ENABLED=maybe: one of true, false", told)

    def test_the_bounds_of_the_template_hold(self):
        self.assertIn("OTP_DIGITS=99: ", self.refusal(OTP_DIGITS="99"))
        self.assertIn("BASIC_DAILY_LIMIT=-1: ", self.refusal(BASIC_DAILY_LIMIT="-1"))

    def test_the_page_has_a_port_of_its_own(self):
        self.assertIn("PAGE_PORT=8000: the API has", self.refusal(PAGE_PORT="8000"))
        self.assertIn("a number from 0 to 65535", self.refusal(PAGE_PORT="9" * 5000))
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = str(other.getsockname()[1])
            self.assertIn(f"PAGE_PORT={port}: something listens", self.refusal(PAGE_PORT=port))

    def test_an_address_that_is_none_is_named(self):
        self.assertIn("DATABASE_URL: an address like", self.refusal(DATABASE_URL="postgres://[x"))

    def test_a_secret_is_not_printed(self):
        secret = {"Type": "String", "NoEcho": True, "AllowedPattern": "[a-z]+"}
        with mock.patch.object(preflight.settings, "template", lambda: {"Parameters": {"OperatorKey": secret}}):
            told = self.refusal(OPERATOR_KEY="S3CRET")
        self.assertIn("OPERATOR_KEY: it must match", told)
        self.assertNotIn("S3CRET", told)

    def test_a_key_of_stripe_needs_a_price(self):
        self.assertIn("STRIPE_SECRET_KEY needs STRIPE_PRICE_ID", self.refusal(STRIPE_SECRET_KEY="sk_test_1"))

    def test_a_store_that_does_not_answer_is_named(self):
        self.assertIn("DATABASE_URL: 127.0.0.1:1 does not answer", self.refusal(DATABASE_URL="postgres://u@127.0.0.1:1/x"))
        self.assertIn("REDIS_URL: an address like redis://", self.refusal(REDIS_URL="localhost:6379"))

    def test_a_store_that_answers_is_fine(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"redis://127.0.0.1:{server.getsockname()[1]}"
            with given(REDIS_URL=address):
                preflight.check()

    def test_the_variables_of_another_stack_are_recognised(self):
        told = self.refusal(STACK_PID="1", DATABASE_URL="postgres://u@127.0.0.1:1/x")
        self.assertIn("It is from `. .dev/env` of another stack", told)


class Slips(unittest.TestCase):
    def test_a_misspelt_variable_of_the_environment_is_named(self):
        with given(GEMINI_KEY="1", STRIPE_KEY_SECRET="1", EDITOR="vi", LANG="C", SHELL="sh"):
            self.assertIn("GEMINI_KEY is not a setting: is GEMINI_API_KEY meant?", preflight.slips())
            self.assertFalse([slip for slip in preflight.slips() if slip.startswith(("EDITOR", "LANG", "SHELL"))])

    def test_every_unknown_variable_of_the_file_is_named(self):
        with tempfile.NamedTemporaryFile("w", suffix=".env") as file:
            file.write("GEMINI_KEY=1\nSOMETHING_ELSE=2\nPORT=0\n")
            file.flush()
            with given(DOTENV=str(Path(file.name))):
                self.assertEqual(
                    preflight.slips(),
                    [
                        "GEMINI_KEY is not a setting: is GEMINI_API_KEY meant?",
                        "SOMETHING_ELSE in .env is not a setting: it has no effect.",
                    ],
                )
