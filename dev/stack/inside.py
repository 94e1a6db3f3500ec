"""What the page's developers see of a running stack. Each look takes the stack's folder and the query's fields."""

from __future__ import annotations

import json
import shlex
import time
import urllib.error
import urllib.request
from urllib.parse import quote

from stack.paths import Home

# The logs that are searched, and the lines that are shown.
LOG_MINUTES = 30
LOG_LINES = 200
SECONDS = 10


class Away(Exception):
    """A part of the stack does not answer."""


def variables(home: Home) -> dict:
    """The variables of the stack's env file."""
    try:
        lines = home.env.read_text().splitlines()
    except OSError:
        raise Away("The stack is not ready.") from None
    pairs = (shlex.split(line)[-1].partition("=") for line in lines if line.startswith("export "))
    return {name: value for name, _, value in pairs}


def config(home: Home, _query: dict) -> dict:
    """Where the API is; `developer` shows the panel."""
    return {"api": variables(home)["API_URL"], "developer": True}


def sms(home: Home, query: dict) -> list:
    """The text messages to a number, oldest first."""
    number = query.get("number", "")
    address = f"{variables(home)['AWS_ENDPOINT_URL']}/_ministack/sns/sms-messages?phoneNumber={quote(number, safe='')}"
    sent = json.loads(_ask(address))["sms_messages"].get(number, [])
    return [message["Message"] for message in sent]


def queues(home: Home, _query: dict) -> dict:
    """The depths of the queues, as operators see them."""
    known = variables(home)
    return json.loads(_ask(f"{known['API_URL']}/debug/queue", headers={"x-operator-key": known["OPERATOR_KEY"]}))


def standins(home: Home, _query: dict) -> dict:
    """The addresses of the stand-ins that run."""
    known = variables(home)
    names = {name: f"{name.upper()}_STANDIN_URL" for name in ("gemini", "stripe")}
    return {name: known[variable] for name, variable in names.items() if variable in known}


def admin(home: Home, name: str, call: str, body: bytes) -> bytes:
    """Makes an admin call of a stand-in and returns its answer."""
    url = standins(home, {}).get(name)
    if not url:
        raise Away(f"The stand-in of {name} does not run: it is the real one.")
    return _ask(f"{url}/admin/{call}", body or b"{}", {"content-type": "application/json"}) or b"{}"


def logs(home: Home, query: dict) -> list:
    """The newest lines of all functions, oldest first: those with a request's id, or what went wrong."""
    from stack.aws import LocalAws
    from stack.logs import SERIOUS, Logs, resources

    local = LocalAws(home, int(variables(home)["AWS_ENDPOINT_URL"].rpartition(":")[2]))
    since = int((time.time() - LOG_MINUTES * 60) * 1000)
    words = [query["request"]] if "request" in query else [f'"level":"{level}"' for level in SERIOUS]
    lines = [line for line in Logs(local, sorted(resources()), since).new() if any(word in line.text for word in words)]
    return [{"function": line.function, "line": line.text} for line in lines[-LOG_LINES:]]


def _ask(url: str, body: bytes | None = None, headers: dict | None = None) -> bytes:
    request = urllib.request.Request(url, body, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            return response.read()
    except urllib.error.HTTPError as refused:
        raise Away(f"{url} returned {refused.code}: {refused.read().decode(errors='replace')[:500]}") from None
    except OSError as refused:
        raise Away(f"{url} does not answer: {refused}") from None
