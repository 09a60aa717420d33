"""The operational database in a real PostgreSQL is the same as in SQLite."""

from contextlib import closing

from sinks.projector.database import open_database
from tests.projected_stream import projected_stream
from tests.unit.projector.feeding import dumped, written


def test_both_databases_give_the_same_dump(postgresql: str) -> None:
    stream = projected_stream()
    with closing(open_database(postgresql, for_writing=True)) as database:
        assert dumped(written(stream, database)) == dumped(written(stream))
