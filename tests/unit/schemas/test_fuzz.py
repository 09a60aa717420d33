"""Whatever the bytes are, the answer is an event or a refusal, quickly and without much memory."""

import contextlib
import random
import tracemalloc
from typing import Any

import orjson
import pytest

from asiento.accounting.order_events import OrderEvent
from schemas.events import decode_event, decode_to_json, encode_event_json, event_from_json, parse_event_json
from schemas.refusal import InvalidEvent, Refusal
from schemas.registry import registry
from tests.unit.schemas import examples

SEEDS = [
    encode_event_json(make()) for make in (examples.placed, examples.captured, examples.shipped, examples.cancelled, examples.refunded)
]
IDS = [schema_id for schema_id, known in registry().by_id.items() if known.record.is_event]
ROUNDS = 4_000
MEMORY_BYTES_MAX = 2_000_000


def mutated(rng: random.Random) -> bytes:
    """A valid value with bytes flipped, cut, doubled or swapped for nasty ones, or noise under a valid frame."""
    if rng.random() < 0.1:
        return b"\x00" + rng.choice(IDS).to_bytes(4, "big") + rng.randbytes(rng.randrange(200))
    data = bytearray(rng.choice(SEEDS))
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(5, len(data))
        match rng.randrange(5):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at] = rng.choice((0, 1, 2, 127, 128, 255))
            case 2:
                del data[at : at + rng.randrange(1, 8)]
            case 3:
                data[at:at] = data[at : at + rng.randrange(1, 40)]
            case _:
                data[at:at] = b"\xff" * rng.randrange(1, 12)
        if len(data) < 7:
            break
    return bytes(data)


@pytest.mark.parametrize("seed", range(3))
def test_mutated_records(seed: int) -> None:
    rng = random.Random(seed)
    refused = 0
    assert decode_event(SEEDS[0]) == decode_event(SEEDS[0])  # readers are compiled once, before memory is looked at
    tracemalloc.start()
    try:
        for _ in range(ROUNDS):
            value = mutated(rng)
            answer = decode_event(value)
            assert isinstance(answer, OrderEvent | Refusal), value.hex()
            shown = decode_to_json(value)
            assert isinstance(shown, dict | Refusal), value.hex()
            refused += isinstance(answer, Refusal)
        assert tracemalloc.get_traced_memory()[1] < MEMORY_BYTES_MAX
    finally:
        tracemalloc.stop()
    assert ROUNDS * 0.5 < refused < ROUNDS  # the mutations reach both sides of the guard


def nasty(rng: random.Random) -> Any:
    """A JSON value of the wrong kind."""
    choices: list[Any] = [
        None,
        True,
        0,
        -1,
        2**63,
        2**200,
        0.5,
        float("inf"),
        "",
        "x",
        "\ud800",
        [],
        {},
        [[]],
        {"type": "OrderPlaced"},
        b"x",
        ("a",),
        "1e9",
    ]
    return rng.choice(choices)


def spoiled(rng: random.Random, value: Any) -> Any:
    """The same object with one value somewhere in it replaced, or one name."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(sorted(value))
        if rng.random() < 0.1:
            return {**{other: part for other, part in value.items() if other != name}, rng.choice(("x", 7, "\ud800")): value[name]}
        return {**value, name: spoiled(rng, value[name])}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], spoiled(rng, value[at]), *value[at + 1 :]]
    return nasty(rng)


@pytest.mark.parametrize("seed", range(2))
def test_spoiled_objects(seed: int) -> None:
    rng = random.Random(seed)
    makers = (examples.placed, examples.captured, examples.shipped, examples.cancelled, examples.refunded)
    for _ in range(ROUNDS):
        obj = spoiled(rng, rng.choice(makers)())
        with contextlib.suppress(InvalidEvent):  # nothing else may come out
            assert isinstance(event_from_json(obj), OrderEvent)


@pytest.mark.parametrize("seed", range(2))
def test_mutated_lines(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(ROUNDS):
        line = bytearray(orjson.dumps(rng.choice((examples.placed, examples.refunded))()))
        for _ in range(rng.randrange(1, 4)):
            line[rng.randrange(len(line))] = rng.randrange(256)
        assert isinstance(parse_event_json(bytes(line)), OrderEvent | Refusal)
