"""Every fault is seen within a minute, on a board and by an alert or a discrepancy, and is over when it is mended: `make soak-watch`."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import pytest

from tests.acceptance.chaos_options import SEED
from tests.acceptance.watched_faults import (
    Happening,
    altered_amount,
    conflict,
    doubled_row,
    frozen,
    full_disk,
    gap,
    killed,
    locked_ledger,
    missing_row,
    outside_answers,
    outside_unreachable,
    over_refund,
    poison,
    silent_shop,
    slow,
    together,
    wrong_currency,
    wrong_total,
)
from tests.acceptance.watched_stage import PARKED_SECONDS_MAX, WEBHOOK_SECONDS, Panel, Series, Stage

pytestmark = [pytest.mark.kafka, pytest.mark.soak, pytest.mark.timeout(7_200)]

SEEN_SECONDS_MAX: Final = 60.0
OVER_SECONDS_MAX: Final = 400.0
"""Alerts on restarts and bursts look back over five minutes."""


Shows: TypeAlias = Callable[[Sequence[Series]], bool]
"""Whether what a panel shows says that something is wrong."""


def above(limit: float, **labels: str) -> Shows:
    """Whether a series with these labels is above the limit."""
    return lambda series: any(value > limit and labels.items() <= own.items() for own, value in series)


def below(limit: float, **labels: str) -> Shows:
    """Whether a series with these labels is below the limit."""
    return lambda series: any(value < limit and labels.items() <= own.items() for own, value in series)


def either(*ways: Shows) -> Shows:
    """Whether one of them says so."""
    return lambda series: any(way(series) for way in ways)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`panel` shows it while `shows` holds of its series; it raises `alert`, with these labels at least, or discrepancies of `code`.

    usual_seconds: how long it is nothing unusual yet, as a silence.
    """

    name: str
    happens: Happening
    panel: Panel
    shows: Shows
    alert: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    usual_seconds: float = 0.0


UP: Final = Panel("overview", "Do all processes run?")
BROKER: Final = Panel("overview", "Do all processes run?", query=2)
RESTARTS: Final = Panel("pipeline", "Deaths and restarts")
UNBOOKED: Final = Panel("overview", "Is the money flowing?", query=1)
BEHIND: Final = Panel("pipeline", "Behind, in seconds, from outside")
ANSWERS: Final = Panel("pipeline", "How fast brokers answer", query=2)
TIE_OUT: Final = Panel("ledgers", "Does it tie out?", query=1)
COMPARED: Final = Panel("ledgers", "How far is it compared?", query=1)
OPEN: Final = Panel("discrepancies", "Open, by code")
REFUSED: Final = Panel("discrepancies", "Dead letters, by reason")
PARKED_SINCE: Final = Panel("discrepancies", "Parked, by code", query=1)
BREAKER: Final = Panel("ledgers", "Connections: do calls go out?")
PAUSED: Final = Panel("ledgers", "Connections: do calls go out?", query=1)
SILENCE: Final = Panel("pipeline", "Gateway: silence of sources")

GONE, FLOW, DELIVERY, REFUSAL, GRAVE, UNEXPLAINED, BROKERS = (
    f"Asiento{name}"
    for name in (
        "ProcessGone",
        "MoneyNotFlowing",
        "LedgerDelivery",
        "DeadLetters",
        "DiscrepancyCritical",
        "UnexplainedDifference",
        "DiskOrBroker",
    )
)
BOTH_WORKERS: Final = together(frozen("worker-1"), frozen("worker-2"))


def process(name: str, happens: Happening, shown: tuple[Panel, Shows], alert: str, cause: str) -> Fault:
    """Something is wrong with a process, a database or the broker."""
    return Fault(name=name, happens=happens, panel=shown[0], shows=shown[1], alert=alert, labels={"cause": cause})


def difference(name: str, happens: Happening, kind: str) -> Fault:
    """Somebody changed a row of the ledger."""
    return Fault(
        name=name,
        happens=happens,
        panel=TIE_OUT,
        shows=above(0, difference=kind),
        alert=UNEXPLAINED,
        labels={"cause": "tie_out", "difference": kind},
        code="D18",
    )


def discrepancy(name: str, happens: Happening, code: str) -> Fault:
    """An order does not add up."""
    return Fault(name=name, happens=happens, panel=OPEN, shows=above(0, code=code), alert=GRAVE, labels={"code": code}, code=code)


def refusal(name: str, happens: Happening, records: int, reason: str, cause: str) -> Fault:
    """Records that cannot be read."""
    return Fault(name=name, happens=happens, panel=REFUSED, shows=above(records - 1, code=reason), alert=REFUSAL, labels={"cause": cause})


FAULTS: Final = (
    difference("amount altered in the ledger", altered_amount, "altered"),
    difference("row doubled in the ledger", doubled_row, "doubled"),
    difference("row missing in the ledger", missing_row, "missing"),
    refusal("poison burst", poison("undecodable", 60), 60, "undecodable", "burst"),
    refusal("unknown schema id", poison("unknown_schema_id", 2), 2, "unknown_schema_id", "open"),
    discrepancy("sequence gap", gap, "D19"),
    discrepancy("refund above capture", over_refund, "D10"),
    discrepancy("wrong currency", wrong_currency, "D24"),
    discrepancy("total that does not add up", wrong_total, "D01"),
    Fault(
        name="two amounts for one payment",
        happens=conflict,
        panel=OPEN,
        shows=either(above(0, code="D21"), above(0, code="D22")),
        alert=GRAVE,
    ),
    Fault(
        name="parked order ages",
        happens=gap,
        panel=PARKED_SINCE,
        shows=above(PARKED_SECONDS_MAX, code="D19"),
        alert="AsientoParkedTooLong",
        labels={"code": "D19"},
        usual_seconds=PARKED_SECONDS_MAX,
    ),
    Fault(
        name="webhook silent",
        happens=silent_shop,
        panel=SILENCE,
        shows=above(WEBHOOK_SECONDS),
        alert="AsientoWebhookSilent",
        usual_seconds=WEBHOOK_SECONDS,
    ),
    process("ledger outside down", outside_unreachable, (BREAKER, above(0)), DELIVERY, "breaker"),
    process("ledger outside refuses the key", outside_answers(expired=100), (PAUSED, above(0, reason="auth")), DELIVERY, "credentials"),
    process("tie-out stopped", frozen("tie-out"), (COMPARED, above(45)), "AsientoChecksStale", "tie_out"),
    process("ledger sink stuck", frozen("sink-ledger"), (UNBOOKED, above(30)), FLOW, "lag"),
    process("ledger file locked", locked_ledger, (UNBOOKED, above(30)), FLOW, "lag"),
    Fault(
        name="disk of the ledger full",
        happens=full_disk,
        panel=UNBOOKED,
        shows=above(30),
        alert=FLOW,
        labels={"cause": "lag"},
        usual_seconds=15,  # what is booked first goes to pages that the files have already
    ),
    process("worker frozen", frozen("worker-2"), (UP, above(0)), GONE, "down"),
    process("lag: all workers frozen", BOTH_WORKERS, (BEHIND, above(30, group="asiento-orders")), FLOW, "lag"),
    Fault(  # down where no look at it succeeds between two starts, else restarted or a crash loop
        name="worker killed at each start", happens=killed("worker-1"), panel=RESTARTS, shows=above(0, process="worker-1"), alert=GONE
    ),
    process("broker slow", slow("broker"), (ANSWERS, above(1)), BROKERS, "broker_slow"),
    process("broker frozen", frozen("broker"), (BROKER, below(1)), BROKERS, "broker"),
)


CHOSEN: Final = tuple(fault for fault in FAULTS if any(word in fault.name for word in os.environ.get("FAULTS", "").split(",")))
"""All of them, unless words of their names are given: FAULTS=broker,disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Seconds until a fault was on its panel, raised its alert and its discrepancy, and from mending until all was over; None: never."""

    fault: Fault
    panel: float | None
    alert: float | None
    discrepancy: float | None
    over: float | None

    @property
    def line(self) -> str:
        """A line of the table."""
        raised = " ".join(word for word in (self.fault.alert, self.fault.code) if word)
        times = (self.alert, self.discrepancy) if self.fault.code else (self.alert,)
        shown = f"{self.fault.panel.board}: {self.fault.panel.title}"
        return f"| {self.fault.name} | {shown} | {_told(self.panel)} | {raised} | {_told(*times)} | {_told(self.over)} |"

    @property
    def problems(self) -> list[str]:
        """What was not seen, or too late."""
        latest = SEEN_SECONDS_MAX + self.fault.usual_seconds
        wanted = {"panel": self.panel, "alert": self.alert, "discrepancy": self.discrepancy}
        if not self.fault.code:
            del wanted["discrepancy"]
        late = [f"{self.fault.name}: {what} {_told(seconds)}" for what, seconds in wanted.items() if seconds is None or seconds > latest]
        return late if self.over is not None else [*late, f"{self.fault.name}: never over"]


def _told(*seconds: float | None) -> str:
    return ", ".join("never" if one is None else f"{one:.0f} s" for one in seconds)


HEAD: Final = "| fault | on the board | after | raises | after | over |\n|---|---|---|---|---|---|"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The whole installation, at rest."""
    with Stage(tmp_path_factory.mktemp("stage"), SEED) as stage:
        yield stage


def test_each_fault_is_seen_and_is_over_when_it_is_mended(stage: Stage) -> None:
    calm = stage.wait(lambda: not _noise(stage), OVER_SECONDS_MAX)
    assert calm is not None, f"alerts of a healthy system: {_noise(stage)}"
    table = []
    for fault in CHOSEN:
        seen = _through(stage, fault)
        table.append(seen)
        logging.getLogger(__name__).warning("%s", seen.line)
    logging.getLogger(__name__).warning("\n%s\n%s", HEAD, "\n".join(seen.line for seen in table))
    assert [problem for seen in table for problem in seen.problems] == []


LEFT_BY_DEMO: Final = {"alertname": "AsientoParkedTooLong", "code": "D27"}
"""Two events of the demo wait for an order that was refused."""


def _noise(stage: Stage) -> list[str]:
    firing = [alert for alert in stage.system.alerts() if alert["state"] == "firing"]
    return sorted(f"{alert['labels']} {alert['value']}" for alert in firing if not LEFT_BY_DEMO.items() <= alert["labels"].items())


def _through(stage: Stage, fault: Fault) -> Seen:
    """Let it happen, look, mend it, look again."""
    assert stage.wait(lambda: not fault.shows(stage.shown(fault.panel)) and not _fires(stage, fault), OVER_SECONDS_MAX) is not None, (
        fault.name
    )
    known = {item["discrepancy_id"] for item in stage.listed("discrepancies")}
    raised: dict[str, float] = {}
    looks: dict[str, Callable[[], bool]] = {
        "panel": lambda: fault.shows(stage.shown(fault.panel)),
        "alert": lambda: _fires(stage, fault),
    }
    if fault.code:
        looks["discrepancy"] = lambda: bool(_new(stage, fault, known))
    with fault.happens(stage):
        started = time.monotonic()
        limit = 2 * SEEN_SECONDS_MAX + fault.usual_seconds  # how late it is says more than that it is
        stage.wait(lambda: _all_seen(looks, raised, started), limit)
    over = stage.wait(lambda: _is_over(stage, fault, known), OVER_SECONDS_MAX)
    return Seen(fault=fault, panel=raised.get("panel"), alert=raised.get("alert"), discrepancy=raised.get("discrepancy"), over=over)


def _fires(stage: Stage, fault: Fault) -> bool:
    return bool(stage.system.prometheus.firing(fault.alert, fault.labels))


def _all_seen(looks: Mapping[str, Callable[[], bool]], raised: dict[str, float], started: float) -> bool:
    for what, look in looks.items():
        if what not in raised and look():
            raised[what] = time.monotonic() - started
    return raised.keys() == looks.keys()


def _is_over(stage: Stage, fault: Fault, known: set[str]) -> bool:
    return not _fires(stage, fault) and not (fault.code and _new(stage, fault, known))


def _new(stage: Stage, fault: Fault, known: set[str]) -> list[str]:
    found = stage.listed("discrepancies")
    return [item["discrepancy_id"] for item in found if item["code"] == fault.code and item["discrepancy_id"] not in known]
