"""The operational database in a backup: a SQLite file as it is, any other as its ordered dump, and either of them restored anywhere."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import orjson

from asiento.runtime.file_lock import LockHeld, locked
from sinks.backup.errors import BackupRefused
from sinks.backup.folders import StoredFile, copy_checked, create_private
from sinks.backup.manifest import OPERATIONAL_DUMP, OPERATIONAL_SQLITE, Manifest, OperationalFacts
from sinks.backup.sqlite_copy import copy_sqlite, publish
from sinks.databases.database import Database, transaction
from sinks.projector.database import newest_version, open_database, present_version, sqlite_path
from sinks.projector.dump import TABLES, dump_lines
from sinks.projector.errors import OperationalUnavailable
from sinks.projector.reader import OperationalReader
from sinks.projector.writer import OperationalWriter

ROWS_LOADED_MAX: Final = 1_000
"""Rows of a dump that are held at once."""


def is_there(url: str) -> bool:
    """Whether a projector has ever filled the database; raises `OperationalError` where it cannot be reached."""
    path = sqlite_path(url)
    if path is not None and not path.is_file():
        return False
    database = open_database(url, for_writing=False)
    try:
        with database.explained():
            return present_version(database) > 0
    finally:
        database.close()


def copy_operational(url: str, folder: Path) -> tuple[OperationalFacts, dict[tuple[str, int], int]]:
    """Copy the database into the folder; answers what was copied and (topic, partition) -> next offset in it.

    Raises `OperationalError`, `BackupRefused`.
    """
    path = sqlite_path(url)
    if path is None:
        with OperationalReader.at(url) as reader, create_private(folder / OPERATIONAL_DUMP) as file:
            rows, digest = _dump_to(reader.database, file)
            return _facts(reader.database, OPERATIONAL_DUMP, rows, digest), _offsets(reader)
    copy_sqlite(path, folder / OPERATIONAL_SQLITE)
    with OperationalReader.at(f"sqlite:///{folder / OPERATIONAL_SQLITE}") as reader:
        rows, digest = dump_digest(reader.database)
        return _facts(reader.database, OPERATIONAL_SQLITE, rows, digest), _offsets(reader)


def dump_digest(database: Database) -> tuple[int, str]:
    """Rows and SHA-256 (64 hex digits) of the ordered dump; the caller has begun a transaction."""
    rows, digest = 0, sha256()
    for line in dump_lines(database):
        rows += 1
        digest.update(line)
    return rows, digest.hexdigest()


def require_restorable(manifest: Manifest, url: str) -> None:
    """Raise `BackupRefused` where the database of `url` is in use, or cannot take what is backed up; changes nothing."""
    facts, path = manifest.operational, sqlite_path(url)
    if facts is None:
        return
    if path is not None and path.exists():
        raise BackupRefused(f"{path} is there already: nothing was changed; name another file with --operational-url")
    newest = newest_version("sqlite" if path is not None else "postgresql")
    if facts.version > newest:
        raise BackupRefused(f"operational database version {facts.version}, this program knows up to {newest}; run the newer program")
    if facts.version < newest and not _as_file(facts, path):
        raise BackupRefused(
            f"the dump has version {facts.version}, this program writes {newest}: restore it with the program that wrote it "
            f"({manifest.program_version}), or leave it out (--without-operational) and let the projector fill a new database"
        )
    if path is None and is_there(url):
        raise BackupRefused(
            "the PostgreSQL database of --operational-url has tables of asiento already: nothing was changed; name an empty one"
        )


def restore_operational(backup: Path, manifest: Manifest, url: str) -> None:
    """Restore into a database that `require_restorable` has looked at; raises `OperationalError`, `BackupRefused`."""
    facts, path = manifest.operational, sqlite_path(url)
    if facts is None:
        return
    if path is not None and _as_file(facts, path):
        _restore_file(backup, manifest.file(facts.file), path)
        return
    writer = OperationalWriter.open(url)
    try:
        with writer.database.explained(), transaction(writer.database):
            for table, rows in _backed_up(backup, facts):
                _require_columns(writer.database, table, rows[0])
                writer.database.append(table, tuple(rows[0]), [tuple(row.values()) for row in rows])
    finally:
        writer.close()


def check_operational(facts: OperationalFacts, url: str) -> str | None:
    """Compare the ordered dump of a restored database with the one that was backed up; answers the difference, if any."""
    try:
        with OperationalReader.at(url) as reader, reader.database.explained():
            rows, digest = dump_digest(reader.database)
    except OperationalUnavailable as error:
        return str(error)
    if digest == facts.dump_sha256:
        return None
    wanted = f"{facts.rows} rows, SHA-256 {facts.dump_sha256}"
    return f"the restored operational database has a dump of {rows} rows, SHA-256 {digest}, instead of {wanted}"


def _restore_file(backup: Path, stored: StoredFile, path: Path) -> None:
    partial = path.with_name(f"{path.name}.part")
    try:
        with locked(path.with_name(f"{path.name}.lock"), wait_seconds_max=0):  # a projector's lock
            if path.exists():
                raise BackupRefused(f"{path} has just been made by a projector: stop it and restore into another folder")
            copy_checked(backup, stored, partial)
            publish(partial, path)
    except LockHeld:
        raise BackupRefused(f"{path}: a projector writes this database: stop it first") from None


def _as_file(facts: OperationalFacts, path: Path | None) -> bool:
    return path is not None and facts.file == OPERATIONAL_SQLITE


def _dump_to(database: Database, file: Any) -> tuple[int, str]:
    rows, digest = 0, sha256()
    for line in dump_lines(database):
        file.write(line)
        digest.update(line)
        rows += 1
    return rows, digest.hexdigest()


def _facts(database: Database, name: str, rows: int, digest: str) -> OperationalFacts:
    return OperationalFacts(file=name, version=present_version(database), rows=rows, dump_sha256=digest)


def _offsets(reader: OperationalReader) -> dict[tuple[str, int], int]:
    return {(one.topic, one.partition): one.next_offset for one in reader.offsets()}


def _backed_up(backup: Path, facts: OperationalFacts) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(table, rows) in the order of the dump, in slices."""
    for table, rows in groupby(_dumped(backup, facts), key=itemgetter("table")):
        while found := list(islice(rows, ROWS_LOADED_MAX)):
            yield table, [{name: value for name, value in row.items() if name != "table"} for row in found]


def _dumped(backup: Path, facts: OperationalFacts) -> Iterator[dict[str, Any]]:
    if facts.file == OPERATIONAL_DUMP:
        with (backup / facts.file).open("rb") as lines:
            for line in lines:
                yield orjson.loads(line)
        return
    with OperationalReader.at(f"sqlite:///{backup / facts.file}") as reader:
        for line in dump_lines(reader.database):
            yield orjson.loads(line)


def _require_columns(database: Database, table: str, row: dict[str, Any]) -> None:
    if table not in {one.name for one in TABLES} or tuple(row) != database.columns(table):
        raise BackupRefused(f"the dump has rows of a table {table!r} that this program's operational database does not have in that form")
