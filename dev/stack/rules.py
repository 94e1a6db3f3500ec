"""Checks with CloudFormation itself that the template refuses a production stack that returns codes in its responses.

Run by `dev/test`. The stack is not deployed: the same rules accept or refuse a change set.
"""

from __future__ import annotations

import shutil
import sys

from botocore.exceptions import ClientError

from stack import build, commands, settings
from stack.aws import BUCKET, LocalAws
from stack.console import Failure, report, say
from stack.paths import Home
from stack.processes import free_port, stop_all

NOWHERE = "postgres://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1"
RULE = "ProductionKeepsCodesSecret"
# Stage, delivery of codes, and whether the template must accept the two together.
CASES = [("prod", "response", False), ("prod", "sns", True), ("dev", "response", True)]


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
        wrong = [case for case in CASES if _is_taken(local, case[0], case[1]) != case[2]]
        for stage, delivery, taken in wrong:
            say(f"Stage={stage} OtpDelivery={delivery} is {'refused' if taken else 'accepted'}")
        return 1 if wrong else 0
    except Failure as failure:
        report(failure)
        return 1
    finally:
        commands.uninterruptible()
        stop_all(home)
        shutil.rmtree(home.data, ignore_errors=True)


def _is_taken(local: LocalAws, stage: str, delivery: str) -> bool:
    chosen = {**settings.parameters(*NOWHERE, build.host()), "Stage": stage, "OtpDelivery": delivery}
    # As `sam deploy` does it: CodeUri is the place of the code in the bucket.
    body = settings.TEMPLATE.read_text().replace("CodeUri: target/lambda/", f"CodeUri: s3://{BUCKET}/")
    try:
        local.client("cloudformation").create_change_set(
            StackName=f"{stage}-{delivery}",
            ChangeSetName="rules",
            ChangeSetType="CREATE",
            TemplateBody=body,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in chosen.items()],
        )
    except ClientError as refused:
        if RULE not in str(refused):
            raise
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
