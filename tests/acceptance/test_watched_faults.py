"""Every fault is seen within a minute, on a board and by an alert or a discrepancy, and is over when it is mended: `make soak-watch`."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

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
    over_refund,
    poison,
    silent_shop,
    slow,
    together,
    wrong_currency,
    wrong_total,
)
from tests.acceptance.watched_stage import WEBHOOK_SECONDS, Panel, Series, Stage
from tests.watched_system import RULES

pytestmark = [pytest.mark.kafka, pytest.mark.soak, pytest.mark.timeout(7_200)]

SEEN_SECONDS_MAX: Final = 60.0
OVER_SECONDS_MAX: Final = 180.0
"""Alerts look back over a minute or two before they believe that it is over."""


def above(limit: float, **labels: str) -> Callable[[Sequence[Series]], bool]:
    """Whether a series with these labels is above the limit."""
    return lambda series: any(value > limit and labels.items() <= own.items() for own, value in series)


def below(limit: float, **labels: str) -> Callable[[Sequence[Series]], bool]:
    """Whether a series with these labels is below the limit."""
    return lambda series: any(value < limit and labels.items() <= own.items() for own, value in series)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`panel` shows it while `shows` holds of its series; it raises `alert`, with these labels at least, or discrepancies of `code`.

    usual_seconds: how long it is nothing unusual yet, as a silence.
    """

    name: str
    happens: Happening
    panel: Panel
    shows: Callable[[Sequence[Series]], bool]
    alert: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    usual_seconds: float = 0.0


UP = Panel("overview", "Do all processes run?")
RESTARTS = Panel("pipeline", "Deaths and restarts")
FLOW = Panel("overview", "Is the money flowing?")
BEHIND = Panel("pipeline", "Behind, in seconds, from outside")
TIE_OUT = Panel("ledgers", "Does it tie out?")
OPEN = Panel("discrepancies", "Open, by code")
REFUSED = Panel("discrepancies", "Dead letters, by reason")
PARKED = Panel("discrepancies", "Parked, by code")
CALLS = Panel("ledgers", "Connections: do calls go out?")
SILENCE = Panel("pipeline", "Gateway: silence of sources")
CHECKED = Panel("ledgers", "How far is it compared?")

FAULTS: Final = (
    Fault(name="worker killed at each start", happens=killed("worker-1"), panel=RESTARTS, shows=above(0), alert="AsientoProcessGone"),
    Fault(name="worker frozen", happens=frozen("worker-2"), panel=UP, shows=above(0), alert="AsientoProcessGone"),
    Fault(
        name="all workers frozen: lag",
        happens=together(frozen("worker-1"), frozen("worker-2")),
        panel=BEHIND,
        shows=above(20),
        alert="AsientoMoneyNotFlowing",
    ),
    Fault(name="ledger sink stuck", happens=frozen("sink-ledger"), panel=FLOW, shows=above(20), alert="AsientoMoneyNotFlowing"),
    Fault(name="ledger file locked", happens=locked_ledger, panel=FLOW, shows=above(20), alert="AsientoMoneyNotFlowing"),
    Fault(name="disk of the ledger full", happens=full_disk, panel=FLOW, shows=above(20), alert="AsientoMoneyNotFlowing"),
    Fault(name="ledger outside down", happens=outside_answers(busy=100), panel=CALLS, shows=above(0), alert="AsientoLedgerDelivery"),
    Fault(
        name="ledger outside refuses the key",
        happens=outside_answers(expired=100),
        panel=CALLS,
        shows=above(0),
        alert="AsientoLedgerDelivery",
    ),
    Fault(name="broker frozen", happens=frozen("broker"), panel=UP, shows=below(1), alert="AsientoDiskOrBroker"),
    Fault(name="broker slow", happens=slow("broker"), panel=BEHIND, shows=above(5), alert="AsientoMoneyNotFlowing"),
    Fault(name="poison burst", happens=poison("undecodable", 40), panel=REFUSED, shows=above(39), alert="AsientoDeadLetters"),
    Fault(
        name="unknown schema id",
        happens=poison("unknown_schema_id", 2),
        panel=REFUSED,
        shows=above(1, code="unknown_schema_id"),
        alert="AsientoDeadLetters",
    ),
    Fault(name="sequence gap", happens=gap, panel=OPEN, shows=above(0, code="D19"), alert="AsientoDiscrepancyCritical", code="D19"),
    Fault(
        name="refund above capture",
        happens=over_refund,
        panel=OPEN,
        shows=above(0, code="D10"),
        alert="AsientoDiscrepancyCritical",
        code="D10",
    ),
    Fault(
        name="wrong currency",
        happens=wrong_currency,
        panel=OPEN,
        shows=above(0, code="D24"),
        alert="AsientoDiscrepancyCritical",
        code="D24",
    ),
    Fault(name="wrong total", happens=wrong_total, panel=OPEN, shows=above(0, code="D01"), alert="AsientoDiscrepancyCritical", code="D01"),
    Fault(name="two amounts for one payment", happens=conflict, panel=OPEN, shows=above(0), alert="AsientoDiscrepancyCritical"),
    Fault(
        name="amount altered in the ledger",
        happens=altered_amount,
        panel=TIE_OUT,
        shows=above(0, difference="altered"),
        alert="AsientoUnexplainedDifference",
        code="D18",
    ),
    Fault(
        name="row doubled in the ledger",
        happens=doubled_row,
        panel=TIE_OUT,
        shows=above(0),
        alert="AsientoUnexplainedDifference",
        code="D18",
    ),
    Fault(
        name="row missing in the ledger",
        happens=missing_row,
        panel=TIE_OUT,
        shows=above(0, difference="missing"),
        alert="AsientoUnexplainedDifference",
        code="D18",
    ),
    Fault(name="parked order ages", happens=gap, panel=PARKED, shows=above(0, code="D19"), alert="AsientoParkedTooLong"),
    Fault(
        name="webhook silent",
        happens=silent_shop,
        panel=SILENCE,
        shows=above(WEBHOOK_SECONDS),
        alert="AsientoWebhookSilent",
        usual_seconds=WEBHOOK_SECONDS,
    ),
    Fault(name="tie-out stopped", happens=frozen("tie-out"), panel=CHECKED, shows=above(30), alert="AsientoChecksStale"),
)


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
        shown = f"{self.fault.panel.board}: {self.fault.panel.title}"
        return (
            f"| {self.fault.name} | {shown} | {_told(self.panel)} | {raised} | {_told(self.alert, self.discrepancy)} | {_told(self.over)} |"
        )

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
    with Stage(tmp_path_factory.mktemp("stage"), SEED, rules=RULES) as stage:
        yield stage


def test_each_fault_is_seen_and_is_over_when_it_is_mended(stage: Stage) -> None:
    calm = stage.wait(lambda: not _noise(stage), OVER_SECONDS_MAX)
    assert calm is not None, f"alerts of a healthy system: {_noise(stage)}"
    table = []
    for fault in FAULTS:
        seen = _through(stage, fault)
        table.append(seen)
        logging.getLogger(__name__).warning("%s", seen.line)
    logging.getLogger(__name__).warning("\n%s\n%s", HEAD, "\n".join(seen.line for seen in table))
    assert [problem for seen in table for problem in seen.problems] == []


def _noise(stage: Stage) -> list[str]:
    return sorted(f"{alert['labels']} {alert['value']}" for alert in stage.system.alerts() if alert["state"] == "firing")


def _through(stage: Stage, fault: Fault) -> Seen:
    """Let it happen, look, mend it, look again."""
    known = {item["discrepancy_id"] for item in stage.listed("discrepancies")}
    raised: dict[str, float] = {}
    looks: dict[str, Callable[[], bool]] = {
        "panel": lambda: fault.shows(stage.shown(fault.panel)),
        "alert": lambda: bool(stage.system.prometheus.firing(fault.alert, fault.labels)),
    }
    if fault.code:
        looks["discrepancy"] = lambda: bool(_new(stage, fault, known))
    with fault.happens(stage):
        started = time.monotonic()
        limit = SEEN_SECONDS_MAX + fault.usual_seconds + OVER_SECONDS_MAX / 2  # how late it is says more than that it is
        stage.wait(lambda: _all_seen(looks, raised, started), limit)
    over = stage.wait(lambda: _is_over(stage, fault, known), OVER_SECONDS_MAX)
    return Seen(fault=fault, panel=raised.get("panel"), alert=raised.get("alert"), discrepancy=raised.get("discrepancy"), over=over)


def _all_seen(looks: Mapping[str, Callable[[], bool]], raised: dict[str, float], started: float) -> bool:
    for what, look in looks.items():
        if what not in raised and look():
            raised[what] = time.monotonic() - started
    return raised.keys() == looks.keys()


def _is_over(stage: Stage, fault: Fault, known: set[str]) -> bool:
    return not stage.system.prometheus.firing(fault.alert, fault.labels) and not (fault.code and _new(stage, fault, known))


def _new(stage: Stage, fault: Fault, known: set[str]) -> list[str]:
    found = stage.listed("discrepancies")
    return [item["discrepancy_id"] for item in found if item["code"] == fault.code and item["discrepancy_id"] not in known]
