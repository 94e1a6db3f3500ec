"""Lets a fault last, on a clock of its own: what a minute had is repeated, and the alarms are asked each minute."""

from __future__ import annotations

from dataclasses import dataclass, field

from stack.gameday.alarms import Alarms
from stack.gameday.metrics import Metrics, Sample

MINUTE = 60
# An hour of the normal state goes before a fault.
BEFORE = 60
# The longest window of an alarm is six hours. It has two spare ones if nothing at all is counted.
LONGEST = 19 * 60


@dataclass
class Played:
    """When alarms rang, in minutes since the fault began, and when they ended, in minutes since it was over."""

    rang: dict[str, int] = field(default_factory=dict)
    over: dict[str, int] = field(default_factory=dict)
    before: set[str] = field(default_factory=set)

    @property
    def stayed(self) -> set[str]:
        """The alarms that did not end."""
        return set(self.rang) - set(self.over)


def play(alarms: Alarms, normal: Sample, fault: Sample, minutes: int, afterwards: Sample | None = None) -> Played:
    """Plays a normal hour, the fault for so many minutes, and then the normal state until no alarm rings."""
    metrics, played, now = Metrics(), Played(), 0
    for _ in range(BEFORE):
        now += MINUTE
        metrics.add(normal, now)
    played.before = alarms.ringing(metrics, now)
    for minute in range(1, minutes + 1):
        now += MINUTE
        metrics.add(fault, now)
        for name in alarms.ringing(metrics, now) - played.before:
            played.rang.setdefault(name, minute)
    for minute in range(1, LONGEST + 1):
        if not played.stayed:
            break
        now += MINUTE
        metrics.add(normal if afterwards is None else afterwards, now)
        on = alarms.ringing(metrics, now)
        for name in played.stayed - on:
            played.over[name] = minute
    return played
