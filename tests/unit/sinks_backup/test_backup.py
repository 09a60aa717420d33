"""Backup and restore without a broker: what goes in comes out, and whatever is damaged is named and refused."""

import asyncio
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asiento.runtime.file_lock import locked
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_ENTRIES, ORDERS_DLQ, ORDERS_EVENTS
from sinks.backup.errors import BackupRefused
from sinks.backup.manifest import LEDGER, MANIFEST, Manifest, read_manifest, require_whole
from sinks.backup.proof import Proof, prove
from sinks.backup.restore import RestorePlan, backed_up_positions, check_plan, restore
from sinks.backup.topic_archive import kept_topics, read_partition
from sinks.ledger import ForeignLedger, LedgerInUse, LedgerUnavailable, StreamIdentity
from sinks.ledger_access import reader_at
from sinks.sqlite_ledger.files import WriterLock
from tests.projected_log import HEADERS, ProjectedLog, book
from tests.unit.sinks_backup.taking import ORDERS_GROUP, System, make_system, plan_into


@dataclass(frozen=True)
class BackedUp:
    """A system whose ledger is behind its stream, and a backup of it with topics."""

    system: System
    folder: Path
    manifest: Manifest


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> BackedUp:
    """Nobody may change it."""
    folder = tmp_path_factory.mktemp("system")
    system = asyncio.run(make_system(folder, share=0.6))
    return BackedUp(system, folder / "backup", asyncio.run(system.back_up(folder / "backup")))


async def _proof(plan: RestorePlan, manifest: Manifest, log: ProjectedLog | None) -> Proof:
    return await prove(plan, manifest, log, lambda name: name, ORDERS_GROUP)


async def test_what_was_backed_up_is_restored_and_proven(backed_up: BackedUp, tmp_path: Path) -> None:
    plan = plan_into(backed_up.folder, tmp_path / "data")
    manifest = await restore(plan)
    assert manifest == backed_up.manifest
    proof = await _proof(plan, manifest, backed_up.system.log)
    assert proof.problems == []
    assert proof.archive is not None
    assert proof.broker is not None
    assert proof.archive.pending == proof.broker.pending > 0
    assert proof.entries == proof.broker.entries_booked == manifest.ledger.entries > 20
    with reader_at(f"sqlite:///{backed_up.system.ledger}") as old, reader_at(f"sqlite:///{plan.ledger}") as new:
        assert list(old.all_rows()) == list(new.all_rows())
    assert {path.name for path in plan.data_dir.iterdir()} <= {
        "ledger.sqlite",
        "ledger.sqlite.lock",
        "operational.sqlite",
        "operational.sqlite.lock",
    }


async def test_the_sink_goes_on_from_the_restored_offsets(backed_up: BackedUp, tmp_path: Path) -> None:
    plan = plan_into(backed_up.folder, tmp_path / "data")
    await restore(plan)
    await book(backed_up.system.log, plan.ledger)
    never_died = tmp_path / "never-died.sqlite"
    await book(backed_up.system.log, never_died)
    with reader_at(f"sqlite:///{plan.ledger}") as restored, reader_at(f"sqlite:///{never_died}") as other:
        assert restored.balances() == other.balances()
        assert restored.places() == other.places()


async def test_a_ledger_is_booked_anew_from_the_archive_alone(backed_up: BackedUp, tmp_path: Path) -> None:
    plan = plan_into(backed_up.folder, tmp_path / "data", rebuild=True)
    manifest = await restore(plan)
    proof = await _proof(plan, manifest, None)
    assert proof.problems == []
    with reader_at(f"sqlite:///{backed_up.system.ledger}") as old, reader_at(f"sqlite:///{plan.ledger}") as new:
        assert new.places() == old.places()
        assert {row.entry_id: row.columns[1:27] for row in new.all_rows()} == {row.entry_id: row.columns[1:27] for row in old.all_rows()}
    assert not list(plan.data_dir.glob("*.part*"))


def test_files_are_for_their_owner_alone(backed_up: BackedUp) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in backed_up.folder.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (backed_up.folder, *backed_up.folder.rglob("*")) if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_every_file_is_in_the_manifest(backed_up: BackedUp) -> None:
    found = {path.relative_to(backed_up.folder).as_posix() for path in backed_up.folder.rglob("*") if path.is_file()}
    assert found == {file.name for file in backed_up.manifest.files} | {MANIFEST}


def test_the_archive_holds_every_record_of_the_topics_that_are_kept_for_ever(backed_up: BackedUp) -> None:
    stream = backed_up.system.log.stream
    assert ORDERS_EVENTS in kept_topics()
    for topic in kept_topics():
        for number in range(stream.partitions):
            records = list(read_partition(backed_up.folder, topic, number))
            wanted = stream.topics[topic].get(number, [])
            assert [(one.offset, one.timestamp, one.key, one.value) for one in records] == [
                (one.offset, one.timestamp, one.key, one.value) for one in wanted
            ]
            assert {one.headers for one in records} <= {HEADERS}


def test_positions_tell_where_everything_stood(backed_up: BackedUp) -> None:
    positions, log = backed_up_positions(backed_up.folder), backed_up.system.log
    entries, acks = positions.topic(ACCOUNTING_ENTRIES), positions.topic(ACCOUNTING_ACKS)
    assert entries is not None
    assert acks is not None
    assert positions.topic(ORDERS_DLQ) is not None
    assert entries.ends == tuple({number: log.stream.end(ACCOUNTING_ENTRIES, number) for number in log.partitions} for _ in range(2))
    assert entries.identity.topic_id == f"id-{ACCOUNTING_ENTRIES}"
    assert positions.groups[ORDERS_GROUP] == {ORDERS_EVENTS: {number: log.stream.end(ORDERS_EVENTS, number) for number in log.partitions}}
    assert positions.operational[ORDERS_EVENTS, 0] == log.stream.end(ORDERS_EVENTS, 0)
    with reader_at(f"sqlite:///{backed_up.system.ledger}") as reader:
        assert positions.ledger == reader.next_offsets()


async def test_the_same_records_give_the_same_archive(backed_up: BackedUp, tmp_path: Path) -> None:
    again = await backed_up.system.back_up(tmp_path / "again")
    assert {file for file in again.files if file.name.startswith("topics/")} == {
        file for file in backed_up.manifest.files if file.name.startswith("topics/")
    }


@pytest.fixture(scope="module")
def places(backed_up: BackedUp) -> list[tuple[str, int]]:
    """Every file of the backup and its size."""
    return [(file.name, file.size_bytes) for file in backed_up.manifest.files] + [(MANIFEST, (backed_up.folder / MANIFEST).stat().st_size)]


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_flipped_byte_is_named_and_refused(backed_up: BackedUp, places: list[tuple[str, int]], data: st.DataObject) -> None:
    name, size = data.draw(st.sampled_from(places))
    offset, bits = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, 255))
    path = backed_up.folder / name
    with _put_back(path):
        content = bytearray(path.read_bytes())
        content[offset] ^= bits
        path.write_bytes(content)
        with pytest.raises(BackupRefused, match=re.escape(str(path))):
            require_whole(backed_up.folder)
    assert require_whole(backed_up.folder) == backed_up.manifest


@contextmanager
def _put_back(path: Path) -> Iterator[None]:
    """Let a file be changed for a while."""
    content = path.read_bytes()
    yield
    path.write_bytes(content)


@pytest.fixture
def copied(backed_up: BackedUp, tmp_path: Path) -> Path:
    """A copy of the backup that may be damaged."""
    return Path(shutil.copytree(backed_up.folder, tmp_path / "copied"))


def test_a_missing_a_cut_and_a_longer_file_are_all_named(copied: Path, tmp_path: Path) -> None:
    (copied / "heads.json").unlink()
    (copied / LEDGER).write_bytes((copied / LEDGER).read_bytes()[:-1])
    (copied / "policy.json").write_bytes((copied / "policy.json").read_bytes() + b"\n")
    with pytest.raises(BackupRefused) as refused:
        check_plan(plan_into(copied, tmp_path / "data"))
    assert len(str(refused.value).splitlines()) == 4
    assert all(name in str(refused.value) for name in ("heads.json", LEDGER, "policy.json"))
    assert not (tmp_path / "data").exists()


def test_an_edited_manifest_is_refused_even_if_its_digest_was_computed_again(copied: Path, backed_up: BackedUp) -> None:
    values = orjson.loads((copied / MANIFEST).read_bytes())
    values["taken_at"] = "2026-03-02T08:00:00Z"
    (copied / MANIFEST).write_bytes(orjson.dumps(values, option=orjson.OPT_INDENT_2))
    with pytest.raises(BackupRefused, match="was edited"):
        require_whole(copied)
    (copied / MANIFEST).write_bytes(replace(backed_up.manifest, taken_at="2026-03-02T08:00:00Z").to_bytes())
    assert require_whole(copied).taken_at == "2026-03-02T08:00:00Z"
    with pytest.raises(BackupRefused, match="its digest is"):
        require_whole(copied, backed_up.manifest.digest)


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../b", ".hidden", "a//b", ""])
def test_a_name_that_leads_out_of_the_backup_is_refused(copied: Path, backed_up: BackedUp, name: str) -> None:
    files = (replace(backed_up.manifest.files[0], name=name), *backed_up.manifest.files[1:])
    (copied / MANIFEST).write_bytes(replace(backed_up.manifest, files=files).to_bytes())
    with pytest.raises(BackupRefused, match="leads out"):
        read_manifest(copied)


def test_a_backup_that_was_cut_off_is_none(copied: Path) -> None:
    (copied / MANIFEST).unlink()
    with pytest.raises(BackupRefused, match=r"no manifest\.json in it"):
        require_whole(copied)


async def test_neither_backup_nor_restore_goes_into_a_folder_that_is_in_use(backed_up: BackedUp, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BackupRefused, match="not empty"):
        await backed_up.system.back_up(tmp_path)
    with pytest.raises(BackupRefused, match="not empty"):
        await restore(plan_into(backed_up.folder, tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_target_that_a_sink_or_a_projector_holds_is_refused(backed_up: BackedUp, tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / LEDGER)
    lock.take()
    try:
        with pytest.raises(LedgerInUse, match="process"):
            check_plan(plan_into(backed_up.folder, tmp_path))
    finally:
        lock.release()
    elsewhere = tmp_path / "elsewhere.sqlite"
    plan = plan_into(backed_up.folder, tmp_path / "data", operational_url=f"sqlite:///{elsewhere}")
    with locked(elsewhere.with_name("elsewhere.sqlite.lock"), 0), pytest.raises(BackupRefused, match="a projector writes"):
        asyncio.run(restore(plan))


async def test_a_ledger_that_is_not_what_was_backed_up_is_not_proven(backed_up: BackedUp, tmp_path: Path) -> None:
    plan = plan_into(backed_up.folder, tmp_path / "data")
    manifest = await restore(plan)
    with closing(sqlite3.connect(plan.ledger, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER posting_is_never_changed")
        connection.execute("UPDATE posting SET amount = amount + 1 WHERE entry_no = 3 AND line = 1")
        connection.execute("DROP TRIGGER offset_only_moves_forward")
        connection.execute("UPDATE source_offset SET next_offset = next_offset + 1 WHERE partition = 1")
    with closing(sqlite3.connect(tmp_path / "data" / "operational.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE event SET source = 'other' WHERE partition = 0 AND record_offset = 0")
    problems = "\n".join((await _proof(plan, manifest, None)).problems)
    for said in ("unprotected", "seal_broken", "trial balance", "partition 1: the restored ledger stands at", "altered", "dump"):
        assert said in problems, said


async def test_a_backup_while_the_sink_books_is_never_torn(tmp_path: Path) -> None:
    """The ledger grows while it is copied again and again; every copy proves itself. A reader keeps what is new in the write-ahead log."""
    system = await make_system(tmp_path, share=0.0)
    reader = reader_at(f"sqlite:///{system.ledger}")
    done = asyncio.Event()

    async def grow() -> None:
        for step in range(1, 21):
            await book(system.log, system.ledger, share=step / 20)
        done.set()

    growing = asyncio.create_task(grow())
    sizes: list[int] = []
    while not done.is_set():
        folder = tmp_path / f"backup-{len(sizes)}"
        manifest = await system.back_up(folder, archive=False)
        plan = plan_into(folder, tmp_path / f"data-{len(sizes)}", operational_url=None)
        await restore(plan)
        assert (await _proof(plan, manifest, system.log)).problems == []
        sizes.append(manifest.ledger.entries)
        await asyncio.sleep(0)
    await growing
    reader.close()
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 2


async def test_without_a_broker_ledger_and_database_are_backed_up(backed_up: BackedUp, tmp_path: Path) -> None:
    manifest = await backed_up.system.back_up(tmp_path / "offline", offline=True)
    assert not manifest.topics
    plan = plan_into(tmp_path / "offline", tmp_path / "data")
    await restore(plan)
    assert (await _proof(plan, manifest, None)).problems == []
    with pytest.raises(BackupRefused, match="without --topics"):
        await restore(plan_into(tmp_path / "offline", tmp_path / "data-2", rebuild=True))


async def test_a_ledger_of_another_stream_is_not_backed_up_with_this_broker(backed_up: BackedUp, tmp_path: Path) -> None:
    class Renamed(ProjectedLog):
        async def identity(self, topic: str) -> tuple[StreamIdentity, tuple[int, ...]]:
            found, numbers = await super().identity(topic)
            return replace(found, topic_id="another"), numbers

    system = System(Renamed(backed_up.system.log.stream), backed_up.system.ledger, backed_up.system.operational)
    with pytest.raises(ForeignLedger, match="id another"):
        await system.back_up(tmp_path / "backup")
    assert not (tmp_path / "backup" / MANIFEST).exists()


async def test_a_system_without_ledger_is_refused_and_without_projector_is_not(backed_up: BackedUp, tmp_path: Path) -> None:
    log = backed_up.system.log
    with pytest.raises(LedgerUnavailable, match="no ledger there yet"):
        await System(log, tmp_path / "none.sqlite", tmp_path / "none.sqlite").back_up(tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    manifest = await System(log, backed_up.system.ledger, tmp_path / "none.sqlite").back_up(tmp_path / "backup")
    assert manifest.operational is None
    await restore(plan_into(tmp_path / "backup", tmp_path / "data"))
    assert not (tmp_path / "data" / "operational.sqlite").exists()


@pytest.fixture
def newer(copied: Path, backed_up: BackedUp) -> Path:
    """A backup of a later program."""
    ledger = replace(backed_up.manifest.ledger, version=99)
    (copied / MANIFEST).write_bytes(replace(backed_up.manifest, ledger=ledger).to_bytes())
    return copied


def test_a_backup_of_a_newer_program_is_refused(newer: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="run the newer program"):
        check_plan(plan_into(newer, tmp_path / "data"))
