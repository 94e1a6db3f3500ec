"""Calls of Stripe's API that set an account up: in the version of the service, repeated if they may be."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

from stack.console import Failure
from stack.paths import ROOT

BASE = "https://api.stripe.com"
SECONDS = 30
# The pauses before the second and the third try.
PAUSES = (0.5, 2)
# What the permissions of a restricted key are called in the Dashboard, by the beginning of the path.
PERMISSIONS = {
    "products": "Products",
    "prices": "Prices",
    "billing_portal": "Customer portal",
    "webhook_endpoints": "Webhook Endpoints",
}
SECRET = re.compile(r"\b(sk|rk|whsec)_\w+")


class Stripe:
    """One account, by its key."""

    def __init__(self, key: str, base: str = BASE):
        self.key = key
        self.base = base.rstrip("/")

    @property
    def is_live(self) -> bool:
        """Whether money moves."""
        return "_live_" in self.key

    def all(self, path: str, **params) -> list[dict]:
        """All objects of a list, newest first."""
        found: list[dict] = []
        while True:
            after = {"starting_after": found[-1]["id"]} if found else {}
            page = self._call("GET", f"{path}?{encoded({**params, **after, 'limit': 100})}")
            found += page["data"]
            if not page["has_more"]:
                return found

    def post(self, path: str, **params) -> dict:
        """Makes or changes an object."""
        return self._call("POST", path, encoded(params).encode())

    def delete(self, path: str) -> None:
        """Deletes an object."""
        self._call("DELETE", path)

    def _call(self, method: str, path: str, form: bytes | None = None) -> dict:
        headers = {"authorization": f"Bearer {self.key}", "stripe-version": version()}
        if form is not None:
            # One key for all tries: what was done though its answer was lost is not done again.
            headers["idempotency-key"] = str(uuid.uuid4())
        request = urllib.request.Request(f"{self.base}/v1/{path}", form, headers, method=method)
        for pause in (*PAUSES, None):
            try:
                with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as refused:
                if pause is None or not (refused.code in (409, 429) or refused.code >= 500):
                    raise Failure(_why(method, path, refused)) from None
            except OSError as lost:
                if pause is None:
                    raise Failure(f"{self.base} does not answer: {lost}") from None
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")


def _why(method: str, path: str, refused: urllib.error.HTTPError) -> str:
    """What Stripe's refusal asks the user to do. No part of a key is shown."""
    try:
        said = json.load(refused)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        said = f"status {refused.code}"
    said = SECRET.sub(r"\1_…", said)
    if refused.code == 401:
        return f"Stripe does not know the key: {said}"
    if refused.code == 403:
        needed = PERMISSIONS.get(path.partition("/")[0].partition("?")[0], path)
        where = f"set “{needed}” to Write at https://dashboard.stripe.com/apikeys"
        all_of_them = f"This command needs Write for {', '.join(PERMISSIONS.values())}."
        return f"The restricted key lacks a permission: {where}\n{all_of_them} Stripe said: {said}"
    return f"Stripe refused {method} /v1/{path.partition('?')[0]}: {said}"


def encoded(params: dict) -> str:
    """Parameters as Stripe reads them: `a[b][0]=c`."""
    return urllib.parse.urlencode([pair for name, value in params.items() for pair in _pairs(name, value)])


def _pairs(name: str, value) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in _pairs(f"{name}[{key}]", inner)]
    if isinstance(value, list):
        return [pair for at, inner in enumerate(value) for pair in _pairs(f"{name}[{at}]", inner)]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value))]


def version() -> str:
    """The version of Stripe's API that the service is written for."""
    return re.search(r'API_VERSION: &str = "([^"]+)"', _source("client.rs"))[1]


def events() -> list[str]:
    """The types of events that the service handles."""
    listed = re.search(r"HANDLED: \[&str; (\d+)\] = \[([^\]]+)\]", _source("event.rs"))
    found = re.findall(r'"([^"]+)"', listed[2])
    if len(found) != int(listed[1]):
        raise Failure("The list HANDLED in shared/src/stripe/event.rs cannot be read.")
    return found


def _source(name: str) -> str:
    return (ROOT / "shared" / "src" / "stripe" / name).read_text()
