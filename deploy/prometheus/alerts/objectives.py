"""Objectives, and alerts on how fast they are used up.

An objective of 99.9 % leaves a budget: one in a thousand may be bad. What is bad now, divided by that budget, is the burn: at 1 the budget
lasts exactly its 28 days, at 14.4 a fiftieth of it is gone in an hour, at 6 a twentieth in six hours. A rule asks two windows at once.
The long one says that it matters, as a moment's trouble does not fill it; the short one says that it is still so, so that the alert ends
soon after the trouble does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from deploy.prometheus.alerts.declaring import Alert, Board, Cause, Recording, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """A pair of windows, and the burn from which they count."""

    word: str
    short: str
    long: str
    factor: float
    severity: Severity


FAST: Final = Burn(word="Fast", short="5m", long="1h", factor=14.4, severity=Severity.PAGE)
SLOW: Final = Burn(word="Slow", short="30m", long="6h", factor=6, severity=Severity.TICKET)
WINDOWS: Final = ("5m", "30m", "1h", "6h")


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What share may be bad, and how the bad is measured.

    bad: PromQL with WINDOW for the window: the share that was bad, nothing where nothing happened. by: its labels. enough: PromQL with
    WINDOW that gives series where there is enough to judge by, so that one late entry on a quiet night is no share at all. burns: which
    alerts; one is left out where another alert says the same sooner. first, command: see `Cause`.
    """

    name: str
    alert: str
    percent: float
    bad: str
    by: str = ""
    enough: str = ""
    burns: Sequence[Burn] = (FAST, SLOW)
    board: Board = Board.OVERVIEW
    says: str
    says_es: str
    first: str
    command: str

    @property
    def budget(self) -> float:
        """The share that may be bad."""
        return round(1 - self.percent / 100, 6)

    def recordings(self) -> list[Recording]:
        """The share that was bad, for each window that an alert asks."""
        asked = {window for burn in self.burns for window in (burn.short, burn.long)}
        return [Recording(name=self._share(window), expression=self.bad.replace("WINDOW", window)) for window in WINDOWS if window in asked]

    def alerts(self) -> list[Alert]:
        """One for each pair of windows."""
        return [self._alert(burn) for burn in self.burns]

    def _share(self, window: str) -> str:
        return f"asiento:{self.name}:share{window}"

    def _alert(self, burn: Burn) -> Alert:
        limit = f"{burn.factor:g} * {self.budget:g}"
        expression = f"{self._share(burn.short)} > {limit} and {self._share(burn.long)} > {limit}"
        if self.enough:
            expression += f" and {self.enough.replace('WINDOW', burn.long)}"
        share = "{{ $value | humanizePercentage }}"
        whose = f" ({{{{ $labels.{self.by} }}}})" if self.by else ""
        cause = Cause(
            word="burn",
            severity=burn.severity,
            expression=expression,
            hold_seconds=0,
            summary=f"{share} {self.says} in the last {burn.short}{whose}; the objective is {self.percent:g} %",
            summary_es=f"{share} {self.says_es} en los últimos {burn.short}{whose}; el objetivo es {self.percent:g} %",
            first=self.first,
            command=self.command,
        )
        return Alert(name=f"Asiento{self.alert}Burn{burn.word}", board=self.board, causes=(cause,))


FRESH_SECONDS: Final = 30
"""An entry is fresh if it is booked so soon after its event arrived; one of the buckets of `asiento_booked_age_seconds`."""
LATE_MIN: Final = 10
WAIT_SECONDS_MAX: Final = 3600

_BOOKED = "sum by (ledger) (rate(asiento_booked_age_seconds_count[WINDOW]))"
_FRESH = f'sum by (ledger) (rate(asiento_booked_age_seconds_bucket{{le="{FRESH_SECONDS}.0"}}[WINDOW]))'
_LATE = (
    "sum by (ledger) (increase(asiento_booked_age_seconds_count[WINDOW]))"
    f' - sum by (ledger) (increase(asiento_booked_age_seconds_bucket{{le="{FRESH_SECONDS}.0"}}[WINDOW]))'
)

WRONG: Final = Recording(
    name="asiento:correctness:wrong",
    expression=(
        "max(asiento_tie_out_differences > bool 0 or asiento_unaccounted_records > bool 0 or asiento_trial_balance_difference != bool 0)"
    ),
)
"""1 while the books differ from the stream in any way that nothing explains."""

WAITING: Final = Recording(
    name="asiento:delivery:waiting",
    expression=(
        f"max by (connection) (asiento_posting_oldest_seconds > bool {WAIT_SECONDS_MAX})"
        ' unless on (connection) asiento_posting_paused{reason="quota"} == 1'
    ),
)
"""1 while a document waits too long for its ledger; a ledger that has no calls left today is not asked to hurry."""

OBJECTIVES: Final = (
    Objective(
        name="freshness",
        alert="Freshness",
        percent=99.9,
        bad=f"clamp_min({_BOOKED} - {_FRESH}, 0) / ({_BOOKED} > 0)",
        by="ledger",
        enough=f"{_LATE} >= {LATE_MIN}",
        says=f"of the entries were booked more than {FRESH_SECONDS} s after their event arrived",
        says_es=f"de los asientos se contabilizaron más de {FRESH_SECONDS} s después de llegar su evento",
        first="Look at the Pipeline board which step is slow: lag of the orders group is the workers, lag of the ledger group the sink.",
        command="asiento doctor",
    ),
    Objective(
        name="correctness",
        alert="Correctness",
        percent=99.9,
        bad=f"avg_over_time({WRONG.name}[WINDOW])",
        burns=(SLOW,),
        board=Board.DISCREPANCIES,
        says="of the time the ledger differed from the stream",
        says_es="del tiempo el libro difirió del flujo",
        first="Differences come and go: list them with those that healed, and look for what they have in common.",
        command="asiento discrepancies list",
    ),
    Objective(
        name="delivery",
        alert="Delivery",
        percent=99.0,
        bad=f"avg_over_time({WAITING.name}[WINDOW])",
        by="connection",
        board=Board.LEDGERS,
        says=f"of the time a document waited for its ledger for more than {WAIT_SECONDS_MAX // 60} minutes",
        says_es=f"del tiempo un documento esperó a su libro más de {WAIT_SECONDS_MAX // 60} minutos",
        first="See how the connection stands and in which words the ledger refuses; nothing is lost while it waits.",
        command="asiento postings list {{ $labels.connection }}",
    ),
)
