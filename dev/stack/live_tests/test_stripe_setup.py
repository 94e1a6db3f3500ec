"""`dev/stripe-setup` at a stand-in of its own, with the secrets and stacks of the local AWS."""

import json
import os
import subprocess
import threading
import unittest
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3

from stack import build
from stack.paths import ROOT, Home
from stack.processes import Server, free_port
from stack.stripe_api import Stripe, events, version

KEY = "rk_test_of_nobody"
HOOK = "https://api.acme.io/webhook/stripe"
PRICE = ("--amount", "999", "--currency", "usd")
STACK = """
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs: {WebhookUrl: {Value: https://abc.lambda-url.us-east-1.on.aws/webhook/stripe}}
"""


class ReadOnly(BaseHTTPRequestHandler):
    """The local AWS, for somebody who may read secrets and not write them."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers["x-amz-target"].endswith("PutSecretValue"):
            return self.answer(400, b'{"__type":"AccessDeniedException","message":"not authorized"}')
        request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, dict(self.headers))
        with urllib.request.urlopen(request, timeout=30) as answer:
            self.answer(answer.status, answer.read())

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


class StripeSetup(unittest.TestCase):
    def setUp(self):
        port = free_port()
        home = Home("stripe-setup")
        home.directory.mkdir(parents=True, exist_ok=True)
        self.server = Server(home, "stripe")
        self.server.start([build.standin("stripe"), "--listen", f"127.0.0.1:{port}", "--price", "price_other"], port)
        self.addCleanup(self.server.stop)
        self.base = f"http://127.0.0.1:{port}"
        self.stripe = Stripe(KEY, self.base)
        self.secrets = boto3.client("secretsmanager")

    def run_it(self, *arguments, **settings) -> subprocess.CompletedProcess:
        env = {**os.environ, "STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": self.base, "DOTENV": "none", **settings}
        command = [ROOT / "dev/stripe-setup", *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    def set_up(self, *arguments, **settings) -> tuple[dict, str]:
        """The printed settings, and what it says."""
        done = self.run_it(*arguments, **settings)
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(line.split("=", 1) for line in done.stdout.splitlines()), done.stderr

    def secret(self, **held) -> str:
        return self.named(f"chat-backend/{uuid.uuid4().hex[:8]}", **held)

    def named(self, name: str, **held) -> str:
        self.secrets.create_secret(Name=name, SecretString=json.dumps(held))
        self.addCleanup(self.secrets.delete_secret, SecretId=name, ForceDeleteWithoutRecovery=True)
        return name

    def held(self, name: str) -> dict:
        return json.loads(self.secrets.get_secret_value(SecretId=name)["SecretString"])

    def refuse(self, path: str, status: int):
        body = json.dumps({"status": status, "path_prefix": path, "times": 9}).encode()
        urllib.request.urlopen(f"{self.base}/admin/fail", body, timeout=10).close()

    def test_an_empty_account_gets_everything_and_a_second_run_changes_nothing(self):
        found, _ = self.set_up("--webhook", HOOK, *PRICE)
        [endpoint] = self.stripe.all("webhook_endpoints")
        self.assertEqual((endpoint["url"], endpoint["api_version"]), (HOOK, version()))
        self.assertEqual(sorted(endpoint["enabled_events"]), sorted(events()))
        self.assertTrue(found["STRIPE_WEBHOOK_SECRET"].startswith("whsec_"))
        price = next(one for one in self.stripe.all("prices") if one["id"] == found["STRIPE_PRICE_ID"])
        self.assertEqual([price["unit_amount"], price["currency"]], [999, "usd"])
        self.assertEqual(price["recurring"]["interval"], "month")
        portal = next(one for one in self.stripe.all("billing_portal/configurations") if not one["is_default"])
        self.assertEqual(found["STRIPE_PORTAL_CONFIGURATION"], portal["id"])
        self.assertTrue(portal["features"]["subscription_cancel"]["enabled"])

        before = [self.stripe.all(path) for path in ("products", "prices", "webhook_endpoints")]
        again, said = self.set_up("--webhook", HOOK)
        self.assertEqual(before, [self.stripe.all(path) for path in ("products", "prices", "webhook_endpoints")])
        self.assertIn("Nothing has changed at Stripe.", said)
        self.assertEqual(again, {name: found[name] for name in ("STRIPE_PRICE_ID", "STRIPE_PORTAL_CONFIGURATION")})

    def test_only_what_differs_is_changed(self):
        first, _ = self.set_up("--webhook", HOOK, *PRICE)
        [endpoint] = self.stripe.all("webhook_endpoints")
        self.stripe.post(f"webhook_endpoints/{endpoint['id']}", enabled_events=["invoice.paid"], disabled=True)
        elsewhere = "https://api.acme.dev/webhook/stripe"
        second, said = self.set_up("--webhook", elsewhere, "--amount", "1299", "--product", "Pro plan")
        [changed] = self.stripe.all("webhook_endpoints")
        self.assertEqual((changed["id"], changed["url"], changed["status"]), (endpoint["id"], elsewhere, "enabled"))
        self.assertEqual(len(changed["enabled_events"]), len(events()))
        self.assertNotIn("STRIPE_WEBHOOK_SECRET", second)
        self.assertNotEqual(second["STRIPE_PRICE_ID"], first["STRIPE_PRICE_ID"])
        self.assertIn(f"{first['STRIPE_PRICE_ID']} is not sold any more", said)
        self.assertIn("Pro is Pro plan now", said)

    def test_the_key_comes_out_of_a_secret_and_the_results_go_there(self):
        name = self.secret(stripe_secret_key=KEY, stripe_price_id="price_of_last_year", jwt_keys="kept")
        printed, said = self.set_up("--secret", name, *PRICE, STRIPE_SECRET_KEY="sk_test_wrong")
        first = self.held(name)
        self.assertEqual(printed, {})
        self.assertEqual((first["jwt_keys"], first["stripe_price_id"].split(",")[1]), ("kept", "price_of_last_year"))
        self.assertTrue(first["stripe_webhook_secret"].startswith("whsec_placeholder_"), "a deployment needs one")
        self.assertIn("its address is not known", said)

        _, said = self.set_up("--secret", name, "--webhook", HOOK)
        second = self.held(name)
        self.assertRegex(second["stripe_webhook_secret"], r"^whsec_[0-9a-f]+$")
        self.assertNotIn(second["stripe_webhook_secret"], said)
        self.assertEqual(second["stripe_price_id"], first["stripe_price_id"])
        _, said = self.set_up("--secret", name, "--webhook", HOOK)
        self.assertIn("is as it was", said)
        self.assertEqual(second, self.held(name))

    def test_an_environments_stack_tells_the_address_of_its_webhook(self):
        self.named("chat-backend/staging", stripe_secret_key=KEY)
        cloud = boto3.client("cloudformation")
        _, said = self.set_up("staging", *PRICE)
        self.assertIn("not made", said)
        cloud.create_stack(StackName="chat-backend-staging", TemplateBody=STACK)
        cloud.get_waiter("stack_create_complete").wait(StackName="chat-backend-staging")
        self.addCleanup(cloud.delete_stack, StackName="chat-backend-staging")
        self.set_up("staging")
        [endpoint] = self.stripe.all("webhook_endpoints")
        self.assertEqual(endpoint["url"], "https://abc.lambda-url.us-east-1.on.aws/webhook/stripe")
        self.assertEqual(endpoint["metadata"]["stage"], "staging")

    def test_a_new_endpoint_is_deployed_before_the_old_one_is_deleted(self):
        name = self.secret(stripe_secret_key=KEY)
        self.set_up("--secret", name, "--webhook", HOOK, *PRICE)
        old = self.held(name)["stripe_webhook_secret"]
        self.set_up("--secret", name, "--webhook", HOOK, "--new-webhook")
        new, both = self.held(name)["stripe_webhook_secret"].split(",")
        self.assertEqual((both, len(self.stripe.all("webhook_endpoints"))), (old, 2))
        _, said = self.set_up("--secret", name, "--webhook", HOOK)
        self.assertIn("--drop-old-webhook", said)
        self.set_up("--secret", name, "--webhook", HOOK, "--drop-old-webhook")
        self.assertEqual(self.held(name)["stripe_webhook_secret"], new)
        self.assertEqual(len(self.stripe.all("webhook_endpoints")), 1)

    def test_no_endpoint_stays_whose_secret_nobody_knows(self):
        name = self.secret(stripe_secret_key=KEY)
        reader = ThreadingHTTPServer(("127.0.0.1", 0), ReadOnly)
        threading.Thread(target=reader.serve_forever, daemon=True).start()
        self.addCleanup(reader.server_close)
        self.addCleanup(reader.shutdown)
        address = f"http://127.0.0.1:{reader.server_port}"
        done = self.run_it("--secret", name, "--webhook", HOOK, *PRICE, AWS_ENDPOINT_URL=address)
        self.assertEqual((done.returncode, self.stripe.all("webhook_endpoints")), (1, []), done.stderr)
        self.assertIn("is deleted", done.stderr)

    def test_a_refusal_says_what_to_do_and_shows_no_key(self):
        self.assertIn("say what Pro costs", self.run_it("--webhook", HOOK).stderr)
        self.refuse("/v1/webhook_endpoints", 403)
        done = self.run_it("--webhook", HOOK, *PRICE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("set “Webhook Endpoints” to Write", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        wrong = self.run_it(*PRICE, STRIPE_SECRET_KEY="sk_nothing_of_the_kind")
        self.assertIn("Stripe does not know the key", wrong.stderr)
        for said in (done.stderr, wrong.stderr):
            self.assertNotRegex(said, r"[sr]k_(test|live|nothing)")
        self.assertIn("STRIPE_SECRET_KEY is not set", self.run_it(STRIPE_SECRET_KEY="").stderr)
        self.assertIn("chat-backend/none has no stripe_secret_key", self.run_it("--secret", "chat-backend/none").stderr)
