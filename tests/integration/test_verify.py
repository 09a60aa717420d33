"""`asiento verify` on a real broker and a real ledger: silent when all is well, and it names every planted fault."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from asiento.runtime.metrics import Metrics
from asiento.runtime.service_process import now_microseconds
from asiento.runtime.settings import load_settings
from schemas.decisions import DecisionBatch, HealedOutcome, RecordOutcome, encode_decisions
from schemas.topics import ACCOUNTING_ENTRIES
from sinks.delivery import DeliveryLoop
from sinks.entry_stream import EntryStream
from sinks.ledger import ForeignLedger
from sinks.ledger_access import BookedRow, reader_at
from sinks.sqlite_ledger import SqliteLedger
from sinks.stream_identity import identify
from sinks.verify import FAULTS, Report, verify
from tests.integration.ledger_sink import DEADLINE_SECONDS, POLL_SECONDS, LedgerSink, emit, emit_raw, stream_ends
from tests.integration.order_books import PARTITIONS, OrderBooks, life_of_a_mug_order
from tests.unit.sinks.journal import invoice

EVENTS = [event for number in range(4) for event in life_of_a_mug_order(f"o{number}")]


@dataclass
class Installation:
    """Topics with books on them, and the ledger that has booked them."""

    books: OrderBooks
    sink: LedgerSink

    async def verify(self) -> Report:
        """What `asiento verify` finds."""
        prefix = self.books.entries.removesuffix(ACCOUNTING_ENTRIES)
        url = f"sqlite:///{self.sink.ledger}"
        options = {"kafka_bootstrap_servers": self.books.kafka, "topic_prefix": prefix, "app_id": self.books.app_id, "ledger_url": url}
        return await verify(load_settings(options))

    async def book(self) -> None:
        """Deliver, in this process, until the ledger has everything."""
        options = {"bootstrap_servers": self.books.kafka}
        identity, partitions = await identify(self.books.entries, options)
        ledger, stop = SqliteLedger(self.sink.ledger, now_microseconds), asyncio.Event()
        stream = EntryStream(self.books.entries, partitions, self.sink.group, options)
        await stream.start(await ledger.open(identity, partitions))
        loop = DeliveryLoop(
            stream,
            ledger,
            Metrics(),
            group=self.sink.group,
            topic=self.books.entries,
            batch_entries_max=500,
            booking_seconds_max=DEADLINE_SECONDS,
            clock=now_microseconds,
        )
        delivery = asyncio.create_task(loop.run(stop))
        ends = await stream_ends(self.books.kafka, self.books.entries, PARTITIONS)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while stream.next_offsets != ends:
            assert time.monotonic() < deadline
            assert not delivery.done()
            await asyncio.sleep(POLL_SECONDS)
        stop.set()
        await delivery
        await stream.stop()
        await ledger.close()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`asiento verify` as a command."""
        return self.asiento("verify", *words)

    def asiento(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Any command on this installation."""
        command = [sys.executable, "-m", "asiento.cli.main", *words]
        return subprocess.run(command, env=self.sink.environment, capture_output=True, text=True, timeout=60, check=False)


async def _install(directory: Path, kafka: str, prefix: str) -> Installation:
    books = OrderBooks(kafka, prefix)
    await books.make_topics()
    await books.send([*EVENTS[:9], b"\x00poison", *EVENTS[9:]])
    await books.work()
    installation = Installation(books, LedgerSink(directory, kafka, prefix))
    await installation.book()
    return installation


@pytest.fixture
async def installation(tmp_path: Path, kafka: str, topic_prefix: str) -> Installation:
    """Books of four orders, booked; for tests that change the topics."""
    return await _install(tmp_path, kafka, topic_prefix)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, kafka: str) -> Installation:
    """The same, for tests that only change a copy of the ledger."""
    with asyncio.Runner() as runner:
        return runner.run(_install(tmp_path_factory.mktemp("shared"), kafka, f"v{os.urandom(5).hex()}-"))


@pytest.fixture
def tampered(shared: Installation, tmp_path: Path) -> Iterator[tuple[Installation, sqlite3.Connection]]:
    """A copy of the ledger without its triggers and unique indexes, open to anybody."""
    copy = Installation(shared.books, LedgerSink(tmp_path, shared.books.kafka, "unused-"))
    connection = sqlite3.connect(copy.sink.ledger, isolation_level=None)
    with closing(sqlite3.connect(shared.sink.ledger)) as original:
        original.backup(connection)
    wanted = "SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'index') AND sql NOT NULL"
    for kind, name in connection.execute(wanted).fetchall():
        connection.execute(f"DROP {kind} {name}")
    yield copy, connection
    connection.close()


def test_books_in_order_are_clean_and_accounted_for(shared: Installation) -> None:
    done = shared.run("--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    # 4 orders of 6 records: 4 posted (the capture by healing), 1 duplicate, 1 parked; and one poison record.
    outcomes = {"posted": 16, "duplicate": 4, "conflict": 0, "deferred": 4, "rejected": 0, "ignored": 0, "dead_letter": 1}
    assert report["outcomes"] == outcomes
    assert report["accounted_for"] == "every record is accounted for: 25 consumed = " + " + ".join(f"{k} {v}" for k, v in outcomes.items())
    assert report["entries"]["on_stream"] == report["entries"]["booked"] == len(shared.sink.booked())
    assert (report["clean"], report["problems"], report["lag"]) == (True, [], 0)


def test_the_commands_of_the_page_on_a_running_system(shared: Installation, tmp_path: Path) -> None:
    """docs/verify.md: heads are printed, kept and compared; offsets and metrics are what the page says."""
    printed = shared.asiento("ledger", "heads", "--json")
    kept = tmp_path / "heads.json"
    kept.write_text(printed.stdout)
    metrics = tmp_path / "asiento_verify.prom"
    done = shared.run("--json", "--heads", str(kept), "--metrics-file", str(metrics))
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    page = (Path(__file__).parents[2] / "docs" / "verify.md").read_text(encoding="utf-8")
    assert [name for name in (*report, *report["entries"], *report["partitions"][0]) if f"`{name}`" not in page] == []
    heads = {part["partition"]: (part["length"], part["hash"]) for part in json.loads(printed.stdout)["partitions"]}
    assert heads == {part["partition"]: (part["chain_length"], part["chain_head"]) for part in report["partitions"]}
    assert sum(part["entries_on_stream"] for part in report["partitions"]) == report["entries"]["on_stream"]
    text = metrics.read_text()
    assert all(f'asiento_verify_problems{{fault="{fault}"}} 0.0' in text for fault in FAULTS)
    assert f"asiento_verify_entries_checked {report['entries']['on_stream']}.0" in text
    lines = shared.run("--offsets").stdout.splitlines()
    assert [line.split(":")[0] for line in lines if line.startswith("partition ")] == [
        f"partition {number}" for number in range(PARTITIONS)
    ]
    assert len(shared.asiento("ledger", "heads").stdout.splitlines()) == 1 + PARTITIONS


def test_heads_that_cannot_be_read_are_refused(shared: Installation, tmp_path: Path) -> None:
    done = shared.run("--heads", str(tmp_path / "nothing.json"))
    assert done.returncode == 1
    assert "nothing.json: No such file" in done.stderr


TAMPERING = {
    "missing": "DELETE FROM {table} WHERE entry_no = 3",
    "amount": "UPDATE posting SET amount = amount + 1 WHERE entry_no = 3",
    "account": "UPDATE posting SET account = 'cash:mine' WHERE entry_no = 3 AND line = 1",
    "one leg": "UPDATE posting SET amount = amount + 1 WHERE entry_no = 3 AND line = 1",
    "leg removed": "DELETE FROM posting WHERE entry_no = 3 AND line = 1",
    "date": "UPDATE entry SET posting_date = '2026-02-28' WHERE entry_no = 3",
    "memo": "UPDATE entry SET memo = 'nothing to see' WHERE entry_no = 3",
    "hash": "UPDATE entry SET content_hash = replace(content_hash, substr(content_hash, 1, 1), 'x') WHERE entry_no = 3",
    "document amount": "UPDATE document SET body = json_set(body, '$.totals.net', 1) WHERE entry_no = {document}",
    "document field": "UPDATE document SET body = json_set(body, '$.lines[0].description', 'Gold') WHERE entry_no = {document}",
    "document broken": "UPDATE document SET body = '[]' WHERE entry_no = {document}",
    "document removed": "DELETE FROM document WHERE entry_no = {document}",
    "ownerless": "INSERT INTO posting VALUES (999, 1, 'cash:mine', 'DEBIT', 5, NULL, '{{}}')",
    "offset": "UPDATE source_offset SET next_offset = next_offset + 100 WHERE partition = 0",
}


@pytest.mark.parametrize(
    ("tampering", "faults"),
    [
        ("missing", {"missing": 1, "seal_broken": 1}),
        ("amount", {"altered": 1}),
        ("account", {"altered": 1}),
        ("one leg", {"altered": 1, "unbalanced": 1}),
        ("leg removed", {"altered": 1, "unbalanced": 1}),
        ("date", {"altered": 1}),
        ("memo", {"altered": 1}),
        ("hash", {"altered": 1}),
        ("document amount", {"altered": 1}),
        ("document field", {"altered": 1}),
        ("document broken", {"altered": 1}),
        ("document removed", {"altered": 1}),
        ("ownerless", {"ownerless": 1}),
        ("offset", {"ledger_offset": 1, "seal_broken": 1}),
    ],
)
async def test_a_tampered_ledger_is_reported(
    tampered: tuple[Installation, sqlite3.Connection], tampering: str, faults: dict[str, int]
) -> None:
    copy, connection = tampered
    document = connection.execute("SELECT min(entry_no) FROM document").fetchone()[0]
    entry_no = document if "document" in tampering else 3
    entry_id = connection.execute("SELECT entry_id FROM entry WHERE entry_no = ?", (entry_no,)).fetchone()[0]
    for table in ("posting", "document", "entry") if tampering == "missing" else ("entry",):
        connection.execute(TAMPERING[tampering].format(table=table, document=document))
    problems = (await copy.verify()).problems
    assert problems.counts.pop("unprotected") > 10
    assert problems.counts == faults
    if not {"ownerless", "ledger_offset"} & set(faults):
        assert all(problem.entry_id == entry_id for problem in problems.listed if problem.fault in set(faults) - {"seal_broken"})


@pytest.mark.parametrize(("new_id", "fault"), [(False, "doubled"), (True, "extra")])
async def test_a_second_copy_of_an_entry_is_reported(tampered: tuple[Installation, sqlite3.Connection], new_id: bool, fault: str) -> None:
    copy, connection = tampered
    for table in ("entry", "posting", "document"):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "entry_no"]
        values = ["'00000000-dead-0000-0000-000000000000'" if new_id and name == "entry_id" else name for name in columns]
        copied = f"SELECT entry_no + 900, {', '.join(values)} FROM {table} WHERE entry_no = 3"  # noqa: S608
        connection.execute(f"INSERT INTO {table} (entry_no, {', '.join(columns)}) {copied}")
    counts = (await copy.verify()).problems.counts
    assert {name: number for name, number in counts.items() if name != "unprotected"} == {fault: 1, "seal_broken": 1}


def test_the_command_lists_what_it_found(tampered: tuple[Installation, sqlite3.Connection], shared: Installation) -> None:
    copy, connection = tampered
    connection.execute("UPDATE posting SET amount = amount + 1 WHERE entry_no = 3")
    shared.sink.environment["ASIENTO_LEDGER_URL"] = f"sqlite:///{copy.sink.ledger}"
    done = shared.run()
    shared.sink.environment["ASIENTO_LEDGER_URL"] = f"sqlite:///{shared.sink.ledger}"
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("every record is accounted for: 25 consumed = posted 16 + ")
    assert sum(line.startswith("altered: entry ") for line in lines) == 1
    assert "altered 1" in done.stderr


async def test_what_the_sink_has_not_reached_is_pending_not_missing(installation: Installation) -> None:
    await installation.books.send(life_of_a_mug_order("late"))
    await installation.books.work()
    report = await installation.verify()
    assert report.clean
    assert report.pending == report.entries_on_stream - report.entries_booked > 0


async def test_what_no_worker_has_reached_is_lag(installation: Installation) -> None:
    await installation.books.send(life_of_a_mug_order("late"))
    report = await installation.verify()
    assert (report.clean, report.lag) == (True, 6)


async def test_another_content_under_a_known_id_on_the_stream_is_reported(installation: Installation, kafka: str) -> None:
    row = _first_booked(installation)
    booked = row.entry()
    other = replace(booked, postings=tuple(replace(leg, amount=leg.amount + 1) for leg in booked.postings), document=None)
    await emit(kafka, installation.books.entries, [(row.partition, other)])
    await installation.book()
    assert (await installation.verify()).problems.counts == {"stream_doubled": 1}
    with reader_at(f"sqlite:///{installation.sink.ledger}") as reader:
        assert [row.entry_id for row in reader.conflicts()] == [booked.entry_id]


async def test_an_entry_that_no_decision_names_is_reported(installation: Installation, kafka: str) -> None:
    await emit(kafka, installation.books.entries, [(0, invoice(77))])
    await installation.book()
    assert (await installation.verify()).problems.counts == {"entry_not_named": 1}


async def test_a_record_on_the_entries_topic_that_is_none_is_reported(installation: Installation, kafka: str) -> None:
    await emit_raw(kafka, installation.books.entries, b"\x07", b"k")
    assert (await installation.verify()).problems.counts == {"stream_unreadable": 1}


@pytest.mark.parametrize(
    ("first", "length", "healed", "faults"),
    [
        (2, 1, (), {"gap": 1, "undecided": 2, "committed_offset": 1}),
        (-1, 4, (), {"overlap": 1, "decided_twice": 1, "committed_offset": 1}),
        (0, 3, ("nobody",), {"healed_nothing": 1, "committed_offset": 1}),
        (0, 2, (), {"committed_offset": 1}),
    ],
)
async def test_decisions_that_do_not_add_up_are_reported(
    installation: Installation, first: int, length: int, healed: tuple[str, ...], faults: dict[str, int]
) -> None:
    """Three more records on partition 0, decided wrongly: with a hole, twice, for nobody, or committed further than decided."""
    books = installation.books
    await books.send([b"a", b"b", b"c"])
    start = books.decided(0)
    offsets = range(start + first, start + first + length)
    outcomes = tuple(
        RecordOutcome(offset=at, event_id=None, order_key=None, outcome="dead_letter", code="x", entry_ids=()) for at in offsets
    )
    strangers = tuple(HealedOutcome(event_id=name, outcome="posted", code=None, entry_ids=()) for name in healed)
    batch = DecisionBatch(
        topic=books.events,
        partition=0,
        first_offset=offsets.start,
        next_offset=offsets.stop,
        outcomes=outcomes,
        healed=strangers,
        worker="test",
        decided_at=0,
    )
    async with (
        AIOKafkaProducer(bootstrap_servers=books.kafka, transactional_id=f"{books.app_id}-orders-0") as producer,
        producer.transaction(),
    ):
        await producer.send(books.decisions, encode_decisions(batch), partition=0)
        committed = {TopicPartition(books.events, 0): start + 99}
        await producer.send_offsets_to_transaction(committed, f"{books.app_id}-orders")
    report = await installation.verify()
    assert report.problems.counts == faults
    assert report.summary().startswith("NOT every record")


async def test_a_ledger_of_another_stream_is_refused(shared: Installation, kafka: str, topic_prefix: str) -> None:
    other = OrderBooks(kafka, topic_prefix)
    await other.make_topics()
    with pytest.raises(ForeignLedger, match="books from topic"):
        await Installation(other, shared.sink).verify()


def test_no_broker_is_exit_3(shared: Installation, tmp_path: Path) -> None:
    sink = LedgerSink(tmp_path, "127.0.0.1:1", "unused-")
    sink.environment["ASIENTO_LEDGER_URL"] = f"sqlite:///{shared.sink.ledger}"
    done = Installation(shared.books, sink).run()
    assert done.returncode == 3
    assert "no broker answers" in done.stderr


def _first_booked(installation: Installation) -> BookedRow:
    with reader_at(f"sqlite:///{installation.sink.ledger}") as reader:
        return next(reader.all_rows())
