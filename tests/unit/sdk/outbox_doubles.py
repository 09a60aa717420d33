"""A producer that remembers what it was given and fails as it is told, for tests of the relay."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from schemas.event_messages import EventMessage
from sources.sdk.envelope import Order
from sources.sdk.events import PaymentCaptured
from sources.sdk.producer import AsyncProducer, FailedEvent, FlushReport, NotConfirmed


def capture(order_id: str, payment_id: str) -> PaymentCaptured:
    """A capture of 1.00 EUR."""
    return PaymentCaptured(
        order=Order(tenant="acme", source="oms:main", order_id=order_id, currency="EUR"),
        occurred_at="2026-01-05T09:30:00Z",
        received_at="2026-01-05T09:30:00Z",
        payment_id=payment_id,
        tender="CARD",
        gateway="stripe",
        amount=100,
    )


class RememberingProducer:
    """Confirms what `takes` says, in calls of `deliver`."""

    def __init__(self, takes: Callable[[EventMessage], bool] = lambda message: True) -> None:
        self.takes = takes
        self.calls: list[list[EventMessage]] = []

    @property
    def stored(self) -> list[EventMessage]:
        """What reached the topic, in order."""
        return [message for call in self.calls for message in call if self.takes(message)]

    def typed(self) -> AsyncProducer:
        """The same, for the type checker."""
        return cast(AsyncProducer, self)

    async def deliver(self, messages: Sequence[EventMessage], **_: Any) -> None:
        """See `AsyncProducer.deliver`."""
        self.calls.append(list(messages))
        lost = tuple(FailedEvent(id_of(message), message.key.decode(), "told to") for message in messages if not self.takes(message))
        if lost:
            raise NotConfirmed(FlushReport(len(messages) - len(lost), lost))


def id_of(message: EventMessage) -> str:
    """The event_id of a message."""
    return dict(message.headers)["ce_id"].decode()
