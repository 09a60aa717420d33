"""The small job's rules on the engine: dedupe by event id, money per line, one balanced entry per capture, shipment and refund."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import orjson

from bench.small_job.codec import decode_event, encode_entry
from streams.engine.processor import OutputRecord, SourceRange, StateRecord

BASIS_POINTS: Final = 10_000
Posting: TypeAlias = tuple[str, int, int]


@dataclass(slots=True)
class Moved:
    """Units of one line that were shipped (or refunded), and their money so far."""

    quantity: int = 0
    net: int = 0
    tax: int = 0

    def move(self, line: Mapping[str, Any]) -> tuple[int, int]:
        """Take the line's units; returns their net and tax. Tax is half up of the running net, taken as a difference."""
        net = line["qty"] * line["unit_price"]
        self.quantity += line["qty"]
        self.net += net
        tax, self.tax = self.tax, (self.net * line["tax_bp"] * 2 + BASIS_POINTS) // (2 * BASIS_POINTS)
        return net, self.tax - tax


@dataclass(slots=True)
class Order:
    """State of one order."""

    seen: dict[str, None] = field(default_factory=dict)
    ordered: dict[int, int] = field(default_factory=dict)
    shipped: dict[int, Moved] = field(default_factory=dict)
    refunded: dict[int, Moved] = field(default_factory=dict)
    captured: int = 0
    shipping_charged: bool = False

    def encode(self) -> bytes:
        """The whole state as JSON."""
        moved = [[[no, m.quantity, m.net, m.tax] for no, m in side.items()] for side in (self.shipped, self.refunded)]
        return orjson.dumps([list(self.seen), list(self.ordered.items()), *moved, self.captured, self.shipping_charged])


def decode_order(value: bytes) -> Order:
    """A state back from `Order.encode`."""
    seen, ordered, shipped, refunded, captured, shipping_charged = orjson.loads(value)
    sides = [{no: Moved(*rest) for no, *rest in side} for side in (shipped, refunded)]
    return Order(dict.fromkeys(seen), dict(ordered), sides[0], sides[1], captured, shipping_charged)


@dataclass(frozen=True, slots=True)
class SmallJobResult:
    """Entries and states of one range."""

    outputs: Mapping[str, list[OutputRecord]]
    states: list[StateRecord]


class SmallJob:
    """The job as a chunk processor; `output_topic` is the broker's name."""

    def __init__(self, output_topic: str) -> None:
        self._output_topic = output_topic
        self.events = 0

    def process(self, source: SourceRange, states: Mapping[bytes, bytes]) -> SmallJobResult:
        """Work on one range."""
        orders: dict[bytes, Order] = {}
        entries: list[OutputRecord] = []
        for record in source.records:
            if record.key is None or record.value is None:
                raise ValueError(f"the small job's input has a record without key or value at offset {record.offset}")
            event = decode_event(record.value)
            key = record.key
            if key not in orders:
                orders[key] = decode_order(states[key]) if key in states else Order()
            order = orders[key]
            if event["event_id"] in order.seen:
                continue
            order.seen[event["event_id"]] = None
            postings = judge(order, event)
            if postings:
                entries.append(OutputRecord(key, encode_entry(_entry(event, postings)), []))
        return SmallJobResult({self._output_topic: entries}, [StateRecord(key, order.encode()) for key, order in orders.items()])

    def give_up(self, source: SourceRange, detail: str) -> SmallJobResult:
        """Fail: the benchmark's input kills nobody."""
        raise RuntimeError(f"{source}: {detail}")

    def committed(self, source: SourceRange, result: SmallJobResult) -> None:
        """Count."""
        del result
        self.events += len(source.records)


def judge(order: Order, event: Mapping[str, Any]) -> list[Posting]:
    """Change the order; the postings of a new CAPTURED, SHIPPED or REFUNDED, none of other kinds."""
    match event["kind"]:
        case "PLACED":
            order.ordered = {line["no"]: line["qty"] for line in event["lines"]}
        case "CAPTURED":
            order.captured += event["amount"]
            return [(f"clearing:{event['payment_method']}", event["amount"], 0), ("customer_deposits", 0, event["amount"])]
        case "SHIPPED":
            return _ship(order, event)
        case "REFUNDED":
            net, tax = _move(order.refunded, event)
            return [("revenue", net, 0), ("tax", tax, 0), (f"clearing:{event['payment_method']}", 0, net + tax)]
        case "CANCELLED":
            order.ordered = {}
    return []


def _ship(order: Order, event: Mapping[str, Any]) -> list[Posting]:
    net, tax = _move(order.shipped, event)
    shipping = 0 if order.shipping_charged else event["shipping"]
    order.shipping_charged = True
    cost = sum(line["qty"] * line["unit_cost"] for line in event["lines"])
    return [
        ("customer_deposits", net + tax + shipping, 0),
        ("revenue", 0, net),
        ("tax", 0, tax),
        ("shipping", 0, shipping),
        ("cogs", cost, 0),
        ("inventory", 0, cost),
    ]


def _move(side: dict[int, Moved], event: Mapping[str, Any]) -> tuple[int, int]:
    parts = [side.setdefault(line["no"], Moved()).move(line) for line in event["lines"]]
    return sum(net for net, _ in parts), sum(tax for _, tax in parts)


def _entry(event: Mapping[str, Any], postings: list[Posting]) -> dict[str, Any]:
    return {
        "entry_id": "e" + event["event_id"],
        "order_id": event["order_id"],
        "kind": event["kind"],
        "event_time": event["event_time"],
        "currency": event["currency"],
        "postings": [{"account": account, "debit": debit, "credit": credit} for account, debit, credit in postings if debit or credit],
    }
