"""What was answered under which Idempotency-Key: for as long as there is room, in this process.

A forgotten key cannot book twice: the events of a repeated request have the same event_ids, and workers count each once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of a response."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Fresh:
    """Nobody has used the key: whoever asked does the work and ends it with `keep` or `forget`."""


@dataclass(frozen=True, slots=True)
class Running:
    """Another request with the same key and body is at work; `answer` is None if it ends without one to keep."""

    answer: "asyncio.Future[Answer | None]"


@dataclass(frozen=True, slots=True)
class Known:
    """The same request was answered before."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Differs:
    """The key was used with another body."""


Standing: TypeAlias = Fresh | Running | Known | Differs
KeyOfRequest: TypeAlias = tuple[str, str]
"""Prefix of the API key's orders, Idempotency-Key."""


class IdempotencyMemory:
    """Bounded in keys, in bytes of answers and in time; the oldest are forgotten first. `clock` in seconds, monotonic."""

    def __init__(self, *, keys_max: int, bytes_max: int, seconds_max: float, clock: Callable[[], float]) -> None:
        self._keys_max, self._bytes_max, self._seconds_max = keys_max, bytes_max, seconds_max
        self._clock = clock
        self._kept: OrderedDict[KeyOfRequest, tuple[bytes, Answer, float]] = OrderedDict()
        self._bytes = 0
        self._running: dict[KeyOfRequest, tuple[bytes, asyncio.Future[Answer | None]]] = {}

    def begin(self, key: KeyOfRequest, digest: bytes) -> Standing:
        """What is known of a request with this key and body digest."""
        running = self._running.get(key)
        if running is not None:
            return Running(running[1]) if running[0] == digest else Differs()
        self._forget_old()
        kept = self._kept.get(key)
        if kept is not None:
            return Known(kept[1]) if kept[0] == digest else Differs()
        self._running[key] = (digest, asyncio.get_running_loop().create_future())
        return Fresh()

    def keep(self, key: KeyOfRequest, answer: Answer) -> None:
        """End the work of a key with an answer that the same request gets again."""
        digest, future = self._running.pop(key)
        future.set_result(answer)
        self._kept[key] = (digest, answer, self._clock())
        self._bytes += len(answer.body)
        while len(self._kept) > self._keys_max or self._bytes > self._bytes_max:
            self._drop_oldest()

    def forget(self, key: KeyOfRequest) -> None:
        """End the work of a key without an answer to keep; does nothing where it has ended."""
        running = self._running.pop(key, None)
        if running is not None:
            running[1].set_result(None)

    def _forget_old(self) -> None:
        oldest = self._clock() - self._seconds_max
        while self._kept and next(iter(self._kept.values()))[2] < oldest:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, (_, answer, _) = self._kept.popitem(last=False)
        self._bytes -= len(answer.body)
