"""How far a sink is behind, in records and in seconds."""

from dataclasses import dataclass

MICROSECONDS = 1_000_000


@dataclass(slots=True)
class PartitionLag:
    """The lag of one partition, from three observations: what is booked, where the log ends, what time it is.

    The age of the oldest unprocessed record is not known before it is fetched. It is at most the age of the last
    record booked since the partition fell behind, and at least the time for which something has waited since then; the
    larger is taken, so that a record on a partition that was idle for an hour does not show as an hour of lag, and a
    record whose producer's clock is ahead does not hide what waits behind it.
    """

    waits_since: int | None = None
    last_record_at: int | None = None

    def booked(self, record_at: int) -> None:
        """A record with this timestamp (UTC microseconds) was booked, the last of its batch."""
        if self.waits_since is not None or self.last_record_at is not None:
            self.last_record_at, self.waits_since = record_at, None

    def seconds(self, records: int, now: int) -> float:
        """Age in seconds of the oldest unprocessed record, 0 where `records` (the lag) is 0; `now` in microseconds."""
        if records <= 0:
            self.waits_since = self.last_record_at = None
            return 0.0
        if self.waits_since is None:
            self.waits_since = now
        oldest = self.waits_since if self.last_record_at is None else min(self.waits_since, self.last_record_at)
        return max(0, now - oldest) / MICROSECONDS
