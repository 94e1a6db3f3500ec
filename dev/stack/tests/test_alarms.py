"""Every alarm of the template rings by what it watches, ends when that is over, and is not rung by another stack."""

import unittest
from dataclasses import replace

from stack import settings
from stack.gameday import alarms as template_alarms
from stack.gameday import formula, play
from stack.gameday.alarms import Alarm, Alarms, Input
from stack.gameday.faults import all_faults
from stack.gameday.metrics import Metric, Metrics, Sample, of_line

TEA = Metric.of("Kitchen", "Tea", Stack="one")


def of_stack(stack: str, stage: str = "prod") -> Alarms:
    defaults = {name: str(one.get("Default")) for name, one in settings.template()["Parameters"].items()}
    own = {**defaults, "Stage": stage, "AWS::StackName": stack}
    return template_alarms.of_template(lambda name: own.get(name, f"{stack}-{name}"))


def quiet(alarms: Alarms) -> Sample:
    """A minute in which everything that must be counted is counted."""
    needed = [one for alarm in alarms.single.values() if alarm.missing_breaches for one in alarm.inputs.values()]
    return [(one.metric, 1.0) for one in needed]


def breaching(alarm: Alarm) -> Sample:
    """A minute that is beyond the alarm's threshold."""
    if alarm.formula != "value":
        # Of a hundred requests all fail; no reply is in time; an invocation lasts an hour.
        worst = {"faults": 100.0, "requests": 100.0, "duration": 3_600_000.0}
        return [(one.metric, worst.get(id_, 0.0)) for id_, one in alarm.inputs.items()]
    metric = alarm.inputs["value"].metric
    return [(metric, alarm.threshold + (1 if alarm.comparison == "GreaterThanThreshold" else -1))]


def breaching_by(alarm: Alarm, times: int) -> Sample:
    """A minute in which so many requests fail, or replies are late, and nothing else happens."""
    metrics = {one.metric for one in alarm.inputs.values()}
    return [(metric, 0.0 if metric.name == "ReplyInTime" else 1.0) for metric in metrics] * times


def window(alarm: Alarm) -> int:
    """Minutes after which it must have rung, the spare periods included."""
    return (alarm.periods + template_alarms.SPARE_PERIODS) * alarm.period // 60


class EveryAlarm(unittest.TestCase):
    def test_rings_by_its_own_metric_and_ends(self):
        alarms = of_stack("chat")
        normal = quiet(alarms)
        self.assertGreater(len(alarms.single), 60)
        for name, alarm in alarms.single.items():
            with self.subTest(name):
                own = {one.metric for one in alarm.inputs.values()}
                others = [one for one in normal if one[0] not in own]
                fault = others if alarm.missing_breaches else normal + breaching(alarm)
                alone = Alarms({name: alarm}, {}, {})
                played = play.play(alone, normal, fault, window(alarm))
                self.assertEqual((played.before, set(played.rang), played.stayed), (set(), {name}, set()))

    def test_that_is_composite_rings_with_its_parts_and_ends(self):
        alarms = of_stack("chat")
        self.assertIn("FunctionsAlarm", alarms.rules)
        for name, rule in alarms.rules.items():
            with self.subTest(name):
                parts = formula.parts(rule)
                self.assertLessEqual(parts, set(alarms.single))
                own = Alarms({part: alarms.single[part] for part in parts}, {name: rule}, {})
                fault = list(dict(one for part in parts for one in breaching(alarms.single[part])).items())
                played = play.play(own, [], fault, 10)
                self.assertIn(name, played.rang)
                self.assertEqual(played.stayed, set())

    def test_is_not_rung_by_another_stack(self):
        mine, other = of_stack("chat"), of_stack("chat-dev", "dev")
        self.assertEqual(mine.metrics() & other.metrics(), set())
        same_stage, same_name = of_stack("chat-two"), of_stack("chat", "dev")
        self.assertEqual(mine.metrics() & same_stage.metrics(), set())
        own = {one for one in mine.metrics() & same_name.metrics() if one.namespace == "ChatBackend"}
        self.assertEqual(own, set(), "a stage is apart even if the names are the same, in another region say")
        fault = [one for alarm in other.single.values() for one in breaching(alarm)]
        played = play.play(mine, quiet(mine), quiet(mine) + fault, 30)
        self.assertEqual((played.before, played.rang), (set(), {}))

    def test_of_an_objective_takes_three_failures_in_a_quiet_hour(self):
        alarms = of_stack("chat")
        burns = {name: alarm for name, alarm in alarms.single.items() if "Burn" in name}
        self.assertEqual(len(burns), 8)
        for name, alarm in burns.items():
            with self.subTest(name):
                alone = Alarms({name: alarm}, {}, {})
                rings = [bool(play.play(alone, [], breaching_by(alarm, times), 1).rang) for times in (1, 2, 3)]
                self.assertEqual(rings, [False, False, True])

    def test_of_gemini_takes_three_minutes_of_failures(self):
        alarm = of_stack("chat").single["GeminiDownAlarm"]
        played = play.play(Alarms({alarm.name: alarm}, {}, {}), [], breaching(alarm), 5)
        self.assertEqual(played.rang, {alarm.name: 3})

    def test_that_a_fault_rings_exists(self):
        rung = set().union(*(fault.alarms for fault in all_faults()))
        self.assertLessEqual(rung, of_stack("chat").names)
        self.assertGreater(len(rung), 40)

    def test_tells_somebody_or_is_a_part(self):
        alarms = of_stack("chat")
        parts = set().union(*map(formula.parts, alarms.rules.values())) | {"ApiFaultsAlarm"}
        self.assertEqual({name for name, told in alarms.tells.items() if told == "part"}, parts)


class Rules(unittest.TestCase):
    alarm = Alarm("tea", {"value": Input(TEA, "Sum")}, "value", 60, 3, 3, 0, "GreaterThanThreshold", False)

    def rings(self, alarm: Alarm, minutes: str) -> bool:
        """Minutes, oldest first: X is breaching, 0 is not, - is missing, as in CloudWatch's documentation."""
        metrics = Metrics()
        for minute, sign in enumerate(minutes, start=1):
            if sign != "-":
                metrics.add([(TEA, float(sign == "X"))], minute * 60)
        return alarm.rings(metrics, len(minutes) * 60)

    def test_missing_values_are_filled_only_if_there_are_too_few(self):
        lax, strict = self.alarm, replace(self.alarm, missing_breaches=True)
        cases = {"0-X-X": (False, False), "-----": (False, True), "XXX--": (True, True), "--X--": (False, True)}
        cases |= {"0X0-X": (False, False), "X-X-X": (True, True), "0----": (False, False)}
        for minutes, expected in cases.items():
            with self.subTest(minutes):
                self.assertEqual((self.rings(lax, minutes), self.rings(strict, minutes)), expected)

    def test_m_of_n_values_are_enough(self):
        two = replace(self.alarm, needed=2)
        cases = {"X0X": True, "00X": False, "-XX--": True, "X---X": True, "XX000": False}
        self.assertEqual({minutes: self.rings(two, minutes) for minutes in cases}, cases)

    def test_a_formula_has_no_value_without_all_of_its_inputs(self):
        milk = Metric.of("Kitchen", "Milk", Stack="one")
        inputs = {"a": Input(TEA, "Sum"), "b": Input(milk, "SampleCount")}
        ratio = replace(self.alarm, inputs=inputs, formula="100 * a / MAX([b, 20])")
        metrics = Metrics()
        metrics.add([(TEA, 3.0)], 60)
        self.assertIsNone(ratio.value(metrics, 60))
        metrics.add([(milk, 9.0)], 60)
        self.assertEqual(ratio.value(metrics, 60), 15)

    def test_a_percentile_is_a_value_that_so_many_do_not_exceed(self):
        metrics = Metrics()
        metrics.add([(TEA, float(value)) for value in range(100, 0, -1)], 60)
        self.assertEqual([metrics.statistic(TEA, p, 0, 60) for p in ("p50", "p90", "p99")], [50, 90, 99])

    def test_a_line_is_counted_by_each_of_its_sets_of_dimensions(self):
        line = (
            '{"Stage":"dev","Stack":"chat","release":"abc","_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"ChatBackend",'
            '"Dimensions":[["Stage","Stack"],["Stage","Stack","Error"]],"Metrics":[{"Name":"ReplyEnded","Unit":"Count"}]}]},'
            '"ReplyEnded":1,"Error":"timeout"}'
        )
        stack = {"Stage": "dev", "Stack": "chat"}
        named = Metric.of("ChatBackend", "ReplyEnded", **stack, Error="timeout")
        self.assertEqual(of_line(line), [(Metric.of("ChatBackend", "ReplyEnded", **stack), 1), (named, 1)])
        self.assertEqual([of_line(other) for other in ("", "START RequestId: 1", "[]", '{"level":"INFO"}')], [[]] * 4)
