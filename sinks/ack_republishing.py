"""Publishes the acks that a ledger still has to publish, once, where no sink runs that would do it."""

import asyncio

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.service_process import now_microseconds
from asiento.runtime.settings import Settings
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_ENTRIES
from sinks.ack_publisher import AckPublisher
from sinks.ledger_access import reader_at, writer_at
from sinks.sink_process import identified


async def publish_pending_acks(settings: Settings) -> int:
    """Publish them and mark them as published; answers how many. Nothing is booked.

    Raises `LedgerInUse` where a sink runs, other `LedgerError`s, `BrokerUnreachable`, `StreamUnknown`.
    """
    with reader_at(settings.ledger_location) as reader:
        before = reader.pending_acks()[0]
    ledger = writer_at(settings.ledger_location, now_microseconds)
    try:
        await ledger.open(*await identified(settings.topic(ACCOUNTING_ENTRIES), settings))
        options = client_options(settings)
        publisher = AckPublisher(
            ledger, Metrics(Exporter.LEDGER), topic=settings.topic(ACCOUNTING_ACKS), client_options=options, clock=now_microseconds
        )
        leave = asyncio.Event()
        leave.set()
        await publisher.run(leave)
    finally:
        await ledger.close()
    with reader_at(settings.ledger_location) as reader:
        return before - reader.pending_acks()[0]
