"""`dev/check-deployed ENVIRONMENT`: the journey and Schemathesis against an environment of samconfig.toml.

They sign in to any number by codes in responses, which prod refuses: prod cannot be checked this way. Stripe's page
wants a person who pays, so what comes after a payment is left out; so is what spends the day's allowance, which
Schemathesis needs larger than a day.
"""

from __future__ import annotations

import json
import os

from stack import commands, samconfig
from stack.account import Account
from stack.console import Failure, say
from stack.environment import given
from stack.paths import ROOT

COLLECTION = ROOT / "docs" / "postman_collection.json"
# The first request of the journey that is left out, and the first one after it that is not.
SPENDING, PAID = "Spend the day's allowance", "Renew the tokens"


def main(arguments: list[str]) -> int:
    """Runs the checks; returns the code of the first one that fails."""
    chosen = samconfig.environments()[arguments[0]]
    found = variables(Account(chosen), chosen)
    say(f"Checking {found['API_URL']}.")
    commands.interruptible()
    journey = [option for request in without_payment() for option in ("--folder", request)]
    checks = [[ROOT / "dev/postman", *journey], [ROOT / "dev/fuzz-api", "--quick"]]
    return next((code for check in checks if (code := commands.run(check, found))), 0)


def variables(account: Account, chosen: dict) -> dict:
    """Where the environment is (API_URL, if it has a domain), and the secrets that the checks show it.

    The checks get no access to the account.
    """
    if chosen["parameters"].get("OtpDelivery") != "response":
        raise Failure("The checks read sign-in codes in responses; here OtpDelivery is another one.")
    outputs = account.outputs(chosen["stack_name"])
    if "ApiUrl" not in outputs:
        raise Failure(f"The stack {chosen['stack_name']} is not deployed.")
    secret = account.secret(samconfig.secret(chosen))
    return {
        **dict.fromkeys((name for name in os.environ if name.startswith("AWS_")), ""),
        "API_URL": given("API_URL") or outputs["ApiUrl"],
        "OPERATOR_KEY": secret["operator_key"],
        "WEBHOOK_SECRET": secret["stripe_webhook_secret"].split(",")[0],
        "STRIPE_STANDIN_URL": "",
    }


def without_payment() -> list[str]:
    """The names of the journey's requests that spend no allowance and need nobody to pay."""
    folders = json.loads(COLLECTION.read_text())["item"]
    names = [one["name"] for folder in folders if folder["name"] == "Journey" for one in folder["item"]]
    spending, paid = (next(at for at, name in enumerate(names) if name.endswith(of)) for of in (SPENDING, PAID))
    return names[:spending] + names[paid:]
