"""The database is a function of the topics: in whatever slices and order they are read, the same dump comes out."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from sinks.projector.database import migrate
from sinks.projector.sqlite_database import SqliteDatabase
from sinks.projector.writer import OperationalWriter
from tests.projected_stream import ProjectedStream, outcomes_of, projected_stream
from tests.unit.projector.feeding import Feeder, dumped, written


@cache
def stream() -> ProjectedStream:
    return projected_stream()


@cache
def expected() -> tuple[bytes, ...]:
    return tuple(dumped(written(stream())))


def test_the_stream_has_every_outcome() -> None:
    assert outcomes_of(stream()).keys() == {"posted", "duplicate", "conflict", "deferred", "rejected", "ignored", "dead_letter"}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_interleaving_gives_the_same_dump(data: st.DataObject) -> None:
    database = SqliteDatabase.in_memory()
    migrate(database)
    writer = OperationalWriter(database)
    feeder = Feeder(writer, stream())
    while places := feeder.open:
        chosen = data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=5, unique=True))
        feeder.step([(topic, partition, data.draw(st.integers(1, 60))) for topic, partition in chosen])
        if data.draw(st.integers(0, 9)) == 0:
            writer = OperationalWriter(database)  # as after a restart: nothing is remembered outside the database
            feeder = Feeder(writer, stream())
    assert tuple(dumped(writer)) == expected()
