"""The environments of samconfig.toml: where `make deploy` deploys to."""

from __future__ import annotations

import re

from stack.console import say
from stack.paths import ROOT

FILE = ROOT / "samconfig.toml"
# Python 3.10 has no reader of TOML. The file has two kinds of lines that matter: headings, and texts of a list.
HEADING = re.compile(r"^\[([a-z0-9-]+)\.([a-z]+)\.parameters\]$")
SETTING = re.compile(r'^([a-z_]+) = "([^"]*)"$')
PARAMETER = re.compile(r'^    "([A-Za-z]+)=([^"]*)",$')


def environments() -> dict:
    """Each environment with its settings of `sam deploy`: `region`, `stack_name` and the template's `parameters`."""
    found: dict = {}
    name = command = ""
    for line in FILE.read_text().splitlines():
        if heading := HEADING.match(line):
            name, command = heading.groups()
            found.setdefault(name, {"parameters": {}})
        elif (setting := SETTING.match(line)) and command in ("global", "deploy"):
            found[name][setting[1]] = setting[2]
        elif parameter := PARAMETER.match(line):
            found[name]["parameters"][parameter[1]] = parameter[2]
    return {name: settings for name, settings in found.items() if settings["parameters"]}


def parameters(name: str) -> dict:
    """The parameters that an environment gives the template."""
    return environments()[name]["parameters"]


def is_named(arguments: list[str]) -> bool:
    """Whether the arguments are the name of one environment; says which there are if not."""
    known = environments()
    if len(arguments) == 1 and arguments[0] in known:
        return True
    asked = " ".join(arguments)
    say(f"There is no environment {asked}." if asked else "Nothing is deployed: name an environment of samconfig.toml.")
    for name, settings in known.items():
        stage, stack = settings["parameters"].get("Stage", "dev"), settings.get("stack_name", "without a name")
        say(f"  make deploy ENV={name:<9} Stage={stage}, stack {stack}")
    return False
