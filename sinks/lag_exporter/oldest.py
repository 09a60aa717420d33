"""The oldest record that a group has not committed: found once, remembered until the group has passed it.

A group that stands at the end of what there is to read need not stand at the end of the log: markers of transactions and records
of aborted ones take offsets, too. Whether anything is left to read is known by looking only.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeAlias

from sinks.lag_exporter.broker_reader import Found, Place

Key: TypeAlias = tuple[str, Place]
"""Group, place."""

BYTES_FIRST: Final = 64 * 1024
BYTES_MAX: Final = 10 * 1024 * 1024
"""More than any batch has: a record is at most 8.5 MiB, and a batch that holds more than one is shorter."""
PLACES_OF_LONG_BATCHES_MAX: Final = 3
"""How many places are asked for at once with `BYTES_MAX`: an answer has 32 MiB at most."""
ROUNDS_MAX: Final = 40


class Wire(Protocol):
    """See `BrokerReader.first_records`."""

    async def first_records(self, starts: Mapping[Place, int], *, committed: bool, bytes_max: int) -> dict[Place, Found]: ...


@dataclass(frozen=True, slots=True)
class Oldest:
    """What is known of the offsets from a group's position on.

    looked_from, looked_to: no record lies in [looked_from, looked_to), but for the one at `offset`. timestamp_ms is that record's.
    is_open: it belongs to a transaction that has not ended.
    """

    looked_from: int
    looked_to: int
    offset: int | None = None
    timestamp_ms: int | None = None
    is_open: bool = False


class OldestRecords:
    """Keeps what it found: a group that stands still is not looked at again and again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._known: dict[Key, Oldest] = {}
        self._clock = clock

    def forget(self) -> None:
        """The brokers were away: their topics may be others now."""
        self._known.clear()

    async def find(self, wire: Wire, wanted: Mapping[Key, tuple[int, int]], seconds_max: float) -> dict[Key, Oldest]:
        """What is known of each key's offsets [position, end) after looking for at most `seconds_max`, or about that.

        What could not be looked through in time has no record and `looked_to` before its end. Raises `KafkaError`.
        """
        until = self._clock() + seconds_max
        self._known = {key: self._still_true(key, *bounds) for key, bounds in wanted.items()}
        bytes_max = BYTES_FIRST
        for _ in range(ROUNDS_MAX):
            pending = [key for key, (_, end) in wanted.items() if self._known[key].offset is None and self._known[key].looked_to < end]
            if not pending or self._clock() > until:
                break
            moved = await self._round(wire, pending, bytes_max)
            if not moved and bytes_max == BYTES_MAX:  # what is left cannot be read now
                break
            bytes_max = BYTES_FIRST if moved else BYTES_MAX
        return dict(self._known)

    def _still_true(self, key: Key, position: int, end: int) -> Oldest:
        known = self._known.get(key)
        if known is None or known.is_open or not known.looked_from <= position <= known.looked_to <= end:
            return Oldest(position, position)
        return replace(known, looked_from=position)

    async def _round(self, wire: Wire, pending: Iterable[Key], bytes_max: int) -> bool:
        """One request for each leader; answers whether anything was learned."""
        chosen: dict[Place, Key] = {}
        for key in sorted(pending, key=lambda key: self._known[key].looked_to):
            if bytes_max == BYTES_FIRST or len(chosen) < PLACES_OF_LONG_BATCHES_MAX:
                chosen.setdefault(key[1], key)
        starts = {place: self._known[key].looked_to for place, key in chosen.items()}
        found = await wire.first_records(starts, committed=True, bytes_max=bytes_max)
        behind_open = {
            place: starts[place]
            for place, seen in found.items()
            if seen.offset is None and seen.next_offset == starts[place] and starts[place] >= seen.readable_to
        }
        opened = await wire.first_records(behind_open, committed=False, bytes_max=bytes_max) if behind_open else {}
        learned = [self._learn(chosen[place], opened.get(place, seen), is_open=place in opened) for place, seen in found.items()]
        return any(learned)

    def _learn(self, key: Key, seen: Found, *, is_open: bool) -> bool:
        known = self._known[key]
        if seen.offset is None:
            self._known[key] = replace(known, looked_to=max(seen.next_offset, known.looked_to))
            return seen.next_offset > known.looked_to
        self._known[key] = replace(known, looked_to=seen.offset, offset=seen.offset, timestamp_ms=seen.timestamp_ms, is_open=is_open)
        return True
