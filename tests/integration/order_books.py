"""A small order worker for sink tests: the real core and codecs, one transaction per chunk, none of the engine.

It makes what the sinks read: events, entries, decisions, state snapshots and committed offsets that belong together.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Decision, Deferred, Ignored, Outcome, Rejected
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.acceptance import accept_record
from schemas.decisions import DecisionBatch, HealedOutcome, RecordOutcome, encode_decisions
from schemas.entries import encode_entry
from schemas.events import encode_event_json
from schemas.order_state import encode_state
from schemas.partitioning import partition_for
from schemas.refusal import Refusal
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES, ORDERS_EVENTS, changelog_name
from tests.integration.ledger_sink import make_topics

CHUNK_RECORDS = 3
PARTITIONS = 2
_POISON = RecordOutcome(offset=0, event_id=None, order_key=None, outcome="dead_letter", code=None, entry_ids=())


class OrderBooks:
    """Topics of one installation, and a worker that has read them up to where it was told to stop."""

    def __init__(self, kafka: str, prefix: str) -> None:
        self.kafka = kafka
        self.app_id = f"{prefix}app"
        self.events, self.entries, self.decisions = (
            f"{prefix}{name}" for name in (ORDERS_EVENTS, ACCOUNTING_ENTRIES, ACCOUNTING_DECISIONS)
        )
        self.changelog = f"{prefix}{changelog_name(self.app_id)}"
        self._states: dict[str, OrderState | None] = {}
        self._next: dict[int, int] = {}

    async def make_topics(self) -> None:
        """Create all four."""
        await make_topics(self.kafka, (self.events, self.entries, self.decisions, self.changelog), PARTITIONS)

    async def send(self, lines: Iterable[Mapping[str, Any] | bytes]) -> None:
        """Put events (JSON twins) or poison (bytes, on partition 0) on the source topic."""
        async with AIOKafkaProducer(bootstrap_servers=self.kafka) as producer:
            for line in lines:
                if isinstance(line, bytes):
                    await producer.send_and_wait(self.events, line, key=b"acme:shopify:main:poison", partition=0)
                    continue
                key = f"{line['tenant']}:{line['source']}:{line['order_id']}".encode()
                value = encode_event_json(dict(line))
                await producer.send_and_wait(self.events, value, key=key, partition=partition_for(key, PARTITIONS))

    async def work(self, records_max: int | None = None) -> None:
        """Judge what is on the source topic, at most so many records of each partition."""
        for partition in range(PARTITIONS):
            records = (await self._read(partition))[:records_max]
            async with AIOKafkaProducer(bootstrap_servers=self.kafka, transactional_id=f"{self.app_id}-orders-{partition}") as producer:
                for first in range(0, len(records), CHUNK_RECORDS):
                    await self._commit_chunk(producer, partition, records[first : first + CHUNK_RECORDS])

    def decided(self, partition: int) -> int:
        """The next offset of a partition."""
        return self._next.get(partition, 0)

    async def _commit_chunk(self, producer: AIOKafkaProducer, partition: int, records: Sequence[ConsumerRecord]) -> None:
        batch, entries, states = self._judge(partition, records)
        async with producer.transaction():
            for key, value in entries:
                await producer.send(self.entries, value, key=key, partition=partition)
            await producer.send(self.decisions, encode_decisions(batch), partition=partition)
            for name, state in states.items():
                await producer.send(self.changelog, encode_state(state), key=name.encode(), partition=partition)
            committed = {TopicPartition(self.events, partition): batch.next_offset}
            await producer.send_offsets_to_transaction(committed, f"{self.app_id}-orders")
        self._next[partition] = batch.next_offset

    def _judge(
        self, partition: int, records: Sequence[ConsumerRecord]
    ) -> tuple[DecisionBatch, list[tuple[bytes, bytes]], dict[str, OrderState]]:
        outcomes: list[RecordOutcome] = []
        healed: list[HealedOutcome] = []
        entries: list[tuple[bytes, bytes]] = []
        states: dict[str, OrderState] = {}
        for record in records:
            event = accept_record(key=record.key, value=record.value, partition=partition, partition_count=PARTITIONS)
            if isinstance(event, Refusal):
                outcomes.append(
                    RecordOutcome(
                        offset=record.offset, event_id=None, order_key=None, outcome="dead_letter", code=event.reason, entry_ids=()
                    )
                )
                continue
            decision = decide(event, self._states.get(event.order_key), DEFAULT_POLICIES)
            self._states[event.order_key] = decision.state
            if decision.state is not None:
                states[event.order_key] = decision.state
            by_healing = {entry.entry_id for one in decision.healed for entry in one.entries}
            own = tuple(entry.entry_id for entry in decision.entries if entry.entry_id not in by_healing)
            name, code = _named(decision.outcome)
            outcomes.append(
                RecordOutcome(
                    offset=record.offset, event_id=event.event_id, order_key=event.order_key, outcome=name, code=code, entry_ids=own
                )
            )
            healed.extend(_healed(decision))
            entries.extend((event.order_key.encode(), encode_entry(entry)) for entry in decision.entries)
        batch = DecisionBatch(
            topic=self.events,
            partition=partition,
            first_offset=self._next.get(partition, 0),
            next_offset=records[-1].offset + 1,
            outcomes=tuple(outcomes),
            healed=tuple(healed),
            worker="test",
            decided_at=1_772_352_000_000_000,
        )
        return batch, entries, states

    async def _read(self, partition: int) -> list[ConsumerRecord]:
        assigned = TopicPartition(self.events, partition)
        async with AIOKafkaConsumer(bootstrap_servers=self.kafka, auto_offset_reset="none") as consumer:
            consumer.assign([assigned])
            consumer.seek(assigned, self._next.get(partition, 0))
            end = (await consumer.end_offsets([assigned]))[assigned]
            found: list[ConsumerRecord] = []
            deadline = time.monotonic() + 30
            while await consumer.position(assigned) < end:
                assert time.monotonic() < deadline
                found.extend((await consumer.getmany(timeout_ms=200)).get(assigned, ()))
        return found


def _healed(decision: Decision) -> list[HealedOutcome]:
    made = []
    for one in decision.healed:
        name, code = _named(one.outcome)
        ids = tuple(entry.entry_id for entry in one.entries)
        made.append(HealedOutcome(event_id=one.event_id, outcome=name, code=code, entry_ids=ids))
    return made


def _named(outcome: Outcome) -> tuple[str, str | None]:
    code = outcome.code if isinstance(outcome, Conflict | Deferred | Rejected | Ignored) else None
    return type(outcome).__name__.lower(), code


def life_of_a_mug_order(order_id: str) -> list[dict[str, Any]]:
    """An order that is paid, shipped in parts, partly refunded, with one event before its time and one sent twice.

    3 mugs at 33.33 and 1 teapot at 50.00 (EUR, net), 21 % VAT on top, shipping 4.99 + 1.05.
    """

    def event(kind: str, number: int, business_key: str, **fields: Any) -> dict[str, Any]:
        moment = f"2026-03-01T08:{number:02d}:00+00:00"
        envelope = {"tenant": "acme", "source": "shopify:main", "order_id": order_id, "business_key": business_key, "test_mode": False}
        ids = {
            "event_id": str(uuid5(NAMESPACE_OID, f"{order_id} {number}")),
            "occurred_at": moment,
            "received_at": moment,
            "currency": "EUR",
            "currency_exponent": 2,
        }
        return {"type": kind, **envelope, **ids, **fields}

    def line(line_id: str, quantity: str, price: str, gross: int, tax: int) -> dict[str, Any]:
        vat = {"jurisdiction": "ES", "type": "VAT", "code": "VAT", "rate": "0.21", "base": gross, "amount": tax}
        taxes = [{**vat, "included": False, "liable_party": "SELLER"}]
        product = {"sku": line_id.upper(), "description": f"{line_id.capitalize()}, white"}
        money = {"quantity": quantity, "unit_price": price, "gross": gross, "discount": 0, "taxes": taxes}
        kind = "SHIPPING" if line_id == "ship" else "GOODS"
        return {"line_id": line_id, "kind": kind, **money, **product}

    lines = [
        line("mug", "3", "33.33", 9_999, 2_100),
        line("teapot", "1", "50.00", 5_000, 1_050),
        line("ship", "1", "4.99", 499, 105),
    ]
    placed = {"legal_entity": "ACME-1", "channel": "web", "terms": "PREPAID", "prices_include_tax": False}
    card = {"tender": "CARD", "gateway": "stripe"}
    back = {"tender_id": "r1-0", "payment_id": "p1", **card, "amount": 4_033, "status": "SUCCEEDED"}
    refund = {"refund_id": "r1", "adjustments": [], "allow_over_refund": False, "tenders": [back]}
    first_shipment = event("ShipmentDispatched", 2, "shipment:s1", shipment_id="s1", lines=[{"line_id": "mug", "quantity": "2"}])
    return [
        event("PaymentCaptured", 0, "capture:p1", payment_id="p1", amount=18_753, **card),
        event("OrderPlaced", 1, "order", lines=lines, order_discounts=[], total=18_753, **placed),
        first_shipment,
        first_shipment,
        event("RefundIssued", 3, "refund:r1", lines=[{"line_id": "mug", "quantity": "1", "scope": "SHIPPED"}], **refund),
        event("ShipmentDispatched", 4, "shipment:s2", shipment_id="s2", lines=[{"line_id": "teapot", "quantity": "2"}]),
    ]
