"""Killed while it makes its database, or binds it to its topics: the next start goes on as if nothing had been."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from schemas.topics import ACCOUNTING_ENTRIES
from tests.acceptance.nemesis import LOG
from tests.integration.ledger_sink import LedgerSink, committed_entries, stream_ends
from tests.integration.operational_projector import Projector, make_projected_topics, send_stream
from tests.projected_stream import projected_stream

PARTITIONS = 3
KILLS = 2
START_SECONDS_MAX = 60.0
INSTANT_SECONDS_MAX = 0.04
"""From the first sign of a database, what is made of it takes about so long."""
SECONDS_BETWEEN_LOOKS = 0.001


def _at_an_instant_after(sign: Callable[[], bool], chance: random.Random) -> None:
    """Return at a seeded instant soon after the first sign."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while not sign():
        assert time.monotonic() < deadline, "no sign of a database"
        time.sleep(SECONDS_BETWEEN_LOOKS)
    instant = time.monotonic() + chance.uniform(0, INSTANT_SECONDS_MAX)
    while time.monotonic() < instant:
        time.sleep(SECONDS_BETWEEN_LOOKS)


@contextmanager
def _signs_of(url: str | None, file: Path) -> Iterator[Callable[[], bool]]:
    """Whether a file is there, or a client of this PostgreSQL database has become its only writer."""
    if url is None:
        yield file.exists
        return
    question = "SELECT 1 FROM pg_locks JOIN pg_database ON oid = database WHERE locktype = 'advisory' AND datname = %s"
    with psycopg.connect(url, autocommit=True) as connection:
        yield lambda: bool(connection.execute(question, (connection.info.dbname,)).fetchall())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_projector_killed_at_its_first_start_goes_on(
    kafka: str, topic_prefix: str, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    await make_projected_topics(kafka, topic_prefix, PARTITIONS)
    await send_stream(kafka, topic_prefix, projected_stream(partitions=PARTITIONS))
    chance = random.Random(11)
    server = request.getfixturevalue("postgresql_server") if kind == "postgresql" else None
    for number in range(KILLS):
        directory = tmp_path / str(number)
        directory.mkdir()
        url = server.new_database(f"{topic_prefix}{number}") if server is not None else None
        projector = Projector(directory, kafka, topic_prefix, url=url)
        try:
            projector.start()
            with _signs_of(url, directory / "operational.sqlite") as sign:
                _at_an_instant_after(sign, chance)
            projector.kill()
            LOG.warning("%s: killed with %d offsets bound", kind, len(projector.next_offsets()))
            projector.start()
            await projector.wait_caught_up(PARTITIONS)
            assert projector.terminate() == 0
        finally:
            projector.close()
        rebuilt = projector.command("operational", "rebuild", "--verify")
        assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr


async def test_a_ledger_sink_killed_at_its_first_start_goes_on(kafka: str, topic_prefix: str, tmp_path: Path) -> None:
    await make_projected_topics(kafka, topic_prefix, PARTITIONS)
    await send_stream(kafka, topic_prefix, projected_stream(partitions=PARTITIONS))
    chance = random.Random(12)
    entries = await committed_entries(kafka, f"{topic_prefix}{ACCOUNTING_ENTRIES}", PARTITIONS)
    ends = await stream_ends(kafka, f"{topic_prefix}{ACCOUNTING_ENTRIES}", PARTITIONS)
    for number in range(KILLS):
        directory = tmp_path / str(number)
        directory.mkdir()
        sink = LedgerSink(directory, kafka, topic_prefix)
        try:
            sink.start()
            _at_an_instant_after(sink.ledger.exists, chance)
            sink.kill()
            LOG.warning("ledger: killed with %d offsets bound", len(sink.next_offsets()))
            sink.start()
            await sink.wait_offsets(ends)
            assert sink.terminate() == 0
        finally:
            sink.close()
        assert sink.booked() == entries
