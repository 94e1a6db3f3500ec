"""Gives Schemathesis the good data that no schema describes: ids and tokens that the service itself returned.

Nothing here inspects a finding. A case that should be refused is sent as it was generated; only its sender may change:
a case that signs out, deletes an account or sets a password uses an account of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
import time
import uuid
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

sys.path.insert(0, str(Path(__file__).parent))

import people
from people import Person

ALICE, BOB, CAROL = people.subscriber(), people.subscriber(), people.person()
# More rooms than a page holds.
for _ in range(101):
    people.request("POST", f"{people.API}/chatroom", {}, ALICE)
# The two must not see each other's data. Both send the operator key: only one operation reads it.
people.write(os.environ["FUZZ_PEOPLE"], {"alice": ALICE, "bob": BOB}, {"X-Operator-Key": os.environ["OPERATOR_KEY"]})
SECRET = os.environ["WEBHOOK_SECRET"].encode()
LISTS = Path(__file__).parent.parent.parent / "functions/auth/data"
COMMON = frozenset((LISTS / "common_passwords.txt").read_text().splitlines())
WORDS = frozenset((LISTS / "base_words.txt").read_text().splitlines())

# Operations that use up their caller's account, session or plan, so that later cases could not use it.
SPENDING = {
    "POST /auth/logout",
    "DELETE /user/me",
    "POST /user/me/mobile",
    "PUT /user/me/mobile",
    "POST /auth/change-password",
    "POST /subscribe/pro",
}
# The person who calls such an operation, by operation.
spare: dict[str, Person] = {}
# The mobile of each sign-up.
signups: dict[str, str] = {}
# What the service returned (rooms, messages, sessions, challenges, refresh tokens). A case that has one keeps it.
told: set[str] = set()
# Mobiles for which a code was requested, and those for which a password was tried.
asked: set[str] = set()
tried: set[str] = set()
# The message of each Idempotency-Key, and the cursors of each list.
keys: dict[str, tuple] = {}
cursors: dict[str, list] = defaultdict(list)


def is_valid(case) -> bool:
    """Whether a case should be accepted."""
    return case.meta is not None and case.meta.generation.mode.is_positive


def is_my_turn(case) -> bool:
    """Whether a case gets good data; the other half of the cases is sent as it was generated.

    The generated data decides this, not chance: Hypothesis stops if a case is not repeatable.
    """
    drawn = json.dumps([case.path_parameters, case.query, case.body], default=str, sort_keys=True)
    return hashlib.sha256(drawn.encode()).digest()[0] % 2 == 0


@schemathesis.hook
def before_load_schema(context, raw_schema) -> None:
    """Gives links their bodies: the contract has them in a member of its own, for the sake of generators."""
    for item in raw_schema["paths"].values():
        for operation in item.values():
            for answer in operation.get("responses", {}).values():
                for link in answer.get("links", {}).values():
                    if "x-request-body" in link:
                        link["requestBody"] = link.pop("x-request-body")


@schemathesis.hook
def before_call(context, case, kwargs) -> None:
    """Puts good data into a case."""
    label = case.operation.label
    if label in SPENDING and case.headers.get("Authorization") == ALICE.authorization:
        if label not in spare:
            spare[label] = people.person()
        case.headers["Authorization"] = spare[label].authorization
    if label == "DELETE /auth/sessions/{session}":
        spare_sessions(case)
    if label == "POST /webhook/stripe" and not (case.meta and case.meta.is_negative_at(ParameterLocation.HEADER)):
        kwargs["auth"] = sign
    if is_valid(case) and "chatroom" in case.path_parameters:
        give_room(case)
    if is_valid(case) and label in GIVERS:
        GIVERS[label](case)


@schemathesis.hook
def after_call(context, case, response) -> None:
    """Remembers what the service returned."""
    label = case.operation.label
    if label in SPENDING and response.status_code == 403:
        spare.pop(label, None)  # The sign-in is not fresh any more.
    if not 200 <= response.status_code < 300:
        return
    if label in CODES:
        told.add(response.json()["challenge_id"])
    if label in SPENDING:
        somebody = spare.pop(label, None)
        if label == "POST /auth/change-password" and somebody:
            spare[label] = replace(somebody, password=case.body["new_password"])
    elif label == "POST /auth/signup":
        signups[response.json()["signup_id"]] = case.body["mobile"]
    elif label == "GET /auth/sessions":
        told.update(session["id"] for session in response.json()["data"])
    elif label in SIGN_INS and "refresh_token" in response.json():
        told.add(response.json()["refresh_token"])
        if label == "POST /auth/refresh" and case.body["refresh_token"] == CAROL.refresh_token:
            CAROL.refresh_token = response.json()["refresh_token"]
    elif label == "POST /chatroom":
        told.add(response.json()["id"])
    elif label == "POST /chatroom/{chatroom}/message":
        told.add(response.json()["message"]["id"])
    elif case.method == "GET" and label in LISTS:
        body = response.json()
        if label == "GET /chatroom":
            told.update(room["id"] for room in body["data"])
        after = body.get("messages", body)["next_cursor"]
        if after:
            cursors[listed(case)].append(after)


def spare_sessions(case) -> None:
    """Lets a case end any session except those that the run needs."""
    needed = {ALICE.session, BOB.session}
    session = str(case.path_parameters.get("session"))
    if session in needed or (is_valid(case) and session not in told and is_my_turn(case)):
        again = people.signed_in_again(ALICE)
        case.path_parameters["session"] = again.session
        # A session ends itself however old it is; another one needs a fresh sign-in for that.
        if case.headers.get("Authorization") == ALICE.authorization:
            case.headers["Authorization"] = again.authorization


def sign(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Signs the bytes of an event as Stripe does."""
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else body
    now = str(int(time.time()))
    signature = hmac.new(SECRET, now.encode() + b"." + body, hashlib.sha256).hexdigest()
    prepared.headers["Stripe-Signature"] = f"t={now},v1={signature}"
    return prepared


def uncommon(case, field: str) -> None:
    """A password that is not a common one, nor a common word with digits and signs at its end."""
    password = str(case.body.get(field)).lower()
    if password in COMMON or password.rstrip("".join(c for c in password if not c.isalpha())) in WORDS:
        case.body[field] = f"{case.body[field]} {uuid.uuid4()}"


def give_signup(case) -> None:
    """A password that is not common."""
    uncommon(case, "password")


def give_code(case) -> None:
    """A number without an earlier code, so that there is no wait, and a sign-up of that number."""
    signup_id = case.body.get("signup_id")
    if case.body["mobile"] in asked or signup_id and signups.get(signup_id) != case.body["mobile"]:
        case.body["mobile"] = people.mobile()
        if signup_id:
            case.body["signup_id"] = people.sign_up(case.body["mobile"])
    asked.add(case.body["mobile"])


def give_verify_otp(case) -> None:
    """A challenge with its code."""
    if case.body["challenge_id"] not in told and is_my_turn(case):
        case.body = people.challenge()


def give_change_mobile(case) -> None:
    """A challenge of the person who calls, with its code."""
    label = "PUT /user/me/mobile"
    if label in spare and case.body["challenge_id"] not in told and is_my_turn(case):
        sent = people.request("POST", f"{people.API}/user/me/mobile", {"mobile": people.mobile()}, spare[label])
        case.body = {"challenge_id": sent["challenge_id"], "otp": sent["otp"]}


def give_login(case) -> None:
    """A right password. A wrong one is tried only once per number, so that no account is locked."""
    if is_my_turn(case):
        case.body = {"mobile": ALICE.mobile, "password": ALICE.password}
    elif case.body["mobile"] in tried:
        case.body["mobile"] = people.mobile()
    tried.add(case.body["mobile"])


def give_refresh(case) -> None:
    """The newest token of a session that no other case uses."""
    if case.body["refresh_token"] not in told and is_my_turn(case):
        case.body = {"refresh_token": CAROL.refresh_token}


def give_change_password(case) -> None:
    """The account's current password, if it has one."""
    uncommon(case, "new_password")
    password = spare["POST /auth/change-password"].password
    if password:
        case.body["current_password"] = password


def give_subscription(case) -> None:
    """A subscription that can be cancelled, or one that can be reactivated."""
    before = {"POST /subscription/cancel": "reactivate", "POST /subscription/reactivate": "cancel"}
    people.attempt("POST", f"{people.API}/subscription/{before[case.operation.label]}", {}, ALICE)


def give_paused(case) -> None:
    """A subscription that Stripe has paused."""
    people.attempt("POST", f"{people.STRIPE}/admin/subscriptions/{ALICE.subscription}", {"action": "pause"})


def give_answered(case) -> None:
    """A message whose replies have all ended."""
    people.settle(case.path_parameters["chatroom"], ALICE)


def give_room(case) -> None:
    """A room of Alice, with a message in it if the case needs one."""
    path, query = case.path_parameters, case.query
    if path["chatroom"] in told and query.get("after", path["chatroom"]) in told or not is_my_turn(case):
        return
    path["chatroom"] = room = people.request("POST", f"{people.API}/chatroom", {}, ALICE)["id"]
    if "message" in path or "after" in query:
        sent = people.request("POST", f"{people.API}/chatroom/{room}/message", {"content": "Hello"}, ALICE)
        if "message" in path:
            path["message"] = sent["reply"]["id"]
        else:
            query["after"] = sent["message"]["id"]


def give_message(case) -> None:
    """An idempotency key that no other message of the user has."""
    key = case.headers.get("Idempotency-Key")
    message = (case.path_parameters["chatroom"], case.body["content"])
    if key is not None and keys.setdefault(key, message) != message:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())


def give_cursor(case) -> None:
    """A cursor of the same list, if one is known."""
    if "after" in case.query:
        case.query.pop("cursor", None)
    else:
        case.query.pop("wait", None)
    known = cursors[listed(case)]
    if "cursor" in case.query and case.query["cursor"] not in known:
        if known:
            case.query["cursor"] = known[-1]
        else:
            del case.query["cursor"]


def listed(case) -> str:
    """The list that a case reads. Both paths to a room's messages read the same list."""
    return f"{case.formatted_path.removesuffix('/message')} of {case.headers.get('Authorization')}"


SIGN_INS = {"POST /auth/verify-otp", "POST /auth/login", "POST /auth/refresh"}
CODES = {"POST /auth/send-otp", "POST /auth/forgot-password", "POST /user/me/mobile"}
LISTS = {
    "GET /chatroom",
    "GET /chatroom/{chatroom}",
    "GET /chatroom/{chatroom}/message",
    "GET /subscription/history",
}
GIVERS = {
    "POST /auth/signup": give_signup,
    **dict.fromkeys(CODES, give_code),
    "POST /auth/verify-otp": give_verify_otp,
    "PUT /user/me/mobile": give_change_mobile,
    "POST /auth/login": give_login,
    "POST /auth/refresh": give_refresh,
    "POST /auth/change-password": give_change_password,
    "POST /chatroom/{chatroom}/message": give_message,
    "POST /chatroom/{chatroom}/message/{message}/regenerate": give_answered,
    "POST /subscription/cancel": give_subscription,
    "POST /subscription/reactivate": give_subscription,
    "POST /subscription/resume": give_paused,
    **dict.fromkeys(LISTS, give_cursor),
}
