"""The environment variables of a script, with .env as their defaults."""

from __future__ import annotations

import os

from stack.console import Failure
from stack.paths import ROOT


def read_dotenv() -> None:
    """Adds the variables of .env, or of the file in DOTENV, to the environment; existing variables take precedence."""
    for name, value in dotenv().items():
        os.environ.setdefault(name, value)


def dotenv() -> dict:
    """The variables of .env, or of the file in DOTENV."""
    found: dict = {}
    file = ROOT / os.environ.get("DOTENV", ".env")
    if not file.is_file():
        return found
    for number, line in enumerate(file.read_text().splitlines(), 1):
        line = line.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise Failure(f"{file.name}, line {number}: NAME=value is expected.")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found.setdefault(name.strip(), value)
    return found


def given(name: str) -> str | None:
    """An environment variable; an empty one counts as not given."""
    return os.environ.get(name) or None
