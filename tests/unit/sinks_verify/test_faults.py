"""What verify calls each fault, and what it must not call one."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.acks import decode_ack, encode_ack
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_ENTRIES
from sinks.bookkeeping.rows import cursor_seal
from sinks.chain import START, ChainHead, seal
from sinks.ledger import ForeignLedger, LedgerUnavailable
from sinks.ledger_access import reader_at
from sinks.verify.kept_heads import KeptHeads, UnreadableHeads, heads_of, read_heads
from sinks.verify.report import FAULTS
from tests.unit.sinks_verify.capture import IDENTITY, Installation, install
from tests.unit.sinks_verify.mutations import unlock

PARTITIONS = 2


@pytest.fixture
async def books(tmp_path: Path) -> Installation:
    """40 entries on two partitions, all acknowledged, protections gone."""
    installation = await install(tmp_path, orders=20, partitions=PARTITIONS, conflicts=0)
    await installation.publish()
    unlock(installation.ledger)
    return installation


@contextmanager
def opened(installation: Installation) -> Iterator[sqlite3.Connection]:
    """The ledger's file, to be changed."""
    with closing(sqlite3.connect(installation.ledger, isolation_level=None)) as connection:
        yield connection


async def faults(installation: Installation, kept: KeptHeads | None = None) -> dict[str, int]:
    """The faults beside the missing protections."""
    counts = (await installation.verify(kept)).problems.counts
    return {fault: number for fault, number in counts.items() if fault not in ("unprotected", "damaged_file")}


def kept_of(installation: Installation) -> KeptHeads:
    """Heads of the ledger now."""
    with reader_at(f"sqlite:///{installation.ledger}") as reader:
        kept = heads_of(reader)
    assert kept is not None
    return kept


def forget_acks(installation: Installation) -> None:
    """As if retention had taken all acks."""
    log = installation.log
    log.records[ACCOUNTING_ACKS] = [[] for _ in range(log.partitions)]
    log.starts_of[ACCOUNTING_ACKS] = list(log.ends_of[ACCOUNTING_ACKS])


def cut_tail(installation: Installation, partition: int, keep: int) -> None:
    """The perfect cut: the last entries of a partition are gone, offset and head wound back to match, everything sealed again.

    It also renumbers nothing: the partition's entries are the last ones booked.
    """
    with opened(installation) as connection:
        rows = connection.execute(
            "SELECT entry_no, stream_offset, chain_hash, seal FROM entry WHERE stream_partition = ? ORDER BY stream_offset", (partition,)
        ).fetchall()
        gone = [row[0] for row in rows[keep:]]
        for table in ("entry", "posting", "document"):
            connection.execute(f"DELETE FROM {table} WHERE entry_no >= ?", (gone[0],))  # noqa: S608
        link = rows[keep - 1][2] if keep else START
        identity = (IDENTITY.cluster_id, IDENTITY.topic, IDENTITY.topic_id)
        values = (*identity, partition, rows[keep][1], keep, link)
        connection.execute(
            "UPDATE source_offset SET next_offset = ?, chain_length = ?, chain_hash = ?, seal = ? WHERE partition = ?",
            (*values[4:], seal(*values), partition),
        )
        last, last_seal = connection.execute("SELECT entry_no, seal FROM entry ORDER BY entry_no DESC LIMIT 1").fetchone()
        connection.execute("UPDATE ack_cursor SET entry_no = ?, seal = ?", (last, cursor_seal(last_seal, last, 0)))


async def test_a_clean_ledger_is_clean(tmp_path: Path) -> None:
    installation = await install(tmp_path, orders=60, partitions=3, conflicts=0)
    report = await installation.verify()
    assert (report.clean, report.pending, report.entries_booked, report.acks) == (True, 0, 120, 110)
    assert [facts.chain_length for facts in report.partitions] == [facts.entries_on_stream for facts in report.partitions]


async def test_a_ledger_that_is_behind_is_clean(tmp_path: Path) -> None:
    installation = await install(tmp_path, orders=20, partitions=PARTITIONS, conflicts=0)
    installation.ledger.unlink()
    forget_acks(installation)
    await installation.book(batch_entries=5, entries_max=11)
    report = await installation.verify()
    assert (report.clean, report.pending) == (True, 40 - report.entries_booked)
    assert report.pending > 10


async def test_the_perfect_cut_looks_like_a_ledger_that_is_behind_but_for_its_acks(books: Installation) -> None:
    cut_tail(books, 1, 15)
    assert await faults(books) == {"tail_cut": 5}
    forget_acks(books)
    assert await faults(books) == {}


async def test_the_perfect_cut_is_told_by_kept_heads(books: Installation) -> None:
    kept = kept_of(books)
    assert await faults(books, kept) == {}
    cut_tail(books, 1, 15)
    forget_acks(books)
    report = await books.verify(kept)
    assert report.problems.counts["tail_cut"] == 2
    assert any("partition 1: the kept head counts 20 entries" in problem.text for problem in report.problems.listed)


async def test_a_cut_tail_without_a_wound_back_offset_is_missing(books: Installation) -> None:
    with opened(books) as connection:
        for table in ("posting", "document", "entry"):
            connection.execute(f"DELETE FROM {table} WHERE entry_no > 35")  # noqa: S608
    found = await faults(books)
    assert found["missing"] == found["tail_cut"] == 5


async def test_an_offset_that_was_wound_back_alone_is_named(books: Installation) -> None:
    with opened(books) as connection:
        connection.execute("UPDATE source_offset SET next_offset = 3 WHERE partition = 0")
    assert await faults(books) == {"ledger_offset": 1, "seal_broken": 1, "head_broken": 1}


async def test_a_seal_made_again_over_another_time_is_told_by_kept_heads_and_acks(books: Installation) -> None:
    kept = kept_of(books)
    with opened(books) as connection:
        before = START
        for number, link, booked_at in connection.execute("SELECT entry_no, chain_hash, booked_at FROM entry ORDER BY entry_no").fetchall():
            moved = booked_at - 10**9 if number == 7 else booked_at
            before = seal(before, link, number, moved)
            connection.execute("UPDATE entry SET booked_at = ?, seal = ? WHERE entry_no = ?", (moved, before, number))
        connection.execute("UPDATE ack_cursor SET seal = ?", (cursor_seal(before, 40, 0),))
    assert await faults(books) == {"ack_differs": 1}
    forget_acks(books)
    assert (await faults(books, kept))["heads_differ"] == 1


async def test_a_ledger_booked_anew_is_clean_once_it_has_caught_up(books: Installation) -> None:
    """Other numbers and times, the same chain; the acks of the former ledger are still there."""
    books.ledger.unlink()
    await books.book(batch_entries=3, clock=1_900_000_000_000_000)
    assert await faults(books) == {}
    await books.publish()
    assert await faults(books) == {}


async def test_an_ack_that_was_published_and_is_gone_is_missing(books: Installation) -> None:
    del books.log.records[ACCOUNTING_ACKS][0][4]
    assert await faults(books) == {"ack_missing": 1}


async def test_acks_that_retention_took_are_not_missing(books: Installation) -> None:
    gone = books.log.records[ACCOUNTING_ACKS][0][:8]
    books.log.records[ACCOUNTING_ACKS][0] = books.log.records[ACCOUNTING_ACKS][0][8:]
    books.log.starts_of[ACCOUNTING_ACKS][0] = len(gone)
    assert await faults(books) == {}


async def test_an_ack_with_another_link_differs(books: Installation) -> None:
    record = books.log.records[ACCOUNTING_ACKS][0][2]
    forged = encode_ack(replace(decode_ack(record.value), chain_hash="0" * 64))
    books.log.records[ACCOUNTING_ACKS][0][2] = replace(record, value=forged)
    assert await faults(books) == {"ack_differs": 1}


async def test_acks_of_another_ledger_are_none_of_ours(books: Installation) -> None:
    record = books.log.records[ACCOUNTING_ACKS][0][2]
    foreign = encode_ack(replace(decode_ack(record.value), ledger="quickbooks", entry_id="00000000-0000-4000-8000-000000000001"))
    books.log.append(ACCOUNTING_ACKS, 0, record.key, foreign)
    books.log.append(ACCOUNTING_ACKS, 0, record.key, b"\x00")
    assert await faults(books) == {"stream_unreadable": 1}


async def test_a_rewritten_stream_breaks_the_chain_once_and_its_head(books: Installation) -> None:
    """A record was exchanged for another with the same content hash: only the chain has covered its memo."""
    from schemas.entries import decode_entry, encode_entry

    record = books.log.records[ACCOUNTING_ENTRIES][0][5]
    other = encode_entry(replace(decode_entry(record.value).entry, memo="rewritten"))
    books.log.records[ACCOUNTING_ENTRIES][0][5] = replace(record, value=other)
    found = await faults(books, kept_of(books))
    assert (found["altered"], found["chain_broken"], found["head_broken"], found["heads_differ"]) == (1, 1, 1, 1)


async def test_a_log_that_lost_its_beginning_is_named_once(books: Installation) -> None:
    books.log.records[ACCOUNTING_ENTRIES][0] = books.log.records[ACCOUNTING_ENTRIES][0][3:]
    books.log.starts_of[ACCOUNTING_ENTRIES][0] = 3
    found = await faults(books)
    assert found["stream_cut"] == 1
    assert not {"chain_broken", "head_broken"} & set(found)


async def test_an_entry_deleted_where_the_offset_was_removed_too_is_missing(books: Installation) -> None:
    with opened(books) as connection:
        place = connection.execute("SELECT entry_id FROM entry WHERE entry_no = 4").fetchone()
        connection.execute("DELETE FROM entry WHERE entry_no = 4")
        connection.execute("DELETE FROM source_offset")
    report = await books.verify()
    assert [problem.entry_id for problem in report.problems.listed if problem.fault == "missing"] == [place[0]]
    assert report.problems.counts["ledger_offset"] >= PARTITIONS


async def test_the_same_number_as_another_type_is_an_edit(books: Installation) -> None:
    """5.0 equals 5 to SQLite and to Python; money is no float."""
    with opened(books) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, 'amount      INTEGER', 'amount      BLOB') WHERE name = 'posting'")
        connection.execute("PRAGMA writable_schema = RESET")
    with opened(books) as connection:
        connection.execute("UPDATE posting SET amount = CAST(amount AS REAL) WHERE entry_no = 3 AND line = 1")
        assert connection.execute("SELECT typeof(amount) FROM posting WHERE entry_no = 3 AND line = 1").fetchone() == ("real",)
    assert (await faults(books))["altered"] == 1


@pytest.mark.parametrize("statement", ["CREATE TRIGGER helper AFTER INSERT ON entry BEGIN SELECT 1; END", "CREATE TABLE entry_2 (a)"])
async def test_what_is_none_of_the_ledgers_own_is_named(tmp_path: Path, statement: str) -> None:
    installation = await install(tmp_path, orders=4, partitions=1, conflicts=0)
    with opened(installation) as connection:
        connection.execute(statement)
    report = await installation.verify()
    assert report.problems.counts == {"unprotected": 1}
    assert "none of the ledger's own" in report.problems.listed[0].text


async def test_a_changed_view_is_named(tmp_path: Path) -> None:
    """Reports add up the view `journal`: one that hides an account would not be seen in any table."""
    installation = await install(tmp_path, orders=4, partitions=1, conflicts=0)
    with opened(installation) as connection:
        connection.execute("DROP VIEW journal")
        connection.execute("CREATE VIEW journal AS SELECT * FROM posting JOIN entry USING (entry_no) WHERE account <> 'cash:mine'")
    assert (await installation.verify()).problems.counts == {"unprotected": 1}


async def test_a_table_that_is_gone_is_a_message(books: Installation) -> None:
    with opened(books) as connection:
        connection.execute("DROP TABLE document")
    with pytest.raises(LedgerUnavailable, match="no table document"):
        await books.verify()


async def test_a_ledger_of_another_stream_is_refused_where_it_is_sealed_so(books: Installation) -> None:
    with opened(books) as connection:
        connection.execute("UPDATE source_offset SET topic_id = 'other' WHERE partition = 0")
    assert (await faults(books))["seal_broken"] == 1
    with opened(books) as connection:
        row = connection.execute("SELECT * FROM source_offset WHERE partition = 0").fetchone()
        connection.execute("UPDATE source_offset SET seal = ? WHERE partition = 0", (seal(*row[:-1]),))
    with pytest.raises(ForeignLedger, match="books from topic"):
        await books.verify()


async def test_whatever_bytes_are_in_the_file_verify_answers(tmp_path: Path) -> None:
    """Pages overwritten at random: problems or one message, nothing else."""
    installation = await install(tmp_path, orders=60, partitions=PARTITIONS, conflicts=4)
    whole, noise = installation.ledger.read_bytes(), random.Random(5)
    copy = Installation(installation.log, tmp_path / "copy.sqlite")
    clean = (await installation.verify()).problems.counts
    refused = 0
    for _ in range(60):
        spoilt = bytearray(whole)
        for _ in range(noise.randint(1, 4)):
            at, length = noise.randrange(100, len(spoilt)), noise.randint(1, 300)
            spoilt[at : at + length] = noise.randbytes(length)
        copy.ledger.write_bytes(bytes(spoilt[: len(whole)]))
        try:
            report = await copy.verify()
        except (LedgerUnavailable, ForeignLedger):
            refused += 1
            continue
        hidden = bytes(spoilt[: len(whole)]) != whole and report.problems.counts == clean
        if hidden:  # only bytes that SQLite does not use may differ
            with closing(sqlite3.connect(copy.ledger)) as one, closing(sqlite3.connect(installation.ledger)) as other:
                assert list(one.iterdump()) == list(other.iterdump())
    assert 0 < refused < 60


async def test_heads_are_read_as_they_were_printed(books: Installation, tmp_path: Path) -> None:
    import orjson

    kept = kept_of(books)
    path = tmp_path / "heads.json"
    path.write_bytes(orjson.dumps(kept.to_json()))
    assert read_heads(path) == kept
    assert kept.heads[0] == ChainHead(length=20, link=kept.heads[0].link)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "asiento-ledger-heads-1"}', '{"format": "other"}', "\x00"])
def test_a_file_that_holds_no_heads_is_a_message(tmp_path: Path, text: str) -> None:
    path = tmp_path / "heads.json"
    path.write_text(text)
    with pytest.raises(UnreadableHeads, match=r"heads\.json"):
        read_heads(path)


def test_a_file_of_heads_that_is_not_there_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(UnreadableHeads, match="No such file"):
        read_heads(tmp_path / "heads.json")


async def test_heads_of_another_stream_are_refused(books: Installation) -> None:
    with pytest.raises(ForeignLedger, match="kept heads"):
        await books.verify(replace(kept_of(books), stream=replace(IDENTITY, topic_id="other")))


async def test_an_older_copy_of_the_ledger_is_told_from_the_kept_heads(tmp_path: Path) -> None:
    installation = await install(tmp_path, orders=20, partitions=1, conflicts=0)
    installation.ledger.unlink()
    await installation.book(batch_entries=7, entries_max=13)
    shutil.copy(installation.ledger, tmp_path / "older.sqlite")
    await installation.book()
    older = Installation(installation.log, tmp_path / "older.sqlite")
    forget_acks(installation)
    assert await faults(older) == {}
    assert set(await faults(older, kept_of(installation))) == {"tail_cut"}


def test_every_fault_is_explained() -> None:
    pages = [Path(__file__).parents[3] / "docs" / name for name in ("verify.md", "es/verify.md")]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert [fault for fault in FAULTS if f"| `{fault}` |" not in text] == []


@pytest.mark.soak
async def test_a_clean_ledger_of_100_000_entries_gives_no_false_alarm(tmp_path: Path) -> None:
    installation = await install(tmp_path, orders=50_000, partitions=8, conflicts=0)
    report = await installation.verify(kept_of(installation))
    assert (report.clean, report.entries_booked) == (True, 100_000)
