"""`dev/secret ENVIRONMENT KEY`: stores one key of an environment's secret; the others stay as they are.

The value is asked for, or read from the standard input, so that no shell remembers it.
"""

from __future__ import annotations

import getpass
import re
import sys

from stack import samconfig
from stack.account import Account
from stack.console import Failure, say


def main(arguments: list[str]) -> int:
    """Stores the value and says what makes it effective."""
    if len(arguments) != 2 or not re.fullmatch(r"[a-z_]+", arguments[1]):
        raise Failure("usage: dev/secret ENVIRONMENT KEY, a key of samconfig.toml such as gemini_api_key")
    name, key = arguments
    chosen = samconfig.environments()[name]
    account, secret = Account(chosen), samconfig.secret(chosen)
    say(f"The secret {secret} of {account.place()}:")
    value = getpass.getpass(f"{key}: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not value.strip():
        raise Failure(f"{key} was not changed: nothing was given.")
    account.write(secret, {**account.secret(secret), key: value.strip()})
    say(f"{key} is stored; the functions have it after make deploy ENV={name}.")
    return 0
