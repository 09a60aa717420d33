"""The database is a function of the topics: in whatever slices and order they are read, the same dump comes out."""

from functools import cache

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schemas.topics import ACCOUNTING_ACTIONS, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES
from sinks.databases.sqlite import SqliteDatabase
from sinks.projector.database import OPERATIONAL, migrate
from sinks.projector.writer import OperationalWriter
from tests.projected_stream import STARTED_AT, ProjectedStream, outcomes_of, projected_stream
from tests.unit.projector.feeding import Feeder, dumped, written

COPIED = (ACCOUNTING_ENTRIES, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ACTIONS)


@cache
def stream() -> ProjectedStream:
    """With copies of some records on another partition: nobody writes them, but the answer must not depend on who is read first."""
    made = projected_stream()
    for topic in COPIED:
        for record in list(made.records(topic))[:6]:
            made.put(topic, (record.partition + 1) % made.partitions, record.key, record.value, STARTED_AT)
    return made


@cache
def expected() -> tuple[bytes, ...]:
    return tuple(dumped(written(stream())))


def test_the_stream_has_every_outcome() -> None:
    assert outcomes_of(stream()).keys() == {"posted", "duplicate", "conflict", "deferred", "rejected", "ignored", "dead_letter"}


@settings(max_examples=30, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # an example is too dear to shrink
@given(st.data())
def test_any_interleaving_gives_the_same_dump(data: st.DataObject) -> None:
    database = SqliteDatabase.in_memory(OPERATIONAL)
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
