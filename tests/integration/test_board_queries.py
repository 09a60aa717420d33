"""Every query of the boards is asked of a real Prometheus that watched a real demo, and answers with figures or says why it cannot."""

import json
import math
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka import Producer

from asiento.runtime.ports import free_ports
from deploy.grafana.boards.levels import NOT_MEASURED
from deploy.prometheus.alerts.objectives import FRESH_SECONDS
from schemas.partitioning import partition_for
from schemas.raw_records import FetchRequest, encode_fetch_request
from schemas.topics import FETCH_REQUESTS, ORDERS_EVENTS
from sources.synthetic.day import trading_day
from tests.acceptance.planted_problems import sent
from tests.board_queries import BOARDS, LABEL_VALUES, BoardQuery, queries
from tests.integration.gateway_installation import PATH, SECRET, signed
from tests.integration.order_stream import wait_until
from tests.integration.test_fetcher import Platform
from tests.unit.sources.every_platform import life_of
from tests.watched_system import WatchedSystem

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

SCRAPED_SECONDS = 1
ORDERS, SECOND_SEED = 60, 2
DEMO_SECONDS_MAX = 150.0
INTERVAL = "15s"
"""Enough of the short run to have something of everything that happened once."""
STEP_SECONDS = 2.0
OURS = 'job=~"asiento-.+"'
SETTLED = (
    f"min(up{{{OURS}}}) == 1",
    "sum(asiento_fetches_total offset 2s) > 0",
    "sum(asiento_raw_records_total offset 2s) > 0",
    "sum(asiento_process_restarts_total offset 2s) > 0",
    "sum(asiento_postings_total offset 2s) > 0",
    "sum(asiento_open_items) > 0",
    "sum(asiento_parked_events)",
    "max(asiento_group_lag_records) == 0",
)
"""True when what comes last was seen: something fetched and normalized, a worker at work again, the news of the demo in the databases,
all of it noted on the broker."""
STOP_SECONDS_MAX = 30.0
POINTER = FetchRequest(
    request_id="3b6a27bc-5c9c-5d44-9a0f-5b6a3f7a1c11",
    source_topic="order.updated",
    resource="orders/4711",
    reason="a pointer",
    depth=1,
    asked_at=time.time_ns() // 1000,
)
_LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ALLOWED_EMPTY = {
    ("ledgers", "Connections: read back", "differences"): "a connection is read back at full hours",
    ("ledgers", "Connections: read back", "read before"): "as above",
}
"""(board, panel, legend) -> why it has no answer in a demo of a minute."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A system whose demo is over, and the time that Prometheus saw of it (seconds since the epoch)."""

    system: WatchedSystem
    start: float
    end: float

    def figures(self, query: BoardQuery) -> list[float]:
        """All that a query answers, as Grafana would ask it."""
        text = query.filled(interval=INTERVAL, span=f"{math.ceil(self.end - self.start)}s")
        if query.instant:
            return [float(one["value"][1]) for one in self.system.query(text)]
        found = self.system.prometheus.query_range(text, self.start, self.end, STEP_SECONDS)
        return [float(value) for one in found for _, value in one["values"]]

    def fault(self, query: BoardQuery) -> str | None:
        """Why the answer of a query is none."""
        figures = self.figures(query)
        finite = [figure for figure in figures if math.isfinite(figure)]
        if not finite:
            return f"{query}: {'only NaN' if figures else 'no answer'}: {query.text}"
        if query.instant and len(finite) < len(figures):
            return f"{query}: some of it is no number: {query.text}"
        if f"vector({NOT_MEASURED})" in query.text and NOT_MEASURED in finite:
            return f"{query}: UNKNOWN: {query.text}"
        return None


def settings_of(folder: Path, kafka: str, platform: Platform, gateway_port: int) -> dict[str, str]:
    """A shop that sends webhooks and is asked for objects, and a book of text beside the embedded ledger."""
    files = {name: folder / f"{name}.yaml" for name in ("gateway", "fetcher", "connections")}
    secret = folder / "secret"
    secret.write_bytes(SECRET)
    source = {"secrets": [{"file": str(secret)}], "expected_interval_seconds": 3600}
    place = {"base_url": platform.url, "header": "Authorization", "secret_file": str(secret)}
    always_right = shutil.which("true")
    book = {"kind": "beancount", "options": {"folder": str(folder / "book"), "check_command": always_right}, "limits": {"per_day": 100_000}}
    files["gateway"].write_text(yaml.safe_dump({"tenants": {"acme": {"shopify:main": source}}}), encoding="utf-8")
    files["fetcher"].write_text(yaml.safe_dump({"tenants": {"acme": {"woocommerce:main": place}}}), encoding="utf-8")
    files["connections"].write_text(yaml.safe_dump({"connections": {"books": book}}), encoding="utf-8")
    name = f"boards-{folder.parent.name}-{gateway_port}"
    return {
        "kafka_bootstrap_servers": kafka,
        "topic_prefix": f"{name}-",
        "app_id": name,
        "partitions": "4",
        "replication_factor": "1",
        "min_insync_replicas": "1",
        "gateway_config": str(files["gateway"]),
        "gateway_port": str(gateway_port),
        "fetcher_sources": str(files["fetcher"]),
        "ledger_connections": str(files["connections"]),
    }


def deliver(port: int, body: bytes, headers: dict[str, str]) -> int:
    """Send a webhook; answers the status."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{PATH}", body, headers)
    try:
        with _LOOPBACK.open(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def produce(settings: Mapping[str, str], topic: str, records: Sequence[tuple[bytes, bytes | None]]) -> None:
    """Put keys and values on a topic of the catalogue."""
    producer = Producer({"bootstrap.servers": settings["kafka_bootstrap_servers"]})
    for key, value in records:
        producer.produce(settings["topic_prefix"] + topic, value, key, partition_for(key, int(settings["partitions"])))
    assert producer.flush(STOP_SECONDS_MAX) == 0


def live_a_little(system: WatchedSystem, settings: Mapping[str, str]) -> None:
    """What a demo alone does not have, while Prometheus looks.

    Webhooks, a good one and a forged one; another day of events; something fetched; a worker that comes and goes, and one that dies.
    """
    wait_until(lambda: seen(system, f"sum(up{{{OURS}}}) == {len(system.metrics_urls)}"), "everything is asked")
    gateway_port = int(settings["gateway_port"])
    delivery = life_of("shopify")[0]
    body = json.dumps(delivery.payload).encode()
    assert deliver(gateway_port, body, signed(body, "d1", delivery.topic)) == 200
    assert deliver(gateway_port, body + b" ", signed(body, "d2", delivery.topic)) == 401
    produce(settings, ORDERS_EVENTS, [(record.key, record.value) for record in sent(trading_day(SECOND_SEED, ORDERS).events)])
    produce(settings, FETCH_REQUESTS, [(b"acme:woocommerce:main:4711", encode_fetch_request(POINTER))])
    with joining_worker(system):
        wait_until(lambda: seen(system, "sum(increase(asiento_rebalances_total[60s])) > 0"), "partitions are shared anew")
    killed = system.signal("worker-1", signal.SIGKILL)
    wait_until(lambda: system.processes().get("worker-1", killed) != killed, "the worker is started again")


@contextmanager
def joining_worker(system: WatchedSystem) -> Iterator[None]:
    """One more order worker, for as long as the `with`."""
    environment = {**system.environment, "ASIENTO_INSTANCE_ID": "worker-2", "ASIENTO_METRICS_PORT": "0"}
    with (system.folder / "joining.log").open("wb") as log:
        command = [sys.executable, "-m", "asiento.cli.main", "streams", "run"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS_MAX)


@pytest.fixture(scope="module")
def watched(kafka: str, prometheus: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    del prometheus
    folder, port = tmp_path_factory.mktemp("boards"), free_ports(1)[0]
    rules = folder / "no-rules.yml"
    rules.write_text("groups: []\n", encoding="utf-8")
    with Platform() as platform:
        serving = threading.Thread(target=platform.serve_forever, daemon=True)
        serving.start()
        settings = settings_of(folder, kafka, platform, port)
        words = ("--workers", "1", "--demo", "--orders", str(ORDERS))
        with WatchedSystem(folder, *words, settings=settings, rules=rules, interval_seconds=SCRAPED_SECONDS) as system:
            start = time.time()
            live_a_little(system, settings)
            system.wait_output("running; stop with", DEMO_SECONDS_MAX)
            for expression in SETTLED:
                wait_until(lambda expression=expression: seen(system, expression), expression)  # type: ignore[misc]
            yield Watched(system, start, time.time())
        platform.shutdown()


def seen(system: WatchedSystem, expression: str) -> bool:
    """Whether Prometheus has an answer to it."""
    return bool(system.query(expression))


def asked(board: str, kind: str) -> list[BoardQuery]:
    return [query for query in queries() if query.board == board and query.kind == kind]


@pytest.mark.parametrize("board", BOARDS)
def test_every_panel_has_an_answer(watched: Watched, board: str) -> None:
    found = {(query.board, query.where, query.answer): watched.fault(query) for query in asked(board, "panel")}
    faults = [fault for place, fault in found.items() if fault is not None and place not in ALLOWED_EMPTY]
    assert not faults, "\n".join(faults)
    assert [place for place in ALLOWED_EMPTY if place[0] == board and found[place] is None] == [], "is not empty: take it off the list"


def test_the_first_row_says_that_all_is_well_where_it_is(watched: Watched) -> None:
    def said(title: str) -> float:
        (verdict,) = [query for query in asked("overview", "panel") if query.where == title and f"vector({NOT_MEASURED})" in query.text]
        return watched.figures(verdict)[0]

    assert 0 <= said("Is the money flowing?") < FRESH_SECONDS
    assert said("Is anything unexplained?") == 0
    assert said("Do all processes run?") == 0


@pytest.mark.parametrize("board", BOARDS)
def test_every_event_that_is_drawn_over_a_board_happened(watched: Watched, board: str) -> None:
    assert [fault for query in asked(board, "annotation") if (fault := watched.fault(query))] == []


@pytest.mark.parametrize("board", BOARDS)
def test_every_variable_has_a_choice(watched: Watched, board: str) -> None:
    for query in asked(board, "variable"):
        parts: Any = LABEL_VALUES.fullmatch(query.text)
        assert watched.system.prometheus.label_values(parts["label"], parts["metric"]), query.text
