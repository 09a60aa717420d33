"""The search for the oldest record that a group has not done, on logs spelled out in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sinks.lag_exporter.broker_reader import Found, Place
from sinks.lag_exporter.oldest import BYTES_FIRST, Oldest, OldestRecords

PLACE = ("entries", 0)
KEY = ("ledger", PLACE)


@dataclass
class WrittenLog:
    """One partition as a list of words: a number is a committed record with that timestamp, `marker` and `aborted` take an offset too.

    `open` is a record of a transaction that has not ended. At most `step` offsets are looked through by one request; a record that
    is `long` needs a request with room.
    """

    words: list[str]
    step: int = 3
    asked: list[tuple[int, bool]] = field(default_factory=list)

    @property
    def end(self) -> int:
        return len(self.words)

    async def first_records(self, starts: Mapping[Place, int], *, committed: bool, bytes_max: int) -> dict[Place, Found]:
        found = {}
        for place, start in starts.items():
            self.asked.append((start, committed))
            readable_to = self.words.index("open") if "open" in self.words else self.end
            found[place] = self._found(start, readable_to, committed=committed, has_room=bytes_max > BYTES_FIRST)
        return found

    def _found(self, start: int, readable_to: int, *, committed: bool, has_room: bool) -> Found:
        stop = min(start + self.step, readable_to if committed else self.end)
        for offset in range(start, stop):
            word = self.words[offset]
            if word == "long" and not has_room:
                return Found(None, None, offset, readable_to, self.end)
            if word in {"open", "long"} or word.isdecimal():
                return Found(offset, int(word) if word.isdecimal() else 7, offset, readable_to, self.end)
        return Found(None, None, max(start, stop), readable_to, self.end)


async def oldest(log: WrittenLog, position: int, records: OldestRecords | None = None) -> Oldest:
    found = await (records or OldestRecords()).find(log, {KEY: (position, log.end)}, seconds_max=10)
    return found[KEY]


def log_of(words: str, step: int = 3) -> WrittenLog:
    return WrittenLog(words.split(), step)


async def test_the_first_record_from_the_position_on() -> None:
    found = await oldest(log_of("100 200 300"), 1)
    assert (found.offset, found.timestamp_ms) == (1, 200)


async def test_markers_and_aborted_records_are_gone_over() -> None:
    found = await oldest(log_of("100 marker aborted aborted aborted aborted marker 200"), 1)
    assert (found.offset, found.timestamp_ms) == (7, 200)


async def test_nothing_but_markers_is_nothing() -> None:
    log = log_of("100 marker aborted aborted aborted marker")
    found = await oldest(log, 1)
    assert found.offset is None
    assert found.looked_to == log.end


async def test_a_record_of_an_open_transaction_waits_too() -> None:
    """Readers of committed records cannot pass it: if it hangs, nothing behind it flows, whatever the last stable offset says."""
    found = await oldest(log_of("100 marker open 300"), 1)
    assert (found.offset, found.is_open) == (2, True)


async def test_a_batch_longer_than_the_first_request_takes_a_longer_one() -> None:
    found = await oldest(log_of("marker long 200"), 0)
    assert (found.offset, found.timestamp_ms) == (1, 7)


async def test_a_group_that_stands_still_is_not_looked_at_again() -> None:
    log, records = log_of("100 200 300"), OldestRecords()
    await oldest(log, 1, records)
    log.words += ["400", "marker"]
    before = list(log.asked)
    assert (await oldest(log, 1, records)).offset == 1
    assert log.asked == before


async def test_what_grew_behind_markers_is_looked_at_from_there() -> None:
    log, records = log_of("100 marker marker"), OldestRecords()
    assert (await oldest(log, 1, records)).offset is None
    log.words.append("200")
    assert (await oldest(log, 1, records)).offset == 3
    assert log.asked[-1] == (3, True)


async def test_a_group_that_went_on_or_back_is_looked_at_again() -> None:
    log, records = log_of("100 200 300"), OldestRecords()
    await oldest(log, 1, records)
    assert (await oldest(log, 2, records)).timestamp_ms == 300
    assert (await oldest(log, 0, records)).timestamp_ms == 100


async def test_an_aborted_end_of_what_was_open_is_seen() -> None:
    log, records = log_of("100 open"), OldestRecords()
    assert (await oldest(log, 1, records)).is_open
    log.words[1:] = ["aborted", "marker"]
    assert (await oldest(log, 1, records)).offset is None


async def test_a_topic_made_again_is_not_taken_for_the_old_one() -> None:
    records = OldestRecords()
    assert (await oldest(log_of("100 200 300"), 2, records)).offset == 2
    assert (await oldest(log_of("500"), 0, records)).timestamp_ms == 500


async def test_groups_on_one_partition_each_have_their_own() -> None:
    log = log_of("100 marker 200 300")
    wanted = {(group, PLACE): (position, log.end) for group, position in (("a", 0), ("b", 1), ("c", 3), ("d", 4))}
    found = await OldestRecords().find(log, wanted, seconds_max=10)
    assert [found[group, PLACE].timestamp_ms for group in "abcd"] == [100, 200, 300, None]


async def test_no_more_is_asked_when_the_time_is_over_and_the_next_search_goes_on() -> None:
    times: Sequence[float] = [0.0, 0.0, 9.0, 20.0, 20.0, 20.0, 20.0]
    clock = iter(times)
    log, records = log_of("marker marker marker marker 200", step=2), OldestRecords(lambda: next(clock))
    found = (await records.find(log, {KEY: (0, log.end)}, seconds_max=1))[KEY]
    assert (found.offset, found.looked_to) == (None, 2)
    assert (await records.find(log, {KEY: (0, log.end)}, seconds_max=1))[KEY].offset == 4
    assert [start for start, _ in log.asked] == [0, 2, 4]
