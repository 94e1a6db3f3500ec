"""Checks that the emulator streams as AWS does: by function URLs, and by REST APIs.

Run by `dev/test`.
"""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import shutil
import statistics
import sys
import time
from urllib.parse import urlsplit

from stack import commands
from stack.aws import LocalAws
from stack.console import Failure, report, say
from stack.paths import Home
from stack.processes import free_port, stop_all
from stack.trial.function import Trial

# If the five pieces, a tenth of a second apart, came together at the end, the median would be behind by 0.2 s.
AT_ONCE = 0.15
MANY = 20


def pieces_come_when_they_are_written(trial: Trial) -> None:
    """By both doors."""
    for door in (trial.url, trial.rest):
        trial.delays(door)
        delays = trial.delays(door)
        assert len(delays) == 5 and statistics.median(delays) < AT_ONCE, (door, delays)


def a_body_and_a_status_arrive_and_the_connection_is_kept(trial: Trial) -> None:
    """A POST, and another request on the same connection."""
    body = json.dumps({"content": "Tëa"})
    for door in (trial.url, trial.rest):
        connection, response = trial.open(
            door, "/body", method="POST", body=body.encode(), headers={"Content-Type": "application/json"}
        )
        assert (response.status, response.headers["content-type"]) == (200, "text/event-stream"), door
        assert response.version == 11 and response.headers["transfer-encoding"] == "chunked", response.headers
        assert response.read().decode() == body, door
        socket = connection.sock
        connection.request("GET", f"{urlsplit(door).path.rstrip('/')}/body")
        assert connection.getresponse().read() == b"" and connection.sock is socket, door


def a_function_url_says_its_own_address(trial: Trial) -> None:
    """The address stays the same after a restart, and the function is told it."""
    assert trial.url == f"{trial.local.endpoint}/_aws/lambda-url/trial-StreamFunction/", trial.url
    _, response = trial.open(trial.url, "/address")
    assert response.read().decode() == trial.url.removeprefix("http://").rstrip("/")


def an_error_before_the_status_is_a_502(trial: Trial) -> None:
    """And the next request is answered."""
    for door in (trial.url, trial.rest):
        _, response = trial.open(door, "/refused")
        assert response.status == 502 and response.read(), door
        assert len(trial.delays(door)) == 5


def a_function_that_dies_leaves_the_answer_incomplete(trial: Trial) -> None:
    """A client can tell that from an end."""
    for door in (trial.url, trial.rest):
        _, response = trial.open(door, "/dies")
        try:
            whole = response.read()
        except http.client.IncompleteRead as cut:
            assert cut.partial.count(b"data: ") == 3, cut.partial
        else:
            raise AssertionError((door, whole))
        assert len(trial.delays(door)) == 5


def a_function_runs_on_when_its_client_leaves(trial: Trial) -> None:
    """It is not told, as on AWS, and writes all of its 8 MB."""
    before = trial.log().count("finished large")
    connection, response = trial.open(trial.url, "/large")
    response.read(1)
    response.close()
    connection.close()
    deadline = time.monotonic() + 10
    while trial.log().count("finished large") == before:
        assert time.monotonic() < deadline, trial.log()[-500:]
        time.sleep(0.1)


def who_reads_slowly_slows_the_writer_down(trial: Trial) -> None:
    """8 MB wait in the function, not in the emulator."""
    before = trial.log().count("finished large")
    connection, response = trial.open(trial.url, "/large")
    response.read(1)
    time.sleep(1)
    assert trial.log().count("finished large") == before
    assert len(response.read()) == 512 * 16384 - 1
    connection.close()


def many_streams_run_at_once(trial: Trial) -> None:
    """Each has an environment of its own, which the first round starts."""
    with concurrent.futures.ThreadPoolExecutor(MANY) as pool:
        for _ in range(2):
            delays = list(pool.map(trial.delays, [trial.url] * MANY))
            assert all(len(one) == 5 for one in delays), [len(one) for one in delays]


CASES = [
    pieces_come_when_they_are_written,
    a_body_and_a_status_arrive_and_the_connection_is_kept,
    a_function_url_says_its_own_address,
    an_error_before_the_status_is_a_502,
    a_function_that_dies_leaves_the_answer_incomplete,
    a_function_runs_on_when_its_client_leaves,
    who_reads_slowly_slows_the_writer_down,
    many_streams_run_at_once,
]


def main() -> int:
    """Tries each case; returns 1 if one of them fails."""
    home = Home("trial")
    commands.interruptible()
    home.claim()
    wrong = 0
    try:
        stop_all(home)
        local = LocalAws(home, free_port())
        local.start()
        trial = Trial(local)
        for case in CASES:
            try:
                case(trial)
            except (AssertionError, OSError, http.client.HTTPException) as error:
                wrong += 1
                say(f"{case.__name__}: {type(error).__name__} {error}")
        return 1 if wrong else 0
    except Failure as failure:
        report(failure)
        return 1
    finally:
        commands.uninterruptible()
        stop_all(home)
        shutil.rmtree(home.data, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
