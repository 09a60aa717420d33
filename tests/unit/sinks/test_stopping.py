"""A sink that is told to stop does so, although what it waits for comes at that very moment."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from asiento.runtime.metrics import Metrics
from sinks.ack_publisher import AckPublisher
from sinks.entry_stream import EntryStream
from sinks.outbox_publisher import OutboxRecord
from sinks.projector.stream import TopicsStream
from sinks.sqlite_ledger.writer import SqliteLedger

BROKER = {"bootstrap_servers": "127.0.0.1:9"}


async def _cancelled_as_it_comes(work: Awaitable[Any], come: Callable[[], None]) -> None:
    """Cancel `work` in the turn in which what it waits for comes; raises `CancelledError` if it ends by that."""
    task = asyncio.ensure_future(work)
    for _ in range(5):
        await asyncio.sleep(0)
    come()
    task.cancel()
    await task


@pytest.mark.parametrize("stream_of", [lambda: EntryStream("entries", (), "sink", BROKER), lambda: TopicsStream((), "projector", BROKER)])
async def test_noting_positions(monkeypatch: pytest.MonkeyPatch, stream_of: Callable[[], EntryStream | TopicsStream]) -> None:
    noted = asyncio.Event()

    async def commit(*_: object) -> None:
        await noted.wait()

    monkeypatch.setattr(AIOKafkaConsumer, "commit", commit)
    stream = stream_of()
    with pytest.raises(asyncio.CancelledError):
        await _cancelled_as_it_comes(stream.note_positions(), noted.set)
    await stream.stop()


async def test_publishing_acks(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = asyncio.Event()

    async def send(*_: object) -> None:
        await stored.wait()

    async def next_page(*_: object) -> tuple[object, list[OutboxRecord]]:
        return object(), [OutboxRecord(0, b"key", b"value", "POSTED")]

    monkeypatch.setattr(AckPublisher, "_send", send)
    monkeypatch.setattr(AckPublisher, "next_page", next_page)
    outbox: Any = SimpleNamespace(kind="sqlite")
    publisher = AckPublisher(outbox, Metrics(), topic="acks", client_options=BROKER, clock=lambda: 0)
    with pytest.raises(asyncio.CancelledError):
        await _cancelled_as_it_comes(publisher.run(asyncio.Event()), stored.set)


async def test_asking_a_ledger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    ledger = SqliteLedger(tmp_path / "ledger.db", lambda: 0)
    ledger.answer_seconds_max = 5.0  # as of a server
    answer: asyncio.Future[object] = loop.create_future()
    with monkeypatch.context() as patch:
        patch.setattr(loop, "run_in_executor", lambda *_: answer)
        with pytest.raises(asyncio.CancelledError):
            await _cancelled_as_it_comes(ledger.pending_acks(1), lambda: answer.set_result(None))
    await ledger.close()
