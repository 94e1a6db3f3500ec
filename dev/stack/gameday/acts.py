"""What happens on a game day. An act is told whether the fault lasts, and is repeated when it is over."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlparse

from stack.gameday.world import World, call, eventually
from stack.paths import ROOT
from stack.processes import Server

# An invocation of each function that its own events have; what it answers does not matter here.
EVENTS = {
    "auth": "auth-sessions",
    "user": "user-get-me",
    "chatroom": "chatroom-list",
    "subscription": "subscription-status",
    "stripe-webhook": "stripe-webhook",
    "ops": "ops-problems",
    "reply-stream": "reply-stream-preflight-url",
    "gemini-worker": "gemini-worker-basic",
    "otp-sender": "otp-sender",
    "maintenance": "maintenance-sweep",
}


def stop(name: str) -> Callable[[World], None]:
    """Stops a server of the stack."""
    return lambda world: Server(world.home, name).stop()


def start(name: str) -> Callable[[World], None]:
    """Starts it again."""
    return lambda world: Server(world.home, name).restart()


def replica(of: str) -> Callable[[World], None]:
    """Makes Redis a replica, which refuses writes, or no one's."""

    def change(_: World) -> None:
        command = ["redis-cli", "-p", str(urlparse(os.environ["REDIS_URL"]).port), "replicaof", *of.split()]
        subprocess.run(command, check=True, capture_output=True)

    return change


def nothing(_: World, __: bool) -> None:
    """What is missing is the fault."""


def message(words: str) -> Callable[[World, bool], None]:
    """Somebody sends a message; with the words the stand-in of Gemini refuses it."""

    def act(world: World, is_faulty: bool) -> None:
        token = world.signed_in()
        room = world.api("/chatroom", {}, token)[1]["id"]
        world.sends(token, room, f"{words if is_faulty else ''} hello {uuid.uuid4()}")
        eventually(lambda: world.counted("AttemptAnswered"), "An attempt")

    return act


def requests(world: World, _: bool) -> None:
    """Somebody new asks for codes, and Stripe delivers an event."""
    for _ in range(8):
        world.api("/auth/login", {"mobile": world.mobile(), "password": "a long password of nobody"})
    event()(world, True)


def codes(world: World, _: bool) -> None:
    """Strangers ask for codes."""
    for _ in range(8):
        world.api("/auth/send-otp", {"mobile": world.mobile()})


def event(secret: str = "", late: int = 0, kind: str = "customer.created") -> Callable[[World, bool], None]:
    """Stripe delivers an event; while the fault lasts with this secret, so late, of this kind."""

    def act(world: World, is_faulty: bool) -> None:
        now = int(time.time())
        subject = {"id": f"re_{uuid.uuid4().hex}", "object": "refund" if "refund" in kind else "customer"}
        event = {"id": f"evt_{uuid.uuid4().hex}", "object": "event", "type": kind if is_faulty else "customer.created"}
        event |= {"created": now - late * is_faulty, "data": {"object": subject}}
        body = json.dumps(event).encode()
        key = (secret if is_faulty else "") or os.environ["WEBHOOK_SECRET"]
        signature = hmac.new(key.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        status, _ = call(os.environ["WEBHOOK_URL"], body, {"stripe-signature": f"t={now},v1={signature}"})
        name = world.functions["stripe-webhook"]
        world.count("AWS/Lambda", "Url5xxCount", float(status >= 500), FunctionName=name)

    return act


def poison(world: World, is_faulty: bool) -> None:
    """A record that is not a job; after its last receive SQS moves it away. An operator empties the queue."""
    sqs = world.local.client("sqs")
    for tier in ("PRO", "BASIC"):
        queue, dead = os.environ[f"{tier}_QUEUE_URL"], os.environ[f"{tier}_DEAD_LETTERS_URL"]
        if is_faulty:
            _dead_letter(sqs, queue, dead)
        else:
            sqs.purge_queue(QueueUrl=dead)


def _dead_letter(sqs, queue: str, dead: str) -> None:
    """Twenty receives, five minutes apart, are one here, a second after the first."""
    names = ["RedrivePolicy", "VisibilityTimeout"]
    before = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    once = json.dumps({**json.loads(before["RedrivePolicy"]), "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": once, "VisibilityTimeout": "1"})
    try:
        group = {"MessageGroupId": "poison", "MessageDeduplicationId": str(uuid.uuid4())}
        sqs.send_message(QueueUrl=queue, MessageBody="not a job", **group)
        eventually(lambda: _depth(sqs, dead), "A dead letter")
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=before)


def letter(queue: str) -> Callable[[World, bool], None]:
    """EventBridge's part is AWS' own: here its letter is written by hand."""

    def act(world: World, is_faulty: bool) -> None:
        sqs = world.local.client("sqs")
        url = sqs.get_queue_url(QueueName=world.names[queue])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="{}") if is_faulty else sqs.purge_queue(QueueUrl=url)

    return act


def unsendable(world: World, is_faulty: bool) -> None:
    """The sender cannot read a record; that SQS moves it after three minutes is not waited for."""
    if is_faulty:
        event = json.loads((ROOT / "events/otp-sender.json").read_text())
        for record in event["Records"]:
            record["body"] = "not a code"
        world.invoke("otp-sender", json.dumps(event).encode())
        eventually(lambda: world.counted("OtpSendFailed"), "A failure")
    letter("OtpDeadLetters")(world, is_faulty)


def _depth(sqs, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def all_invoked(world: World, _: bool) -> None:
    """Every function is invoked with an event of its own."""
    for function, event in EVENTS.items():
        world.invoke(function, (ROOT / "events" / f"{event}.json").read_bytes())


def settings(wrong: str | None) -> Callable[[World], None]:
    """Sets the address of Postgres of every function, or the right one again."""

    def change(world: World) -> None:
        client = world.local.client("lambda")
        for name in world.functions.values():
            environment = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            environment["DATABASE_URL"] = wrong or os.environ["DATABASE_URL"]
            client.update_function_configuration(FunctionName=name, Environment={"Variables": environment})

    return change


def concurrency(most: int | None) -> Callable[[World], None]:
    """Reserves so many environments for each function, or none."""

    def change(world: World) -> None:
        client = world.local.client("lambda")
        for name in world.functions.values():
            if most is None:
                client.delete_function_concurrency(FunctionName=name)
            else:
                client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=most)

    return change


def flood(world: World, is_faulty: bool) -> None:
    """Codes for more strangers than the day has, sent by the function that sends them."""
    if is_faulty:
        for _ in range(75):
            world.api("/auth/send-otp", {"mobile": world.mobile()})
        for name in ("OtpUsedPercent", "OtpCapacityReached"):
            eventually(lambda name=name: world.counted(name), name)
