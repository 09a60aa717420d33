"""The events of one partition folded again, chunk by chunk, as a worker folds them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from asiento import __version__
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import PolicyBook
from schemas.events import SchemaLookup, refuse_unknown
from schemas.order_state import decode_state
from sinks.entry_stream import Record
from streams.chunk import ChunkOutput, SchemasWanted, Workplace, fold_chunk
from streams.engine.processor import RangeTooLarge, SourceRange
from streams.orders import DECODED_STATES_MAX

CHUNK_RECORDS_MAX: Final = 500
"""Records folded at once; no entry depends on it."""


class SchemaDecider(Protocol):
    """Who is asked about schema ids that the lock file does not have; see `streams.schema_ids.SchemaIds`."""

    @property
    def look_up(self) -> SchemaLookup: ...

    async def decide(self, schema_ids: tuple[int, ...], partition: int) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """What every partition is folded with. `decider`: None where no registry is set."""

    topic: str
    partition_count: int
    policies: PolicyBook
    decider: SchemaDecider | None = None

    async def partition(self, number: int, start: int, records: AsyncIterator[list[Record]]) -> AsyncIterator[tuple[bool, ChunkOutput]]:
        """Fold the records of a partition from its first one on; (whether it lies behind `start`, output) of each chunk.

        Memory: the encoded state of each order of the partition, of which `DECODED_STATES_MAX` are kept decoded, and one chunk.
        """
        states = _States()
        at = 0
        async for chunk in _chunks(records, start):
            inside = chunk[0].offset >= start
            behind = chunk[-1].offset + 1
            source = SourceRange(topic=self.topic, partition=number, first_offset=at, next_offset=behind, records=chunk)
            async for output in self._fold(source, states.of):
                states.keep(output)
                yield inside, output
            at = behind

    async def _fold(self, source: SourceRange, state_of: Callable[[bytes], OrderState | None]) -> AsyncIterator[ChunkOutput]:
        workplace = Workplace(
            partition_count=self.partition_count,
            policies=self.policies,
            worker="replay",
            worker_version=__version__,
            decided_at=0,
            look_up=refuse_unknown if self.decider is None else self.decider.look_up,
        )
        try:
            output = fold_chunk(source, state_of, workplace)
        except RangeTooLarge:
            for half in source.halves():
                async for part in self._fold(half, state_of):
                    yield part
            return
        except SchemasWanted as wanted:
            if self.decider is None:
                raise RuntimeError("a schema id is undecided although there is nobody to ask") from None
            await self.decider.decide(wanted.schema_ids, source.partition)
            async for part in self._fold(source, state_of):
                yield part
            return
        yield output


class _States:
    """The states of a partition's orders: all encoded, the most recently changed ones decoded as well."""

    def __init__(self) -> None:
        self._encoded: dict[bytes, bytes] = {}
        self._decoded: dict[bytes, OrderState] = {}

    def of(self, key: bytes) -> OrderState | None:
        known = self._decoded.get(key)
        if known is not None:
            return known
        encoded = self._encoded.get(key)
        return None if encoded is None else decode_state(encoded)

    def keep(self, output: ChunkOutput) -> None:
        for key, encoded, _ in output.states:
            self._decoded.pop(key, None)
            if encoded is None:
                self._encoded.pop(key, None)
            else:
                self._encoded[key] = encoded
                self._decoded[key] = output.new_states[key]
        for key in list(self._decoded)[: max(len(self._decoded) - DECODED_STATES_MAX, 0)]:
            del self._decoded[key]


async def _chunks(records: AsyncIterator[list[Record]], start: int) -> AsyncIterator[list[Record]]:
    """The records in chunks of which none reaches over `start`."""
    async for found in records:
        before = [record for record in found if record.offset < start]
        for part in (before, found[len(before) :]):
            for at in range(0, len(part), CHUNK_RECORDS_MAX):
                yield part[at : at + CHUNK_RECORDS_MAX]
