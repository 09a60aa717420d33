"""What `decide` answers: one outcome, the new state, the entries, discrepancies and healed events."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from asiento.accounting import order_state
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.values import value

Severity: TypeAlias = order_state.Severity


@dataclass(frozen=True, slots=True)
class Posted:
    """A new fact: entries and/or a new state."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Known already with the same content; counted, nothing else."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Known already with other content (D21 or D22); the first stands."""

    code: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Cannot be posted yet: parked in the order's state."""

    code: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Waiting cannot heal it; kept for an operator."""

    code: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Test mode, estimates, stale edits: nothing to book. `code` says which."""

    code: str


Outcome: TypeAlias = Posted | Duplicate | Conflict | Deferred | Rejected | Ignored


@value
class Discrepancy:
    """Something a person should know; messages are rendered from `code` and `parameters`."""

    discrepancy_id: str
    code: str
    severity: Severity
    order_key: str
    event_id: str | None
    entry_id: str | None
    account: str | None
    expected: int | None
    actual: int | None
    currency: str | None
    parameters: tuple[tuple[str, str], ...]
    raised_at: int
    state: Literal["OPEN", "RESOLVED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Healed:
    """A parked event judged again: its new outcome and the entries it made."""

    event_id: str
    outcome: Outcome
    entries: tuple[JournalEntry, ...]


@value
class Decision:
    """`entries` are all entries in order of posting, those of healed events included."""

    outcome: Outcome
    state: OrderState | None
    entries: tuple[JournalEntry, ...]
    discrepancies: tuple[Discrepancy, ...]
    healed: tuple[Healed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One judgement of an event as it was made: the order before and after it, and the entries it made."""

    event: OrderEvent
    outcome: Outcome
    before: OrderState
    after: OrderState
    entries: tuple[JournalEntry, ...]


Watch: TypeAlias = Callable[[Judged], None]
"""Is told of every judgement inside a decision, those of healed events included, in their order."""
