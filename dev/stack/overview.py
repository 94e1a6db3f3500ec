"""The last lines of the screen: what of a stack is real and what a stand-in, and the commands that address it."""

from __future__ import annotations

import os

from stack import preflight, settings
from stack.console import say
from stack.environment import given
from stack.paths import MAIN, ROOT, Home

STRIPE_EVENTS = "set STRIPE_WEBHOOK_SECRET, or no event arrives (docs/real-accounts.md)"


def show(home: Home, variables: dict, began_with_data: bool) -> None:
    """Prints it, with every variable that looks like a misspelt setting."""
    say("  What is real:\n")
    for name, told in _parts(home, variables, began_with_data):
        say(f"    {name:<10}{told}")
    say()
    for slip in preflight.slips():
        say(f"  {slip}\n")
    say(f"  Commands: {command(home, 'status')}, {command(home, 'logs -f')}, {command(home, 'watch')}\n")


def farewell(home: Home) -> None:
    """Says what stays after the stack has stopped."""
    if not given("DATABASE_URL"):
        say(f"\n  Postgres' data stays: accounts, rooms, messages, sessions. {command(home, 'reset')} empties it.")
    if settings.wants_stripe_standin():
        say("  The customers of Stripe's stand-in stay too.")
    say("  What was in Redis, the queues and the SMS inbox is gone.")


def command(home: Home, rest: str) -> str:
    """A command of dev/ctl that addresses this stack."""
    if rest == "reset" and home.name == MAIN:
        return "make reset"
    return f"dev/ctl {'' if home.name == MAIN else f'--name {home.name} '}{rest}"


def _parts(home: Home, variables: dict, began_with_data: bool) -> list[tuple[str, str]]:
    return [
        ("Gemini", _partner(variables, "gemini", "GEMINI_API_KEY", "GEMINI_BASE_URL")),
        ("Stripe", _stripe(variables)),
        ("SMS", _sms(variables)),
        ("Postgres", _postgres(home, began_with_data)),
        ("Redis", "yours (REDIS_URL)" if given("REDIS_URL") else "private; empty at each start"),
        ("AWS", f"a stand-in (MiniStack) at {variables['AWS_ENDPOINT_URL']}; empty at each start"),
    ]


def _partner(variables: dict, name: str, key: str, base: str) -> str:
    standin = variables.get(f"{name.upper()}_STANDIN_URL")
    if standin:
        return f"a stand-in at {standin}/; {key} makes it real"
    return f"real ({key})" if not given(base) else f"at {given(base)} ({base})"


def _stripe(variables: dict) -> str:
    told = _partner(variables, "stripe", "STRIPE_SECRET_KEY", "STRIPE_API_BASE")
    has_events = "STRIPE_STANDIN_URL" in variables or given("STRIPE_WEBHOOK_SECRET")
    return told if has_events else f"{told}; {STRIPE_EVENTS}"


def _sms(variables: dict) -> str:
    inbox = f"{variables['AWS_ENDPOINT_URL']}/_ministack/sns/sms-messages"
    if given("OTP_DELIVERY") == "sns":
        return f"none leaves this machine; read the codes at {inbox}"
    return "none; codes are in the responses of send-otp"


def _postgres(home: Home, began_with_data: bool) -> str:
    if given("DATABASE_URL"):
        return "yours (DATABASE_URL)"
    kept = f"kept in {os.path.relpath(home.kept, ROOT)}, {command(home, 'reset')} empties it"
    return f"private, with the data of the last run; {kept}" if began_with_data else f"private, new; {kept}"
