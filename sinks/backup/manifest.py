"""The manifest: what a backup holds, written last. A folder without one is no backup.

It is written in one form only, and holds the digest of its own content, so that any changed byte of it shows. Somebody who
edits it on purpose can compute the digest again: keep the digest that `asiento backup` prints elsewhere, and name it to
`asiento restore --digest`.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson

from sinks.backup.errors import BackupRefused
from sinks.backup.folders import StoredFile, stored_file, sync, write_private

FORMAT: Final = "asiento-backup-1"
MANIFEST: Final = "manifest.json"
MANIFEST_BYTES_MAX: Final = 16 * 1024 * 1024
LEDGER: Final = "ledger.sqlite"
OPERATIONAL_SQLITE: Final = "operational.sqlite"
OPERATIONAL_DUMP: Final = "operational.jsonl"
HEADS: Final = "heads.json"
POSITIONS: Final = "offsets.json"
TRIAL_BALANCE: Final = "trial-balance.json"
_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]+(?:/(?!\.)[A-Za-z0-9._-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFacts:
    """The ledger's copy: migration version, entries, and the seal of the last of them."""

    version: int
    entries: int
    seal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationalFacts:
    """The operational database: its file in the backup, migration version, rows, and SHA-256 of its ordered dump."""

    file: str
    version: int
    rows: int
    dump_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A whole backup; `taken_at` RFC 3339, `topics` whether the topics that are kept for ever are archived, too."""

    taken_at: str
    program_version: str
    ledger: LedgerFacts
    operational: OperationalFacts | None
    topics: bool
    files: tuple[StoredFile, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (64 hex digits) over everything in the manifest but itself."""
        return sha256(orjson.dumps(self._values(), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def to_bytes(self) -> bytes:
        """The one form in which it is kept."""
        values = {**self._values(), "digest": self.digest}
        return orjson.dumps(values, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    def file(self, name: str) -> StoredFile:
        """The entry of a file; raises `BackupRefused` where the backup does not hold it."""
        found = next((file for file in self.files if file.name == name), None)
        if found is None:
            raise BackupRefused(f"the manifest names no file {name}: this backup does not hold it")
        return found

    def _values(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put the manifest into its place in one step, after everything else is on the disk."""
    partial = folder / f"{MANIFEST}.part"
    write_private(partial, manifest.to_bytes())
    sync(folder)
    partial.rename(folder / MANIFEST)
    sync(folder)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup; raises `BackupRefused` where there is none or where it is not as it was written."""
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            content = file.read(MANIFEST_BYTES_MAX)
    except FileNotFoundError:
        raise BackupRefused(f"{folder}: no {MANIFEST} in it, so it is no backup, or one that was cut off: use another one") from None
    except OSError as error:
        raise BackupRefused(f"{path}: {error.strerror}") from None
    try:
        values = orjson.loads(content)
        found, told = values.pop("format"), values.pop("digest")
        if found != FORMAT:
            raise BackupRefused(f"{path}: format {found!r}, this program reads {FORMAT}; use the program that wrote it")
        manifest = _manifest(values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupRefused(f"{path} is damaged ({type(error).__name__}: {error}): use another backup") from None
    if told != manifest.digest or content != manifest.to_bytes():
        raise BackupRefused(f"{path} is damaged or was edited: its digest is not that of its content; use another backup")
    return manifest


def check_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Compare every file with its size and hash; answers what is wrong, file by file."""
    for wanted in manifest.files:
        try:
            found = stored_file(folder, wanted.name)
        except OSError as error:
            yield f"{folder / wanted.name}: {error.strerror}"
            continue
        if found.size_bytes != wanted.size_bytes:
            yield f"{folder / wanted.name}: {found.size_bytes} bytes, the manifest says {wanted.size_bytes}"
        elif found.sha256 != wanted.sha256:
            yield f"{folder / wanted.name}: not what was backed up: SHA-256 {found.sha256}, the manifest says {wanted.sha256}"


def require_whole(folder: Path, digest: str | None = None) -> Manifest:
    """The manifest of a backup of which every byte is as it was written; raises `BackupRefused` with all that is not.

    digest: what `asiento backup` printed, where it was kept.
    """
    manifest = read_manifest(folder)
    if digest is not None and digest != manifest.digest:
        raise BackupRefused(
            f"{folder / MANIFEST}: its digest is {manifest.digest}, kept was {digest}: this is another backup, or an edited one"
        )
    problems = list(check_files(folder, manifest))
    if problems:
        raise BackupRefused("the backup is damaged, nothing was restored: use another one\n" + "\n".join(problems))
    return manifest


def _manifest(values: dict[str, Any]) -> Manifest:
    files = tuple(StoredFile(**file) for file in values.pop("files"))
    for file in files:
        if _NAME.fullmatch(file.name) is None:
            raise ValueError("a file has a name that leads out of the backup")
    ledger, operational = LedgerFacts(**values.pop("ledger")), values.pop("operational")
    return Manifest(**values, files=files, ledger=ledger, operational=None if operational is None else OperationalFacts(**operational))
