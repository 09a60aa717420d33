"""The two databases of a synthetic day in files."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from sinks.projector.writer import OperationalWriter
from sinks.sqlite_ledger import SqliteLedger
from tests.projected_stream import projected_stream
from tests.report_installation import book, minute_by_minute
from tests.unit.projector.feeding import Feeder


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the databases are."""

    directory: Path

    @property
    def operational(self) -> Path:
        """The operational database."""
        return self.directory / "operational.sqlite"

    @property
    def ledger(self) -> Path:
        """The ledger."""
        return self.directory / "ledger.sqlite"


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A day; not to be changed."""
    made = Installation(tmp_path_factory.mktemp("report"))
    stream = projected_stream(orders=40)
    writer = OperationalWriter.open(f"sqlite:///{made.operational}")
    Feeder(writer, stream).finish()
    writer.close()
    asyncio.run(book(stream, SqliteLedger(made.ledger, minute_by_minute())))
    return made
