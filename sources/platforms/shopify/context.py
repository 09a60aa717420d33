"""What surrounds one payload, and the envelope that every event made from it carries."""

from dataclasses import dataclass
from datetime import datetime

from sources.platforms.connection import Connection
from sources.platforms.identity import event_id
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node
from sources.platforms.shopify.money import MoneyReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who asks: tenant, source (`shopify:<connection>`), the connection, and the arrival time if it is known."""

    tenant: str
    source: str
    connection: Connection
    received_at: datetime | None

    def envelope(
        self, event_type: str, order_id: str, business_key: str, *, payload: Node, revision: int = 0, test_mode: bool
    ) -> EventTwin:
        """The fields common to all events; times come from the payload, `received_at` from the caller if given."""
        key = f"{business_key}:{revision}" if revision else business_key
        return {
            "type": event_type,
            "event_id": event_id(
                tenant=self.tenant, source=self.source, order_id=order_id, event_type=event_type, business_key=key, revision=revision
            ),
            "tenant": self.tenant,
            "source": self.source,
            "order_id": order_id,
            "business_key": key,
            "occurred_at": _rfc3339(self._occurred_at(payload)),
            "received_at": _rfc3339(self._received_at(payload)),
            "test_mode": test_mode,
        }

    def _occurred_at(self, payload: Node) -> datetime:
        """`processed_at` is when the fact happened; imported orders carry it beside a later `created_at`."""
        stated = payload.find("processed_at") or payload.need("created_at")
        return stated.time(self.connection.time_zone)

    def _received_at(self, payload: Node) -> datetime:
        if self.received_at is not None:
            return self.received_at
        stated = [payload.find(name) for name in ("updated_at", "processed_at", "created_at")]
        return max(moment.time(self.connection.time_zone) for moment in stated if moment is not None)


def money_fields(money: MoneyReader) -> EventTwin:
    """Currency and exponent, on every event with a money field."""
    return {"currency": money.currency, "currency_exponent": money.exponent}


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
