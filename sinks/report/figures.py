"""The figures of a report as values: numbers are exact, money is minor units, times are UTC microseconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from sinks.trial_balance import CurrencyBalances

AGE_LIMITS_SECONDS: Final = (3_600, 86_400, 604_800)
"""Ages are counted in four groups: below an hour, a day, a week, and a week or more."""

WAITS: Final = "waits"
"""In place of an outcome: no worker has judged the record yet, as far as the projector is."""


class Range(NamedTuple):
    """Times from `start` until just before `stop`; None where there is no bound."""

    start: int | None = None
    stop: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether anything is left out."""
        return self.start is not None or self.stop is not None

    def has(self, at: int) -> bool:
        """Whether a time lies in it."""
        return (self.start is None or at >= self.start) and (self.stop is None or at < self.stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Records with this outcome, first judged; `now` is where those that waited stand today, empty for all others."""

    outcome: str
    code: str
    now: str
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """One currency: entries with their debits, money captured and money paid back, by the stream and by the ledger."""

    currency: str
    exponent: int
    stream_entries: int = 0
    ledger_entries: int = 0
    stream_debits: int = 0
    ledger_debits: int = 0
    stream_captured: int = 0
    ledger_captured: int = 0
    stream_paid_back: int = 0
    ledger_paid_back: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """Arrival of the event to booking of its entry, over some entries: nearest-rank percentiles in microseconds."""

    entries: int
    p50: int
    p95: int
    p99: int
    longest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What arrived and what was booked from `at` on, for one step of time; no lag where nothing was booked."""

    at: int
    arrived: int
    booked: int
    lag: Lag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Steps without a gap, `step_seconds` each; none where nothing happened. `lag` is over all of them."""

    step_seconds: int
    steps: tuple[Step, ...]
    lag: Lag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How many records arrived, which entries they made, which of these stand in the ledger.

    `committed`: entries on the stream; `booked`: those of them in the ledger. Whatever range is asked for: `not_projected` stand in the
    ledger and not (yet) in the operational database, `doubled` are rows of the ledger with an id that is booked before,
    `without_arrival` are entries whose event is not projected.
    """

    arrived: int
    committed: int
    booked: int
    not_projected: int
    doubled: int
    without_arrival: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGroup:
    """What is open under one code: how many, since when the oldest, and how many of each age (`AGE_LIMITS_SECONDS`)."""

    code: str
    severity: str
    number: int
    oldest: int
    by_age: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """One open thing, to be looked up by its id; the order key is somebody else's text."""

    code: str
    since: int
    item_id: str
    order_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItems:
    """All that is open of one kind: in groups by code, and the oldest ones by name."""

    groups: tuple[OpenGroup, ...]
    oldest: tuple[OpenItem, ...]

    @property
    def number(self) -> int:
        """How many there are."""
        return sum(group.number for group in self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentGroup:
    """Documents of one connection to a ledger outside in one state."""

    connection: str
    state: str
    reason: str
    number: int
    oldest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything a report says. `as_of`: the time to which ages count. `places`: which databases were read, None where there was none."""

    as_of: int
    range: Range
    places: Mapping[str, str | None]
    flow: Flow
    outcomes: tuple[Outcome, ...]
    timeline: Timeline
    money: tuple[Money, ...]
    discrepancies: OpenItems
    parked: OpenItems
    dead_letters: OpenItems
    balances: tuple[CurrencyBalances, ...]
    documents: tuple[DocumentGroup, ...]
