"""What `dev/ctl logs` and the screen of `make run` show of the functions' logs."""

import json
import os
import subprocess
import sys
import unittest
from unittest import mock

from stack import logs
from stack.console import Failure
from stack.paths import ROOT

REQUEST = {
    "level": "INFO",
    "message": "answered",
    "status": 201,
    "milliseconds": 8,
    "span": {"method": "POST", "route": "/auth/signup", "request_id": "r-1", "name": "request"},
}


def event(number: int, message: str, milliseconds: int) -> dict:
    return {"eventId": str(number), "logStreamName": "s", "timestamp": milliseconds, "message": message}


class Cloud:
    """The two services that the logs are read from."""

    stack = "chat-backend"

    def __init__(self):
        self.events: list[dict] = []

    def client(self, _service):
        return self

    def describe_stack_resources(self, **_):
        groups = {"AuthLogs": "auth-group", "UserLogs": "user-group"}
        return {
            "StackResources": [
                {"ResourceType": "AWS::Logs::LogGroup", "LogicalResourceId": logical, "PhysicalResourceId": name}
                for logical, name in groups.items()
            ]
        }

    def filter_log_events(self, logGroupName, startTime):
        found = [one for one in self.events if one["timestamp"] >= startTime and logGroupName == "auth-group"]
        return {"events": found[: logs.PAGE]}


class Reading(unittest.TestCase):
    def test_each_line_comes_once_and_those_of_the_platform_do_not(self):
        cloud = Cloud()
        cloud.events = [event(1, "START RequestId: x", 10), event(2, "one\n", 10), event(3, "two", 10)]
        read = logs.Logs(cloud, ["auth", "user"])
        self.assertEqual([line.text for line in read.new()], ["one", "two"])
        cloud.events += [event(4, "three", 10), event(5, "four", 12)]
        self.assertEqual([line.text for line in read.new()], ["three", "four"])
        self.assertEqual(read.new(), [])

    def test_more_than_one_answer_holds_is_read_to_the_end(self):
        cloud = Cloud()
        cloud.events = [event(number, str(number), number) for number in range(7)]
        with mock.patch.object(logs, "PAGE", 3):
            read = logs.Logs(cloud, ["auth"]).new()
        self.assertEqual([line.text for line in read], [str(number) for number in range(7)])

    def test_a_function_has_the_name_of_its_folder_or_of_its_resource(self):
        self.assertEqual(logs.function_named("gemini-worker"), "gemini-worker")
        self.assertEqual(logs.function_named("GeminiWorkerFunction"), "gemini-worker")
        with self.assertRaisesRegex(Failure, "nosuch is not a function: auth, chatroom"):
            logs.function_named("nosuch")


class TheScreen(unittest.TestCase):
    def summary(self, said) -> str | None:
        return logs.Line(0, "auth", said if isinstance(said, str) else json.dumps(said)).summary()

    def test_shows_a_line_a_request(self):
        self.assertRegex(self.summary(REQUEST), r"^[\d:]{8}  201 POST   /auth/signup +8 ms  r-1$")

    def test_shows_a_refused_request_whose_line_is_a_metric_too(self):
        refused = REQUEST | {"status": 404, "_aws": {}, "Refused": 1, "Code": "not_found", "release": "0a1b2c3"}
        self.assertRegex(self.summary(refused), r"^[\d:]{8}  404 POST   /auth/signup +8 ms  r-1$")

    def test_shows_what_went_wrong_in_the_background(self):
        told = self.summary({"level": "WARN", "message": "another attempt follows", "reason": "overloaded", "span": {}})
        self.assertTrue(told.endswith("WARN auth: another attempt follows reason=overloaded"), told)
        self.assertIn("panicked at", self.summary("thread 'main' panicked at src/lib.rs"))

    def test_leaves_out_what_went_well(self):
        self.assertIsNone(self.summary({"level": "INFO", "message": "code processed"}))
        self.assertIsNone(self.summary({"_aws": {}, "OtpSent": 1}))


class AClosedPipe(unittest.TestCase):
    def test_ends_the_command_without_a_traceback(self):
        script = "from stack import ctl; ctl._of_running = lambda *_: print('line\\n' * 100000); ctl.main(['status'])"
        command = ["sh", "-c", f'"{sys.executable}" -c "$0" | head -n 1', script]
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "dev")}
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        self.assertEqual((done.stdout, done.stderr), ("line\n", ""))
