"""Restoring a backup into an empty data directory: every hash first, then the files, each under its name only when it is whole."""

from dataclasses import dataclass
from pathlib import Path

import orjson

from sinks.backup.errors import BackupRefused
from sinks.backup.folders import copy_checked, make_private, require_empty
from sinks.backup.ledger_copy import require_empty_database, restore_into_database
from sinks.backup.manifest import HEADS, LEDGER, OPERATIONAL_SQLITE, POSITIONS, Manifest, require_whole
from sinks.backup.operational_copy import require_restorable, restore_operational
from sinks.backup.positions import Positions
from sinks.backup.rebuild_ledger import rebuild_ledger
from sinks.backup.sqlite_copy import publish
from sinks.sqlite_ledger.files import WriterLock
from sinks.sqlite_ledger.statements import migrations
from sinks.verify.kept_heads import KeptHeads, read_heads


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePlan:
    """Which backup goes where. operational_url: None leaves the operational database out. ledger_url: an empty PostgreSQL database
    that the ledger is written into, too, from the file.

    digest: that of the manifest, where it was kept elsewhere. rebuild: book the ledger anew from the archived entries.
    """

    backup: Path
    data_dir: Path
    operational_url: str | None
    digest: str | None = None
    rebuild: bool = False
    ledger_url: str | None = None

    @classmethod
    def default_operational(cls, data_dir: Path) -> str:
        """The database that a data directory has unless told otherwise."""
        return f"sqlite:///{data_dir / OPERATIONAL_SQLITE}"

    @property
    def ledger(self) -> Path:
        """Where the ledger goes."""
        return self.data_dir / LEDGER

    @property
    def restored_url(self) -> str:
        """The ledger that a sink shall go on with."""
        return self.ledger_url or f"sqlite:///{self.ledger}"


def check_plan(plan: RestorePlan) -> Manifest:
    """Everything that can be known before anything is changed; raises `BackupRefused`, `LedgerError`, `OperationalError`."""
    if plan.ledger.with_name(f"{LEDGER}.lock").exists():
        lock = WriterLock(plan.ledger)
        lock.take()  # says which process writes there
        lock.release()
    require_empty(plan.data_dir, "the restored data")
    manifest = require_whole(plan.backup, plan.digest)
    newest = migrations()[-1][0]
    if manifest.ledger.version > newest:
        raise BackupRefused(f"ledger version {manifest.ledger.version}, this program knows up to {newest}; run the newer program")
    if plan.rebuild and not manifest.topics:
        raise BackupRefused("the backup holds no topics, so no ledger can be booked from it: it was taken without --topics")
    if plan.ledger_url is not None:
        require_empty_database(plan.ledger_url)
    if plan.operational_url is not None:
        require_restorable(manifest, plan.operational_url)
    return manifest


async def restore(plan: RestorePlan) -> Manifest:
    """Restore; raises what `check_plan` raises, then nothing was changed."""
    manifest = check_plan(plan)
    make_private(plan.data_dir)
    lock = WriterLock(plan.ledger)
    lock.take()
    try:
        if plan.ledger.exists():
            raise BackupRefused(f"{plan.ledger} has just been made by a sink: stop it and restore into another folder")
        if plan.rebuild:
            await rebuild_ledger(plan.backup, backed_up_heads(plan.backup), plan.ledger)
        else:
            partial = plan.ledger.with_name(f"{LEDGER}.part")
            copy_checked(plan.backup, manifest.file(LEDGER), partial)
            publish(partial, plan.ledger)
        if plan.ledger_url is not None:
            restore_into_database(plan.ledger, plan.ledger_url)
    finally:
        lock.release()
    if plan.operational_url is not None:
        restore_operational(plan.backup, manifest, plan.operational_url)
    return manifest


def backed_up_heads(backup: Path) -> KeptHeads:
    """The heads of the hash chain when the backup was taken."""
    return read_heads(backup / HEADS)


def backed_up_positions(backup: Path) -> Positions:
    """Where everything stood when the backup was taken."""
    return Positions.from_json(orjson.loads((backup / POSITIONS).read_bytes()))
