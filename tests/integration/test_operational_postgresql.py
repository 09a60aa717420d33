"""The operational database in a real PostgreSQL is the same as in SQLite, and answers the same."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from schemas.topics import ORDERS_EVENTS
from sinks.databases.database import Database
from sinks.projector.answers import Cursor
from sinks.projector.database import open_database
from sinks.projector.errors import OperationalInUse, OperationalUnavailable
from sinks.projector.figures import FiguresReader
from sinks.projector.reader import OperationalReader
from sinks.projector.writer import OperationalWriter
from tests.projected_stream import ProjectedStream, projected_stream
from tests.unit.projector.feeding import dumped, written

PAGE = Path(__file__).resolve().parents[2] / "docs/operational-database.md"


@pytest.fixture
def both(postgresql: str) -> Iterator[tuple[Database, Database]]:
    """The same stream in SQLite and in PostgreSQL."""
    stream = projected_stream()
    lite = written(stream).database
    with closing(open_database(postgresql, for_writing=True)) as database:
        written(stream, database)
        yield lite, database
    lite.close()


def _answers(database: Database, stream: ProjectedStream) -> dict[str, Any]:
    reader = OperationalReader(database)
    parked = reader.parked(limit=None)
    keys = {event.order_key or "" for event in parked} | {one.value.order_key for one in reader.discrepancies(state=None)}
    return {
        "orders": [reader.order(key) for key in sorted(keys)],
        "parked": parked,
        "rejected": reader.rejected(state=None),
        "judged": [reader.judged(outcome, state=None) for outcome in ("duplicate", "conflict", "rejected", "ignored")],
        "discrepancies": (reader.discrepancies(), reader.discrepancies(state="RESOLVED", assignee="ana", limit=3)),
        "dead letters": (reader.dead_letters(), reader.dead_letters(state=None, after=Cursor(0, ""))),
        "actions": (reader.actions(kind="RESOLVE"), reader.open_proposals()),
        "counts": (reader.open_counts(), reader.outcome_counts()),
        "figures": _figures(FiguresReader(database), stream),
        "offsets": (reader.offsets(), reader.gaps()),
        "events": [reader.event(event.event_id) for event in parked],
    }


def _figures(figures: FiguresReader, stream: ProjectedStream) -> dict[str, Any]:
    return {
        "open": [figures.open_items(kind) for kind in ("parked", "rejected", "dead_letter")],
        "proposals": figures.open_proposals(),
        "discrepancies": figures.open_discrepancies(),
        "accounted": [figures.accounted(partition, 0, end) for partition, end in figures.accounted_to(ORDERS_EVENTS).items()],
        "healed": [figures.healed_since(partition, after) for partition in range(3) for after in (-1, 20)],
        "partitions": figures.accounted_to(ORDERS_EVENTS) == {number: stream.end(ORDERS_EVENTS, number) for number in range(3)},
    }


def test_both_databases_give_the_same_dump(both: tuple[Database, Database]) -> None:
    lite, server = both
    assert dumped(OperationalWriter(server)) == dumped(OperationalWriter(lite))


def test_both_databases_give_the_same_answers(both: tuple[Database, Database]) -> None:
    lite, server = both
    stream = projected_stream()
    assert _answers(server, stream) == _answers(lite, stream)


def test_the_questions_of_the_page_can_be_asked(both: tuple[Database, Database]) -> None:
    questions = re.findall(r"^```sql\n(.*?);\n```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(questions) >= 6
    for question in questions:
        answers = [sorted(database.query(question), key=repr) for database in both]
        assert answers[0] == answers[1], question


def test_one_writer_at_a_time(postgresql: str) -> None:
    with closing(OperationalWriter.open(postgresql)), pytest.raises(OperationalInUse, match="stop that one first"):
        OperationalWriter.open(postgresql)
    OperationalWriter.open(postgresql).close()


def test_a_server_that_is_away_is_named_without_its_password() -> None:
    with pytest.raises(OperationalUnavailable) as refused:
        open_database("postgresql://ana:secret@127.0.0.1:9/ops", for_writing=False)
    assert "127.0.0.1:9/ops" in str(refused.value)
    assert "secret" not in str(refused.value)
