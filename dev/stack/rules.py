"""Checks with CloudFormation itself that the template refuses what is not secure and accepts samconfig.toml.

Run by `dev/test`. The stack is not deployed: the same rules accept or refuse a change set.
"""

from __future__ import annotations

import shutil
import sys

from botocore.exceptions import ClientError

from stack import build, commands, samconfig, settings
from stack.aws import BUCKET, REGION, LocalAws
from stack.console import Failure, report, say
from stack.paths import Home
from stack.processes import free_port, stop_all

NOWHERE = "postgres://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1"
# What a production stack must set.
PROD = {
    "Stage": "prod",
    "OtpDelivery": "sns",
    "OtpDeliveryInResponse": "",
    "OtpAllowedCountries": "1,!1876",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
    "CheckoutSuccessUrl": "https://app.acme.io/subscribed",
    "CheckoutCancelUrl": "https://app.acme.io/plans",
    "PortalReturnUrl": "https://app.acme.io/account",
}
DEV = {"Stage": "dev", "OtpDelivery": "response"}
# What `make deploy` adds to samconfig.toml.
TAKEN = {"AlarmTopicArn": PROD["AlarmTopicArn"]}
# Parameters, and the rule that must refuse them; None if the template must accept them.
CASES = [
    (PROD, None),
    ({**PROD, "OtpDelivery": "response", "OtpDeliveryInResponse": "codes-are-public"}, "ProductionKeepsCodesSecret"),
    ({**PROD, "OtpAllowedCountries": "1"}, "ProductionSendsCodesToChosenCountries"),
    ({**PROD, "OtpAllowedCountries": "*"}, "ProductionSendsCodesToChosenCountries"),
    ({**PROD, "AlarmTopicArn": ""}, "ProductionTellsSomebody"),
    ({**PROD, "CheckoutSuccessUrl": "https://example.com/subscribed"}, "ProductionHasAddressesOfItsOwn"),
    ({**PROD, "CheckoutCancelUrl": "https://example.com/plans"}, "ProductionHasAddressesOfItsOwn"),
    ({**PROD, "PortalReturnUrl": "https://example.com/account"}, "ProductionHasAddressesOfItsOwn"),
    ({**DEV, "OtpDeliveryInResponse": "codes-are-public"}, None),
    ({**DEV, "OtpDeliveryInResponse": ""}, "CodesInResponsesAreMeant"),
    ({**DEV, "OtpDeliveryInResponse": "codes-are-public", "StreamDoor": "rest"}, None),
    ({**DEV, "OtpDelivery": "sns", "OtpDeliveryInResponse": "", "OtpAllowedCountries": "1"}, None),
]


def main() -> int:
    """Tries each case; returns 1 if one of them is accepted or refused wrongly."""
    home = Home("rules")
    commands.interruptible()
    home.claim()
    try:
        stop_all(home)
        local = LocalAws(home, free_port())
        local.start()
        local.client("s3").create_bucket(Bucket=BUCKET)
        basis = settings.parameters(*NOWHERE, build.host())
        cases = [({**basis, **chosen}, rule) for chosen, rule in CASES]
        cases += [({**TAKEN, **samconfig.parameters(name)}, None) for name in samconfig.environments()]
        wrong = 0
        for number, (chosen, rule) in enumerate(cases):
            refused = _refusal(local, f"case-{number}", chosen)
            # A refusal names its rule.
            if (refused is None) != (rule is None) or (rule or "") not in (refused or ""):
                wrong += 1
                say(f"expected {rule or 'no refusal'}, got {refused or 'none'}: {chosen}")
        return 1 if wrong else 0
    except Failure as failure:
        report(failure)
        return 1
    finally:
        commands.uninterruptible()
        stop_all(home)
        shutil.rmtree(home.data, ignore_errors=True)


def _refusal(local: LocalAws, stack: str, chosen: dict) -> str | None:
    # As `sam deploy` does it: the template is in the bucket, and CodeUri is the place of the code there.
    body = settings.TEMPLATE.read_text().replace("CodeUri: target/lambda/", f"CodeUri: s3://{BUCKET}/")
    local.client("s3").put_object(Bucket=BUCKET, Key="rules.template", Body=body.encode())
    try:
        local.client("cloudformation").create_change_set(
            StackName=stack,
            ChangeSetName="rules",
            ChangeSetType="CREATE",
            TemplateURL=f"https://s3.{REGION}.amazonaws.com/{BUCKET}/rules.template",
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in chosen.items()],
        )
    except ClientError as refused:
        if not any(rule in str(refused) for rule in settings.template()["Rules"]):
            raise
        return str(refused)
    return None


if __name__ == "__main__":
    sys.exit(main())
