"""`dev/deploy-infrastructure ENVIRONMENT [Name=value…]`: deploys infrastructure.yaml and fills the stage's secret.

The secret chat-backend/STAGE is one JSON object. What can be made or is known here is written into it: the URLs of the
stores, and keys that are missing. The owner's keys are never touched, nor is a URL that somebody else has changed.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import subprocess
from urllib.parse import quote, urlsplit

from stack import needs, samconfig, tools
from stack.account import Account
from stack.console import say
from stack.paths import ROOT

TEMPLATE = ROOT / "infrastructure.yaml"
# The versions of the passwords, which a template cannot see by itself, by the output that names their secret.
LOGINS = {"OwnerLogin": "OwnerLoginVersion", "CacheLogin": "CacheLoginVersion"}
# The key of the secret that has a hash of each URL as it was written here.
WRITTEN = "written_by_infrastructure"
PARTS = ("scheme", "username", "password", "hostname", "port", "path", "query")


def main(arguments: list[str]) -> int:
    """Deploys, fills the secret, says what is still missing, and returns the exit code of sam."""
    name, overrides = arguments[0], samconfig.overrides(arguments[1:])
    chosen = samconfig.environments()[name]
    account = Account(chosen)
    stack = stack_name(chosen)
    say(f"Deploying the infrastructure of {name} to {account.place()}, stack {stack}.")
    parameters = {"Stage": samconfig.stage(chosen), **chosen["infrastructure"]["parameters"]}
    parameters |= versions(account, account.outputs(stack)) | overrides
    if code := deploy(name, stack, parameters, asks=chosen.get("confirm_changeset") != "false"):
        return code
    secret = samconfig.secret(chosen)
    written, kept = fill(account, secret, account.outputs(stack))
    if written:
        say(f"Written into the secret {secret}: {', '.join(written)}.")
    for key, differs in kept.items():
        say(f"{key} in the secret {secret} was changed by somebody and stays. It differs from the stack's: {differs}.")
        say(f"To have the stack's, remove {key} from the secret and repeat this.")
    missing = needs.missing(account, name, chosen["parameters"])
    say("\n".join(["Still needed:", *missing] if missing else [f"Nothing is missing: make deploy ENV={name}"]))
    return 0


def stack_name(chosen: dict) -> str:
    """The name of the environment's stack of infrastructure."""
    return chosen["infrastructure"].get("stack_name", f"{chosen.get('stack_name', 'chat-backend')}-infrastructure")


def deploy(name: str, stack: str, parameters: dict, asks: bool) -> int:
    """Runs `sam deploy` and returns its exit code."""
    command = [tools.tool(tools.SAM, "sam"), "deploy", "--config-env", name, "--template-file", TEMPLATE]
    command += ["--stack-name", stack, "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset"]
    command += ["--confirm-changeset" if asks else "--no-confirm-changeset"]
    command += ["--parameter-overrides", *samconfig.written(parameters)]
    return subprocess.call(command, cwd=ROOT, env=os.environ)


def versions(account: Account, outputs: dict) -> dict:
    """The present versions of the passwords as parameters; none before the first deployment."""
    return {parameter: account.version(outputs[output]) for output, parameter in LOGINS.items() if output in outputs}


def fill(account: Account, name: str, outputs: dict) -> tuple[list[str], dict[str, str]]:
    """Writes what the secret lacks, and URLs that have changed.

    Returns the names of what it wrote, and what it left: URLs of somebody else, with the parts that differ.
    """
    present, wanted = account.secret(name), urls(account, outputs)
    before = present.get(WRITTEN, {})
    kept = {
        key: ", ".join(differing(present[key], url))
        for key, url in wanted.items()
        if present.get(key) not in (None, url) and before.get(key) != hashed(present[key])
    }
    ours = {key: url for key, url in wanted.items() if key not in kept}
    found = {**made(present), **ours}
    changed = {key: value for key, value in found.items() if present.get(key) != value}
    memory = {WRITTEN: {key: hashed(url) for key, url in ours.items()}}
    if changed or memory[WRITTEN] != before:
        account.write(name, {**present, **changed, **memory})
    return sorted(changed), kept


def hashed(url: str) -> str:
    """What is remembered of a URL: enough to know it again."""
    return hashlib.sha256(url.encode()).hexdigest()


def differing(one: str, other: str) -> list[str]:
    """The parts of two URLs that differ, without their values."""
    first, second = urlsplit(one), urlsplit(other)
    return [part for part in PARTS if getattr(first, part) != getattr(second, part)]


def made(present: dict) -> dict:
    """A value for each key of our own that is missing; those that exist stay, with what a rotation made of them."""
    makers = {
        "jwt_keys": lambda: f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "otp_keys": lambda: f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "operator_key": lambda: secrets.token_hex(24),
        "stripe_webhook_secret": lambda: f"{needs.PLACEHOLDER}_{secrets.token_hex(24)}",
    }
    return {key: make() for key, make in makers.items() if not present.get(key)}


def urls(account: Account, outputs: dict) -> dict:
    """The addresses of the stores, with their passwords. Everything is encrypted and checked."""
    logins = {output: account.secret(outputs[output]) for output in ("OwnerLogin", "RuntimeLogin", "CacheLogin")}
    who = {output: f"{quote(one['username'], '')}:{quote(one['password'], '')}" for output, one in logins.items()}
    shared = "&pgbouncer=true" if outputs["DatabaseIsShared"] == "true" else ""
    owner = f"{who['OwnerLogin']}@{outputs['MigrationDatabaseHost']}:5432"
    return {
        "database_url": f"postgres://{who['RuntimeLogin']}@{outputs['DatabaseHost']}:5432/chat?sslmode=verify-full{shared}",
        "migration_database_url": f"postgres://{owner}/chat?sslmode=verify-full",
        "redis_url": f"rediss://{who['CacheLogin']}@{outputs['CacheHost']}:6379",
    }
