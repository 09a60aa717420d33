"""What an adapter answers about one raw payload."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from sources.platforms.facts import Fetch

ProblemCode: TypeAlias = Literal["hold_discrepancy", "refetch", "reject_malformed"]
"""Figures that do not add up | a pointer or partial payload | amounts that cannot be read without guessing."""

EventTwin: TypeAlias = dict[str, Any]
"""One canonical event as its JSON twin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMemory:
    """What an adapter keeps of one order between calls; holds canonical data only, no personal data.

    `placed` is the OrderPlaced twin of the first order payload seen. `blind` holds business keys that were
    interpreted before it was known: they stay so, because the same raw range must give the same events again.
    `refund_statuses` holds per refund id the status lists of its tenders, in order of first arrival.
    """

    placed: EventTwin | None = None
    blind: frozenset[str] = frozenset()
    refund_statuses: Mapping[str, tuple[str, ...]]


NO_MEMORY = OrderMemory(refund_statuses={})
"""The memory of an order that was never seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Facts to send on. `notices` are for people: secondary figures that disagree, things left out and why."""

    events: tuple[EventTwin, ...]
    notices: tuple[str, ...] = ()
    memory: OrderMemory | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """A valid payload without accounting effect; `reason` is for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A payload that cannot be judged; `pointer` is the JSON pointer of the field in question.

    fetch: with `refetch`, the object that would tell more, where the payload says which one that is.
    """

    code: ProblemCode
    message: str
    pointer: str
    fetch: "Fetch | None" = None


Normalized: TypeAlias = Events | Nothing | Problem


class Unjudged(Exception):
    """Raised deep inside an adapter; its door turns it into the `Problem` it carries."""

    def __init__(self, code: ProblemCode, message: str, pointer: str, fetch: "Fetch | None" = None) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, pointer, fetch)
