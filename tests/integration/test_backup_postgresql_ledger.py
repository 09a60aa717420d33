"""A ledger in PostgreSQL is backed up as a file, which is an embedded ledger, and restored from there into an empty database."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sinks.backup.errors import BackupRefused
from sinks.backup.manifest import LEDGER
from sinks.backup.proof import prove
from sinks.backup.restore import check_plan, restore
from sinks.backup.take import take_backup
from sinks.ledger_access import reader_at, writer_at
from sinks.verify.kept_heads import heads_of
from tests.unit.sinks_backup.taking import ORDERS_GROUP, backup_plan, make_system, plan_into


def dump(path: Path) -> list[str]:
    """All that a file holds."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


async def test_a_ledger_goes_from_a_file_into_a_database_and_back(postgresql: str, tmp_path: Path) -> None:
    system = await make_system(tmp_path)
    manifest = await system.back_up(tmp_path / "filed")
    plan = replace(plan_into(tmp_path / "filed", tmp_path / "data"), ledger_url=postgresql)
    await restore(plan)
    assert (await prove(plan, manifest, None, lambda name: name, ORDERS_GROUP)).problems == []
    with reader_at(postgresql) as server, reader_at(f"sqlite:///{system.ledger}") as file:
        assert list(server.all_rows()) == list(file.all_rows())
        assert heads_of(server) == heads_of(file)

    from_server = replace(backup_plan(system.ledger, f"sqlite:///{system.operational}", archive=True), ledger_url=postgresql)
    assert (await take_backup(system.log, from_server, tmp_path / "served")).ledger == manifest.ledger
    assert dump(tmp_path / "served" / LEDGER) == dump(tmp_path / "filed" / LEDGER)

    with pytest.raises(BackupRefused, match="there is a ledger already"):
        check_plan(replace(plan_into(tmp_path / "served", tmp_path / "other"), ledger_url=postgresql))


async def test_a_sink_goes_on_from_a_restored_database(postgresql: str, tmp_path: Path) -> None:
    system = await make_system(tmp_path, share=0.5)
    await system.back_up(tmp_path / "filed")
    await restore(replace(plan_into(tmp_path / "filed", tmp_path / "data"), ledger_url=postgresql))
    with reader_at(f"sqlite:///{system.ledger}") as file:
        stream, places, last = file.stream(), file.next_offsets(), file.last_entry()
    assert stream is not None
    ledger = writer_at(postgresql, lambda: 1)
    assert await ledger.open(stream, sorted(places)) == places
    acks = await ledger.pending_acks(10)
    await ledger.close()
    pending = writer_at(f"sqlite:///{system.ledger}", lambda: 1)
    await pending.open(stream, sorted(places))
    assert [item.ack.entry_id for item in acks.acks] == [item.ack.entry_id for item in (await pending.pending_acks(10)).acks]
    await pending.close()
    with reader_at(postgresql) as server:
        assert server.last_entry() == last
