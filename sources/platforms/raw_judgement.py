"""The steps in which a raw record is judged: whoever takes them, the first that fails is the reason of its refusal."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from schemas.output_codec import DecodeError
from schemas.raw_records import FETCH_DEPTH_MAX, RawRecord, decode_raw_record
from sources.platforms.adapter import Adapter
from sources.platforms.connection import Connection
from sources.platforms.context import Context
from sources.platforms.door import Judged
from sources.platforms.facts import Fetch
from sources.platforms.outcome import Nothing, Problem
from sources.platforms.raw_address import RawAddress

Answer: TypeAlias = Judged | Nothing | Problem


class RawRefused(Exception):
    """A raw record is refused. platform: of its key, "unknown" where this build has none of the name. pointer: the payload's field."""

    def __init__(self, reason: str, message: str, platform: str = "unknown", pointer: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = message
        self.platform = platform
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class OpenedRaw:
    """A raw record that can be judged: whose it is, what it holds, who reads it."""

    address: RawAddress
    raw: RawRecord
    adapter: Adapter

    def context(self, connection: Connection) -> Context:
        """What the adapter is told; the snapshot is the caller's to add."""
        return Context(
            tenant=self.address.tenant,
            source=self.address.source,
            connection=connection,
            received_at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.raw.received_at),
            remembers=True,
        )

    def wanted(self, answers: Iterable[Answer]) -> tuple[Fetch, ...]:
        """What is to be fetched, each once; raises `RawRefused` where payloads only ever point at the next one."""
        found: dict[Fetch, None] = {}
        for answer in answers:
            if isinstance(answer, Judged):
                found.update(dict.fromkeys(answer.fetches))
            elif isinstance(answer, Problem) and answer.fetch is not None:
                found[answer.fetch] = None
        if found and (self.raw.fetch_depth or 0) >= FETCH_DEPTH_MAX:
            message = f"{FETCH_DEPTH_MAX} payloads in a row only pointed at the next one"
            raise RawRefused("refetch", message, self.address.platform)
        return tuple(found)

    def require_whole(self, answers: Iterable[Answer] = ()) -> None:
        """Raises `RawRefused` where the object could not be fetched, or a part of the payload cannot be judged."""
        if self.raw.fetch_error is not None:
            raise RawRefused("fetch_failed", self.raw.fetch_error, self.address.platform)
        problem = next((answer for answer in answers if isinstance(answer, Problem) and answer.fetch is None), None)
        if problem is not None:
            raise RawRefused(problem.code, problem.message, self.address.platform, problem.pointer or "/")


def open_raw(address: RawAddress | None, value: bytes | None, adapter_of: Callable[[str], Adapter | None]) -> OpenedRaw:
    """The record behind a key (None: it is no raw record's) and a value; raises `RawRefused`."""
    if address is None:
        raise RawRefused("wrong_key", "the key of a raw record is tenant:platform:connection:resource")
    try:
        raw = decode_raw_record(value)
    except DecodeError as problem:
        raise RawRefused("undecodable", str(problem), address.platform) from None
    adapter = adapter_of(address.platform)
    if adapter is None:
        raise RawRefused("unknown_platform", f"platform {address.platform} is not understood by this build")
    return OpenedRaw(address, raw, adapter)
