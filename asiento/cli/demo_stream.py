"""What the broker and the ledger say while a day flows: positions, what is still behind, what became of every record."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from asiento.cli.event_producer import EventProducer, unreachable
from asiento.cli.exits import CommandError
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from schemas.dead_letters import decode_dead_letter
from schemas.decisions import DecisionBatch, decode_decisions
from schemas.discrepancies import decode_discrepancy
from schemas.event_messages import EventMessage
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES, ORDERS_DLQ, ORDERS_EVENTS
from sinks.entry_stream import Record
from sinks.ledger import LedgerError
from sinks.ledger_access import reader_at
from sinks.topic_scan import TopicScan

POLL_SECONDS = 0.2
CAUGHT_UP_SECONDS_MAX = 240.0
"""Longest wait for workers and ledger; a day of 2 000 orders takes seconds."""
OPEN_TRANSACTION_SECONDS_MAX = 90.0
"""Longest wait for a transaction that somebody left open; the broker ends it after its own time-out."""

Offsets: TypeAlias = Mapping[int, int]
Mark: TypeAlias = Mapping[str, Offsets]
"""The ends of the topics at one moment, per topic and partition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of the records between two marks.

    `outcomes` counts the last word on each record, `unaccounted` are the (partition, offset) that have none or more
    than one, `dead_letters` counts by reason, `discrepancies` the new ones still open by code and severity.
    """

    consumed: int
    outcomes: Counter[str]
    unaccounted: tuple[tuple[int, int], ...]
    dead_letters: Counter[str]
    discrepancies: Counter[str]


class DemoStream:
    """The topics of one installation, as an async context. Raises `Unreachable`; `StreamUnknown` for a missing topic."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._options = client_options(settings)
        self._scan = TopicScan(self._options, still_seconds_max=OPEN_TRANSACTION_SECONDS_MAX)
        self._admin = AIOKafkaAdminClient(**self._options)
        self._partitions: tuple[int, ...] = ()

    async def __aenter__(self) -> Self:
        try:
            await self._scan.__aenter__()
            await self._admin.start()
            self._partitions = await self._scan.partitions(self._settings.topic(ORDERS_EVENTS))
        except (KafkaError, OSError) as problem:
            await self.__aexit__(None, None, None)
            raise unreachable(self._options, problem) from None
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._admin.close()
        await self._scan.__aexit__(kind, error, trace)

    async def mark(self) -> Mark:
        """The ends of the topics now."""
        topics = (ORDERS_EVENTS, ACCOUNTING_DECISIONS, ACCOUNTING_DISCREPANCIES, ORDERS_DLQ)
        return {topic: await self._ends(topic) for topic in topics}

    async def send(self, messages: Iterable[EventMessage]) -> int:
        """Send the messages in their order, wait until the broker has all; answers how many."""
        async with EventProducer(self._settings) as producer:
            for message in messages:
                await producer.send(message)
        return producer.sent

    async def caught_up(self, progress: Callable[[int, int], None]) -> None:
        """Wait until the workers judged every event and the ledger booked every entry; `progress` gets both lags.

        Raises `CommandError` after `CAUGHT_UP_SECONDS_MAX`.
        """
        deadline = time.monotonic() + CAUGHT_UP_SECONDS_MAX
        while any(behind := await self.behind()):
            progress(*behind)
            if time.monotonic() > deadline:
                raise CommandError(
                    f"after {CAUGHT_UP_SECONDS_MAX:.0f} s the workers are {behind[0]} events behind and the ledger {behind[1]} entries; "
                    f"see the logs in {self._settings.data_dir} and `asiento doctor`"
                )
            await asyncio.sleep(POLL_SECONDS)
        progress(0, 0)

    async def behind(self) -> tuple[int, int]:
        """How many offsets the workers, then the ledger, are behind; asked in this order, both 0 means all is booked."""
        to_judge = _missing(await self._ends(ORDERS_EVENTS), await self._committed())
        return to_judge, _missing(await self._ends(ACCOUNTING_ENTRIES), self._booked())

    async def account(self, start: Mark, end: Mark) -> Account:
        """What became of the events between the marks, from the committed decisions, not from anybody's counters."""
        first, last = start[ORDERS_EVENTS], end[ORDERS_EVENTS]
        wanted = {(partition, offset) for partition in last for offset in range(first[partition], last[partition])}
        batches = [decode_decisions(record.value) for record in await self._since(start, ACCOUNTING_DECISIONS)]
        outcomes = final_outcomes(batches)
        judged = Counter((batch.partition, item.offset) for batch in batches for item in batch.outcomes)
        letters = [decode_dead_letter(record.value) for record in await self._since(start, ORDERS_DLQ)]
        found = [decode_discrepancy(record.value) for record in await self._since(start, ACCOUNTING_DISCREPANCIES)]
        last_word = {item.discrepancy_id: item for item in found}
        return Account(
            consumed=len(wanted),
            outcomes=Counter(outcomes[place] for place in wanted if place in outcomes),
            unaccounted=tuple(sorted(place for place in wanted if judged[place] != 1)),
            dead_letters=Counter(letter.reason for letter in letters if (letter.partition, letter.offset) in wanted),
            discrepancies=Counter(f"{item.code} {item.severity}" for item in last_word.values() if item.state == "OPEN"),
        )

    async def _since(self, start: Mark, topic: str) -> list[Record]:
        slices = self._scan.read(self._settings.topic(topic), start[topic], await self._ends(topic))
        return [record async for records in slices for record in records]

    async def _ends(self, topic: str) -> dict[int, int]:
        return await self._scan.ends(self._settings.topic(topic), self._partitions)

    async def _committed(self) -> dict[int, int]:
        noted = await self._admin.list_consumer_group_offsets(self._settings.orders_id)
        topic = self._settings.topic(ORDERS_EVENTS)
        return {place.partition: position.offset for place, position in noted.items() if place.topic == topic}

    def _booked(self) -> Offsets:
        try:
            with reader_at(self._settings.ledger_location) as ledger:
                return ledger.next_offsets()
        except LedgerError:  # the sink has not made its ledger yet
            return {}


def final_outcomes(batches: Iterable[DecisionBatch]) -> dict[tuple[int, int], str]:
    """(partition, offset) -> the last word on the record; batches of a partition in their order."""
    outcomes: dict[tuple[int, int], str] = {}
    parked: dict[str, tuple[int, int]] = {}
    for batch in batches:
        for item in batch.outcomes:
            place = (batch.partition, item.offset)
            outcomes[place] = item.outcome
            if item.outcome == "deferred" and item.event_id is not None:
                parked[item.event_id] = place
        for healed in batch.healed:
            if healed.event_id in parked:
                outcomes[parked[healed.event_id]] = healed.outcome
    return outcomes


def _missing(ends: Offsets, reached: Offsets) -> int:
    return sum(max(end - max(reached.get(partition, 0), 0), 0) for partition, end in ends.items())
