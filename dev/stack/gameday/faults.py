"""The faults of a game day, and the alarms that each one must ring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stack.gameday import acts
from stack.gameday.world import World

FUNCTIONS = ["Auth", "User", "Chatroom", "Subscription", "StripeWebhook", "Ops"]
FUNCTIONS += ["ReplyStream", "GeminiWorker", "OtpSender", "Maintenance"]
API = {"ApiFaultsAlarm", "ApiFastBurnAlarm", "ApiSlowBurnAlarm"}
API |= {f"Api{speed}Burn{window}Alarm" for speed in ("Fast", "Slow") for window in ("Long", "Short")}


@dataclass
class Fault:
    """A fault, what happens meanwhile, and the alarms that must ring and end."""

    name: str
    # What the alarms watch, for the table.
    metric: str
    alarms: set[str]
    # Whether the fault lasts is its second argument.
    act: Callable[[World, bool], None]
    begin: Callable[[World], None] = lambda world: None
    end: Callable[[World], None] = lambda world: None
    minutes: int = 20
    # The schedules go on, unless they are the fault.
    has_heartbeat: bool = True


def all_faults() -> list[Fault]:
    """In the order in which they are played. The flood is the last one: it uses up the day's codes."""
    metric, alarms = "OtpUsedPercent, OtpCapacityReached", {"OtpPumpedAlarm", "OtpCapacityAlarm"}
    flood = Fault("a flood of codes", metric, alarms, acts.flood)
    return [*_of_gemini(), *_of_stores(), *_of_queues(), *_of_stripe(), *_of_functions(), flood]


def _of_gemini() -> list[Fault]:
    metric, answered = "ReplyEnded by Error", "AttemptAnswered"
    stop, start = acts.stop("gemini"), acts.start("gemini")
    return [
        Fault("Gemini is unreachable", answered, {"GeminiDownAlarm", "GeminiAlarm"}, acts.message(""), stop, start),
        Fault("Gemini's key is wrong", metric, {"GeminiKeyAlarm", "GeminiAlarm"}, acts.message("[[403]]")),
        Fault("the model is gone", metric, {"GeminiModelAlarm", "GeminiAlarm"}, acts.message("[[404]]")),
        Fault("the quota is spent", metric, {"GeminiQuotaAlarm", "GeminiAlarm"}, acts.message("[[429:day]]")),
    ]


def _of_stores() -> list[Fault]:
    stop, start = acts.stop("postgres"), acts.start("postgres")
    demote, promote = acts.replica("127.0.0.1 1"), acts.replica("no one")
    return [
        Fault("Postgres is restarted", "5xx, Url5xxCount", API | {"WebhookFaultsAlarm"}, acts.requests, stop, start),
        Fault("Redis is demoted", "5xx", API, acts.codes, demote, promote),
    ]


def _of_queues() -> list[Fault]:
    dead, sent = "dead letters", "OtpSendFailed"
    return [
        Fault("a poison record", dead, {"BasicDeadLettersAlarm", "ProDeadLettersAlarm"}, acts.poison),
        Fault("a schedule cannot start", dead, {"ScheduleDeadLettersAlarm"}, acts.letter("ScheduleDeadLetters")),
        Fault("a code cannot be sent", sent, {"OtpDeadLettersAlarm", "OtpSendFailedAlarm"}, acts.unsendable),
    ]


def _of_stripe() -> list[Fault]:
    forged, late = acts.event(secret="whsec_wrong"), acts.event(late=900)
    return [
        Fault("a forged event", "WebhookRefused by Reason", {"WebhookRefusedAlarm"}, forged),
        Fault("Stripe is late", "StripeLagSeconds", {"StripeLagAlarm"}, late, minutes=60),
        Fault("a refund fails", "RefundFailed", {"RefundFailedAlarm"}, acts.event(kind="refund.failed")),
    ]


def _of_functions() -> list[Fault]:
    wrong, right = acts.settings("nonsense"), acts.settings(None)
    none, all_ = acts.concurrency(0), acts.concurrency(None)
    errors, throttled = ({f"{name}{kind}Alarm" for name in FUNCTIONS} for kind in ("Errors", "Throttled"))
    stopped = {"SweepStoppedAlarm", "ReconcileStoppedAlarm", "ExpireStoppedAlarm"}
    metric, still = "SweepRan, ReconcileRan, ExpireRan", {"minutes": 300, "has_heartbeat": False}
    return [
        Fault("a wrong setting", "Errors", errors | {"FunctionsAlarm"}, acts.all_invoked, wrong, right),
        Fault("no environments", "Throttles", throttled | {"FunctionsAlarm"}, acts.all_invoked, none, all_),
        Fault("the schedules stop", metric, stopped, acts.nothing, **still),
    ]
