"""A ledger in PostgreSQL against its stream, and against the embedded ledger of the same stream."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from sinks.ledger_access import reader_at
from sinks.trial_balance import read_trial_balance
from sinks.verify.kept_heads import heads_of
from tests.unit.sinks_verify.capture import Installation, install

ORDERS = 60
TRIGGERS = ("entry", "posting", "document", "entry_conflict", "source_offset", "ack_cursor")


@pytest.fixture
async def installation(tmp_path: Path, postgresql: str) -> Installation:
    """Books with repeats and conflicts, booked into PostgreSQL."""
    return await install(tmp_path, orders=ORDERS, conflicts=4, database=postgresql)


async def test_both_ledgers_of_one_stream_are_the_same(installation: Installation, tmp_path: Path) -> None:
    embedded = await install(tmp_path, orders=ORDERS, conflicts=4)
    with reader_at(installation.url) as server, reader_at(embedded.url) as file:
        assert list(server.all_rows()) == list(file.all_rows())
        assert heads_of(server) == heads_of(file)
        assert server.conflicts() == file.conflicts()
        key = next(file.all_rows()).entry().order_key
        assert server.of_order(key) == file.of_order(key)
    assert read_trial_balance(installation.url) == read_trial_balance(embedded.url)
    assert read_trial_balance(installation.url, "2025-06-15") == read_trial_balance(embedded.url, "2025-06-15")


async def test_an_untouched_ledger_is_as_clean_as_the_embedded_one(installation: Installation, tmp_path: Path) -> None:
    """What is wrong with the stream itself (entries that came again with other content) is all there is."""
    embedded = await (await install(tmp_path, orders=ORDERS, conflicts=4)).verify()
    report = await installation.verify()
    assert {problem.fault for problem in report.problems.listed} <= {"stream_doubled"}
    assert report.to_json() == embedded.to_json()


@pytest.fixture
def tampering(installation: Installation) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A superuser who has switched the triggers off."""
    with closing(psycopg.connect(installation.url, autocommit=True)) as connection:
        for table in TRIGGERS:
            connection.execute(f"ALTER TABLE asiento_ledger.{table} DISABLE TRIGGER USER".encode())
        yield connection


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE asiento_ledger.entry SET memo = memo || '!' WHERE entry_no = 7", "altered"),
        ("UPDATE asiento_ledger.posting SET amount = amount + 1 WHERE entry_no = 7 AND line = 1", "unbalanced"),
        ("UPDATE asiento_ledger.posting SET dimensions = '{}' WHERE entry_no = 8", "altered"),
        ("UPDATE asiento_ledger.document SET body = replace(body, 'INV', 'INX')", "altered"),
        ("DELETE FROM asiento_ledger.document", "altered"),
        ("DELETE FROM asiento_ledger.entry WHERE entry_no = 7", "missing"),
        ("DELETE FROM asiento_ledger.entry WHERE entry_no = 7", "ownerless"),
        ("UPDATE asiento_ledger.entry SET booked_at = booked_at + 1 WHERE entry_no = 9", "seal_broken"),
        ("UPDATE asiento_ledger.entry SET chain_hash = repeat('0', 64) WHERE entry_no = 9", "chain_broken"),
        ("UPDATE asiento_ledger.source_offset SET next_offset = next_offset - 1", "seal_broken"),
        ("UPDATE asiento_ledger.source_offset SET chain_length = chain_length - 1", "head_broken"),
        ("DELETE FROM asiento_ledger.source_offset WHERE partition = 1", "ledger_offset"),
        ("DELETE FROM asiento_ledger.entry_conflict WHERE conflict_no = 1", "conflict_missing"),
        ("UPDATE asiento_ledger.entry_conflict SET entry = '{}' WHERE conflict_no = 1", "conflict_altered"),
        ("UPDATE asiento_ledger.ack_cursor SET entry_no = entry_no - 1", "seal_broken"),
        ("UPDATE asiento_ledger.entry SET entry_id = 'forged' WHERE entry_no = 7", "extra"),
    ],
)
async def test_every_kind_of_tampering_is_found(
    installation: Installation, tampering: "psycopg.Connection[tuple[object, ...]]", change: str, fault: str
) -> None:
    tampering.execute(change.encode())
    found = {problem.fault for problem in (await installation.verify()).problems.listed}
    assert {fault, "unprotected"} <= found


async def test_an_entry_booked_twice_is_found(installation: Installation, tampering: "psycopg.Connection[tuple[object, ...]]") -> None:
    tampering.execute("ALTER TABLE asiento_ledger.entry DROP CONSTRAINT entry_once")
    tampering.execute("INSERT INTO asiento_ledger.entry SELECT (json_populate_record(entry, '{\"entry_no\": 999}')).* "
                      "FROM asiento_ledger.entry WHERE entry_no = 1")  # fmt: skip
    assert "doubled" in {problem.fault for problem in (await installation.verify()).problems.listed}


async def test_kept_heads_tell_a_cut_tail(installation: Installation, tampering: "psycopg.Connection[tuple[object, ...]]") -> None:
    with reader_at(installation.url) as reader:
        kept = heads_of(reader)
    assert kept is not None
    assert "heads_differ" not in {problem.fault for problem in (await installation.verify(kept)).problems.listed}
    tampering.execute("DELETE FROM asiento_ledger.entry WHERE entry_no = (SELECT max(entry_no) FROM asiento_ledger.entry)")
    assert {"tail_cut", "heads_differ"} & {problem.fault for problem in (await installation.verify(kept)).problems.listed}
