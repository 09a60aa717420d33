"""An operational database in PostgreSQL is backed up as its dump, and either form is restored into either database."""

from contextlib import closing
from pathlib import Path

import pytest

from sinks.backup.errors import BackupRefused
from sinks.backup.operational_copy import check_operational
from sinks.backup.restore import restore
from sinks.projector.database import open_database
from tests.postgresql import PostgresqlServer
from tests.unit.projector.feeding import written
from tests.unit.sinks_backup.taking import make_system, plan_into


async def test_both_forms_are_restored_into_both_databases(postgresql: str, postgresql_server: PostgresqlServer, tmp_path: Path) -> None:
    system = await make_system(tmp_path)
    with closing(open_database(postgresql, for_writing=True)) as database:
        written(system.log.stream, database)
    dumped = await system.back_up(tmp_path / "dumped", operational_url=postgresql)
    filed = await system.back_up(tmp_path / "filed")
    assert dumped.operational is not None
    assert filed.operational is not None
    assert (dumped.operational.file, filed.operational.file) == ("operational.jsonl", "operational.sqlite")
    assert dumped.operational.dump_sha256 == filed.operational.dump_sha256
    name = postgresql.rpartition("/")[2]
    for number, backup in enumerate(("dumped", "filed")):
        for url in (f"sqlite:///{tmp_path}/restored-{number}.sqlite", postgresql_server.new_database(f"{name}-{number}")):
            plan = plan_into(tmp_path / backup, tmp_path / f"data-{number}-{url.partition(':')[0]}", operational_url=url)
            manifest = await restore(plan)
            assert manifest.operational is not None
            assert check_operational(manifest.operational, url) is None
            with closing(open_database(url, for_writing=True)) as database:
                assert len(database.query("SELECT topic FROM source_offset")) > 0
    with pytest.raises(BackupRefused, match="has tables of asiento already"):
        await restore(plan_into(tmp_path / "dumped", tmp_path / "data", operational_url=postgresql))
