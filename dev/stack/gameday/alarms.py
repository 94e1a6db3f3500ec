"""The alarms of the template, and their states by CloudWatch's rules.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from stack import settings
from stack.gameday import formula
from stack.gameday.metrics import Metric, Metrics

COMPARE = {"GreaterThanThreshold": operator.gt, "LessThanThreshold": operator.lt}
# CloudWatch looks at two periods more than it needs, for values that are late or missing.
SPARE_PERIODS = 2
# Values in the place of missing ones, by TreatMissingData.
COUNTS_AS_BREACHING = {"breaching": True, "notBreaching": False}


@dataclass(frozen=True)
class Input:
    """A statistic of a metric."""

    metric: Metric
    statistic: str


@dataclass(frozen=True)
class Alarm:
    """An alarm on a metric, or on a formula of several."""

    name: str
    inputs: dict[str, Input]
    formula: str
    period: int
    periods: int
    needed: int
    threshold: float
    comparison: str
    missing_breaches: bool

    def value(self, metrics: Metrics, until: float) -> float | None:
        """The value of the period that ends then. A formula has none unless all of its inputs have one."""
        since = until - self.period
        values = {id_: metrics.statistic(one.metric, one.statistic, since, until) for id_, one in self.inputs.items()}
        return None if None in values.values() else formula.compute(self.formula, values)

    def breaches(self, value: float) -> bool:
        """Whether a value is beyond the threshold."""
        return COMPARE[self.comparison](value, self.threshold)

    def rings(self, metrics: Metrics, now: float) -> bool:
        """Whether it is in ALARM: by the newest real values, spare periods included; missing ones are filled."""
        found = (self.value(metrics, now - back * self.period) for back in range(self.periods + SPARE_PERIODS))
        real = [value for value in found if value is not None][: self.periods]
        filled = self.periods - len(real) if self.missing_breaches else 0
        return sum(map(self.breaches, real)) + filled >= self.needed


@dataclass(frozen=True)
class Alarms:
    """The alarms of one stack."""

    single: dict[str, Alarm]
    rules: dict[str, str]
    tells: dict[str, str]
    # While the other alarm is on, its actions are suppressed.
    quieted_by: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """All of them."""
        return set(self.single) | set(self.rules)

    def ringing(self, metrics: Metrics, now: float) -> set[str]:
        """Those that are in ALARM. Composite ones read single ones alone."""
        on = {name for name, alarm in self.single.items() if alarm.rings(metrics, now)}
        return on | {name for name, rule in self.rules.items() if formula.holds(rule, on)}

    def told(self, name: str, on: set[str]) -> str:
        """Who is told by an alarm while the others are on."""
        return "quiet" if self.quieted_by.get(name) in on else self.tells[name]

    def metrics(self) -> set[Metric]:
        """All metrics that are watched."""
        return {one.metric for alarm in self.single.values() for one in alarm.inputs.values()}


def of_template(resolve: Callable[[str], str]) -> Alarms:
    """The template's alarms; `resolve` has the value of a parameter, and the name of a resource in AWS."""
    alarms = Alarms({}, {}, {})
    for name, resource in settings.template()["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            alarms.single[name] = _alarm(name, properties, resolve)
        elif resource["Type"] == "AWS::CloudWatch::CompositeAlarm":
            alarms.rules[name] = properties["AlarmRule"]["Fn::Sub"]
        else:
            continue
        if "ActionsSuppressor" in properties:
            alarms.quieted_by[name] = properties["ActionsSuppressor"]["Fn::GetAtt"][0]
        alarms.tells[name] = _told(properties)
    return alarms


def _alarm(name: str, properties: dict, resolve: Callable[[str], str]) -> Alarm:
    if "Metrics" in properties:
        statistics = {one["Id"]: one["MetricStat"] for one in properties["Metrics"] if "MetricStat" in one}
        inputs = {id_: Input(_metric(one["Metric"], resolve), one["Stat"]) for id_, one in statistics.items()}
        expression = _text(next(one["Expression"] for one in properties["Metrics"] if "Expression" in one), resolve)
        period = next(iter(statistics.values()))["Period"]
    else:
        statistic = properties.get("Statistic") or properties["ExtendedStatistic"]
        inputs, expression = {"value": Input(_metric(properties, resolve), statistic)}, "value"
        period = properties["Period"]
    return Alarm(
        name,
        inputs,
        expression,
        period,
        properties["EvaluationPeriods"],
        properties.get("DatapointsToAlarm", properties["EvaluationPeriods"]),
        properties["Threshold"],
        properties["ComparisonOperator"],
        COUNTS_AS_BREACHING[properties["TreatMissingData"]],
    )


def _metric(properties: dict, resolve: Callable[[str], str]) -> Metric:
    dimensions = ((one["Name"], _text(one["Value"], resolve)) for one in properties["Dimensions"])
    return Metric(properties["Namespace"], properties["MetricName"], frozenset(dimensions))


def _text(value: str | dict, resolve: Callable[[str], str]) -> str:
    if isinstance(value, str):
        return value
    if "Fn::Sub" in value:
        return re.sub(r"\$\{(\w+)\}", lambda found: resolve(found[1]), value["Fn::Sub"])
    return resolve(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])


def _told(properties: dict) -> str:
    """Who is told: by the condition that the actions begin with."""
    if "AlarmActions" not in properties:
        return "part"
    return {"HasAlarmTopic": "page", "HasTicketTopic": "ticket"}[properties["AlarmActions"]["Fn::If"][0]]
