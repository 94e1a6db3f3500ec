"""People for the fuzzer: they sign in as clients do, and can get the Pro plan."""

from __future__ import annotations

import base64
import itertools
import json
import os
import secrets
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

API = os.environ["API_URL"]
# Without the stand-in for Stripe nobody can pay.
STRIPE = os.environ.get("STRIPE_STANDIN_URL")
# Numbers that no generator produces: they have 15 digits, and differ in each run against one stack.
_numbers = itertools.count(888_000_000_000_000 + secrets.randbelow(10_000_000) * 10_000)


@dataclass
class Person:
    """A person with an account."""

    mobile: str
    password: str | None
    access_token: str
    refresh_token: str
    subscription: str | None = None

    @property
    def authorization(self) -> str:
        """The value of their Authorization header."""
        return f"Bearer {self.access_token}"

    @property
    def session(self) -> str:
        """The id of the session that the access token belongs to."""
        claims = self.access_token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=="))["sid"]


def request(method: str, url: str, body: dict | None = None, person: Person | None = None) -> dict:
    """The JSON of a response; any status but 2xx raises."""
    headers = {"content-type": "application/json"} | ({"authorization": person.authorization} if person else {})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=30) as response:
        return json.loads(response.read() or b"{}")


def attempt(method: str, url: str, body: dict | None = None, person: Person | None = None) -> dict | None:
    """The same, but returns None if the request is refused."""
    try:
        return request(method, url, body, person)
    except urllib.error.HTTPError:
        return None


def settle(room: str, person: Person) -> None:
    """Waits until every reply in a room has ended; a room that does not exist has none."""
    for _ in range(200):
        read = attempt("GET", f"{API}/chatroom/{quote(room, safe='')}/message?limit=100", person=person)
        if not any(one["state"] in ("pending", "generating") for one in (read or {"data": []})["data"]):
            return
        time.sleep(0.05)


def mobile() -> str:
    """An unused number."""
    return f"+{next(_numbers)}"


def sign_up(number: str, password: str | None = None) -> str:
    """Stores a profile; returns its `signup_id`."""
    return request("POST", f"{API}/auth/signup", {"mobile": number, "password": password})["signup_id"]


def challenge(number: str | None = None, signup_id: str | None = None) -> dict:
    """A challenge and its code, ready for `POST /auth/verify-otp`."""
    asked = {"mobile": number or mobile(), "signup_id": signup_id}
    sent = request("POST", f"{API}/auth/send-otp", asked)
    return {"challenge_id": sent["challenge_id"], "otp": sent["otp"]}


def person(password: str | None = None) -> Person:
    """A new person."""
    number = mobile()
    signup_id = sign_up(number, password) if password else None
    tokens = request("POST", f"{API}/auth/verify-otp", challenge(number, signup_id))
    return Person(number, password, tokens["access_token"], tokens["refresh_token"])


def signed_in_again(somebody: Person) -> Person:
    """Another session of a person who has a password."""
    credentials = {"mobile": somebody.mobile, "password": somebody.password}
    tokens = request("POST", f"{API}/auth/login", credentials)
    return Person(somebody.mobile, somebody.password, tokens["access_token"], tokens["refresh_token"])


def subscriber() -> Person:
    """A new person with a password, and the Pro plan if one can pay for it."""
    somebody = person(secrets.token_urlsafe(12))
    if not STRIPE:
        return somebody
    session = request("POST", f"{API}/subscribe/pro", {}, somebody)["session_id"]
    paid = request("POST", f"{STRIPE}/admin/sessions/{session}", {"action": "pay"})
    somebody.subscription = paid["subscription"]
    for _ in range(100):
        if request("GET", f"{API}/user/me", person=somebody)["tier"] == "pro":
            return somebody
        time.sleep(0.1)
    raise RuntimeError("A checkout was paid, but its customer did not become Pro.")


def write(file: str, everybody: dict[str, Person], headers: dict[str, str]) -> None:
    """Writes all people as a document of Web Fuzzing Commons; `headers` are added to each person."""
    entries = []
    for name, somebody in everybody.items():
        sent = {"Authorization": somebody.authorization, **headers}
        entries.append({"name": name, "fixedHeaders": [{"name": key, "value": sent[key]} for key in sent]})
    Path(file).write_text(json.dumps({"auth": entries}))
