"""The fetcher on a real broker, against a platform on this machine: every request has its answer, whatever dies or fails meanwhile."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from schemas.partitioning import partition_for
from schemas.raw_records import FetchRequest, RawRecord, decode_raw_record, encode_fetch_request
from schemas.topics import FETCH_REQUESTS, ORDERS_RAW
from tests.integration.order_stream import OrderStream, Worker, wait_until

SECRET = "s3cret-canary"
COMMAND = ("-m", "asiento.cli.main", "fetcher", "run")


class Platform(ThreadingHTTPServer):
    """Orders by id; what it was asked for, and how often it fails first."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: Counter[str] = Counter()
        self.failures: dict[str, list[int]] = {}
        self.keys: set[str | None] = set()

    def was_asked(self, times: int) -> bool:
        """Whether it was asked so often."""
        return sum(self.asked.values()) >= times

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    """GET /wp-json/wc/v3/orders/<id>: first the failures that were ordered for it, then the order."""

    server: Platform

    def do_GET(self) -> None:
        """One order."""
        identity = self.path.rpartition("/")[2]
        self.server.asked[identity] += 1
        self.server.keys.add(self.headers.get("Authorization"))
        failures = self.server.failures.get(identity, [])
        status = failures.pop(0) if failures else 200
        body = json.dumps({"id": identity, "pad": "x" * 100}).encode() if status == 200 else b"no"
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "1")
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/stolen")
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path, platform: Platform) -> Iterator[OrderStream]:
    sources = tmp_path / "sources.yaml"
    (tmp_path / "token").write_text(SECRET + "\n")
    sources.write_text(
        f"tenants:\n  acme:\n    woocommerce:main:\n      base_url: {platform.url}\n      header: Authorization\n"
        "      secret_prefix: 'Bearer '\n      secret_file: token\n      requests_per_minute: 60000\n"
    )
    installed = OrderStream(kafka, topic_prefix, tmp_path, fetcher_sources=sources).make_topics()
    yield installed
    installed.close()


def ask(stream: OrderStream, *orders: str, source: str = "woocommerce:main", kind: str = "orders") -> None:
    with stream.producer() as producer:
        for order in orders:
            key = f"acme:{source}:{order}".encode()
            request = FetchRequest(
                request_id="3b6a27bc-5c9c-5d44-9a0f-5b6a3f7a1c11",
                source_topic="order.updated",
                resource=f"{kind}/{order}",
                reason="a pointer",
                depth=1,
                asked_at=time.time_ns() // 1000,
            )
            topic = stream.settings.topic(FETCH_REQUESTS)
            producer.produce(topic, encode_fetch_request(request), key, partition_for(key, stream.partitions))


def answers(stream: OrderStream) -> dict[str, list[RawRecord]]:
    found: dict[str, list[RawRecord]] = {}
    for record in stream.read(stream.settings.topic(ORDERS_RAW)):
        key = (record.key or b"").decode()
        assert record.partition == partition_for(record.key or b"", stream.partitions)
        found.setdefault(key.rpartition(":")[2], []).append(decode_raw_record(record.value))
    return found


def start(stream: OrderStream) -> Worker:
    return stream.start(COMMAND)


def wait_answers(stream: OrderStream, count: int) -> dict[str, list[RawRecord]]:
    wait_until(lambda: len(answers(stream)) >= count, f"{count} answers")
    return answers(stream)


def test_objects_are_fetched_and_failures_are_tried_again(stream: OrderStream, platform: Platform) -> None:
    platform.failures = {"2": [500, 503], "3": [429], "4": [404], "5": [302]}
    ask(stream, "1", "2", "3", "4", "5")
    ask(stream, "6", kind="customer")
    ask(stream, "7", source="shopify:unknown")
    worker = start(stream)
    found = wait_answers(stream, 7)
    for order in ("1", "2", "3", "5"):
        (record,) = found[order]
        assert (record.origin, record.source_topic, record.fetch_error, record.fetch_depth) == ("FETCH", "order.updated", None, 1)
        assert json.loads(record.body)["id"] == order
    assert (platform.asked["2"], platform.asked["3"], platform.asked["4"], platform.asked["5"]) == (3, 2, 1, 2)
    errors = {order: found[order][0].fetch_error or "" for order in ("4", "6", "7")}
    assert all(found[order][0].body == b"" for order in errors)
    assert "404" in errors["4"]
    assert "no path" in errors["6"]
    assert "not in the fetcher's configuration" in errors["7"]
    assert platform.keys == {f"Bearer {SECRET}"}
    assert worker.stop() == 0
    assert SECRET not in worker.log_file.read_text()


def test_a_killed_fetcher_leaves_no_request_without_an_answer(stream: OrderStream, platform: Platform) -> None:
    orders = [str(number) for number in range(100, 400)]
    platform.failures = {order: [503] for order in orders[::7]}
    ask(stream, *orders)
    for _ in range(3):
        worker, wanted = start(stream), sum(platform.asked.values()) + 40
        wait_until(partial(platform.was_asked, wanted), "it is at work")
        worker.kill()
    worker = start(stream)
    found = wait_answers(stream, len(orders))
    assert set(found) == set(orders)
    assert all(json.loads(record.body)["id"] == order for order, records in found.items() for record in records)
    assert worker.stop() == 0


def test_what_is_asked_for_many_times_at_once_is_fetched_once(stream: OrderStream, platform: Platform) -> None:
    platform.failures = {"1": [503]}
    ask(stream, *["1"] * 50)
    worker = start(stream)
    found = wait_answers(stream, 1)
    assert len(found["1"]) == 1
    assert platform.asked["1"] <= 3
    assert worker.stop() == 0
