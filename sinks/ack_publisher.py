"""Publishes what a ledger has done: acks from its outbox to their topic."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from asiento.runtime.metrics import Metrics
from schemas.acks import ACK_STATUSES, encode_ack
from sinks.ledger import AckPage
from sinks.outbox_publisher import OutboxPublisher, OutboxRecord


class AckOutbox(Protocol):
    """Where acks wait; `Ledger` is one."""

    @property
    def kind(self) -> str:
        """The metrics' label."""
        ...

    async def pending_acks(self, acks_max: int) -> AckPage:
        """See `Ledger.pending_acks`."""
        ...

    async def mark_published(self, page: AckPage) -> None:
        """See `Ledger.mark_published`."""
        ...


class AckPublisher(OutboxPublisher[AckPage]):
    """Empties the acks of one ledger until it is told to leave. `clock` answers UTC microseconds."""

    def __init__(
        self, outbox: AckOutbox, metrics: Metrics, *, topic: str, client_options: Mapping[str, Any], clock: Callable[[], int]
    ) -> None:
        super().__init__(topic=topic, client_options=client_options, clock=clock)
        self._outbox = outbox
        self._published = {status: metrics.acks_published.labels(outbox.kind, status) for status in ACK_STATUSES}
        self._failed = metrics.acks_failed.labels(outbox.kind)

    async def next_page(self, records_max: int) -> tuple[AckPage, Sequence[OutboxRecord]]:
        """The next acks, each under its order's key."""
        page = await self._outbox.pending_acks(records_max)
        return page, [
            OutboxRecord(pending.partition, pending.order_key.encode(), encode_ack(pending.ack), pending.ack.status)
            for pending in page.acks
        ]

    async def mark(self, page: AckPage) -> None:
        """See `Ledger.mark_published`."""
        await self._outbox.mark_published(page)

    def published(self, counts: Mapping[str, int]) -> None:
        """By status."""
        for status, count in counts.items():
            self._published[status].inc(count)

    def failed(self) -> None:
        """One attempt."""
        self._failed.inc()
