"""What the small job's rules see of an event, whichever codec read it."""

from typing import Any, NamedTuple, Protocol, TypeAlias

Line: TypeAlias = tuple[int, int, int, int, int]
"""Number, quantity, unit price, unit cost (minor units), tax in basis points."""
Posting: TypeAlias = tuple[str, int, int]
"""Account, debit, credit, minor units."""


class Event(NamedTuple):
    """One event; what only travels on into the entry (`order_id`, `event_time`, `currency`) is of the codec's own kind."""

    event_id: str
    kind: str
    order_id: Any
    event_time: Any
    currency: Any
    payment_method: str
    amount: int
    shipping: int
    lines: list[Line]


class Codec(Protocol):
    """A module that reads events and writes entries; two codecs give the same bytes."""

    def decode_event(self, value: bytes) -> Event:
        """What the job reads of an event. Raises on anything else."""

    def encode_entry(self, event: Event, postings: list[Posting]) -> bytes:
        """The entry of an event, with its head; lines of nothing are left out by the caller."""
