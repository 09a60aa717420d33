"""A report on PostgreSQL says what one on SQLite says."""

import asyncio
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sinks.postgresql_ledger import PostgresqlLedger
from sinks.posting.database import POSTINGS
from sinks.projector.database import open_database
from sinks.projector.writer import OperationalWriter
from sinks.report.figures import Figures, Range
from sinks.report.reading import read_figures
from sinks.sqlite_ledger import SqliteLedger
from tests.projected_stream import STARTED_AT, projected_stream
from tests.report_installation import book, minute_by_minute
from tests.unit.projector.feeding import Feeder, written

RANGE = Range(STARTED_AT + 20_000_000, STARTED_AT + 200_000_000)


def _without_places(figures: Figures) -> Figures:
    return replace(figures, places={})


def test_both_kinds_of_database_give_the_same_figures(postgresql: str, tmp_path: Path) -> None:
    stream = projected_stream()
    files = [f"sqlite:///{tmp_path / name}.sqlite" for name in ("operational", "ledger", "postings")]
    with closing(OperationalWriter.open(files[0])) as lite:
        Feeder(lite, stream).finish()
    asyncio.run(book(stream, SqliteLedger(tmp_path / "ledger.sqlite", minute_by_minute())))
    with closing(open_database(postgresql, for_writing=True)) as database:
        written(stream, database)
        POSTINGS.migrate(database)
    asyncio.run(book(stream, PostgresqlLedger(postgresql, minute_by_minute())))
    for wanted in (Range(), RANGE):
        found = read_figures(postgresql, postgresql, postgresql, wanted)
        assert found.flow.booked
        assert _without_places(found) == _without_places(read_figures(files[0], files[1], files[2], wanted))
