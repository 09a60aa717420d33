"""The chain and the seals as the embedded ledger keeps them, and ledgers that are older than their chain."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sinks.bookkeeping.rows import conflict_row, document_row, posting_rows
from sinks.chain import EMPTY_CHAIN, START, ChainHead, entry_seal, next_link
from sinks.ledger import Batch, BookableEntry, LedgerRefused, OffsetMoved
from sinks.ledger_access import DamagedRow, audit_at, reader_at
from sinks.sqlite_ledger import SqliteLedger
from sinks.sqlite_ledger.statements import migrations
from tests.unit.sinks.journal import BOOKED_AT, STREAM, batch, capture, hashed, invoice

OLD_COLUMNS = {
    "entry": "entry_no, entry_id, content_hash, entry_kind, part, entry_seq, tenant, legal_entity, order_key, event_id, event_type, source,"
    " channel, occurred_at, business_date, posting_date, late, currency, currency_exponent, posting_count, document_ref, reverses, rule,"
    " policy_version, memo, stream_partition, stream_offset, booked_at",
    "entry_conflict": "conflict_no, entry_id, booked_content_hash, content_hash, entry, stream_partition, stream_offset, seen_at",
    "source_offset": "cluster_id, topic, topic_id, partition, next_offset",
    "posting": "*",
    "document": "*",
}


async def book(path: Path, *batches: Batch) -> None:
    """Book these on partitions 0 and 1, and close."""
    ledger = SqliteLedger(path, lambda: BOOKED_AT)
    await ledger.open(STREAM, (0, 1))
    for one in batches:
        await ledger.book(one)
    await ledger.close()


def chain_of(entries: Iterable[BookableEntry]) -> ChainHead:
    """The head after these."""
    head = EMPTY_CHAIN
    for item in entries:
        head = ChainHead(length=head.length + 1, link=next_link(head.link, item.partition, item.offset, item.value))
    return head


def heads(path: Path) -> dict[int, ChainHead]:
    """The head of each partition, as the file says."""
    with reader_at(f"sqlite:///{path}") as reader:
        return {number: place.head for number, place in reader.places().items()}


async def test_the_chain_is_that_of_the_first_seen_entries_of_each_partition(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = batch([capture(1), invoice(1), replace(invoice(1), memo="again"), invoice(1, amount=5_800)])
    second, other = batch([invoice(2)], start=4, controls=2), batch([invoice(3)], partition=1)
    await book(path, first, Batch(ranges=second.ranges + other.ranges, entries=second.entries + other.entries))
    assert heads(path) == {0: chain_of([*first.entries[:2], *second.entries]), 1: chain_of(other.entries)}


async def test_a_new_ledger_stands_at_the_start_of_every_chain(tmp_path: Path) -> None:
    await book(tmp_path / "ledger.sqlite")
    assert heads(tmp_path / "ledger.sqlite") == {0: EMPTY_CHAIN, 1: EMPTY_CHAIN}


async def test_seals_run_over_the_ledger_in_the_order_of_booking(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    await book(path, batch([capture(1)]), batch([invoice(3)], partition=1), batch([invoice(1)], start=1))
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT entry_no, booked_at, chain_hash, seal FROM entry ORDER BY entry_no").fetchall()
    before = START
    for entry_no, booked_at, link, own_seal in rows:
        assert own_seal == entry_seal(before, link, entry_no, booked_at)
        before = own_seal
    assert len(rows) == 3


async def test_a_ledger_that_lost_its_end_is_not_booked_further(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    await book(path, batch([capture(1), capture(2)]))
    with closing(sqlite3.connect(path, isolation_level=None)) as careless:
        careless.execute("DROP TRIGGER entry_is_never_removed")
        careless.execute("DELETE FROM entry WHERE entry_no = 2")
    with pytest.raises(LedgerRefused, match="count 2 entries, the last entry booked has number 1"):
        await book(path)


async def test_a_head_that_somebody_moved_books_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = SqliteLedger(path, lambda: BOOKED_AT)
    await ledger.open(STREAM, (0, 1))
    with closing(sqlite3.connect(path, isolation_level=None)) as careless:
        careless.execute("UPDATE source_offset SET chain_length = 7, chain_hash = printf('%064d', 7)")
    with pytest.raises(OffsetMoved, match="link 0 of its chain"):
        await ledger.book(batch([capture(1)]))
    await ledger.close()


def _as_version_1(path: Path, old: Path) -> None:
    """The same books as a program without a chain had made them."""
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.executescript(migrations()[0][1])
        connection.execute("PRAGMA application_id = 0x61736E74")
        connection.execute("PRAGMA user_version = 1")
        connection.execute("ATTACH ? AS newer", (str(path),))
        for table in ("source_offset", "posting", "document", "entry", "entry_conflict"):
            columns = OLD_COLUMNS[table]
            names = "" if columns == "*" else f"({columns})"
            connection.execute(f"INSERT INTO main.{table} {names} SELECT {columns} FROM newer.{table}")  # noqa: S608


def _dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if line.startswith("INSERT")]


async def test_an_older_ledger_gets_the_chain_it_would_have(tmp_path: Path) -> None:
    path, old = tmp_path / "ledger.sqlite", tmp_path / "old.sqlite"
    entries = [entry for number in range(1, 400) for entry in (capture(number), invoice(number))]
    await book(path, batch(entries), batch([invoice(1, amount=5_800)], start=len(entries)), batch([invoice(999)], partition=1))
    _as_version_1(path, old)
    await book(old)
    assert [line for line in _dump(old) if "entry_conflict" not in line] == [line for line in _dump(path) if "entry_conflict" not in line]
    assert sum("entry_conflict" in line for line in _dump(old)) == 1
    with audit_at(f"sqlite:///{old}") as audit:
        assert audit.schema_differences() == ()


async def test_an_altered_older_ledger_is_not_given_a_chain(tmp_path: Path) -> None:
    path, old = tmp_path / "ledger.sqlite", tmp_path / "old.sqlite"
    await book(path, batch([capture(1), invoice(1)]))
    _as_version_1(path, old)
    with closing(sqlite3.connect(old, isolation_level=None)) as careless:
        careless.execute("DROP TRIGGER posting_is_never_changed")
        careless.execute("UPDATE posting SET account = 'cash:mine' WHERE entry_no = 2 AND line = 2")
    before = _dump(old)
    with pytest.raises(LedgerRefused, match=f"entry {invoice(1).entry_id} .*content hash it was booked with"):
        await book(old)
    assert _dump(old) == before


async def test_an_upgrade_that_fails_leaves_the_version(tmp_path: Path) -> None:
    path, old = tmp_path / "ledger.sqlite", tmp_path / "old.sqlite"
    await book(path, batch([capture(1), invoice(1)]))
    _as_version_1(path, old)
    with closing(sqlite3.connect(old, isolation_level=None)) as careless:
        careless.execute("DROP TRIGGER posting_is_never_removed")
        careless.execute("DELETE FROM posting")
    with pytest.raises(LedgerRefused, match="cannot be brought to version 2"):
        await book(old)
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert "chain_hash" not in [row[1] for row in connection.execute("PRAGMA table_info(entry)")]


def test_the_json_texts_of_the_file_are_part_of_its_format() -> None:
    """Verify compares them letter by letter: written otherwise, every older ledger would be called altered."""
    document = invoice().document
    assert document is not None
    assert document_row(1, document)[3] == (
        '{"kind":"INVOICE","document_ref":"invoice-t1-shopify:mx-1-1","refers_to":[],"customer_ref":null,"due_date":null,"lines":'
        '[{"quantity":2000000,"net":10000,"discount":0,"taxes":[{"jurisdiction":"MX","type":"VAT","code":"IVA","rate":"0.16","amount":1600,'
        '"liable_party":"SELLER"}],"line_id":"1","sku":"mug","description":null,"unit_price":"50.00"}],"totals":{"net":10000,"tax":1600,'
        '"gross":11600},"fiscal":{"rfc":"XAXX010101000"}}'
    )
    assert [row[6] for row in posting_rows(1, invoice())] == ['{"channel":"web"}', '{"category":"sales","channel":"web"}', "{}"]
    kept = conflict_row((0, 0), hashed(capture()), "a" * 64, 0, (1, 0))[4]
    assert kept.startswith(
        '{"entry_id":"00000000-0000-0000-0000-000100000001","entry_kind":"capture","part":"","entry_seq":1,"tenant":"t1",'
    )


@pytest.mark.parametrize("body", ["[]", "{}", "null", "7", '"text"', '{"lines": 3}', '{"lines": [], "totals": [], "fiscal": []}', "{", ""])
async def test_rows_that_are_no_entry_any_more_are_damaged_and_nothing_else(tmp_path: Path, body: str) -> None:
    path = tmp_path / "ledger.sqlite"
    await book(path, batch([invoice(1)]))
    with reader_at(f"sqlite:///{path}") as reader:
        row = next(reader.all_rows())
    assert row.document is not None
    with pytest.raises(DamagedRow, match=invoice(1).entry_id):
        replace(row, document=(*row.document[:3], body)).entry()
    valid = '{"lines":[],"totals":{"net":0,"tax":0,"gross":0},"refers_to":[],"fiscal":[],"kind":"INVOICE","document_ref":"d"}'
    with pytest.raises(DamagedRow):
        replace(row, document=(*row.document[:3], valid)).entry()
