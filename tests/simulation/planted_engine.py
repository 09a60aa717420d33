"""Planted bugs of the worker: in the transaction of a chunk, in positions, in states."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from aiokafka.client import CoordinationType
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from schemas.entries import encode_entry
from streams import chunk
from streams.engine import consumer, processor, recovery
from streams.engine.consumer import ChunkConsumer
from streams.engine.fetch_thread import ChunkFetchThread
from streams.engine.slots import PartitionSlot
from streams.engine.table import StateStore
from streams.engine.transaction import PartitionProducer
from streams.orders import OrderProcessor
from tests.simulation.broker import Committed
from tests.simulation.clients import Wire
from tests.simulation.planted_bugs import planted, quietly, uncommitted

# -- the transaction of a chunk ----------------------------------------------------------------------------------------------


class _Meddler:
    """A transactional producer of the world with some of its calls changed."""

    def __init__(self, producer: Any) -> None:
        self._real = producer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@contextmanager
def _meddled(meddler: type[_Meddler]) -> Iterator[None]:
    start = PartitionProducer.start

    async def start_meddled(self: PartitionProducer) -> None:
        await start(self)
        self._producer = meddler(self._producer)

    with patch.object(PartitionProducer, "start", start_meddled):
        yield


async def _note(offsets: Mapping[Any, Any], group: str) -> None:
    noted = {(group, TopicPartition(*tp)): Committed(*offset) for tp, offset in offsets.items() if isinstance(offset, tuple)}
    await Wire.network.ask("note offsets", lambda: Wire.broker.offsets.update(noted))


@planted("offset outside the transaction, after it")
def _offset_after() -> AbstractContextManager[Any]:
    class Meddler(_Meddler):
        async def send_offsets_to_transaction(self, offsets: Mapping[Any, Any], group: str) -> None:
            self._real._sender._coordinators[CoordinationType.GROUP] = Wire.broker.coordinator
            self.noted = dict(offsets), group

        async def commit_transaction(self) -> None:
            await self._real.commit_transaction()
            await _note(*self.noted)

    return _meddled(Meddler)


@planted("offset outside the transaction, before it")
def _offset_before() -> AbstractContextManager[Any]:
    class Meddler(_Meddler):
        async def send_offsets_to_transaction(self, offsets: Mapping[Any, Any], group: str) -> None:
            self._real._sender._coordinators[CoordinationType.GROUP] = Wire.broker.coordinator
            await _note(offsets, group)

    return _meddled(Meddler)


def _outside(word: str) -> AbstractContextManager[Any]:
    """Records of topics whose name has the word are written at once, whatever becomes of the transaction."""

    class Meddler(_Meddler):
        async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Any:
            if word in topic:
                return asyncio.ensure_future(self._real._send(TopicPartition(topic, partition), list(batch.records), False))
            return await self._real.send_batch(batch, topic, partition=partition)

    return _meddled(Meddler)


@planted("state before entries, outside the transaction")
def _state_outside() -> AbstractContextManager[Any]:
    return _outside("changelog")


@planted("entries outside the transaction")
def _entries_outside() -> AbstractContextManager[Any]:
    return _outside("entries")


@planted("decisions outside the transaction")
def _decisions_outside() -> AbstractContextManager[Any]:
    return _outside("decisions")


@planted("dead letters outside the transaction")
def _letters_outside() -> AbstractContextManager[Any]:
    return _outside("dlq")


@planted("the commit is not awaited")
def _commit_unawaited() -> AbstractContextManager[Any]:
    class Meddler(_Meddler):
        async def commit_transaction(self) -> None:
            self._real._in_transaction = False
            self.committing = asyncio.ensure_future(quietly(self._real.commit_transaction()))

    return _meddled(Meddler)


@planted("a commit of unknown outcome is tried again as a new transaction")
def _commit_again() -> AbstractContextManager[Any]:
    commit = PartitionProducer.commit

    async def commit_twice(self: PartitionProducer, *args: Any, **named: Any) -> int | None:
        try:
            return await commit(self, *args, **named)
        except KafkaError:
            await self.start()
            return await commit(self, *args, **named)

    return patch.object(PartitionProducer, "commit", commit_twice)


@planted("an exception of the transaction is swallowed")
def _swallowed() -> AbstractContextManager[Any]:
    commit = PartitionProducer.commit

    async def commit_anyway(self: PartitionProducer, *args: Any, **named: Any) -> int | None:
        try:
            return await commit(self, *args, **named)
        except KafkaError:
            await self.start()
            return None

    return patch.object(PartitionProducer, "commit", commit_anyway)


@planted("every start has a transactional id of its own")
def _own_ids() -> AbstractContextManager[Any]:
    init = PartitionProducer.__init__
    number = iter(range(10**9))

    def init_own(self: PartitionProducer, *args: Any) -> None:
        init(self, *args)
        self._options["transactional_id"] += f"-{next(number)}"

    return patch.object(PartitionProducer, "__init__", init_own)


@planted("the former owner is fenced at the first commit, after recovery")
def _late_fence() -> AbstractContextManager[Any]:
    start, commit, note = PartitionProducer.start, PartitionProducer.commit, PartitionProducer.note

    async def start_nothing(self: PartitionProducer) -> None:
        return

    async def commit_after_start(self: PartitionProducer, *args: Any, **named: Any) -> int | None:
        if self._producer is None:
            await start(self)
        return await commit(self, *args, **named)

    async def note_after_start(self: PartitionProducer, offset: int, text: str) -> None:
        if self._producer is None:
            await start(self)
        await note(self, offset, text)

    async def settle_nothing(_: PartitionProducer) -> int:
        return Wire.broker.coordinator

    stack = ExitStack()
    stack.enter_context(patch.object(PartitionProducer, "start", start_nothing))
    stack.enter_context(patch.object(PartitionProducer, "commit", commit_after_start))
    stack.enter_context(patch.object(PartitionProducer, "note", note_after_start))
    stack.enter_context(patch.object(PartitionProducer, "settle_offsets", settle_nothing))
    return stack


@planted("committed offsets are taken from a coordinator that is not sure of them")
def _unsettled() -> AbstractContextManager[Any]:
    async def ask_nobody(_: PartitionProducer) -> int:
        return Wire.broker.coordinator

    return patch.object(PartitionProducer, "settle_offsets", ask_nobody)


@planted("the committed offset is one too far")
def _one_too_far() -> AbstractContextManager[Any]:
    return _shifted(1)


@planted("the committed offset is one too short")
def _one_too_short() -> AbstractContextManager[Any]:
    return _shifted(-1)


def _shifted(by: int) -> AbstractContextManager[Any]:
    class Meddler(_Meddler):
        async def send_offsets_to_transaction(self, offsets: Mapping[Any, Any], group: str) -> None:
            if all(isinstance(offset, tuple) for offset in offsets.values()):
                offsets = {tp: (max(0, offset + by), text) for tp, (offset, text) in offsets.items()}
            await self._real.send_offsets_to_transaction(offsets, group)

    return _meddled(Meddler)


# -- chunks, positions, states -----------------------------------------------------------------------------------------------


@planted("a chunk that starts late is accepted")
def _late_start() -> AbstractContextManager[Any]:
    def refusal(self: PartitionSlot, taken: Any) -> str | None:
        if taken.epoch != self.epoch:
            return "old_epoch"
        return None if taken.offset >= self.expected_offset else "unexpected_start"

    return patch.object(PartitionSlot, "refusal", refusal)


@planted("a refused chunk is not given back")
def _not_given_back() -> AbstractContextManager[Any]:
    return patch.object(ChunkConsumer, "give_back", lambda *_: None)


@planted("chunks of an older seek epoch are accepted wherever they start")
def _old_epochs() -> AbstractContextManager[Any]:
    def refusal(self: PartitionSlot, taken: Any) -> str | None:
        return None if self.epoch is not None and taken.offset >= self.committed_offset else "unexpected_start"

    return patch.object(PartitionSlot, "refusal", refusal)


@planted("work starts at the end of the log where no offset is committed")
def _latest() -> AbstractContextManager[Any]:
    def start_offset(tp: Any, position: Any) -> int:
        return int(position.end if position.committed is None else position.committed)

    return patch.object(consumer, "_start_offset", start_offset)


@planted("dedupe is skipped after a restart: states are not recovered")
def _unrecovered() -> AbstractContextManager[Any]:
    apply = recovery.apply_changelog_chunk

    def apply_nothing(app: Any, fetched: Any) -> None:
        apply(app, fetched._replace(records=[]))

    return patch.object(consumer, "apply_changelog_chunk", apply_nothing)


@planted("a left partition's state is kept, and taken for whole when it returns")
def _kept_states() -> AbstractContextManager[Any]:
    apply = recovery.apply_changelog_chunk

    async def keep(self: StateStore, *_: Any) -> None:
        self.returned = {number for number, states in self._partitions.items() if states.by_key}

    def apply_new_only(app: Any, fetched: Any) -> None:
        store = app.engine.table.store
        known = fetched.tp.partition in getattr(store, "returned", ())
        apply(app, fetched._replace(records=[]) if known else fetched)

    stack = ExitStack()
    stack.enter_context(patch.object(StateStore, "on_rebalance", keep))
    stack.enter_context(patch.object(consumer, "apply_changelog_chunk", apply_new_only))
    return stack


@planted("recovery ends at the first chunk of the changelog")
def _early_end() -> AbstractContextManager[Any]:
    apply = recovery.apply_changelog_chunk

    def apply_first(app: Any, fetched: Any) -> None:
        apply(app, fetched)
        app.tables.recovery.signal_recovery_end.set()

    stack = ExitStack()
    stack.enter_context(patch.object(consumer, "apply_changelog_chunk", apply_first))
    stack.enter_context(patch.object(consumer, "refuse_unrecovered", lambda _: None))
    return stack


@planted("workers read uncommitted records")
def _uncommitted() -> AbstractContextManager[Any]:
    return uncommitted(ChunkFetchThread, "_create_worker_consumer")


@planted("the second half of a range that is too large is forgotten")
def _half() -> AbstractContextManager[Any]:
    halves = processor.SourceRange.halves

    def first_half(self: processor.SourceRange) -> tuple[processor.SourceRange, ...]:
        first, second = halves(self)
        return first, replace(second, records=())

    return patch.object(processor.SourceRange, "halves", first_half)


@planted("what was waiting is worked off after the partition has left")
def _worked_off() -> AbstractContextManager[Any]:
    def suspend(self: PartitionSlot) -> Sequence[Any]:
        self.epoch = None
        return ()

    stack = ExitStack()
    stack.enter_context(patch.object(PartitionSlot, "suspend", suspend))
    stack.enter_context(_own_ids())
    return stack


@planted("a decoded state is kept although the table has another")
def _stale_decoded() -> AbstractContextManager[Any]:
    decode = OrderProcessor._decode

    def decode_kept(self: OrderProcessor, key: bytes, encoded: bytes) -> Any:
        kept = self._decoded.get(key)
        return kept[1] if kept is not None else decode(self, key, encoded)

    return patch.object(OrderProcessor, "_decode", decode_kept)


@planted("the entries of an order reuse one id")
def _reused_id() -> AbstractContextManager[Any]:
    encode = encode_entry

    def encode_reused(entry: Any) -> bytes:
        return encode(replace(entry, entry_id=entry.event_id))

    return patch.object(chunk, "encode_entry", encode_reused)
