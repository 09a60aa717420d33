"""The outbox in a real PostgreSQL: in the caller's transaction, in order per key, marked once confirmed."""

from typing import Any

import psycopg

from sources.sdk.outbox import add, backlog, create_outbox, purge, waiting
from sources.sdk.outbox_relay import OutboxRelay, RelayReport
from tests.unit.sdk.outbox_doubles import RememberingProducer, capture


async def test_the_outbox_does_in_postgresql_what_it_does_in_sqlite(postgresql: str) -> None:
    connection: psycopg.Connection[Any] = psycopg.connect(postgresql)
    create_outbox(connection)
    create_outbox(connection)
    connection.commit()
    add(connection, capture("1", "gone"))
    connection.rollback()
    add(connection, capture("1", "a"), capture("2", "b"), capture("1", "c"))
    assert backlog(connection).events == 3
    producer = RememberingProducer()
    relay = OutboxRelay(lambda: psycopg.connect(postgresql), producer.typed())
    async with relay:
        assert await relay.run_once() == RelayReport(0, 0, ())  # not committed yet
        connection.commit()
        assert await relay.run_once() == RelayReport(3, 3, ())
        assert await relay.run_once() == RelayReport(0, 0, ())
    assert producer.stored == [capture(*one).message() for one in (("1", "a"), ("2", "b"), ("1", "c"))]
    assert waiting(connection, 10) == ()
    assert purge(connection, keep_days=-1) == 3
    connection.commit()
    connection.close()
