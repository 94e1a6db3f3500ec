#!/usr/bin/env python3
"""Writes the signature vectors for the webhook's tests, with Stripe's own package (see requirements.txt).

That package makes every signature and every verdict; this script computes no signature itself.
Usage: stripe_signatures.py > functions/stripe-webhook/tests/signatures.json
"""

import json
import sys
from unittest import mock

import stripe
from stripe import SignatureVerificationError, WebhookSignature

NOW = 1_795_435_200
TOLERANCE = 300
OLD, NEW, STRANGE = "whsec_old_0123456789abcdef", "whsec_new_fedcba9876543210", "whsec_of_somebody_else"
BODIES = {
    "small": '{"id":"evt_1","type":"invoice.paid"}',
    "pretty": json.dumps({"id": "evt_2", "object": "event", "data": {"object": {"n": [1, 2.5, None]}}}, indent=2),
    "unicode": json.dumps({"id": "evt_3", "name": "Zoë – 東京 🎉"}, ensure_ascii=False),
    "windows": '{"id":"evt_4",\r\n"type":"x"}\r\n',
    "empty": "",
    "long": json.dumps({"id": "evt_5", "text": "x" * 5000}),
}


def signature(body: str, secret: str, at: int) -> str:
    return WebhookSignature._compute_signature(f"{at}.{body}", secret)


def header(body: str, secrets: list[str], at: int = NOW) -> str:
    return ",".join([f"t={at}", *(f"v1={signature(body, secret, at)}" for secret in secrets)])


def accepts(body: str, sent: str, secrets: list[str]) -> bool:
    for secret in secrets:
        try:
            with mock.patch("time.time", return_value=NOW):
                WebhookSignature.verify_header(body, sent, secret, tolerance=TOLERANCE)
            return True
        except SignatureVerificationError:
            continue
    return False


def cases():
    for name, body in BODIES.items():
        yield f"{name}, signed", body, header(body, [NEW]), [NEW]
        yield f"{name}, of another secret", body, header(body, [STRANGE]), [NEW]
        yield f"{name}, of another body", body + " ", header(body, [NEW]), [NEW]
    body = BODIES["small"]
    yield "two signatures, the first ours", body, header(body, [NEW, OLD]), [NEW]
    yield "two signatures, the second ours", body, header(body, [OLD, NEW]), [NEW]
    yield "one signature, the second of two secrets", body, header(body, [OLD]), [NEW, OLD]
    yield "two signatures, two secrets", body, header(body, [OLD, NEW]), [NEW, OLD]
    yield "two signatures, neither ours", body, header(body, [OLD, STRANGE]), [NEW]
    for age in (0, 1, 299, 300, 301, 302, 86_400):
        yield f"{age} s old", body, header(body, [NEW], NOW - age), [NEW]
    yield "a few seconds ahead", body, header(body, [NEW], NOW + 5), [NEW]
    good = signature(body, NEW, NOW)
    yield "another scheme alone", body, f"t={NOW},v0={good}", [NEW]
    yield "another scheme beside", body, f"t={NOW},v0={'0' * 64},v1={good}", [NEW]
    yield "the time last", body, f"v1={good},t={NOW}", [NEW]
    yield "another time than was signed", body, f"t={NOW - 1},v1={good}", [NEW]
    yield "no time", body, f"v1={good}", [NEW]
    yield "no signature", body, f"t={NOW}", [NEW]
    yield "a time that is no number", body, f"t=soon,v1={good}", [NEW]
    yield "a signature cut short", body, f"t={NOW},v1={good[:-2]}", [NEW]
    yield "a signature with more behind", body, f"t={NOW},v1={good}00", [NEW]
    yield "an empty signature", body, f"t={NOW},v1=", [NEW]
    yield "not hexadecimal", body, f"t={NOW},v1={'z' * 64}", [NEW]
    yield "an empty header", body, "", [NEW]
    yield "only commas", body, ",,,", [NEW]
    yield "no secrets", body, header(body, [NEW]), []


vectors = [
    {"name": name, "body": body, "header": sent, "secrets": secrets, "accepted": accepts(body, sent, secrets)}
    for name, body, sent, secrets in cases()
]
json.dump({"by": f"stripe {stripe.VERSION}", "now": NOW, "vectors": vectors}, sys.stdout, indent=1, ensure_ascii=False)
print()
