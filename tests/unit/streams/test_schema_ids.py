"""Schema ids beyond the lock file: asked for, waited for within a bound, and refused at once once they were waited for in vain."""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.runtime.metrics import Metrics
from asiento.runtime.registry_client import RegisteredSchema, RegistryUnreachable
from asiento.runtime.settings import load_settings
from schemas.events import EventSchema, SchemaUndecided, encode_event_json, event_schema
from schemas.framing import HEADER_BYTES, frame_header
from schemas.refusal import Refusal
from schemas.registry import registry
from streams.chunk import SCHEMAS_WANTED_MAX, SchemasWanted, Workplace, fold_chunk
from streams.engine.processor import RangeWaits, SourceRange
from streams.orders import OrderProcessor
from streams.schema_ids import UNREACHABLE_SECONDS, SchemaIds, id_clashes
from tests.unit.schemas import examples
from tests.unit.streams.offline_engine import Record

CAPTURED = registry().latest["PaymentCaptured"]
WAIT, UNKNOWN = 30.0, 300.0


def registered(name: str) -> RegisteredSchema:
    """One of our schemas as a registry has it."""
    return RegisteredSchema(orjson.dumps(registry().latest[name].avsc).decode(), True)


class HandRegistry:
    """Answers from a dict; `away` makes it unreachable, `after` tells an id only at a time of the clock."""

    url = "http://registry"

    def __init__(self) -> None:
        self.now = 0.0
        self.schemas: dict[int, RegisteredSchema] = {}
        self.after: dict[int, float] = {}
        self.away = False
        self.asked: list[tuple[float, int]] = []

    async def schema(self, schema_id: int) -> RegisteredSchema | None:
        """The schema of an id."""
        self.asked.append((self.now, schema_id))
        if self.away:
            raise RegistryUnreachable("away")
        return self.schemas.get(schema_id) if self.now >= self.after.get(schema_id, 0.0) else None

    async def sleep(self, seconds: float) -> None:
        """Time passes."""
        assert seconds > 0
        self.now += seconds


@pytest.fixture
def hand() -> HandRegistry:
    """A registry that has nothing yet."""
    return HandRegistry()


@pytest.fixture
def metrics() -> Metrics:
    """The metrics."""
    return Metrics()


@pytest.fixture
def ids(hand: HandRegistry, metrics: Metrics) -> SchemaIds:
    """The ids of a process, on the registry's clock."""
    settings = load_settings({"registry_wait_seconds_max": WAIT, "registry_unknown_seconds": UNKNOWN})
    client: Any = hand
    return SchemaIds(client, settings, metrics, clock=lambda: hand.now, sleep=hand.sleep)


def decided(metrics: Metrics, result: str) -> float:
    """How many ids were decided so."""
    return metrics.registry.get_sample_value("asiento_schema_ids_total", {"result": result}) or 0.0


def refusal(ids: SchemaIds, schema_id: int) -> Refusal:
    """Why an id is refused."""
    found = ids.look_up(schema_id)
    assert isinstance(found, Refusal)
    assert found.schema_id == schema_id
    return found


async def test_known_id_is_adopted_at_once_and_never_asked_for_again(ids: SchemaIds, hand: HandRegistry, metrics: Metrics) -> None:
    hand.schemas[500] = registered("PaymentCaptured")
    with pytest.raises(SchemaUndecided):
        ids.look_up(500)
    await ids.decide((500,), 0)
    assert ids.look_up(500) is event_schema(CAPTURED.locked.id)
    hand.away, hand.now = True, 1e9
    assert isinstance(ids.look_up(500), EventSchema)
    assert hand.asked == [(0.0, 500)]
    assert decided(metrics, "adopted") == 1


async def test_log_lines_fit_json_and_say_what_is_awaited(ids: SchemaIds, hand: HandRegistry) -> None:
    hand.schemas[501] = registered("PaymentCaptured")
    with capture_logs() as lines:
        await ids.decide((500, 501), 3)
    assert [line["event"] for line in lines] == ["schema_id_adopted", "schema_ids_awaited", "schema_ids_given_up"]
    assert lines[1]["why"] == ["schema id 500: the registry does not have it"]
    assert orjson.loads(orjson.dumps(lines)) == lines


async def test_id_that_the_registry_learns_meanwhile_is_waited_for(ids: SchemaIds, hand: HandRegistry) -> None:
    hand.schemas[500], hand.after[500] = registered("PaymentCaptured"), 7.0
    await ids.decide((500,), 0)
    assert isinstance(ids.look_up(500), EventSchema)
    assert 7.0 <= hand.now < 14.0
    assert len(hand.asked) < 10, "the pauses grow"


async def test_id_that_stays_unknown_is_refused_after_the_bound_then_at_once_then_asked_for_again(
    ids: SchemaIds, hand: HandRegistry, metrics: Metrics
) -> None:
    await ids.decide((500,), 0)
    assert hand.now == WAIT
    assert refusal(ids, 500) == Refusal(
        "unknown_schema_id", "schema id 500 is neither in the lock file nor in the registry; waited 30 s", 500
    )
    assert decided(metrics, "unknown") == 1
    hand.now = WAIT + UNKNOWN - 0.1
    asked = len(hand.asked)
    await ids.decide((500,), 1)
    assert len(hand.asked) == asked
    hand.now = WAIT + UNKNOWN
    with pytest.raises(SchemaUndecided):
        ids.look_up(500)


async def test_ever_new_garbage_stalls_a_partition_once_and_other_partitions_not_at_all(ids: SchemaIds, hand: HandRegistry) -> None:
    await ids.decide((500,), 0)
    for schema_id in range(501, 600):
        await ids.decide((schema_id,), 0)
        assert refusal(ids, schema_id).detail.endswith("waited 0 s")
    assert hand.now == WAIT
    await ids.decide((700,), 1)
    assert hand.now == 2 * WAIT, "another partition has its own patience"
    hand.now = WAIT + UNKNOWN
    await ids.decide((701,), 0)
    assert hand.now == 2 * WAIT + UNKNOWN, "patience comes back"


async def test_impatient_partition_still_learns_what_the_registry_has(ids: SchemaIds, hand: HandRegistry) -> None:
    await ids.decide((500,), 0)
    hand.schemas[501] = registered("OrderPlaced")
    await ids.decide((501,), 0)
    assert isinstance(ids.look_up(501), EventSchema)


async def test_registry_that_is_away_is_waited_for_and_its_ids_are_refused_only_briefly(
    ids: SchemaIds, hand: HandRegistry, metrics: Metrics
) -> None:
    hand.away = True
    await ids.decide((500,), 0)
    assert hand.now == WAIT
    assert refusal(ids, 500).detail == "schema id 500 is not in the lock file, and the registry did not answer; waited 30 s"
    assert decided(metrics, "unreachable") == 1
    asked = len(hand.asked)
    await ids.decide((501,), 0)
    assert len(hand.asked) == asked, "a partition without patience does not ask while the registry is known to be away"
    hand.away = False
    hand.schemas[500] = registered("PaymentCaptured")
    hand.now += UNREACHABLE_SECONDS
    await ids.decide((500,), 0)
    assert isinstance(ids.look_up(500), EventSchema)


async def test_many_ids_at_a_registry_that_hangs_take_no_longer_than_one(ids: SchemaIds, hand: HandRegistry) -> None:
    async def hang(schema_id: int) -> RegisteredSchema | None:
        hand.asked.append((hand.now, schema_id))
        await asyncio.Event().wait()
        raise AssertionError

    hand.schema = hang  # type: ignore[method-assign]
    ids._ask_seconds_max, ids._wait_seconds_max = 0.01, 0.0
    await asyncio.wait_for(ids.decide(range(500, 600), 0), 10.0)
    assert "did not answer" in refusal(ids, 599).detail
    asked = len(hand.asked)
    await ids.decide((700,), 0)
    assert len(hand.asked) == asked, "known to be away"


async def test_registry_that_comes_back_in_time_costs_nothing_but_the_wait(ids: SchemaIds, hand: HandRegistry) -> None:
    hand.away = True
    hand.schemas[500] = registered("PaymentCaptured")
    sleep = hand.sleep

    async def sleep_and_return(seconds: float) -> None:
        await sleep(seconds)
        hand.away = hand.now < 5.0

    ids._sleep = sleep_and_return
    await ids.decide((500,), 0)
    assert isinstance(ids.look_up(500), EventSchema)
    assert hand.now < 12.0


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (RegisteredSchema('{"type": "record", "name": "Foreign", "fields": []}', True), "schema_not_ours"),
        (RegisteredSchema('{"type": "object"}', False), "schema_not_ours"),
        (registered("JournalEntry"), "wrong_record_type"),
    ],
)
async def test_schema_that_is_not_ours_is_refused_without_a_wait(
    ids: SchemaIds, hand: HandRegistry, metrics: Metrics, schema: RegisteredSchema, reason: str
) -> None:
    hand.schemas[500] = schema
    await ids.decide((500,), 0)
    assert refusal(ids, 500).reason == reason
    assert hand.now == 0.0
    assert decided(metrics, "not_ours") == 1


async def test_one_wait_decides_all_ids_and_memory_is_bounded(ids: SchemaIds, hand: HandRegistry) -> None:
    ids._ids_max = 1000
    hand.schemas[1] = registered("PaymentCaptured")
    await ids.decide(range(1, 2001), 0)
    assert hand.now == WAIT
    assert isinstance(ids.look_up(1), EventSchema)
    assert len(ids._refused) == 1000
    assert refusal(ids, 2000)
    for schema_id in range(3000, 4100):
        hand.schemas[schema_id] = registered("PaymentCaptured")
    await ids.decide(range(3000, 4100), 0)
    assert len(ids._adopted) == 1000


# -- in the fold ------------------------------------------------------------------------------------------------------


def record(offset: int, schema_id: int | None = None, **changes: Any) -> Record:
    """A captured payment at an offset, under its own id or another."""
    obj = examples.captured(event_id=f"00000000-0000-4000-8000-{offset:012d}", business_key=f"capture:{offset}", **changes)
    value = encode_event_json(obj)
    key = f"{obj['tenant']}:{obj['source']}:{obj['order_id']}".encode()
    return Record(offset, key, value if schema_id is None else frame_header(schema_id) + value[HEADER_BYTES:])


def range_of(records: Sequence[Record]) -> SourceRange:
    """The range of these records."""
    return SourceRange(topic="orders", partition=0, first_offset=0, next_offset=len(records), records=records)


def place(ids: SchemaIds) -> Workplace:
    """A worker that knows these ids."""
    return Workplace(partition_count=1, policies=DEFAULT_POLICIES, worker="w", worker_version="1", decided_at=1, look_up=ids.look_up)


async def test_fold_stops_at_the_first_undecided_record_and_names_all_that_follow(ids: SchemaIds, hand: HandRegistry) -> None:
    records = [record(0), record(1, 500), record(2), record(3, 501), record(4, 500), Record(5, b"k", b"bad"), Record(6, b"k", None)]
    with pytest.raises(SchemasWanted) as wanted:
        fold_chunk(range_of(records), lambda _: None, place(ids))
    assert (wanted.value.place, wanted.value.schema_ids) == (1, (500, 501))
    hand.schemas[500] = registered("PaymentCaptured")
    await ids.decide(wanted.value.schema_ids, 0)
    batch = fold_chunk(range_of(records), lambda _: None, place(ids)).batch
    refused = {one.offset: one.code for one in batch.outcomes if one.outcome == "dead_letter"}
    assert refused == {3: "unknown_schema_id", 5: "bad_magic", 6: "empty_value"}


def test_ids_wanted_at_once_are_bounded(ids: SchemaIds) -> None:
    records = [record(offset, 1000 + offset) for offset in range(SCHEMAS_WANTED_MAX + 20)]
    with pytest.raises(SchemasWanted) as wanted:
        fold_chunk(range_of(records), lambda _: None, place(ids))
    assert wanted.value.schema_ids == tuple(range(1000, 1000 + SCHEMAS_WANTED_MAX))


async def test_processor_asks_the_engine_to_wait(ids: SchemaIds, hand: HandRegistry, metrics: Metrics) -> None:
    settings = load_settings({"partitions": 1})
    processor = OrderProcessor(settings, metrics, DEFAULT_POLICIES, ids)
    with pytest.raises(RangeWaits) as waits:
        processor.process(range_of([record(0), record(1, 500)]), {})
    assert waits.value.place == 1
    hand.schemas[500] = registered("PaymentCaptured")
    await waits.value.until()
    result = processor.process(range_of([record(0), record(1, 500)]), {})
    assert result.output.counts.refusals == {}


def test_without_a_registry_an_unknown_id_is_a_dead_letter_at_once(metrics: Metrics) -> None:
    processor = OrderProcessor(load_settings({"partitions": 1}), metrics, DEFAULT_POLICIES)
    result = processor.process(range_of([record(0, 500), record(1)]), {})
    assert result.output.counts.refusals == {"unknown_schema_id": 1}
    assert result.output.counts.outcomes["dead_letter"] == 1


# -- ids that clash ---------------------------------------------------------------------------------------------------


async def test_ids_clash_where_the_registry_gives_one_of_ours_to_another_event(hand: HandRegistry) -> None:
    """Two events of the same shape under swapped ids would be booked as each other."""
    client: Any = hand
    locked = {name: registry().latest[name].locked.id for name in ("PaymentAuthorized", "PaymentVoided", "OrderPlaced")}
    hand.schemas[locked["OrderPlaced"]] = registered("OrderPlaced")
    hand.schemas[locked["PaymentAuthorized"]] = RegisteredSchema('{"type": "record", "name": "Other", "fields": []}', True)
    assert await id_clashes(client) == ()
    hand.schemas[locked["PaymentAuthorized"]] = registered("PaymentVoided")
    (clash,) = await id_clashes(client)
    assert (clash.schema_id, clash.locked, clash.registered) == (
        locked["PaymentAuthorized"],
        "asiento.orders.v1.PaymentAuthorized",
        "asiento.orders.v1.PaymentVoided",
    )
