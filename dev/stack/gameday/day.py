"""`make game-day`: plays faults on a running stack, and prints which metrics and alarms each one moves.

What the stack counts in one turn of a fault is repeated each minute on a clock of its own, for as long as the fault
lasts there, and the alarms of the template are evaluated by CloudWatch's rules. A fault passes if its alarms ring, if
no more than one of them pages, and if nothing rings when it is over.
"""

from __future__ import annotations

import time

from stack.console import Failure, say
from stack.gameday import faults, play
from stack.gameday.faults import Fault
from stack.gameday.metrics import Sample
from stack.gameday.world import World


def main(arguments: list[str]) -> int:
    """Plays all faults, or those whose name has the word; returns 1 unless all of their alarms ring and end."""
    word = " ".join(arguments)
    world, began, wrong = World(), time.monotonic(), 0
    beat = _heartbeat(world)
    seen: set[str] = set()
    say(f"  {'fault':<28}{'metric':<36}{'alarm':<29}{'tells':<8}{'rings':>7}{'over':>7}   (minutes)")
    for fault in (one for one in faults.all_faults() if word in one.name):
        try:
            played = _played(world, fault, beat)
        except (Failure, KeyError) as failure:
            wrong += 1
            say(f"  {fault.name:<28}could not be played: {failure!r}")
            continue
        name, metric = fault.name, fault.metric
        told = {alarm: world.alarms.told(alarm, set(played.rang)) for alarm in fault.alarms | set(played.rang)}
        # One cause wakes people once.
        wrong += list(told.values()).count("page") > 1
        for alarm in sorted(told):
            rang, over = played.rang.get(alarm, "never"), played.over.get(alarm, "never")
            wrong += alarm in fault.alarms and "never" in (rang, over) or alarm in played.stayed
            say(f"  {name:<28}{metric:<36}{alarm:<29}{told[alarm]:<8}{rang:>7}{over:>7}")
            name = metric = ""
        seen |= set(played.rang)
    rest = sorted(world.alarms.names - seen)
    seconds = time.monotonic() - began
    say(f"\n  {len(seen)} alarms rang by faults in {seconds:.0f} s; {wrong} did not do what they must.")
    if not word:
        say(f"  By recorded values alone (dev/stack/tests/test_alarms.py): {', '.join(rest)}.")
    return 1 if wrong else 0


def _heartbeat(world: World) -> Sample:
    """What the scheduled tasks count when each has run once."""
    beats = {"sweep": "SweepRan", "reconcile": "ReconcileRan", "expire": "ExpireRan"}
    for task in beats:
        world.invoke("maintenance", f'{{"task":"{task}"}}'.encode())
    counted = {metric.name: (metric, value) for metric, value in world.take()}
    if missing := [beat for beat in beats.values() if beat not in counted]:
        raise Failure(f"The tasks did not count {', '.join(missing)}.")
    return [counted[beat] for beat in beats.values()]


def _played(world: World, fault: Fault, beat: Sample) -> play.Played:
    """Plays a fault twice: here, and then on the clock of the alarms."""
    world.take()
    fault.begin(world)
    try:
        fault.act(world, True)
        during = world.take()
    finally:
        fault.end(world)
    fault.act(world, False)
    after = world.take()
    return play.play(world.alarms, beat, during + (beat if fault.has_heartbeat else []), fault.minutes, after + beat)
