"""The environments of samconfig.toml: where `make deploy` deploys to."""

from __future__ import annotations

import re

from stack.console import Failure, say
from stack.paths import ROOT

FILE = ROOT / "samconfig.toml"
# Python 3.10 has no reader of TOML. The file has two kinds of lines that matter: headings, and texts of a list.
HEADING = re.compile(r"^\[([a-z0-9-]+)\.([a-z]+)\.parameters\]$")
SETTING = re.compile(r'^([a-z0-9_]+) = "?([^"\[]*)"?$')
PARAMETER = re.compile(r'^    "([A-Za-z0-9]+)=([^"]*)",$')
# A value that CloudFormation reads from a secret or from Systems Manager.
SECRET = re.compile(r"^\{\{resolve:secretsmanager:(.+):SecretString:([a-z_]+)(?::[^}]*)?\}\}$")
PLAIN = re.compile(r"^\{\{resolve:ssm:([^}]+)\}\}$")
OVERRIDE = re.compile(r"^[A-Z][A-Za-z0-9]*=")


def environments() -> dict:
    """Each environment with its settings of `sam deploy`: `region`, `stack_name` and the template's `parameters`.

    `infrastructure` has the same of infrastructure.yaml.
    """
    found: dict = {}
    name = command = ""
    for line in FILE.read_text().splitlines():
        if heading := HEADING.match(line):
            name, command = heading.groups()
            found.setdefault(name, {"parameters": {}, "infrastructure": {"parameters": {}}})
        elif name:
            place = found[name]["infrastructure"] if command == "infrastructure" else found[name]
            if (setting := SETTING.match(line)) and command in ("global", "deploy", "infrastructure"):
                place[setting[1]] = setting[2]
            elif parameter := PARAMETER.match(line):
                place["parameters"][parameter[1]] = parameter[2]
    return {name: settings for name, settings in found.items() if settings["parameters"]}


def parameters(name: str) -> dict:
    """The parameters that an environment gives the template."""
    return environments()[name]["parameters"]


def stage(chosen: dict) -> str:
    """The stage of an environment."""
    return chosen["parameters"].get("Stage", "dev")


def secrets(parameters: dict) -> dict:
    """The keys that are read from each secret, by the secret's name."""
    found: dict = {}
    for value in parameters.values():
        if reference := SECRET.match(value):
            found.setdefault(reference[1], []).append(reference[2])
    return found


def plain(parameters: dict) -> list[str]:
    """The names of the parameters of Systems Manager that are read."""
    return [reference[1] for value in parameters.values() if (reference := PLAIN.match(value))]


def secret(chosen: dict) -> str:
    """The name of the environment's secret."""
    return next(iter(secrets(chosen["parameters"])), f"chat-backend/{stage(chosen)}")


def overrides(arguments: list[str]) -> dict:
    """Parameters of a command line, `Name=value` each."""
    wrong = [one for one in arguments if not OVERRIDE.match(one)]
    if wrong:
        raise Failure(f"A parameter is written as Name=value: {' '.join(wrong)}")
    return dict(one.split("=", 1) for one in arguments)


def written(parameters: dict) -> list[str]:
    """Parameters as `sam deploy` reads them."""
    escaped = {name: str(value).replace("\\", "\\\\").replace('"', '\\"') for name, value in parameters.items()}
    return [f'{name}="{value}"' for name, value in escaped.items()]


def is_named(arguments: list[str], command: str = "deploy") -> bool:
    """Whether the first argument is the name of an environment; says which there are if not."""
    known = environments()
    if arguments and arguments[0] in known:
        return True
    asked = " ".join(arguments)
    say(f"There is no environment {asked}." if asked else "Nothing is deployed: name an environment of samconfig.toml.")
    for name, settings in known.items():
        stack = settings.get("stack_name", "without a name")
        say(f"  make {command} ENV={name:<9} Stage={stage(settings)}, stack {stack}")
    return False
