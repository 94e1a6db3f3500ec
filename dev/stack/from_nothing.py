"""`dev/from-nothing COMMAND…`: an empty account, both templates deployed as a team does it, and COMMAND on the result.

The local AWS has no Postgres, no Redis and no NAT of its own. So what it refuses is switched off by parameters, and the
secret's URLs lead to private servers, with the users and passwords of the infrastructure.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from stack import commands, deploy, infrastructure, routes, samconfig, settings, tools
from stack.account import Account
from stack.aws import LocalAws
from stack.console import Failure, report, say
from stack.paths import ROOT, Home
from stack.preflight import profile
from stack.up import Stack

ENVIRONMENT = "dev"
# Instead of what the local AWS cannot make. Without a way out the template wants endpoints.
REFUSED = ["DualStack=false", "WayOut=none", "AwsEndpoints=true", "CacheKind=nodes"]
OWNERS = {"gemini_api_key": "GeminiApiKey", "stripe_secret_key": "StripeSecretKey", "stripe_price_id": "StripePriceId"}


class FromNothing(Stack):
    """A stack that is deployed as a team deploys it: `deploy-infrastructure`, `secret`, `deploy`."""

    def _deploy(self, local: LocalAws, parameters: dict, template: Path) -> dict:
        os.environ |= {"AWS_ENDPOINT_URL": local.endpoint, "SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2"}
        chosen = samconfig.environments()[ENVIRONMENT]
        account = Account(chosen)
        local.stack = chosen["stack_name"]
        for run in ("from nothing", "again, which changes nothing"):
            say(f"\n--- the infrastructure, {run}")
            before = account.secret(samconfig.secret(chosen))
            _succeed(infrastructure.main([ENVIRONMENT, *REFUSED]), "deploy-infrastructure")
        _expect(account.secret(samconfig.secret(chosen)) == before != {}, "a second run leaves the secret as it is")
        _expect(_refusal() == sorted(OWNERS), "a deployment without the owner's keys names them and builds nothing")
        for key, parameter in OWNERS.items():
            _store(key, parameters[parameter])
        _expect("placeholder" in before["stripe_webhook_secret"], "the webhook accepts nothing before it has a secret")
        _store("stripe_webhook_secret", parameters["StripeWebhookSecret"])
        self._lead_to_private_servers(account, chosen, parameters)
        say("\n--- the application")
        of_secret = {name for name, value in chosen["parameters"].items() if samconfig.secrets({"": value})}
        # The private servers have no certificates.
        mine = {name: value for name, value in parameters.items() if name not in of_secret} | {"TlsCaFile": ""}
        _succeed(deploy.main([ENVIRONMENT, *(f"{name}={value}" for name, value in mine.items())], profile()), "deploy")
        parameters["OperatorKey"] = self._check_functions(local, account, chosen)
        api = local.client("apigatewayv2").get_apis()["Items"][0]["ApiId"]
        local.api_url = f"{local.endpoint}/_aws/execute-api/{api}"
        routes.replay(local, {**chosen["parameters"], **mine})
        return local.outputs()

    def _lead_to_private_servers(self, account: Account, chosen: dict, parameters: dict) -> None:
        """Gives the private servers the users of the infrastructure, and the secret's URLs their addresses."""
        name = samconfig.secret(chosen)
        secret = account.secret(name)
        cache, redis = urlsplit(secret["redis_url"]), urlsplit(parameters["RedisUrl"])
        user = settings.read(infrastructure.TEMPLATE)["Resources"]["CacheUser"]["Properties"]
        acl = ["acl", "setuser", cache.username, *user["AccessString"].split(), f">{unquote(cache.password)}"]
        _run(["redis-cli", "-u", parameters["RedisUrl"], *acl], "OK")
        # The deployment's migrations make the runtime role.
        owner, runtime = urlsplit(parameters["DatabaseUrl"]), urlsplit(secret["database_url"])
        secret |= {
            "redis_url": f"redis://{cache.username}:{cache.password}@127.0.0.1:{redis.port}",
            "migration_database_url": parameters["DatabaseUrl"],
            "database_url": f"postgres://{runtime.username}:{runtime.password}@127.0.0.1:{owner.port}{owner.path}",
        }
        account.write(name, secret)
        self.runtime_url = secret["database_url"]

    def check_role(self) -> None:
        """Fails unless the functions' role was used, and may change no schema."""
        address = self.runtime_url
        psql = [tools.postgres_programs() / "psql", address, "--no-psqlrc", "--tuples-only", "--no-align", "-c"]
        _run([*psql, "select count(*) > 0 from users"], "t")
        done = subprocess.run([*psql, "drop table users"], capture_output=True, text=True, check=False)
        _expect("must be owner" in done.stderr, "the functions' role may change no schema")

    def _check_functions(self, local: LocalAws, account: Account, chosen: dict) -> str:
        """Fails unless the functions have the infrastructure's outputs and the secret; returns the operator's key."""
        outputs = account.outputs(infrastructure.stack_name(chosen))
        stack = local.client("cloudformation").describe_stacks(StackName=local.stack)["Stacks"][0]
        given = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
        for parameter in (
            "SubnetIds",
            "EgressSubnetIds",
            "SecurityGroupIds",
            "EgressSecurityGroupIds",
            "AlarmTopicArn",
        ):
            _expect(given[parameter] == outputs[parameter] != "", f"{parameter} is what the infrastructure put out")
        version = account.version(samconfig.secret(chosen))
        _expect(given["SecretVersion"] == version, "the secret's present version is deployed")
        name = local.functions()["OpsFunction"]
        found = local.client("lambda").get_function_configuration(FunctionName=name)
        secret = account.secret(samconfig.secret(chosen))
        variables = found["Environment"]["Variables"]
        _expect(variables["OPERATOR_KEY"] == secret["operator_key"], "the functions have the secret's values")
        return secret["operator_key"]


def _refusal() -> list[str]:
    """The keys that a deployment misses."""
    try:
        deploy.main([ENVIRONMENT])
    except Failure as refused:
        return sorted(key for key in OWNERS if f"dev/secret {ENVIRONMENT} {key} " in str(refused))
    return []


def _store(key: str, value: str) -> None:
    command = [tools.PYTHON, ROOT / "dev" / "secret", ENVIRONMENT, key]
    subprocess.run(command, input=value, text=True, check=True)


def _run(command: list, expected: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.stdout.strip() != expected:
        raise Failure(f"{command[0]} said: {done.stdout}{done.stderr}")


def _succeed(code: int, what: str) -> None:
    if code:
        raise Failure(f"{what} failed with exit code {code}.")


def _expect(holds: bool, sentence: str) -> None:
    if not holds:
        raise Failure(f"This does not hold: {sentence}.")
    say(f"  ok: {sentence}")


def main(arguments: list[str]) -> int:
    """Runs the command on the deployed stack and returns its exit code."""
    if not arguments:
        say("usage: dev/from-nothing COMMAND…")
        return 2
    commands.interruptible()
    home = Home("from-nothing")
    home.claim()
    stack = FromNothing(home, keep=False)
    try:
        stack.start()
        code = commands.run(arguments, stack.variables)
        stack.check_role()
        return code
    except Failure as failure:
        report(failure)
        return 1
    finally:
        commands.uninterruptible()
        stack.stop()
