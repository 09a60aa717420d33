"""The PostgreSQL of the operational database goes away and comes back: the projector ends, in time and with a word, and goes on."""

import random
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.operational_projector import Projector, make_projected_topics, send_stream
from tests.postgresql import PostgresqlServer
from tests.projected_stream import projected_stream

PARTITIONS = 3
END_SECONDS_MAX = 25.0
"""A batch that fails, or at the latest the next count of what is open, tells the projector that its database is away."""


@pytest.fixture
def own_server() -> Iterator[PostgresqlServer]:
    """A PostgreSQL that no other test uses."""
    server = PostgresqlServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
async def projector(kafka: str, topic_prefix: str, tmp_path: Path, own_server: PostgresqlServer) -> AsyncIterator[Projector]:
    """A projector with its empty topics, in small transactions; not started."""
    await make_projected_topics(kafka, topic_prefix, PARTITIONS)
    url = own_server.new_database("operational")
    projector = Projector(tmp_path, kafka, topic_prefix, url=url, projector_batch_records_max="3")
    yield projector
    projector.close()


@pytest.mark.parametrize("rounds", [1, pytest.param(3, marks=pytest.mark.soak)])
async def test_its_database_away_the_projector_ends_as_one_without_its_dependency_and_goes_on(
    projector: Projector, own_server: PostgresqlServer, rounds: int
) -> None:
    stream, chance = projected_stream(seed=9, orders=60, partitions=PARTITIONS), random.Random(4)
    await send_stream(projector.kafka, projector.prefix, stream, end=0.2)
    projector.start()
    await projector.wait_until(bool)
    for number in range(rounds):
        share = 0.2 + 0.8 * number / rounds
        await send_stream(projector.kafka, projector.prefix, stream, start=share, end=0.2 + 0.8 * (number + 1) / rounds)
        own_server.go_away()
        await _ends_in_time(projector)
        projector.start()  # as its supervisor does: the database is still away
        await _ends_in_time(projector)
        projector.start()
        time.sleep(chance.random())  # not a wait: the seeded instant of the kill, while it starts and the server comes back
        own_server.come_back()
        projector.kill()
        projector.start()
        await projector.wait_until(lambda offsets: bool(offsets) and projector.projects)
    await projector.wait_caught_up(PARTITIONS)
    assert projector.terminate() == 0
    rebuilt = projector.command("operational", "rebuild", "--verify")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr


async def _ends_in_time(projector: Projector) -> None:
    """By itself, as one whose dependency is away, naming it."""
    began = time.monotonic()
    assert await projector.wait_exit() == 3, projector.told
    assert time.monotonic() - began < END_SECONDS_MAX
    assert "postgresql://127.0.0.1" in projector.told
    assert "Traceback" not in projector.told
