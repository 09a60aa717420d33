"""The order worker's job: order events in; entries, discrepancies, dead letters, decisions and order states out."""

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

from asiento import __version__
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import PolicyBook
from asiento.runtime.metrics import Metrics
from asiento.runtime.metrics.declaring import begin
from asiento.runtime.settings import Settings
from schemas.decisions import OUTCOMES
from schemas.events import refuse_unknown
from schemas.order_state import decode_state
from schemas.refusal import REASONS
from schemas.topics import (
    ACCOUNTING_DECISIONS,
    ACCOUNTING_DISCREPANCIES,
    ACCOUNTING_ENTRIES,
    ORDER_STATE_TABLE,
    ORDERS_DLQ,
    ORDERS_EVENTS,
    changelog_name,
)
from schemas.wording.messages import CODES
from schemas.wording.texts_of_rules import ENTRY_KINDS
from streams.chunk import ChunkOutput, SchemasWanted, Workplace, fold_chunk, give_up_record
from streams.engine.job import Job
from streams.engine.processor import OutputRecord, RangeWaits, SourceRange, StateRecord
from streams.schema_ids import SchemaIds, schema_ids_of

FOLD_SECONDS_MAX: Final = 4.0
"""After this a chunk is folded in halves: the event loop has to turn for heartbeats and health pages."""
DECODED_STATES_MAX: Final = 2048
"""Order states kept decoded, the most recently committed ones."""


@dataclass(frozen=True, slots=True)
class OrdersResult:
    """A folded chunk with the broker's topic names."""

    output: ChunkOutput
    outputs: Mapping[str, list[OutputRecord]]

    @property
    def states(self) -> list[StateRecord]:
        """The new state of each order that changed."""
        return self.output.states


class OrderProcessor:
    """Folds chunks with the core and counts what was committed."""

    def __init__(self, settings: Settings, metrics: Metrics, policies: PolicyBook, schema_ids: SchemaIds | None = None) -> None:
        self._schema_ids = schema_ids
        self._look_up = schema_ids.look_up if schema_ids is not None else refuse_unknown
        self._partition_count = settings.partitions
        self._policies = policies
        self._worker = settings.instance_id or f"{socket.gethostname()}-{os.getpid()}"
        self._topics = {name: settings.topic(name) for name in OUTPUT_TOPICS}
        self._decoded: dict[bytes, tuple[bytes, OrderState]] = {}
        self._metrics = metrics
        self._consumed = {outcome: metrics.records_consumed.labels(outcome) for outcome in OUTCOMES}
        begin(metrics.dead_letters, REASONS)
        begin(metrics.discrepancies, CODES, ("OPEN", "RESOLVED"))
        begin(metrics.entries_emitted, ENTRY_KINDS)
        self._healed = {outcome: metrics.healed_events.labels(outcome) for outcome in OUTCOMES}

    def process(self, source: SourceRange, states: Mapping[bytes, bytes]) -> OrdersResult:
        """Fold one range on the committed states."""

        def state_of(key: bytes) -> OrderState | None:
            encoded = states.get(key)
            return self._decode(key, encoded) if encoded is not None else None

        try:
            output = fold_chunk(source, state_of, self._workplace())
        except SchemasWanted as wanted:
            raise self._waits(source, wanted) from None
        return self._result(output)

    def give_up(self, source: SourceRange, detail: str) -> OrdersResult:
        """The dead letter of a record that kills workers; it is not decoded."""
        return self._result(give_up_record(source, detail, self._workplace()))

    def _result(self, output: ChunkOutput) -> OrdersResult:
        parts = {
            ACCOUNTING_ENTRIES: output.entries,
            ACCOUNTING_DISCREPANCIES: output.discrepancies,
            ORDERS_DLQ: output.dead_letters,
            ACCOUNTING_DECISIONS: output.decisions,
        }
        return OrdersResult(output, {self._topics[name]: records for name, records in parts.items() if records})

    def _waits(self, source: SourceRange, wanted: SchemasWanted) -> RangeWaits:
        if self._schema_ids is None:
            raise RuntimeError("a schema id is undecided although there is nobody to ask")
        return RangeWaits(wanted.place, partial(self._schema_ids.decide, wanted.schema_ids, source.partition))

    def _workplace(self) -> Workplace:
        late_at = time.monotonic() + FOLD_SECONDS_MAX
        return Workplace(
            partition_count=self._partition_count,
            policies=self._policies,
            worker=self._worker,
            worker_version=__version__,
            decided_at=time.time_ns() // 1000,
            is_late=lambda: time.monotonic() > late_at,
            look_up=self._look_up,
        )

    def _decode(self, key: bytes, encoded: bytes) -> OrderState:
        """The decoded state; a kept one counts only if it belongs to these very bytes of the table."""
        kept = self._decoded.get(key)
        return kept[1] if kept is not None and kept[0] is encoded else decode_state(encoded)

    def committed(self, source: SourceRange, result: OrdersResult) -> None:
        """Count the range, and keep its states decoded."""
        del source
        counts, metrics = result.output.counts, self._metrics
        for outcome, count in counts.outcomes.items():
            self._consumed[outcome].inc(count)
        for outcome, count in counts.healed.items():
            self._healed[outcome].inc(count)
        for reason, count in counts.refusals.items():
            metrics.dead_letters.labels(reason).inc(count)
        for kind, count in counts.entry_kinds.items():
            metrics.entries_emitted.labels(kind).inc(count)
        now_ms = time.time_ns() // 1_000_000
        ages = ((max(now_ms - arrived, 0) / 1000, count) for arrived, count in counts.entry_arrivals.items())
        metrics.entry_age_seconds.observe_many(ages)  # a producer's clock may be ahead of ours
        for (code, state), count in counts.discrepancies.items():
            metrics.discrepancies.labels(code, state).inc(count)
        self._keep(result)

    def _keep(self, result: OrdersResult) -> None:
        decoded = self._decoded
        for key, encoded, _ in result.states:
            decoded.pop(key, None)
            if encoded is not None:
                decoded[key] = (encoded, result.output.new_states[key])
        for key in list(islice(decoded, max(len(decoded) - DECODED_STATES_MAX, 0))):
            del decoded[key]


OUTPUT_TOPICS: Final = (ACCOUNTING_ENTRIES, ACCOUNTING_DISCREPANCIES, ORDERS_DLQ, ACCOUNTING_DECISIONS)
"""Topics that the order worker writes, beside its changelog; names of the catalogue."""


def order_job(settings: Settings, metrics: Metrics, policies: PolicyBook) -> Job:
    """The job of `asiento streams run`. Raises `SettingsError` for settings of a registry that cannot be used."""
    return Job(
        id=settings.orders_id,
        table=ORDER_STATE_TABLE,
        source_topic=settings.topic(ORDERS_EVENTS),
        changelog_topic=settings.topic(changelog_name(settings.app_id)),
        output_topics=tuple(settings.topic(name) for name in OUTPUT_TOPICS),
        processor=OrderProcessor(settings, metrics, policies, schema_ids_of(settings, metrics)),
    )
