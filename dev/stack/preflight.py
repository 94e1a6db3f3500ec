"""Checks the settings before anything is built, and finds variables that look like a misspelt setting."""

from __future__ import annotations

import difflib
import os
import re
import socket
from urllib.parse import urlsplit

from stack import settings
from stack.console import Failure
from stack.environment import dotenv, given
from stack.paths import ROOT
from stack.processes import listens

# The settings of the scripts themselves; the others are the template's parameters.
PORTS = ["PORT", "PAGE_PORT"]
OF_SCRIPTS = [*PORTS, "LAMBDA_PROFILE", "PGBOUNCER", "REDIS_CLUSTER", "DOTENV"]
DEFAULT_PORT = 8000
DEFAULT_PROFILE = "stack"
# How similar a name must be to that of a setting to be called a slip, from 0 to 1.
ALIKE = 0.8
STORES = {"DATABASE_URL": (("postgres", "postgresql"), 5432), "REDIS_URL": (("redis", "rediss"), 6379)}
CONNECT_SECONDS = 5


def check() -> None:
    """Refuses settings that cannot work, all at once."""
    problems = [*_ports(), *_profile(), *_values(), *_stripe(), *_stores()]
    if problems:
        raise Failure("\n".join(["Nothing was built, for these settings cannot work:", *(f"  {p}" for p in problems)]))


def port() -> int:
    """The port of the API; 0 means a free one."""
    return int(given("PORT") or DEFAULT_PORT)


def profile() -> str:
    """The build profile of the functions."""
    return given("LAMBDA_PROFILE") or DEFAULT_PROFILE


def slips() -> list[str]:
    """A sentence for each variable that is no setting but looks like one; in .env, for each that is none."""
    if "STACK_PID" in os.environ:
        # The variables of a running stack are not settings.
        return []
    known = [settings.variable(parameter) for parameter in settings.template()["Parameters"]] + OF_SCRIPTS
    written = dotenv()
    found = []
    for name in sorted({*os.environ, *written} - set(known)):
        alike = difflib.get_close_matches(name, known, n=1, cutoff=ALIKE)
        if alike:
            found.append(f"{name} is not a setting: is {alike[0]} meant?")
        elif name in written:
            found.append(f"{name} in .env is not a setting: it has no effect.")
    return found


def _ports() -> list[str]:
    wrong = {name: value for name in PORTS if (value := given(name)) and not _is_port(value)}
    why = "a number from 0 to 65535 is expected; 0 picks a free port"
    if wrong:
        return [f"{name}={value}: {why}." for name, value in wrong.items()]
    page = int(given("PAGE_PORT") or 0)
    if page and page == port():
        return [f"PAGE_PORT={page}: the API has that port."]
    return [f"PAGE_PORT={page}: something listens there already."] if page and listens(page) else []


def _is_port(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= 5 and int(value) < 65536


def _profile() -> list[str]:
    declared = re.findall(r"^\[profile\.([\w-]+)\]", (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    known = dict.fromkeys(["stack", "release", "dev", *declared])
    return [] if profile() in known else [f"LAMBDA_PROFILE={profile()}: one of {', '.join(known)}."]


def _values() -> list[str]:
    """What the template itself would refuse at the deployment."""
    declared = settings.template()["Parameters"]
    return [
        f"{settings.variable(name)}{'' if one.get('NoEcho') else f'={value}'}: {wrong}."
        for name, one in declared.items()
        if (value := given(settings.variable(name))) is not None and (wrong := _wrong(value, one))
    ]


def _wrong(value: str, declared: dict) -> str | None:
    """Why CloudFormation refuses a value; None if it does not."""
    if "AllowedValues" in declared and value not in map(str, declared["AllowedValues"]):
        return "one of " + ", ".join(str(one) or "nothing" for one in declared["AllowedValues"])
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], value):
        return declared.get("ConstraintDescription") or f"it must match {declared['AllowedPattern']}"
    if declared["Type"] == "Number":
        if not re.fullmatch(r"-?\d+(\.\d+)?", value):
            return "a number is expected"
        if float(value) < declared.get("MinValue", float("-inf")):
            return f"{declared['MinValue']} or more"
        if float(value) > declared.get("MaxValue", float("inf")):
            return f"{declared['MaxValue']} or less"
    return None


def _stripe() -> list[str]:
    if given("STRIPE_SECRET_KEY") and not given("STRIPE_PRICE_ID"):
        return ["STRIPE_SECRET_KEY needs STRIPE_PRICE_ID: the id of Pro's price, which dev/stripe-setup makes."]
    return []


def _stores() -> list[str]:
    """What is wrong with the addresses of the user's own stores, and whether somebody listens there."""
    return [wrong for name in STORES if given(name) and (wrong := _store(name, given(name)))]


def _store(name: str, address: str) -> str | None:
    schemes, port = STORES[name]
    expected = f"{name}: an address like {schemes[0]}://HOST:{port} is expected."
    try:
        url = urlsplit(address)
    except ValueError:
        return expected
    if url.scheme not in schemes or not url.hostname:
        return expected
    try:
        socket.create_connection((url.hostname, url.port or port), CONNECT_SECONDS).close()
    except (OSError, ValueError) as refused:
        hint = " It is from `. .dev/env` of another stack: use a new shell." if "STACK_PID" in os.environ else ""
        return f"{name}: {url.hostname}:{url.port or port} does not answer ({refused}).{hint}"
    return None
