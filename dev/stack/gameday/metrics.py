"""Metrics as CloudWatch keeps them: values by namespace, name and dimensions, read from lines of logs."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """What identifies a metric: two that differ in one dimension have nothing in common."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @staticmethod
    def of(namespace: str, name: str, **dimensions: str) -> Metric:
        """A metric by its dimensions' names."""
        return Metric(namespace, name, frozenset(dimensions.items()))


# Values of a minute.
Sample = list[tuple[Metric, float]]


class Metrics:
    """Values by their time, in seconds. They are added in the order of time."""

    def __init__(self) -> None:
        self.times: dict[Metric, list[float]] = defaultdict(list)
        self.values: dict[Metric, list[float]] = defaultdict(list)

    def add(self, sample: Iterable[tuple[Metric, float]], at: float) -> None:
        """Adds the values of a moment."""
        for metric, value in sample:
            self.times[metric].append(at)
            self.values[metric].append(value)

    def statistic(self, metric: Metric, statistic: str, since: float, until: float) -> float | None:
        """A statistic of the values after `since` and until `until`; None without a value."""
        if metric not in self.times:
            return None
        times = self.times[metric]
        found = self.values[metric][bisect_right(times, since) : bisect_right(times, until)]
        return aggregate(statistic, found) if found else None


def aggregate(statistic: str, values: list[float]) -> float:
    """One of CloudWatch's statistics; pNN is the value that NN percent do not exceed."""
    if statistic.startswith("p"):
        return sorted(values)[max(0, math.ceil(len(values) * float(statistic[1:]) / 100) - 1)]
    simple = {"Sum": sum, "Minimum": min, "Maximum": max, "SampleCount": len}
    return simple[statistic](values) if statistic in simple else sum(values) / len(values)


def of_line(text: str) -> Sample:
    """The values of a line in CloudWatch's embedded metric format; none if it is another line.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    try:
        line = json.loads(text)
        groups = line["_aws"]["CloudWatchMetrics"]
    except (ValueError, KeyError, TypeError):
        return []
    found = []
    for group in groups:
        for names in group["Dimensions"]:
            dimensions = frozenset((name, str(line[name])) for name in names)
            for one in group["Metrics"]:
                value = line[one["Name"]]
                values = value if isinstance(value, list) else [value]
                found += [(Metric(group["Namespace"], one["Name"], dimensions), float(each)) for each in values]
    return found
