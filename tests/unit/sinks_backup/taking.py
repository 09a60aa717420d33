"""A small installation without a broker, and backups of it."""

from dataclasses import dataclass
from pathlib import Path

from schemas.topics import catalogue
from sinks.backup.manifest import Manifest
from sinks.backup.restore import RestorePlan
from sinks.backup.take import BackupPlan, take_backup
from tests.projected_log import ProjectedLog, book, project
from tests.projected_stream import projected_stream

ORDERS_GROUP = "app-orders"


def backup_plan(ledger: Path, operational_url: str, *, archive: bool) -> BackupPlan:
    """Everything, on topics that have their catalogue names."""
    return BackupPlan(
        ledger_url=f"sqlite:///{ledger}",
        operational_url=operational_url,
        topic=lambda name: name,
        topics=tuple(topic.name for topic in catalogue("app", 1, 1, 1)),
        groups=(ORDERS_GROUP, "app-ledger"),
        archive=archive,
        documents={"settings.json": b"{}\n", "policy.json": b"{}\n"},
        program_version="1.2.3",
        taken_at="2026-03-01T08:00:00Z",
    )


@dataclass(frozen=True)
class System:
    """A stream, a ledger and an operational database that have taken it in."""

    log: ProjectedLog
    ledger: Path
    operational: Path

    async def back_up(self, folder: Path, *, archive: bool = True, offline: bool = False, operational_url: str | None = None) -> Manifest:
        """Take a backup."""
        plan = backup_plan(self.ledger, operational_url or f"sqlite:///{self.operational}", archive=archive and not offline)
        return await take_backup(None if offline else self.log, plan, folder)


async def make_system(folder: Path, *, share: float = 1.0, orders: int = 12) -> System:
    """An installation whose ledger has booked that share of the entries."""
    system = System(ProjectedLog(projected_stream(seed=2, orders=orders)), folder / "ledger.sqlite", folder / "operational.sqlite")
    await book(system.log, system.ledger, share=share)
    project(system.log, system.operational)
    return system


def plan_into(backup: Path, data_dir: Path, *, operational_url: str | None = "", rebuild: bool = False) -> RestorePlan:
    """Restore into a data directory, with its default operational database unless told otherwise."""
    url = RestorePlan.default_operational(data_dir) if operational_url == "" else operational_url
    return RestorePlan(backup=backup, data_dir=data_dir, operational_url=url, rebuild=rebuild)
