"""The desk on a real Kafka: what the stream could not settle is listed, explained and mended, and the books are right afterwards."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.cli.main import app
from asiento.cli.simulation import Simulation
from schemas.entries import encode_entry
from schemas.event_messages import message_from_json
from schemas.events import decode_to_json, encode_event_json
from schemas.framing import frame_header
from schemas.operator_actions import OperatorAction, decode_action
from schemas.partitioning import partition_for
from schemas.topics import ACCOUNTING_ACTIONS, ORDERS_RAW
from tests.integration.operational_projector import Projector
from tests.integration.order_stream import PARTITIONS, OrderStream, Worker, wait_until
from tests.kiosk_source import SAID_BY_CUSTOMER, kiosk_record, write_mapper
from tests.unit.schemas import examples

Json = dict[str, Any]
ANA, BOB = ("--reason", "the shop agreed", "--by", "ana"), ("--reason", "seen it", "--by", "bob")
GOOD = encode_event_json(examples.placed(order_id="bytes"))
BROKEN: dict[str, bytes | None] = {
    "empty_value": None,
    "bad_magic": b"junk",
    "unknown_schema_id": frame_header(999_999) + b"x",
    "undecodable": GOOD[:-9],
    "trailing_bytes": GOOD + b"\x00",
    "wrong_record_type": encode_entry(examples.INVOICE),
    "too_large": GOOD + bytes(600 * 1024),
}


class RealDesk:
    """A worker, a projector, and the command line in this process."""

    def __init__(self, kafka: str, prefix: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stream = OrderStream(kafka, prefix, directory).make_topics()
        self.stream.start_worker()
        self.mappers = directory / "mappers"
        write_mapper(self.mappers, knows_pickup=False)
        monkeypatch.setenv("ASIENTO_MAPPERS", str(self.mappers))
        self.projector = Projector(directory, kafka, prefix)
        self.projector.start()
        for name, value in self.projector.environment.items():
            if name.startswith("ASIENTO_"):
                monkeypatch.setenv(name, value)

    def arrive(self, *records: Json | tuple[bytes | None, bytes | None, int]) -> None:
        """Events, or (key, value, partitions away from that of the key)."""
        with self.stream.producer() as producer:
            for record in records:
                if isinstance(record, tuple):
                    key, value, shift = record
                else:
                    message = message_from_json(record)
                    key, value, shift = message.key, message.value, 0
                partition = (partition_for(key or b"", PARTITIONS) + shift) % PARTITIONS
                producer.produce(self.stream.events, value, key, partition)

    def arrive_raw(self, *records: tuple[bytes, bytes]) -> None:
        """Raw records, on the partition of their key."""
        with self.stream.producer() as producer:
            for key, value in records:
                producer.produce(self.stream.settings.topic(ORDERS_RAW), value, key, partition_for(key, PARTITIONS))

    def start_normalizer(self) -> Worker:
        """A normalizer with the mappers as they are now."""
        return self.stream.start(("-m", "asiento.cli.main", "streams", "run", "normalizer"), mappers=self.mappers)

    def command(self, *words: str, stdin: Any = None) -> Any:
        """What a command says as JSON; it must succeed."""
        result = CliRunner().invoke(app, [*words, "--json"], input=None if stdin is None else orjson.dumps(stdin))
        assert result.exception is None, f"{words}: {result.exception!r}"
        return orjson.loads(result.stdout)

    def refusal(self, *words: str) -> str:
        """The message of a command that ends with exit 1."""
        result = CliRunner().invoke(app, [*words])
        assert getattr(result.exception, "exit_code", None) == 1, repr(result.exception)
        return str(result.exception)

    def wait_items(self, count: int, *words: str) -> list[Json]:
        """Poll a list until it has so many items."""
        found: list[Json] = []

        def there() -> bool:
            result = CliRunner().invoke(app, [*words, "--json"])
            found[:] = orjson.loads(result.stdout)["items"] if result.exception is None else []
            return result.exception is None and len(found) == count

        wait_until(there, f"{words} lists {count}")
        return found

    def actions(self) -> list[OperatorAction]:
        """All committed actions."""
        return [decode_action(one.value) for one in self.stream.read(self.stream.settings.topic(ACCOUNTING_ACTIONS))]

    def events(self) -> list[Json]:
        """All committed events that can be read, in the order of their partitions."""
        found = [decode_to_json(one.value) for one in self.stream.read(self.stream.events)]
        return [one for one in found if isinstance(one, dict)]

    def books(self) -> dict[str, dict[str, int]]:
        """currency -> account -> balance of what the worker booked; each entry stands once."""
        self.stream.wait_drained()
        balances: dict[str, dict[str, int]] = {}
        entries = [one.entry for one in self.stream.entries()]
        assert len({entry.entry_id for entry in entries}) == len(entries)
        for entry in entries:
            accounts = balances.setdefault(entry.currency, {})
            for leg in entry.postings:
                accounts[leg.account] = accounts.get(leg.account, 0) + (leg.amount if leg.side == "DEBIT" else -leg.amount)
        return {currency: dict(sorted(accounts.items())) for currency, accounts in balances.items()}

    def close(self) -> None:
        """End both processes."""
        if self.projector.running:
            self.projector.kill()
        self.stream.close()


@pytest.fixture
def desk(kafka: str, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealDesk]:
    """An installation of this test's own."""
    found = RealDesk(kafka, topic_prefix, tmp_path, monkeypatch)
    yield found
    found.close()


def simulated(events: list[Json]) -> dict[str, dict[str, int]]:
    """The trial balance of `asiento simulate`."""
    simulation = Simulation(DEFAULT_POLICIES)
    for _ in simulation.run(BytesIO(b"".join(orjson.dumps(event) + b"\n" for event in events))):
        pass
    balance: dict[str, dict[str, int]] = simulation.summary()["summary"]["trial_balance"]
    return balance


def of_order(make: Callable[..., Json], order_id: str, **changes: Any) -> Json:
    """An event of an order of its own."""
    from uuid import NAMESPACE_OID, uuid5

    return make(order_id=order_id, event_id=str(uuid5(NAMESPACE_OID, f"{order_id}{make.__name__}{changes.get('amount', '')}")), **changes)


def test_one_of_each_is_listed_explained_and_mended(desk: RealDesk) -> None:
    mended: list[Json] = []
    for reason, value in BROKEN.items():
        placed, captured = of_order(examples.placed, reason), of_order(examples.captured, reason)
        desk.arrive(placed, (f"acme:shopify:main:{reason}".encode(), value, 0))
        mended += [placed, captured]
    wrong_key, astray = of_order(examples.captured, "wrong_key"), of_order(examples.captured, "astray")
    desk.arrive(of_order(examples.placed, "wrong_key"), (b"acme:shopify:main:other", encode_event_json(wrong_key), 0))
    desk.arrive(of_order(examples.placed, "astray"), (b"acme:shopify:main:astray", encode_event_json(astray), 1))
    mended += [of_order(examples.placed, "wrong_key"), wrong_key, of_order(examples.placed, "astray"), astray]
    letters = {item["reason"]: item for item in desk.wait_items(len(BROKEN) + 2, "dlq", "list")}
    assert set(letters) == {*BROKEN, "wrong_key", "wrong_partition"}
    for reason, letter in letters.items():
        page = desk.command("dlq", "show", letter["subject"])
        assert page["meaning"]
        assert page["mend"]
        assert page["bytes_there"]
        if reason in BROKEN:
            desk.command("dlq", "fix", letter["subject"], "--event", "-", *ANA, stdin=of_order(examples.captured, reason))
    desk.command("dlq", "fix", letters["wrong_key"]["subject"], *ANA)
    assert desk.command("dlq", "replay", "--refused-as", "wrong_partition", *ANA)["sent"] == 1
    desk.wait_items(0, "dlq", "list")
    assert desk.books() == simulated(mended)
    assert {action.kind for action in desk.actions()} == {"REPLAY"}
    assert len(desk.actions()) == len(BROKEN) + 2
    desk.stream.check_books()


def test_open_states_are_mended_and_two_persons_move_money(desk: RealDesk) -> None:
    placed = {name: of_order(examples.placed, name) for name in ("dollars", "waits", "twice", "much")}
    dollars, twice = of_order(examples.captured, "dollars"), of_order(examples.captured, "twice")
    waits = of_order(examples.shipped, "waits", lines=[{"line_id": "L1", "quantity": "9"}])
    much = of_order(examples.captured, "much", amount=201_210)
    desk.arrive(*placed.values(), {**dollars, "currency": "USD"}, waits, twice, {**twice, "amount": 1_000}, much)
    listed = {item["order_key"].rpartition(":")[2]: item for item in desk.wait_items(2, "events", "list")}
    assert {name: (item["outcome"], item["code"]) for name, item in listed.items()} == {
        "dollars": ("rejected", "D24"),
        "waits": ("deferred", "D11"),
    }
    (conflict,) = desk.wait_items(1, "events", "list", "--outcome", "conflict")
    assert desk.command("events", "show", dollars["event_id"])["message"]["action"]
    desk.command("events", "fix", dollars["event_id"], "--set", "currency=EUR", *ANA)
    one_unit = ("--set", "lines[0].quantity=1", "--set", "shipment_id=s1-b")
    desk.command("events", "fix", waits["event_id"], *one_unit, *ANA)
    desk.command("events", "fix", conflict["event_id"], *ANA)
    (overpaid,) = desk.wait_items(1, "discrepancies", "list", "--code", "D08")
    name = overpaid["discrepancy_id"]
    legs = ("--post", "DEBIT:psp_fees:150000", "--post", "CREDIT:psp_clearing:stripe:150000")
    assert desk.command("discrepancies", "resolve", name, *legs, *ANA)["action"]["kind"] == "PROPOSE"
    assert "another person" in desk.refusal("discrepancies", "approve", name, "--reason", "mine", "--by", "ANA")
    desk.command("discrepancies", "approve", name, *BOB)
    assert "resolved" in desk.refusal("discrepancies", "resolve", name, *legs, *ANA)
    desk.wait_items(1, "events", "list")
    desk.wait_items(0, "events", "list", "--outcome", "conflict")
    books = desk.books()
    assert books == simulated(desk.events())
    assert books["EUR"]["psp_fees"] == 150_000
    desk.stream.check_books()


def test_a_replay_sent_twice_is_booked_once(desk: RealDesk) -> None:
    placed, astray = of_order(examples.placed, "astray"), of_order(examples.captured, "astray")
    desk.arrive(placed, (b"acme:shopify:main:astray", encode_event_json(astray), 1))
    (letter,) = desk.wait_items(1, "dlq", "list")
    assert desk.command("dlq", "replay", letter["subject"], *ANA)["sent"] == 1
    assert desk.command("dlq", "replay", letter["subject"], *ANA)["sent"] == 0
    assert desk.command("dlq", "replay", letter["subject"], "--again", *ANA)["sent"] == 1
    assert desk.books() == simulated([placed, astray])
    assert len(desk.actions()) == 2
    assert [one.outcome for batch in desk.stream.batches() for one in batch.outcomes].count("duplicate") == 1


def test_a_refused_payload_is_told_once_after_its_mapper_was_mended(desk: RealDesk) -> None:
    normalizer = desk.start_normalizer().wait_ready()
    desk.arrive_raw(kiosk_record("K-1"), kiosk_record("K-2"), kiosk_record("K-3", state="lost"))
    letters = {item["order_key"]: item for item in desk.wait_items(3, "dlq", "list")}
    page = desk.command("dlq", "show", letters["acme:kiosk:main:K-1"]["subject"])
    assert (page["reason"], page["raw"]["topic"], page["raw_now"]["outcome"]) == ("reject_malformed", "orders", "refused")
    assert SAID_BY_CUSTOMER not in orjson.dumps(page).decode()
    write_mapper(desk.mappers, knows_pickup=True)
    assert normalizer.stop() == 0
    desk.start_normalizer().wait_ready()
    again = ("dlq", "replay", "--refused-as", "reject_malformed", "--source", "kiosk:main")
    assert "1 of 3 records cannot be sent again" in desk.refusal(*again, *ANA)
    (left,) = desk.wait_items(1, "dlq", "list")
    assert left["order_key"] == "acme:kiosk:main:K-3"
    assert desk.command("dlq", "replay", letters["acme:kiosk:main:K-1"]["subject"], "--again", *ANA)["sent"] == 1
    desk.arrive_raw((kiosk_record("K-1")[0], kiosk_record("K-9")[1]))  # behind the second replay, on its partition
    wait_until(lambda: len(desk.events()) >= 6, "all three sales are told")
    assert sorted((one["order_id"], one["type"]) for one in desk.events()) == [
        (order, kind) for order in ("K-1", "K-2", "K-9") for kind in ("OrderPlaced", "PaymentCaptured")
    ]
    assert desk.books() == {"EUR": {"contract_liability": -9975, "psp_clearing:acme_pay": 9975}}
    raw = [one for one in desk.stream.read(desk.stream.settings.topic(ORDERS_RAW)) if one.key == b"acme:kiosk:main:K-1"]
    assert [one.value for one in raw] == [*[kiosk_record("K-1")[1]] * 3, kiosk_record("K-9")[1]]
    assert [(action.kind, action.actor) for action in desk.actions()] == [("REPLAY", "ana")] * 3


KILLED_BETWEEN = """
    import os, signal
    from aiokafka import AIOKafkaProducer
    import asiento.cli.main as main

    send, flush = AIOKafkaProducer.send, AIOKafkaProducer.flush

    async def send_and_die(self, topic, *rest, **more):
        if topic.endswith("accounting.actions.v1"):
            await flush(self)  # the event is on the broker, its action is not
            os.kill(os.getpid(), signal.SIGKILL)
        return await send(self, topic, *rest, **more)

    AIOKafkaProducer.send = send_and_die
    main.main()
"""


def test_a_desk_killed_between_event_and_action_has_done_nothing(desk: RealDesk) -> None:
    placed, astray = of_order(examples.placed, "astray"), of_order(examples.captured, "astray")
    desk.arrive(placed, (b"acme:shopify:main:astray", encode_event_json(astray), 1))
    (letter,) = desk.wait_items(1, "dlq", "list")
    command = [sys.executable, "-c", textwrap.dedent(KILLED_BETWEEN), "dlq", "replay", letter["subject"], *ANA]
    killed = subprocess.run(command, env=os.environ.copy(), capture_output=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert desk.wait_items(1, "dlq", "list")[0]["replays"] == 0
    assert desk.command("dlq", "replay", letter["subject"], *ANA)["sent"] == 1
    desk.wait_items(0, "dlq", "list")
    # The broker takes the dead desk's half back after its time; until then nobody reads beyond it.
    wait_until(lambda: desk.books() == simulated([placed, astray]), "the books have the payment once")
    assert len(desk.actions()) == 1
    desk.stream.check_books()
