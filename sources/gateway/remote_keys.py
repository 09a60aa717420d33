"""Keys that a platform publishes: fetched by their name when a signature names one, kept for an hour, never more often than a budget.

A key that the platform does not know is remembered as such for a minute; while the platform does not answer, a key that was fetched
within a day is still believed: keys do not change under their name.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

FRESH_SECONDS: Final = 3_600
STALE_SECONDS_MAX: Final = 86_400
UNKNOWN_SECONDS: Final = 60
KEYS_MAX: Final = 100
UNKNOWN_MAX: Final = 1_000
FETCHES_PER_MINUTE_MAX: Final = 10

Fetch: TypeAlias = Callable[[str], Awaitable[bytes]]
"""Answers what stands at a place; raises `KeyUnknown` where nothing does, `KeyUnavailable` where nobody answers in time."""

Read: TypeAlias = Callable[[bytes, str, int], Mapping[str, object]]
"""The keys in an answer by their names, given the answer, the name asked for and the time in seconds; raises `ValueError`."""


class KeyUnknown(Exception):
    """The platform has no key of this name."""


class KeyUnavailable(Exception):
    """The platform's keys cannot be fetched now."""


@dataclass(frozen=True, slots=True)
class _Kept:
    key: object
    fetched_at_seconds: int


class RemoteKeys:
    """The keys of one source. `place_of` says where a name is looked up; `clock` answers UTC seconds."""

    def __init__(self, fetch: Fetch, place_of: Callable[[str], str], read: Read, clock: Callable[[], int]) -> None:
        self._fetch = fetch
        self._place_of = place_of
        self._read = read
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._unknown: OrderedDict[str, int] = OrderedDict()
        self._fetches: deque[int] = deque(maxlen=FETCHES_PER_MINUTE_MAX)
        self._running = asyncio.Lock()

    def fresh(self, name: str) -> object | None:
        """The key if it is at hand and fresh."""
        kept = self._kept.get(name)
        return kept.key if kept is not None and self._clock() - kept.fetched_at_seconds < FRESH_SECONDS else None

    async def key(self, name: str) -> object:
        """The key of this name. Raises `KeyUnknown`, `KeyUnavailable`."""
        found = self.fresh(name)
        if found is not None:
            return found
        async with self._running:  # whoever asks meanwhile gets what the first brings
            found = self.fresh(name)
            if found is not None:
                return found
            if self._clock() - self._unknown.get(name, -UNKNOWN_SECONDS) < UNKNOWN_SECONDS:
                raise KeyUnknown(name)
            try:
                return await self._fetched(name)
            except KeyUnavailable:
                kept = self._kept.get(name)
                if kept is not None and self._clock() - kept.fetched_at_seconds < STALE_SECONDS_MAX:
                    return kept.key
                raise

    async def _fetched(self, name: str) -> object:
        now = self._clock()
        if len(self._fetches) == FETCHES_PER_MINUTE_MAX and now - self._fetches[0] < 60:
            raise KeyUnavailable(f"keys were asked for {FETCHES_PER_MINUTE_MAX} times within a minute")
        self._fetches.append(now)
        try:
            keys = self._read(await self._fetch(self._place_of(name)), name, now)
        except KeyUnknown:
            self._remember_unknown(name, now)
            raise
        except ValueError as error:
            raise KeyUnavailable(f"the answer has no usable key: {error}") from None
        for found, key in keys.items():
            self._kept[found] = _Kept(key, now)
            self._kept.move_to_end(found)
            while len(self._kept) > KEYS_MAX:
                self._kept.popitem(last=False)
        if name not in keys:
            self._remember_unknown(name, now)
            raise KeyUnknown(name)
        return keys[name]

    def _remember_unknown(self, name: str, now: int) -> None:
        self._unknown[name] = now
        while len(self._unknown) > UNKNOWN_MAX:
            self._unknown.popitem(last=False)
