"""A whole installation as people watch it: the demo, a gateway, a ledger outside, a real Prometheus with the rules, and the boards.

What a board shows is what the queries of its panels give, asked of that Prometheus with every variable of the board set to all.
"""

import hashlib
import hmac
import http.client
import json
import sqlite3
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, Self, TypeAlias

import yaml
from confluent_kafka import Producer

from asiento.runtime.ports import free_ports
from deploy.prometheus.alerts.rules_file import rules_text
from schemas.partitioning import partition_for
from schemas.topics import ORDERS_EVENTS
from sinks.mapping.examples import example_file
from sources.synthetic.catalog import SHOPS
from sources.synthetic.events import events_of
from sources.synthetic.stories import plain_order
from tests.acceptance.planted_problems import OPENS_AT, TENANT, Problem, Sent, planted, sent
from tests.acceptance.small_disk import SmallDisk, small_disk
from tests.acceptance.tcp_proxy import TcpProxy
from tests.board_queries import BOARDS, panels_of, queries
from tests.standins.frame import RunningStandin, running
from tests.watched_system import WatchedSystem

POINT, SPAN = "30s", "10m"
"""What one point of a picture stands for, and all of it."""
DEMO_ORDERS: Final = 100
PARTITIONS: Final = 8
SECONDS_BETWEEN_ORDERS: Final = 0.5
SECONDS_BETWEEN_WEBHOOKS: Final = 5.0
WEBHOOK_SECRET: Final = "of the watched stage"
WEBHOOK_SECONDS: Final = 60
"""The longest silence of the shop that is usual, and the shortest that can be configured."""
PARKED_SECONDS_MAX: Final = 30
"""How long an event may wait for another one: an hour where nobody looks on."""
LEDGER_OUTSIDE: Final = "erp"
WHO: Final = ("--reason", "a fault of the watched stage", "--by", "watch")
DEMO_SECONDS_MAX: Final = 180.0
DELIVERY_SECONDS_MAX: Final = 30.0

Series: TypeAlias = tuple[dict[str, str], float]
"""Labels and value."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel of a board by its title, and which of its queries is looked at."""

    board: str
    title: str
    query: int = 0

    def expression(self, point: str = POINT) -> str:
        """The query, as Grafana would send it with every variable set to all, of a picture whose points stand for so much time each."""
        panels = [panel for panel in panels_of(BOARDS[self.board]) if panel["title"] == self.title]
        assert len(panels) == 1, f"the board {self.board} has {len(panels)} panels {self.title!r}"
        asked = [query for query in queries() if (query.board, query.kind, query.where) == (self.board, "panel", self.title)]
        return asked[self.query].filled(interval=point, span=SPAN)


class Stage:
    """Runs inside a `with`. Orders and webhooks trickle in all the time, unless they are told to pause."""

    def __init__(self, folder: Path, seed: int, rules: str | None = None) -> None:
        """rules: those of Prometheus where they are not the usual ones. outside: the ledger outside; way_out: the network to it."""
        self.folder = folder
        self._rules = rules_text(parked_seconds_max=PARKED_SECONDS_MAX) if rules is None else rules
        self.ledger_disk: SmallDisk
        self.outside: RunningStandin
        self.way_out: TcpProxy
        self.system: WatchedSystem
        self.orders_pause = threading.Event()
        self.webhooks_pause = threading.Event()
        self._seed = seed
        self._numbers = iter(range(1_000_000))
        self._end = threading.Event()
        self._open = ExitStack()
        self._gateway_port = free_ports(1)[0]

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._open.close()

    def _start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ledger_disk = self._open.enter_context(small_disk(self.folder / "ledger"))
        self.outside = self._open.enter_context(running("tests.standins.odoo"))
        self.way_out = self._open.enter_context(TcpProxy(int(self.outside.base_url.rpartition(":")[2])))
        settings = {
            "ledger_url": f"sqlite:///{self.ledger_path}",
            "partitions": str(PARTITIONS),
            "ledger_connections": str(self._connections()),
            "gateway_config": str(self._gateway()),
            "gateway_port": str(self._gateway_port),
        }
        rules = self.folder / "rules.yml"
        rules.write_text(self._rules, encoding="utf-8")
        options = ("--demo", "--orders", str(DEMO_ORDERS))
        self.system = self._open.enter_context(WatchedSystem(self.folder, *options, settings=settings, rules=rules))
        self.system.wait_output("running; stop with", DEMO_SECONDS_MAX)
        self._settle_demo()
        for trickle in (self._orders, self._webhooks):
            thread = threading.Thread(target=trickle, daemon=True)
            thread.start()
            self._open.callback(thread.join, DELIVERY_SECONDS_MAX)
            self._open.callback(self._end.set)

    @property
    def ledger_path(self) -> Path:
        """The embedded ledger, on a disk of its own."""
        return self.ledger_disk.place / "ledger.sqlite"

    @property
    def broker(self) -> str:
        """Where the broker listens."""
        line = next(line for line in self.system.output().splitlines() if line.startswith("broker "))
        return line.split()[1]

    def _connections(self) -> Path:
        """A ledger outside that takes the entries in EUR; its chart is small, so that every role goes to one of two accounts."""
        mapping = yaml.safe_load(example_file("generic").read_text(encoding="utf-8"))
        for rule in mapping["rules"]:
            rule["to"] = "1000" if rule["to"].startswith("1") else "1100"
        accounts, key, connections = (self.folder / name for name in ("accounts.yaml", "erp-key.txt", "connections.yaml"))
        accounts.write_text(yaml.safe_dump(mapping, sort_keys=False), encoding="utf-8")
        key.write_text("good-token", encoding="utf-8")
        key.chmod(0o600)
        connection = {
            "kind": "odoo",
            "base_url": f"http://127.0.0.1:{self.way_out.port}",
            "currencies": ["EUR"],
            "mapping": str(accounts),
            "secrets": {"api_key": str(key)},
            "options": {"company": "1", "database": "company", "journal": "MISC"},
        }
        connections.write_text(yaml.safe_dump({"connections": {LEDGER_OUTSIDE: connection}}), encoding="utf-8")
        return connections

    def _gateway(self) -> Path:
        secret, config = self.folder / "webhook-secret.txt", self.folder / "gateway.yaml"
        secret.write_text(WEBHOOK_SECRET, encoding="utf-8")
        secret.chmod(0o600)
        source = {"secrets": [{"file": str(secret)}], "expected_interval_seconds": WEBHOOK_SECONDS}
        config.write_text(yaml.safe_dump({"tenants": {TENANT: {"shopify:main": source}}}), encoding="utf-8")
        return config

    def _settle_demo(self) -> None:
        """What the demo leaves to look at is closed, as an operator would, before anything is hurt."""
        for item in self.listed("dlq"):
            self.say("dlq", "resolve", item["subject"], *WHO)
        for item in self.listed("discrepancies"):
            self.say("discrepancies", "resolve", item["discrepancy_id"], *WHO)
        for item in self.listed("events", "--outcome", "rejected"):
            self.say("events", "resolve", item["event_id"], *WHO)

    # What people do.

    def say(self, *words: str) -> str:
        """A command of `asiento` that must succeed; answers what it prints."""
        done = self.system.asiento(*words)
        assert done.returncode == 0, f"asiento {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def listed(self, what: str, *options: str) -> list[dict[str, Any]]:
        """`asiento WHAT list --json`."""
        items: list[dict[str, Any]] = json.loads(self.say(what, "list", "--limit", "1000", "--json", *options))["items"]
        return items

    def send(self, records: Sequence[Sent]) -> None:
        """Put records on the events topic, as a producer would."""
        producer = Producer({"bootstrap.servers": self.broker, "acks": "all", "delivery.timeout.ms": int(DELIVERY_SECONDS_MAX * 1000)})
        for record in records:
            partition = (partition_for(record.key, PARTITIONS) + record.astray) % PARTITIONS
            producer.produce(ORDERS_EVENTS, record.value, record.key, partition)
        assert producer.flush(DELIVERY_SECONDS_MAX) == 0

    def problem(self, kind: str) -> Problem:
        """A new order with a problem of `planted_problems`; not sent."""
        return planted(kind, next(self._numbers), Random(f"{self._seed}|{kind}"))

    def shown(self, panel: Panel, point: str = POINT, at: float | None = None) -> list[Series]:
        """What a panel shows now, or at a time, where one of its points stands for so much time."""
        found = self.system.prometheus.query(panel.expression(point), at)
        return [(dict(one["metric"]), float(one["value"][1])) for one in found]

    def drawn(self, panel: Panel, point: str, step_seconds: int, start: float, end: float) -> dict[tuple[str, ...], float]:
        """The sum of the points of each line that a panel draws between two times, by the values of its labels in their order."""
        found = self.system.prometheus.query_range(panel.expression(point), start, end, step_seconds)
        return {tuple(own for _, own in sorted(one["metric"].items())): sum(float(value) for _, value in one["values"]) for one in found}

    def change_ledger(self, *statements: str) -> None:
        """Change rows of the ledger as somebody would who owns the file: its protections are taken away and put back."""
        with closing(sqlite3.connect(self.ledger_path, timeout=30, isolation_level=None)) as ledger:
            ledger.execute("BEGIN IMMEDIATE")
            triggers = ledger.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in triggers:
                ledger.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                ledger.execute(statement)
            for _, text in triggers:
                ledger.execute(text)
            ledger.execute("COMMIT")

    def ledger_value(self, query: str) -> Any:
        """The one value of a query."""
        with closing(sqlite3.connect(f"file:{self.ledger_path}?mode=ro", uri=True)) as ledger:
            return ledger.execute(query).fetchone()[0]

    def wait(self, condition: Callable[[], bool], seconds: float) -> float | None:
        """Seconds until the condition holds; None when it does not within `seconds`."""
        started = time.monotonic()
        while not condition():
            if time.monotonic() - started > seconds:
                return None
            time.sleep(0.5)
        return time.monotonic() - started

    # What trickles in.

    def _orders(self) -> None:
        producer = Producer({"bootstrap.servers": self.broker, "acks": "all"})
        shops = [shop for shop, _ in SHOPS if any(tender == "CARD" for tender, _, _ in shop.gateways)]
        random = Random(f"{self._seed}|trickle")
        while not self._end.wait(SECONDS_BETWEEN_ORDERS):
            if self.orders_pause.is_set():
                continue
            order = plain_order(random.choice(shops), f"trickle-{next(self._numbers)}", OPENS_AT, random)
            for record in sent(events_of(order, TENANT)):
                producer.produce(ORDERS_EVENTS, record.value, record.key, partition_for(record.key, PARTITIONS))
            producer.poll(0)
        producer.flush(DELIVERY_SECONDS_MAX)

    def _webhooks(self) -> None:
        while not self._end.wait(SECONDS_BETWEEN_WEBHOOKS):
            if not self.webhooks_pause.is_set():
                self._deliver(json.dumps({"id": next(self._numbers)}).encode())

    def _deliver(self, body: bytes) -> None:
        """A webhook about something that is not booked."""
        signature = b64encode(hmac.digest(WEBHOOK_SECRET.encode(), body, hashlib.sha256)).decode()
        names = {"X-Shopify-Topic": "products/update", "X-Shopify-Hmac-Sha256": signature}
        headers = {**names, "X-Shopify-Webhook-Id": hashlib.sha256(body).hexdigest(), "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self._gateway_port, timeout=10)
        try:
            connection.request("POST", f"/in/{TENANT}/shopify:main", body, headers)
            connection.getresponse().read()
        except OSError:
            pass  # the gateway may be what is hurt just now
        finally:
            connection.close()
