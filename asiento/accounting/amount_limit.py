"""The bound on an order's totals: sums of what is posted, stored and reported stay inside 64 bits.

Every amount of an event is bounded by the contract; what adds up over the events of an order is bounded here. Invoiced,
cancelled and credited amounts never pass what was placed, so four sums are enough.
"""

from collections.abc import Callable
from typing import Any

from asiento.accounting.conditions import raises, tender_changes
from asiento.accounting.order_events import (
    ChargebackOpened,
    EventCorrected,
    ExchangeCreated,
    OrderEdited,
    OrderEvent,
    OrderPlaced,
    PaymentCaptured,
    RefundIssued,
)
from asiento.accounting.order_state import OrderState
from asiento.accounting.recognition import split_key

AMOUNT_MAX = 10**17
"""Most that an order's stated amounts, captures, refunds or return fees add up to, minor units: a hundred times the largest total."""
AMOUNT_LIMIT = "amount_limit"


def passes_amount_limit(event: OrderEvent, order: OrderState, limit: int) -> bool:
    """Whether posting the event would lift a sum of its order above `limit` (minor units)."""
    return largest_sum(event, order)[1] > limit


def largest_sum(event: OrderEvent, order: OrderState) -> tuple[str, int]:
    """The largest sum of the order that posting the event would touch: its name for a message, and its amount after the event."""
    sum_of = _SUMS.get(type(event))
    return sum_of(event, order) if sum_of is not None else ("", 0)


def _sum_of_order(event: OrderPlaced | OrderEdited, _: OrderState) -> tuple[str, int]:
    return "stated", _stated(event)


def _sum_with_exchange(event: ExchangeCreated, order: OrderState) -> tuple[str, int]:
    return "stated", order.totals.agreed + _stated(event)


def _sum_with_dispute(event: ChargebackOpened, order: OrderState) -> tuple[str, int]:
    return "disputed", order.totals.lost + order.totals.disputed + event.amount


def _sum_with_capture(event: PaymentCaptured, order: OrderState) -> tuple[str, int]:
    return "captured", order.totals.captured + event.amount


def _sum_with_correction(event: EventCorrected, order: OrderState) -> tuple[str, int]:
    if not isinstance(event.replacement, PaymentCaptured):
        return "", 0
    return "captured", order.totals.captured - _captured_by(event.supersedes_event_id, order) + event.replacement.amount


def _sum_with_refund(event: RefundIssued, order: OrderState) -> tuple[str, int]:
    totals, known = order.totals, order.refunds.get(event.refund_id)
    refunds = totals.refunded + totals.pending + sum([raises(tender, before) for tender, before in tender_changes(event, known)])
    fees = totals.return_fees + (_return_fees(event) if known is None else 0)
    return ("refunded", refunds) if refunds >= fees else ("return_fees", fees)


_SUMS: dict[type[OrderEvent], Callable[[Any, OrderState], tuple[str, int]]] = {
    OrderPlaced: _sum_of_order,
    OrderEdited: _sum_of_order,
    ExchangeCreated: _sum_with_exchange,
    ChargebackOpened: _sum_with_dispute,
    PaymentCaptured: _sum_with_capture,
    EventCorrected: _sum_with_correction,
    RefundIssued: _sum_with_refund,
}


def _stated(event: OrderPlaced | OrderEdited | ExchangeCreated) -> int:
    """All amounts of the order, whatever their sign: no sum of parts of its lines is larger."""
    stated = 0 if isinstance(event, ExchangeCreated) else sum([discount.amount for discount in event.order_discounts])
    for line in event.lines:
        stated += abs(line.gross) + line.discount + (line.order_discount or 0)
        for tax in line.taxes:
            stated += tax.amount
    return stated


def _captured_by(event_id: str, order: OrderState) -> int:
    """What a capture that is about to be replaced brought."""
    original = order.facts.find("event_id", event_id)
    payment = order.payments.get(split_key(original.natural_key)[1]) if original is not None else None
    return payment.amount if payment is not None else 0


def _return_fees(event: RefundIssued) -> int:
    return sum([one.amount + sum([tax.amount for tax in one.taxes]) for one in event.adjustments if one.kind == "RETURN_FEE"])
