"""What a game day does to a running stack, and what the stack counts meanwhile."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from datetime import datetime, timezone

import boto3
from botocore.config import Config

from stack import logs
from stack.aws import LocalAws
from stack.console import Failure
from stack.gameday import alarms
from stack.gameday.metrics import Metric, Sample, of_line
from stack.paths import Home

# How long a line of a log, a reply or a text message is waited for.
PATIENCE = 30
# Functions behind the gateway, whose lines say what it answered. The others have doors of their own.
BEHIND_API = {"auth", "user", "chatroom", "subscription", "ops"}


def call(url: str, body: object = None, headers: dict | None = None, method: str | None = None) -> tuple[int, dict]:
    """A request: its status and its answer. Bytes are sent as they are."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, _json(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, _json(refused.read())


def _json(text: bytes) -> dict:
    try:
        return json.loads(text)
    except ValueError:
        return {}


def eventually(found, what: str):
    """What `found` returns once it is true."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        result = found()
        if result:
            return result
        time.sleep(0.2)
    raise Failure(f"{what} did not happen within {PATIENCE} s.")


class World:
    """The running stack: its names in AWS, and a collector of what it counts."""

    def __init__(self) -> None:
        self.home = Home.current()
        self.local = LocalAws(self.home, int(urllib.parse.urlparse(os.environ["AWS_ENDPOINT_URL"]).port))
        cloud = self.local.client("cloudformation")
        stack = cloud.describe_stacks(StackName=self.local.stack)["Stacks"][0]
        resources = cloud.describe_stack_resources(StackName=self.local.stack)["StackResources"]
        self.names = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
        self.names |= {one["LogicalResourceId"]: one["PhysicalResourceId"].rpartition("/")[2] for one in resources}
        self.names["AWS::StackName"] = self.local.stack
        self.alarms = alarms.of_template(lambda name: self.names[name])
        self.functions = {folder: self.names[logical] for folder, logical in logs.resources().items()}
        self.logs = logs.Logs(self.local, sorted(self.functions), since=int(time.time() * 1000))
        self.pending: Sample = []
        self.since = time.time()
        self.number = 0

    def count(self, namespace: str, name: str, value: float = 1, **dimensions: str) -> None:
        """Counts what AWS counts and the local one does not."""
        self.pending.append((Metric.of(namespace, name, **dimensions), value))

    def read(self) -> Sample:
        """What was counted so far in this minute."""
        for line in self.logs.new():
            self.pending += of_line(line.text)
            if line.function in BEHIND_API and '"answered"' in line.text:
                status = json.loads(line.text).get("status", 0)
                self.count("AWS/ApiGateway", "Count", ApiId=self.names["Api"])
                self.count("AWS/ApiGateway", "5xx", float(status >= 500), ApiId=self.names["Api"])
        return self.pending

    def take(self) -> Sample:
        """All of this minute, which ends here: what the functions and AWS counted, and how many records wait."""
        self.read()
        sample, self.pending = self.pending + self._of_lambda() + self._of_queues(), []
        return sample

    def counted(self, name: str) -> bool:
        """Whether a metric of ours was counted in this minute."""
        return any(metric.name == name for metric, _ in self.read())

    def _of_lambda(self) -> Sample:
        """The local Lambda counts invocations that are called directly; a throttled one is an error there, too."""
        client, found = self.local.client("cloudwatch"), []
        for function in self.functions.values():
            errors, throttles = (self._sum(client, name, function) for name in ("Errors", "Throttles"))
            found.append((Metric.of("AWS/Lambda", "Errors", FunctionName=function), errors - throttles))
            found.append((Metric.of("AWS/Lambda", "Throttles", FunctionName=function), throttles))
        self.since = time.time()
        return found

    def _sum(self, client, name: str, function: str) -> float:
        dimensions = [{"Name": "FunctionName", "Value": function}]
        asked = {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": dimensions, "Statistics": ["Sum"]}
        period = {"StartTime": _time(self.since), "EndTime": _time(time.time() + 1), "Period": 60}
        return sum(one["Sum"] for one in client.get_metric_statistics(**asked, **period)["Datapoints"])

    def _of_queues(self) -> Sample:
        client, name = self.local.client("sqs"), "ApproximateNumberOfMessages"
        watched = [one for one in self.alarms.metrics() if one.name == "ApproximateNumberOfMessagesVisible"]
        found = []
        for metric in watched:
            url = client.get_queue_url(QueueName=dict(metric.dimensions)["QueueName"])["QueueUrl"]
            depth = client.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]
            found.append((metric, float(depth)))
        return found

    def invoke(self, function: str, event: bytes) -> None:
        """Invokes a function; it may fail."""
        config = Config(retries={"total_max_attempts": 1})
        client = boto3.client("lambda", endpoint_url=self.local.endpoint, config=config)
        with suppress(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName=self.functions[function], Payload=event)

    def api(self, path: str, body: object = None, token: str = "", method: str | None = None) -> tuple[int, dict]:
        """A request to the API."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return call(os.environ["API_URL"] + path, body, headers, method)

    def mobile(self) -> str:
        """A number that nobody has."""
        self.number += 1
        return f"+1555{(time.time_ns() // 1000 + self.number) % 1_000_000_000:09}"

    def signed_in(self) -> str:
        """The access token of somebody new."""
        mobile = self.mobile()
        _, sent = self.api("/auth/send-otp", {"mobile": mobile})
        code = eventually(lambda: self._texts(mobile), "A text message")[0]["Message"][:6]
        _, verified = self.api("/auth/verify-otp", {"challenge_id": sent["challenge_id"], "otp": code})
        return verified["access_token"]

    def _texts(self, mobile: str) -> list[dict]:
        """The text messages to a number."""
        number = urllib.parse.quote(mobile)
        _, sent = call(f"{self.local.endpoint}/_ministack/sns/sms-messages?phoneNumber={number}")
        return sent["sms_messages"].get(mobile, [])

    def sends(self, token: str, room: str, content: str) -> int:
        """Sends a message; returns the status."""
        return self.api(f"/chatroom/{room}/message", {"content": content}, token)[0]


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
