"""The facts of shops in their plain form, where a platform states no more than what happened, how much and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asiento.accounting.order_events import TenderKind, TenderStatus
from sources.platforms.connection import Connection
from sources.platforms.facts import ORDER_KEY, Fact
from sources.platforms.outcome import EventTwin
from sources.platforms.sold_lines import SoldLine

CANCELLATION_KEY: Final = "cancellation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A currency and its decimals; `fields` are those of every event with money."""

    currency: str
    exponent: int

    @property
    def fields(self) -> EventTwin:
        """currency and currency_exponent."""
        return {"currency": self.currency, "currency_exponent": self.exponent}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidBy:
    """How money came or goes: tender, gateway, and the gateway's own id where it is known."""

    tender: TenderKind
    gateway: str
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """An order as it is now; amounts in minor units of `money`."""

    money: Money
    lines: Sequence[SoldLine]
    total: int
    included: bool
    order_discounts: Sequence[EventTwin] = ()
    channel: str
    customer_ref: str | None = None
    on_delivery: bool = False
    ship_to: dict[str, str] | None = None


def placed(placement: Placement, connection: Connection, tenant: str, *, at: datetime, test_mode: bool = False) -> Fact:
    """OrderPlaced, of repeat `state`."""
    terms = "ON_DELIVERY" if placement.on_delivery else connection.terms
    body: EventTwin = placement.money.fields | {
        "legal_entity": connection.legal_entity_of(None, tenant),
        "channel": placement.channel,
        "customer_ref": placement.customer_ref,
        "terms": terms,
        "due_days": connection.due_days if terms == connection.terms else None,
        "prices_include_tax": placement.included,
        "ship_to": placement.ship_to,
        "lines": [line.twin(placement.included, placement.money.exponent) for line in placement.lines],
        "order_discounts": list(placement.order_discounts),
        "total": placement.total,
    }
    stated = {name: value for name, value in body.items() if value is not None}
    return Fact(type="OrderPlaced", business_key=ORDER_KEY, body=stated, occurred_at=at, test_mode=test_mode, repeat="state")


def captured(payment_id: str, amount: int, money: Money, paid_by: PaidBy, at: datetime, *, test_mode: bool | None = None) -> Fact:
    """PaymentCaptured under `capture:<payment_id>`."""
    body: EventTwin = money.fields | {
        "payment_id": payment_id,
        "tender": paid_by.tender,
        "gateway": paid_by.gateway,
        "gateway_reference": paid_by.reference,
        "amount": amount,
    }
    stated = {name: value for name, value in body.items() if value is not None}
    return Fact(type="PaymentCaptured", business_key=f"capture:{payment_id}", body=stated, occurred_at=at, test_mode=test_mode)


def shipped(shipment_id: str, units: Sequence[tuple[str, str]], at: datetime, ship_to: dict[str, str] | None = None) -> Fact:
    """ShipmentDispatched under `shipment:<shipment_id>` of (line_id, quantity)."""
    lines = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in units]
    body: EventTwin = {"shipment_id": shipment_id, "lines": lines} | ({"ship_to": ship_to} if ship_to else {})
    return Fact(type="ShipmentDispatched", business_key=f"shipment:{shipment_id}", body=body, occurred_at=at, test_mode=None)


def cancelled(at: datetime) -> Fact:
    """OrderCancelled of everything that is open, charges too."""
    body: EventTwin = {"lines": [], "cancel_charges": True}
    return Fact(type="OrderCancelled", business_key=CANCELLATION_KEY, body=body, occurred_at=at, test_mode=None)


def paid_back(
    refund_id: str,
    amount: int,
    money: Money,
    paid_by: PaidBy,
    at: datetime,
    *,
    payment_id: str | None,
    status: TenderStatus = "SUCCEEDED",
    test_mode: bool | None = None,
) -> Fact:
    """RefundIssued under `refund:<refund_id>` of money alone: what it was for nobody says, the accounting makes an allowance of it."""
    tender: EventTwin = {
        "tender_id": refund_id,
        "payment_id": payment_id,
        "tender": paid_by.tender,
        "gateway": paid_by.gateway,
        "gateway_reference": paid_by.reference,
        "amount": amount,
        "status": status,
    }
    body: EventTwin = money.fields | {
        "refund_id": refund_id,
        "lines": [],
        "adjustments": [],
        "tenders": [{name: value for name, value in tender.items() if value is not None}],
        "allow_over_refund": False,
    }
    key = f"refund:{refund_id}"
    return Fact(type="RefundIssued", business_key=key, body=body, occurred_at=at, test_mode=test_mode, repeat="status")
