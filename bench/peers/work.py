"""The work that every peer does with its records: the core and the codecs of the worker, nothing of its engine."""

import argparse
import gc
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from bench.small_job.day import ENTRIES
from bench.small_job.processor import CODECS, SmallJob
from schemas.order_state import decode_state
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES, ORDERS_DLQ
from streams.chunk import Workplace, fold_chunk
from streams.engine.processor import OutputRecord, SourceRange, StateRecord

GC_THRESHOLDS: Final = (100_000, 50, 100)
"""As the worker sets them."""
SMALL: Final = "small-"
StateOf: TypeAlias = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Folded:
    """What a range of records causes: records by topic, encoded states, and the same states decoded, by key."""

    outputs: Mapping[str, Sequence[OutputRecord]]
    states: Sequence[StateRecord]
    decoded: Mapping[bytes, Any]


class Work(Protocol):
    """A job without an engine; decoded states come from the caller, who keeps them."""

    def fold(self, source: SourceRange, state_of: StateOf) -> Folded:
        """Judge the records of a range; `state_of(key)` gives a decoded state, None if unknown."""

    def decode(self, state: bytes) -> Any:
        """A state of `Folded.states` back."""


class OrderWork:
    """The worker's own fold on order events: entries, discrepancies, dead letters, decisions, states."""

    def __init__(self, prefix: str, partitions: int) -> None:
        self._names = {name: prefix + name for name in (ACCOUNTING_ENTRIES, ACCOUNTING_DISCREPANCIES, ORDERS_DLQ, ACCOUNTING_DECISIONS)}
        self._partitions = partitions
        self._worker = f"peer-{os.getpid()}"

    def fold(self, source: SourceRange, state_of: StateOf) -> Folded:
        """The chunk of the worker, without its engine."""
        workplace = Workplace(
            partition_count=self._partitions,
            policies=DEFAULT_POLICIES,
            worker=self._worker,
            worker_version="0",
            decided_at=time.time_ns() // 1000,
        )
        output, names = fold_chunk(source, state_of, workplace), self._names
        outputs = {
            names[ACCOUNTING_ENTRIES]: output.entries,
            names[ACCOUNTING_DISCREPANCIES]: output.discrepancies,
            names[ORDERS_DLQ]: output.dead_letters,
            names[ACCOUNTING_DECISIONS]: output.decisions,
        }
        return Folded(outputs, output.states, output.new_states)

    def decode(self, state: bytes) -> OrderState:
        """An order's state."""
        return decode_state(state)


class SmallWork:
    """The small job, its states kept as bytes."""

    def __init__(self, prefix: str, codec: str) -> None:
        self._job = SmallJob(prefix + ENTRIES, CODECS[codec])

    def fold(self, source: SourceRange, state_of: StateOf) -> Folded:
        """The chunk of the engine's job, without the engine."""
        result = self._job.process(source, _Asked(state_of))
        return Folded(result.outputs, result.states, {state.key: state.value for state in result.states})

    def decode(self, state: bytes) -> bytes:
        """The bytes: the job reads them itself."""
        return state


class _Asked(dict[bytes, bytes]):
    """States that are asked for one by one."""

    def __init__(self, state_of: StateOf) -> None:
        super().__init__()
        self.get = state_of  # type: ignore[assignment]


def work_named(name: str, prefix: str, partitions: int) -> Work:
    """`orders`, or `small-` and the name of one of the small job's codecs; outputs go to topics behind `prefix`."""
    if name.startswith(SMALL):
        return SmallWork(prefix, name.removeprefix(SMALL))
    return OrderWork(prefix, partitions)


@dataclass(frozen=True, slots=True)
class PeerPlace:
    """Where a peer reads and writes: names of topics on the broker, and the group whose commits tell how far it is."""

    bootstrap_servers: str
    source: str
    prefix: str
    changelog: str
    group: str
    partitions: int
    folder: str
    job: str

    def work(self) -> Work:
        """The job of this place."""
        return work_named(self.job, self.prefix, self.partitions)


def peer_place(program: str, description: str | None) -> PeerPlace:
    """The place from the command line."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--source", required=True, help="topic of the events")
    parser.add_argument("--prefix", required=True, help="prefix of the topics it writes")
    parser.add_argument("--changelog", required=True, help="topic of the states")
    parser.add_argument("--group", required=True, help="consumer group that commits")
    parser.add_argument("--partitions", type=int, required=True)
    parser.add_argument("--folder", required=True, help="folder for what the engine itself keeps")
    parser.add_argument("--job", required=True, help="orders, small-fastavro or small-generated")
    return PeerPlace(**vars(parser.parse_args()))


def tune_gc() -> None:
    """What the worker does when it is ready."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
