"""How many entries are booked at once: more while the stream is behind, fewer when a transaction takes too long."""

from dataclasses import dataclass

BATCH_ENTRIES_FIRST = 200
"""Size of the first batch, as what a ledger takes is not known yet, and the least that slow ones lead to: a transaction of so few that
takes longer waits for a disk or a busy machine, and smaller ones would wait as long for less."""

BOOKING_SECONDS_WANTED = 0.5
"""A transaction that takes longer halves the next batches: it holds up acks, and SIGTERM waits for it."""

GROWTH = 2
"""A batch that was full and took less than half of what is wanted makes the next ones so many times as large."""


@dataclass(slots=True)
class BatchSize:
    """`entries` is the most that the next batch may hold, `entries_max` at most. Only full batches change it: the others tell nothing."""

    entries_max: int
    entries: int = 0

    def __post_init__(self) -> None:
        """The first batch."""
        self.entries = min(BATCH_ENTRIES_FIRST, self.entries_max)

    def booked(self, entries: int, seconds: float) -> None:
        """A batch of so many entries took so long."""
        if entries < self.entries:
            return
        if seconds > BOOKING_SECONDS_WANTED:
            self.entries = max(min(BATCH_ENTRIES_FIRST, self.entries_max), self.entries // GROWTH)
        elif seconds * GROWTH < BOOKING_SECONDS_WANTED:
            self.entries = min(self.entries * GROWTH, self.entries_max)
