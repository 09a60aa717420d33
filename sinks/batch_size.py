"""How many entries are booked at once: more while the stream is behind, fewer when a transaction takes too long."""

from dataclasses import dataclass

BATCH_ENTRIES_FIRST = 200
"""Size of the first batch: what a ledger takes is not known yet."""

BATCH_ENTRIES_MIN = 10
"""A batch never shrinks below: a ledger that is slow for other reasons would not get faster."""

BOOKING_SECONDS_WANTED = 0.5
"""A transaction that takes longer halves the next batches: it holds up acks, and SIGTERM waits for it."""

GROWTH = 2
"""A batch that was full and took less than half of what is wanted makes the next ones so many times as large."""


@dataclass(slots=True)
class BatchSize:
    """`entries` is the most that the next batch may hold, between `BATCH_ENTRIES_MIN` and `entries_max`."""

    entries_max: int
    entries: int = 0

    def __post_init__(self) -> None:
        """The first batch."""
        self.entries = min(BATCH_ENTRIES_FIRST, self.entries_max)

    def booked(self, entries: int, seconds: float) -> None:
        """A batch of so many entries took so long."""
        if seconds > BOOKING_SECONDS_WANTED:
            self.entries = max(min(BATCH_ENTRIES_MIN, self.entries_max), min(self.entries, entries) // 2)
        elif entries >= self.entries and seconds * GROWTH < BOOKING_SECONDS_WANTED:
            self.entries = min(self.entries * GROWTH, self.entries_max)
