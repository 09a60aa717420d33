"""What every order event says before its own fields, and how an event becomes JSON and a Kafka message."""

from dataclasses import dataclass
from datetime import UTC, datetime
from string import Formatter
from typing import Any, ClassVar, Final

from asiento.accounting.money import CURRENCY_EXPONENTS
from schemas.event_faults import check_event
from schemas.event_messages import EventMessage, message_of_checked
from schemas.events import event_record
from schemas.partitioning import partition_for
from sources.platforms.identity import event_id
from sources.sdk.parts import Fx
from sources.sdk.values import Id, Time, time_twin, twin_of

_OF_THE_ENVELOPE: Final = frozenset({"tenant", "source", "order_id", "test_mode", "currency", "currency_exponent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The order that events are about: the three parts of its key, its currency (ISO 4217), and whether it is a test."""

    tenant: str
    source: str
    order_id: str
    currency: str | None = None
    test_mode: bool = False

    @property
    def key(self) -> str:
        """`tenant:source:order_id`, the key of all its records."""
        return f"{self.tenant}:{self.source}:{self.order_id}"

    def partition(self, partition_count: int) -> int:
        """Where its records lie among `partition_count` partitions (murmur2)."""
        return partition_for(self.key.encode(), partition_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact about one order. Subclasses are the events of the contract; amounts are integers in minor units.

    `business_key` says what makes it the same fact under another event id; where it may be left out, it is derived from the
    event's own id (`capture:<payment_id>`). `event_id`, left out, is derived from tenant, source, order, type, business key and
    `revision`, so that the same fact told twice is one event. `received_at`, left out, is the time when it becomes JSON.
    """

    RECORD: ClassVar[str]
    BUSINESS_KEY: ClassVar[str | None] = None

    order: Order
    occurred_at: Time
    business_key: str | None = None
    revision: int = 0
    received_at: Time | None = None
    event_id: Id | None = None
    source_event_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    source_sequence: int | None = None
    source_version: int | None = None
    fx: Fx | None = None

    def to_json(self) -> dict[str, Any]:
        """The JSON twin, not checked yet."""
        record = event_record(self.RECORD)
        if record is None:
            raise LookupError(f"{self.RECORD} is no event of this contract")
        order, key = self.order, self._key()
        twin: dict[str, Any] = {
            "type": self.RECORD,
            "event_id": str(self.event_id or self._derived_id(key)),
            "tenant": order.tenant,
            "source": order.source,
            "order_id": order.order_id,
            "business_key": key,
            "occurred_at": time_twin(self.occurred_at),
            "received_at": time_twin(self.received_at or datetime.now(UTC)),
            "test_mode": order.test_mode,
        }
        if order.currency is not None:
            twin["currency"] = order.currency
            twin["currency_exponent"] = CURRENCY_EXPONENTS.get(order.currency)
        return twin | {name: value for name, value in twin_of(record, self).items() if name not in twin and name not in _OF_THE_ENVELOPE}

    def message(self) -> EventMessage:
        """Key, framed value and headers, checked; raises `schemas.event_faults.FaultyEvent` with every fault."""
        return message_of_checked(check_event(self.to_json()))

    def _key(self) -> str | None:
        if self.business_key is not None or self.BUSINESS_KEY is None:
            return self.business_key
        named = [name for _, name, _, _ in Formatter().parse(self.BUSINESS_KEY) if name]
        key = self.BUSINESS_KEY.format(**{name: getattr(self, name) for name in named})
        return f"{key}:{self.revision}" if self.revision else key

    def _derived_id(self, key: str | None) -> str:
        order = self.order
        return event_id(
            tenant=order.tenant,
            source=order.source,
            order_id=order.order_id,
            event_type=self.RECORD,
            business_key=key or "",
        )
