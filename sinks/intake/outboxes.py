"""The outboxes of a connection's store, as publishers know them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asiento.runtime.metrics import Metrics
from sinks.ledger import AckPage
from sinks.outbox_publisher import OutboxPublisher, OutboxRecord
from sinks.posting.store import StoreCalls


class StoredAcks:
    """The acks of a connection."""

    def __init__(self, store: StoreCalls, connection: str) -> None:
        self._store = store
        self._connection = connection

    @property
    def kind(self) -> str:
        """The connection: acks and metrics name it."""
        return self._connection

    async def pending_acks(self, acks_max: int) -> AckPage:
        """See `AckOutbox`."""
        return await self._store(lambda store: store.outbox.pending_acks(acks_max))

    async def mark_published(self, page: AckPage) -> None:
        """See `AckOutbox`."""
        await self._store(lambda store: store.outbox.mark_published(page))


class DiscrepancyPublisher(OutboxPublisher[int]):
    """Empties the discrepancies of a connection; a page is known by its last number."""

    def __init__(
        self,
        store: StoreCalls,
        connection: str,
        metrics: Metrics,
        *,
        topic: str,
        client_options: Mapping[str, Any],
        clock: Callable[[], int],
    ) -> None:
        super().__init__(topic=topic, client_options=client_options, clock=clock)
        self._store = store
        self._failed = metrics.acks_failed.labels(connection)

    async def next_page(self, records_max: int) -> tuple[int, Sequence[OutboxRecord]]:
        """The next discrepancies, each under its order's key."""
        pending = await self._store(lambda store: store.outbox.pending_discrepancies(records_max))
        records = [OutboxRecord(one.partition, one.order_key.encode(), one.value, "raised") for one in pending]
        return (pending[-1].number if pending else 0), records

    async def mark(self, page: int) -> None:
        """They are published."""
        await self._store(lambda store: store.outbox.mark_raised(page))

    def published(self, counts: Mapping[str, int]) -> None:
        """The discrepancies themselves are counted where they are projected."""

    def failed(self) -> None:
        """One attempt."""
        self._failed.inc()
