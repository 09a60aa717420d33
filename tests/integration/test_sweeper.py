"""Sweepers as processes on a real broker: killed, doubled, restarted; each deadline is booked once, and none before its time."""

import json
import re
import signal
import urllib.request
from collections import Counter
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.acceptance import accept_record
from schemas.event_messages import message_from_json
from schemas.refusal import Refusal
from streams.sweeper.forward_clock import ClockSteppedBack
from streams.sweeper.process import run_sweeper
from tests.integration.order_stream import OrderStream, Worker, wait_until
from tests.order_making import event_json, line

TOO_SOON, IN_TIME = "2026-01-08T09:59:59Z", "2026-01-08T10:00:00Z"
"""72 hours after the events arrived: the default of a policy."""
SWEEPER = ("-m", "asiento.cli.main", "sweeper", "run", "--clock")


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    """An installation whose worker has judged a payment of an unknown order, and a shipment that is not paid."""
    installation = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    money: dict[str, Any] = {"payment_id": "P1", "tender": "CARD", "gateway": "stripe", "amount": 300}
    placed: dict[str, Any] = {"legal_entity": "ACME-ES", "channel": "web", "terms": "PREPAID", "prices_include_tax": False}
    placed |= {"lines": [line("A", 1_000)], "order_discounts": [], "total": 1_000}
    sent: dict[str, Any] = {"shipment_id": "S1", "lines": [{"line_id": "A", "quantity": "1"}]}
    told = [
        event_json("PaymentCaptured", "capture:P1", order_id="lost:1", **money),
        event_json("OrderPlaced", "order", order_id="2", **placed),
        event_json("ShipmentDispatched", "ship:S1", order_id="2", **sent),
    ]
    with installation.producer() as producer:
        for message in map(message_from_json, told):
            producer.produce(installation.events, message.value, message.key, message.partition(installation.partitions))
    judge(installation)
    yield installation
    installation.close()


def judge(stream: OrderStream) -> None:
    """Let a worker judge all events."""
    worker = stream.start_worker(instance_id="w1").wait_ready()
    stream.wait_drained()
    assert worker.stop() == 0


def sweeper(stream: OrderStream, clock: str) -> Worker:
    """A sweeper that has read the order states."""
    process = stream.start((*SWEEPER, clock))
    wait_until(lambda: process.logged("changelog_read") or process.process.poll() is not None, "the sweeper has read the changelog")
    assert process.process.poll() is None, process.log_file.read_text()
    return process


def has_told(process: Worker, count: int) -> None:
    """Wait until a sweeper has told so many deadlines."""
    wait_until(
        lambda: sum(row["count"] for row in process.log() if row["event"] == "deadlines_told") == count, f"{count} deadlines are told"
    )


def deadlines(stream: OrderStream) -> Counter[str]:
    """How often each DeadlinePassed event is in the log, by order."""
    found: Counter[str] = Counter()
    for record in stream.read(stream.events):
        event = accept_record(key=record.key, value=record.value, partition=record.partition, partition_count=stream.partitions)
        assert not isinstance(event, Refusal)
        if type(event).__name__ == "DeadlinePassed":
            found[event.order_id] += 1
    return found


def metrics(process: Worker) -> str:
    url = next(row["url"] for row in process.log() if row["event"] == "health_listening")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def listed(stream: OrderStream, *words: str) -> list[dict[str, Any]]:
    """What `asiento deadlines list --json` says."""
    command = stream.start(("-m", "asiento.cli.main", "deadlines", "list", "--json", *words))
    assert command.wait_exit() == 0, command.log_file.read_text()
    rows: list[dict[str, Any]] = json.loads(command.log_file.read_text())
    return rows


def test_each_deadline_is_booked_once_whatever_happens_to_the_sweepers(stream: OrderStream) -> None:
    early = sweeper(stream, TOO_SOON)
    wait_until(lambda: "asiento_deadlines_standing 2.0" in metrics(early), "the first sweep is over")
    assert early.stop() == 0
    assert deadlines(stream) == {}

    killed = sweeper(stream, IN_TIME)
    has_told(killed, 2)
    killed.kill()
    both = [sweeper(stream, IN_TIME) for _ in range(2)]
    for process in both:
        has_told(process, 2)
    assert deadlines(stream) == {"lost:1": 3, "2": 3}

    judge(stream)
    for process in both:
        wait_until(lambda process=process: "asiento_deadlines_unanswered 0.0" in metrics(process), "both see the answers")  # type: ignore[misc]
        assert process.stop() == 0
    again = sweeper(stream, "2027-01-01T00:00:00Z")
    wait_until(
        lambda: re.search(r"^asiento_last_sweep_timestamp_seconds [1-9]", metrics(again), re.MULTILINE) is not None, "a sweep is over"
    )
    assert again.stop() == 0
    assert deadlines(stream) == {"lost:1": 3, "2": 3}

    outcomes = Counter(stream.check_books().outcomes.values())
    assert outcomes == {"deferred": 1, "posted": 4, "duplicate": 4}
    kinds = Counter(one.entry.entry_kind for one in stream.entries())
    assert kinds["suspense"] == 1


def test_deadlines_that_find_no_room_are_told_all_the_same(stream: OrderStream) -> None:
    """Two orders fit in memory, one deadline goes out at a time: the states are read again and again."""
    with stream.producer() as producer:
        for number in range(5):
            money: dict[str, Any] = {"payment_id": "P1", "tender": "CARD", "gateway": "stripe", "amount": number}
            message = message_from_json(event_json("PaymentCaptured", "capture:P1", order_id=f"lost:{10 + number}", **money))
            producer.produce(stream.events, message.value, message.key, message.partition(stream.partitions))
    judge(stream)
    process = stream.start((*SWEEPER, IN_TIME), sweeper_orders_max=2, sweeper_events_per_second_max=1)
    has_told(process, 7)
    assert process.stop() == 0
    assert set(deadlines(stream).values()) == {1}
    assert len(deadlines(stream)) == 7


async def test_a_clock_that_is_set_back_ends_the_process(stream: OrderStream) -> None:
    times = chain([10**15, 10**15], repeat(10**15 - 61_000_000))
    with pytest.raises(ClockSteppedBack, match="went back by 61 s"):
        await run_sweeper(stream.settings, DEFAULT_POLICIES, lambda: next(times))


def test_people_see_what_stands(stream: OrderStream) -> None:
    parked, unpaid = sorted(listed(stream), key=lambda row: str(row["kind"]))
    assert (parked["kind"], parked["order_key"], parked["due_at"]) == ("PARKED", "acme:shop:es:lost:1", IN_TIME)
    assert (unpaid["kind"], unpaid["order_key"], unpaid["about_event_id"]) == ("UNPAID", "acme:shop:es:2", None)
    assert listed(stream, "--before", IN_TIME) == []


def test_a_sweeper_that_starts_is_stopped_at_once_and_one_without_topics_says_so(kafka: str, topic_prefix: str, tmp_path: Path) -> None:
    stream = OrderStream(kafka, topic_prefix, tmp_path)
    try:
        lost = stream.start((*SWEEPER, IN_TIME))
        assert lost.wait_exit() == 1
        assert "asiento topics apply" in lost.log_file.read_text()
        stream.make_topics()
        starting = stream.start((*SWEEPER, IN_TIME))
        wait_until(lambda: starting.logged("process_started"), "the sweeper has begun to start")
        starting.process.send_signal(signal.SIGTERM)
        assert starting.wait_exit(20) == 0
    finally:
        stream.close()
