"""The inner loop and the logs of a running stack."""

import json
import os
import queue
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request

from stack import logs
from stack.aws import LocalAws
from stack.paths import ROOT, Home
from stack.processes import Server

CTL = ROOT / "dev" / "ctl"
SOURCE = ROOT / "functions" / "user" / "src" / "lib.rs"
# A busy machine compiles and links for as long.
PATIENCE = 300


def ctl(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([CTL, *arguments], capture_output=True, text=True, check=False)


def call(path: str, body: dict | None = None, token: str = "") -> tuple[int, dict]:
    """A call of the API: the status and the answer."""
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["API_URL"] + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def signed_in() -> str:
    """The access token of somebody new."""
    mobile = f"+1555{time.time_ns() // 1000 % 1_000_000_000:09}"
    _, sent = call("/auth/send-otp", {"mobile": mobile})
    _, verified = call("/auth/verify-otp", {"challenge_id": sent["challenge_id"], "otp": sent["otp"]})
    return verified["access_token"]


class Follower:
    """A command of dev/ctl that goes on, and its lines."""

    def __init__(self, *arguments: str):
        self.process = subprocess.Popen([CTL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines: queue.Queue = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)

    def until(self, word: str) -> str:
        """The first line with the word; fails if it does not come."""
        deadline = time.monotonic() + PATIENCE
        seen = []
        while time.monotonic() < deadline:
            try:
                seen.append(self.lines.get(timeout=1))
            except queue.Empty:
                continue
            if word in seen[-1]:
                return seen[-1]
        raise AssertionError(f"no line with {word}: {seen}")

    def end(self) -> int:
        self.process.terminate()
        code = self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        return code


class Reloading(unittest.TestCase):
    def test_a_function_that_differs_is_replaced_and_sessions_stay(self):
        home = Home.current()
        local = LocalAws(home, Server(home, "aws").record["port"])
        client, name = local.client("lambda"), local.functions()["UserFunction"]
        token = signed_in()
        self.assertEqual(call("/user/me", token=token)[0], 200)
        # The deployed program is another one than the built one, by some bytes that no system reads.
        with (home.code / "target" / "lambda" / "user" / "bootstrap").open("ab") as program:
            program.write(b"another")
        before = client.get_function_configuration(FunctionName=name)["RevisionId"]
        done = ctl("reload", "user")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"  user +\d+\.\d s")
        self.assertNotEqual(client.get_function_configuration(FunctionName=name)["RevisionId"], before)
        self.assertEqual(call("/user/me", token=token)[0], 200)
        self.assertIn("nothing has changed", ctl("reload", "user").stderr)

    def test_a_save_is_noticed(self):
        watcher = Follower("watch")
        try:
            watcher.until("Save a file")
            time.sleep(1)
            os.utime(SOURCE)
            watcher.until("functions/user/src/lib.rs")
            self.assertIn("functions, profile", watcher.until("functions, profile"))
        finally:
            watcher.end()


class Reading(unittest.TestCase):
    def test_a_request_is_found_by_its_id(self):
        _, refused = call("/user/me")
        found = []
        deadline = time.monotonic() + 20
        while not found and time.monotonic() < deadline:
            found = ctl("logs", "--request", refused["request_id"]).stdout.splitlines()
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith("user  "), found)

    def test_the_lines_of_the_worker_are_found_by_the_request_that_it_works_for(self):
        token = signed_in()
        _, room = call("/chatroom", {}, token)
        request = urllib.request.Request(
            f"{os.environ['API_URL']}/chatroom/{room['id']}/message",
            json.dumps({"content": "Hello"}).encode(),
            {"content-type": "application/json", "authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            sent, reply = answer.headers["x-request-id"], json.load(answer)["reply"]["id"]
        of_worker = []
        deadline = time.monotonic() + 30
        while not any(line.get("reply") == reply for line in of_worker) and time.monotonic() < deadline:
            found = [line.split(maxsplit=1) for line in ctl("logs", "--request", sent).stdout.splitlines()]
            of_worker = [json.loads(text) for function, text in found if function == "gemini-worker"]
        self.assertEqual({function for function, _ in found}, {"chatroom", "gemini-worker"})
        self.assertTrue(any(line.get("reply") == reply for line in of_worker), of_worker)
        for line in of_worker:
            self.assertEqual(line["span"]["request_id"], sent)
            self.assertNotEqual(line["span"]["invocation"], sent)

    def test_only_the_last_lines_of_one_function(self):
        call("/health")
        call("/health")
        time.sleep(1)
        lines = ctl("logs", "-n", "1", "OpsFunction").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["ops"])
        self.assertIn("is not a function", ctl("logs", "opps").stderr)

    def test_new_lines_are_followed(self):
        follower = Follower("logs", "-f", "-n", "0", "user")
        try:
            time.sleep(3)
            _, refused = call("/user/me")
            self.assertIn("answered", follower.until(refused["request_id"]))
        finally:
            self.assertNotEqual(follower.end(), 1)

    def test_every_function_has_a_log(self):
        home = Home.current()
        local = LocalAws(home, Server(home, "aws").record["port"])
        self.assertEqual(sorted(logs.Logs(local, sorted(logs.resources())).groups.values()), sorted(logs.resources()))

    def test_a_closed_pipe_is_the_end(self):
        done = subprocess.run(["sh", "-c", f"'{CTL}' logs | head -n 1"], capture_output=True, text=True, check=False)
        self.assertEqual((len(done.stdout.splitlines()), done.stderr), (1, ""))
