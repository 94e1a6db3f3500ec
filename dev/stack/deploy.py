"""`dev/deploy ENVIRONMENT [Name=value…]`: builds the functions and deploys them to an environment of samconfig.toml.

It says where it deploys to before it builds: the environment, the account and the region. What infrastructure.yaml put
out in that account becomes parameters of the template; samconfig.toml and the command line go before it.
"""

from __future__ import annotations

import os
import subprocess

from stack import build, digest, infrastructure, needs, samconfig, settings, tools
from stack.account import Account
from stack.console import Failure, say
from stack.environment import given
from stack.paths import ROOT

# Keys that a secret may have, and the parameters that they are then.
OPTIONAL = {
    "migration_database_url": "MigrationDatabaseUrl",
    "stripe_portal_configuration": "StripePortalConfiguration",
}


def main(arguments: list[str], profile: str = "release") -> int:
    """Deploys and returns the exit code of sam, which asks before it changes a production stack."""
    name, overrides = arguments[0], samconfig.overrides(arguments[1:])
    chosen = samconfig.environments()[name]
    account = Account(chosen)
    stack = chosen.get("stack_name", "without a name")
    say(f"Deploying {name} to {account.place()}, stack {stack}.")
    parameters = {**chosen["parameters"], **overrides}
    if missing := needs.missing(account, name, parameters):
        raise Failure("\n".join(["Nothing was built, for these are missing:", *missing]))
    parameters = {**taken(account, chosen), **parameters}
    if code := build.deployable(profile, parameters.get("Architecture")):
        return code
    resolved = {name: account.parameter(name) for name in samconfig.plain(parameters)}
    parameters[digest.PARAMETER] = digest.of({**parameters, **resolved}, settings.TEMPLATE, build.DEPLOYED)
    command = [tools.tool(tools.SAM, "sam"), "deploy", "--config-env", name]
    command += ["--parameter-overrides", *samconfig.written(samconfig.pinned(parameters, account.version))]
    if given("DEPLOY_CONFIRMED") == "true":
        command.append("--no-confirm-changeset")
    code = subprocess.call(command, cwd=ROOT, env=os.environ)
    if not code and needs.waits_for_webhook(account, parameters):
        url = account.outputs(stack).get("WebhookUrl")
        say(f"The webhook accepts nothing yet. Have {url} registered with Stripe, and deploy again:")
        say(f"  dev/stripe-setup {name} && make deploy ENV={name}")
    return code


def taken(account: Account, chosen: dict) -> dict:
    """The parameters that nobody writes: outputs of the infrastructure, and what this deployment is."""
    declared = settings.template()["Parameters"]
    secrets = samconfig.secrets(chosen["parameters"])
    found = account.outputs(infrastructure.stack_name(chosen))
    found["SecretVersion"] = ",".join(account.version(secret) for secret in secrets)
    found["Release"] = release()
    for secret in secrets:
        for key in account.secret(secret).keys() & OPTIONAL.keys():
            found[OPTIONAL[key]] = f"{{{{resolve:secretsmanager:{secret}:SecretString:{key}}}}}"
    return {parameter: value for parameter, value in found.items() if parameter in declared}


def release() -> str:
    """The revision that is deployed, `-dirty` if files differ from it; empty outside of a clone."""
    git = ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty"]
    try:
        return subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
