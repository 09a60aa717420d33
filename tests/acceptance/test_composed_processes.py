"""The processes of docker-compose.yml, all of them at once on a real broker and a real PostgreSQL, with its very variables and commands.

Each becomes healthy by its own health check; a webhook and a day of events end in ledger and book although workers and sink are replaced
one by one meanwhile; SIGTERM under load drains every process within 20 s with exit code 0. Only what has a volume writes to a disk.
"""

import base64
import hashlib
import hmac
import json
import logging
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import orjson
import psycopg
import pytest

from sources.synthetic.day import trading_day
from tests.acceptance.composed_system import ComposedSystem, connection_as, spelled
from tests.compose_file import ROOT
from tests.integration.order_stream import wait_until
from tests.postgresql import PostgresqlServer

PAYLOAD = ROOT / "tests/contract/shopify_life/1-orders-create.json"
ORDERS = 40
CAUGHT_UP_SECONDS_MAX = 120.0


@pytest.fixture(scope="module")
def own_postgresql() -> Iterator[PostgresqlServer]:
    """A server of its own: the roles of an installation belong to a whole server."""
    server = PostgresqlServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def composed(own_postgresql: PostgresqlServer, kafka: str, topic_prefix: str, bean_check: str, tmp_path: Path) -> Iterator[ComposedSystem]:
    """The system, not started."""
    system = ComposedSystem(tmp_path, kafka, topic_prefix, own_postgresql, bean_check)
    try:
        yield system
    finally:
        system.close()


def send_webhook(system: ComposedSystem) -> None:
    """One signed order through the gateway."""
    body = PAYLOAD.read_bytes()
    secret = (system.directory / "secrets/shopify_webhook").read_bytes()
    signature = base64.b64encode(hmac.digest(secret, body, hashlib.sha256)).decode()
    headers = {"X-Shopify-Hmac-SHA256": signature, "X-Shopify-Topic": "orders/create", "X-Shopify-Webhook-Id": "1"}
    url = f"http://127.0.0.1:{system.gateway_port}/in/acme/shopify:main"
    with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers), timeout=20) as answer:
        assert answer.status == 200


def send_day(system: ComposedSystem, seed: int) -> int:
    """A trading day by the command of the desk; answers the number of its events."""
    events = list(trading_day(seed, ORDERS).events)
    path = system.directory / f"day-{seed}.jsonl"
    path.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events))
    done = system.run("desk", "events", "send", str(path))
    assert done.returncode == 0, done.stderr
    return len(events)


def at_rest(system: ComposedSystem) -> bool:
    """Whether no group is behind, as the lag exporter sees it: cheaper to ask than `verify`."""
    lags = [line for line in system.metrics("lag-exporter") if line.startswith("asiento_group_lag_records{")]
    return bool(lags) and all(line.endswith(" 0.0") for line in lags)


def caught_up(system: ComposedSystem, consumed: int) -> bool:
    """Whether all that was sent is judged and booked, and the desk finds nothing wrong."""
    done = system.run("desk", "verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    return bool(report["entries"]["pending"] == 0 and report["lag"] == 0 and report["consumed"] >= consumed)


@pytest.mark.timeout(600)
def test_all_of_them_work_roll_and_drain(composed: ComposedSystem, own_postgresql: PostgresqlServer) -> None:
    composed.start()
    composed.wait_healthy()
    send_webhook(composed)
    sent = send_day(composed, 11) + 1
    for name in ("worker-1", "worker-2", "ledger"):
        composed.replace(name)
    wait_until(lambda: at_rest(composed), "no group is behind", CAUGHT_UP_SECONDS_MAX)
    wait_until(lambda: caught_up(composed, sent), "all is judged and booked", CAUGHT_UP_SECONDS_MAX)
    book = composed.directory / "connection-books/book/main.beancount"
    wait_until(book.is_file, "the first transactions stand in the book")
    say = logging.getLogger(__name__).warning
    say("resident memory: %s", spelled(composed.memory_bytes()))
    send_day(composed, 12)
    drained = composed.drain()
    late = {name: ended for name, ended in drained.items() if ended[0] != 0}
    assert late == {}, "\n".join(f"{name}: {composed.told_by(name)}" for name in late)
    say("drained: %s", ", ".join(f"{name} {seconds:.1f} s" for name, (_, seconds) in drained.items()))
    roles_hold(own_postgresql)


def roles_hold(server: PostgresqlServer) -> None:
    """The reader cannot change the books, and nobody gets into a database that is not theirs."""
    with connection_as(server, "asiento_reader", "pass word/of:ledger_reader", "books") as session, pytest.raises(psycopg.Error):
        session.execute("DELETE FROM asiento_ledger.entry")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        connection_as(server, "asiento_postings", "pass word/of:postings", "books")
