"""The small job's rules on the engine: dedupe by event id, money per line, one balanced entry per capture, shipment and refund."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson

from bench.small_job import codec as fastavro_codec
from bench.small_job import generated_codec
from bench.small_job.event import Codec, Event, Posting
from schemas.exact_bytes import exact_copy
from streams.engine.processor import OutputRecord, SourceRange, StateRecord

BASIS_POINTS: Final = 10_000
CODECS: Final[Mapping[str, Codec]] = {"fastavro": fastavro_codec, "generated": generated_codec}

Order: TypeAlias = list[Any]
"""State of one order: ids of its events; [line, quantity] ordered; [line, quantity, net, tax] shipped, the same refunded; money
captured; whether shipping was charged. A list, since it is then JSON as it stands: no step between the rules and the bytes."""
SEEN, ORDERED, SHIPPED, REFUNDED, CAPTURED, SHIPPING_CHARGED = range(6)


@dataclass(frozen=True, slots=True)
class SmallJobResult:
    """Entries and states of one range."""

    outputs: Mapping[str, list[OutputRecord]]
    states: list[StateRecord]


class SmallJob:
    """The job as a chunk processor; `output_topic` is the broker's name, `codec` one of `CODECS`."""

    def __init__(self, output_topic: str, codec: Codec = fastavro_codec) -> None:
        self._output_topic = output_topic
        self._codec = codec
        self.events = 0

    def process(self, source: SourceRange, states: Mapping[bytes, bytes]) -> SmallJobResult:
        """Work on one range."""
        decode, encode = self._codec.decode_event, self._codec.encode_entry
        orders: dict[bytes, Order] = {}
        entries: list[OutputRecord] = []
        for record in source.records:
            key, value = record.key, record.value
            if key is None or value is None:
                raise ValueError(f"the small job's input has a record without key or value at offset {record.offset}")
            event = decode(value)
            order = orders.get(key)
            if order is None:
                known = states.get(key)
                order = orders[key] = orjson.loads(known) if known is not None else [[], [], [], [], 0, False]
            if event.event_id in order[SEEN]:
                continue
            order[SEEN].append(event.event_id)
            postings = judge(order, event)
            if postings:
                entries.append(OutputRecord(key, encode(event, [posting for posting in postings if posting[1] or posting[2]]), []))
        return SmallJobResult(
            {self._output_topic: entries}, [StateRecord(key, exact_copy(orjson.dumps(order))) for key, order in orders.items()]
        )

    def give_up(self, source: SourceRange, detail: str) -> SmallJobResult:
        """Fail: the benchmark's input kills nobody."""
        raise RuntimeError(f"{source}: {detail}")

    def committed(self, source: SourceRange, result: SmallJobResult) -> None:
        """Count."""
        del result
        self.events += len(source.records)


def judge(order: Order, event: Event) -> list[Posting]:
    """Change the order; the postings of a new CAPTURED, SHIPPED or REFUNDED, none of other kinds."""
    match event.kind:
        case "PLACED":
            order[ORDERED] = [[line[0], line[1]] for line in event.lines]
        case "CAPTURED":
            order[CAPTURED] += event.amount
            return [(f"clearing:{event.payment_method}", event.amount, 0), ("customer_deposits", 0, event.amount)]
        case "SHIPPED":
            return _ship(order, event)
        case "REFUNDED":
            net, tax = _move(order[REFUNDED], event)
            return [("revenue", net, 0), ("tax", tax, 0), (f"clearing:{event.payment_method}", 0, net + tax)]
        case "CANCELLED":
            order[ORDERED] = []
    return []


def _ship(order: Order, event: Event) -> list[Posting]:
    net, tax = _move(order[SHIPPED], event)
    shipping = 0 if order[SHIPPING_CHARGED] else event.shipping
    order[SHIPPING_CHARGED] = True
    cost = sum([quantity * unit_cost for _, quantity, _, unit_cost, _ in event.lines])
    return [
        ("customer_deposits", net + tax + shipping, 0),
        ("revenue", 0, net),
        ("tax", 0, tax),
        ("shipping", 0, shipping),
        ("cogs", cost, 0),
        ("inventory", 0, cost),
    ]


def _move(side: list[list[int]], event: Event) -> tuple[int, int]:
    """Take the event's units; returns their net and tax. Tax is half up of a line's running net, taken as a difference."""
    net = tax = 0
    for no, quantity, price, _, tax_bp in event.lines:
        moved = next((moved for moved in side if moved[0] == no), None)
        if moved is None:
            moved = [no, 0, 0, 0]
            side.append(moved)
        moved[1] += quantity
        moved[2] += quantity * price
        tax_so_far = (moved[2] * tax_bp * 2 + BASIS_POINTS) // (2 * BASIS_POINTS)
        net += quantity * price
        tax += tax_so_far - moved[3]
        moved[3] = tax_so_far
    return net, tax
