"""A ledger outside as a process on a real broker: every entry once in the book, whatever happens to the process."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from asiento.accounting.journal import JournalEntry
from sinks.mapping.examples import example_file
from sinks.plaintext.account_names import account_name
from tests.integration.connection_sink import BookSink
from tests.integration.ledger_sink import emit, make_topics, published_acks, stream_ends, wait_acks
from tests.unit.sinks.journal import capture, invoice

PARTITIONS = 2
KILLS = 3


@pytest.fixture
async def book(tmp_path: Path, kafka: str, topic_prefix: str, hledger: str) -> AsyncIterator[BookSink]:
    """A book with its empty topics; not started."""
    sink = BookSink(tmp_path, kafka, topic_prefix, hledger)
    await make_topics(kafka, [sink.topic, sink.acks, sink.discrepancies], PARTITIONS)
    yield sink
    sink.close()


def _pairs(first: int, count: int) -> list[tuple[int, JournalEntry]]:
    return [
        (number % PARTITIONS, entry)
        for number in range(first, first + count)
        for entry in (capture(number, amount=10_000 + number), invoice(number, amount=10_000 + number))
    ]


def _balances(entries: list[JournalEntry]) -> dict[str, str]:
    sums: Counter[str] = Counter()
    for entry in entries:
        for posting in entry.postings:
            sums[account_name(posting.account)] += posting.amount if posting.side == "DEBIT" else -posting.amount
    return {account: f"MXN {amount}e-2" for account, amount in sums.items() if amount}


async def test_entries_stand_in_the_book_and_are_acknowledged(book: BookSink, kafka: str) -> None:
    placed = _pairs(1, 15)
    await emit(kafka, book.topic, placed)
    book.start()
    await book.wait_posted(len(placed))
    found = await wait_acks(kafka, book.acks, PARTITIONS, len(placed))
    assert book.terminate() == 0
    book.check()
    assert book.balances() == _balances([entry for _, entry in placed])
    acks = list(chain.from_iterable(found.values()))
    assert sorted((ack.entry_id, ack.ledger, ack.status) for ack in acks) == sorted(
        (entry.entry_id, "books", "POSTED") for _, entry in placed
    )
    assert all(ack.remote_id for ack in acks)
    assert await noted_positions(kafka, f"{book.environment['ASIENTO_APP_ID']}-connector-books") == await stream_ends(
        kafka, book.topic, PARTITIONS
    )


async def noted_positions(kafka: str, group: str) -> dict[int, int]:
    """What lag tools see of a group."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        return {place.partition: noted.offset for place, noted in (await admin.list_consumer_group_offsets(group)).items()}
    finally:
        await admin.close()


async def test_the_book_is_read_back_and_what_a_hand_changed_is_found(book: BookSink, kafka: str) -> None:
    placed = _pairs(1, 5)
    await emit(kafka, book.topic, placed)
    book.start()
    await book.wait_posted(len(placed))
    assert book.terminate() == 0
    code, report = book.reconcile()
    assert (code, report["clean"], report["documents"]["compared"], report["balances_compared"]) == (0, True, len(placed), True)
    (path,) = [path for path in book.book.rglob("*.journal") if "key: " in path.read_text(encoding="utf-8")]
    text = path.read_text(encoding="utf-8")
    capture_3 = ("PspClearing:Stripe  100.03 MXN", "ContractLiability  -100.03 MXN")
    assert [text.count(leg) for leg in capture_3] == [1, 1]
    for leg in capture_3:
        text = text.replace(leg, leg.replace("100.03", "100.04"))
    path.write_text(text, encoding="utf-8")
    code, report = book.reconcile()
    assert code == 1
    assert [finding["difference"] for finding in report["findings"]] == ["amount"]
    assert {line["amount"] for line in report["findings"][0]["correction"]} == {1, -1}


async def test_kills_at_any_time_leave_every_entry_once(book: BookSink, kafka: str) -> None:
    chance, placed = random.Random(11), _pairs(1, 60)
    part = len(placed) // KILLS
    for kill in range(KILLS):
        await emit(kafka, book.topic, placed[kill * part : (kill + 1) * part])
        book.start()
        target, wait = kill * part + chance.randrange(part), chance.random() / 2
        try:
            async with asyncio.timeout(wait + 3):
                await book.wait_posted(target)
                while chance.random() < 0.5:
                    await asyncio.sleep(wait / 5)
        except TimeoutError:
            pass  # it is killed in its start then
        book.kill()
    book.start()
    await book.wait_posted(len(placed))
    await wait_acks(kafka, book.acks, PARTITIONS, len(placed))
    assert book.terminate() == 0
    book.check()
    assert set(book.keys().values()) == {1}
    assert len(book.keys()) == len(placed)
    assert book.balances() == _balances([entry for _, entry in placed])
    posted = {ack.entry_id for ack in chain.from_iterable((await published_acks(kafka, book.acks, PARTITIONS)).values())}
    assert posted == {entry.entry_id for _, entry in placed}


async def test_a_second_process_of_a_connection_is_told(book: BookSink, kafka: str, tmp_path: Path) -> None:
    await emit(kafka, book.topic, _pairs(1, 1))
    book.start()
    await book.wait_posted(2)
    second = BookSink.__new__(BookSink)
    second.__dict__.update(book.__dict__)
    second.log = tmp_path / "second.log"
    second.start()
    try:
        assert await second.wait_exit() == 1
        assert "another process serves the connection books" in second.log.read_text()
    finally:
        second.close()
    assert book.running


async def test_what_is_unmapped_goes_out_when_the_file_is_mended(tmp_path: Path, kafka: str, topic_prefix: str, hledger: str) -> None:
    whole = example_file("hledger").read_text(encoding="utf-8")
    mapping = tmp_path / "accounts.yaml"
    mapping.write_text(whole.replace('  - {role: psp_clearing, to: "{name}"}\n', ""), encoding="utf-8")
    assert mapping.read_text(encoding="utf-8") != whole
    sink = BookSink(tmp_path, kafka, topic_prefix, hledger, mapping=mapping)
    await make_topics(kafka, [sink.topic, sink.acks, sink.discrepancies], PARTITIONS)
    try:
        placed = [(0, capture(1)), (0, invoice(1))]
        await emit(kafka, sink.topic, placed)
        sink.start()
        parked = list(chain.from_iterable((await wait_acks(kafka, sink.acks, PARTITIONS, 2)).values()))
        told = {ack.entry_id: ack for ack in parked}
        assert (told[invoice(1).entry_id].status, told[capture(1).entry_id].status) == ("POSTED", "PARKED")
        assert "psp_clearing:stripe" in (told[capture(1).entry_id].reason or "")
        mapping.write_text(whole, encoding="utf-8")
        await sink.wait_posted(2)
        assert sink.terminate() == 0
        assert sink.balances() == _balances([entry for _, entry in placed])
    finally:
        sink.close()
