"""Step 9: one posting rule per event, one module per rule."""

from collections.abc import Callable
from typing import Any

from asiento.accounting.booking import Booking
from asiento.accounting.conditions import Plan
from asiento.accounting.order_events import (
    ChargebackClosed,
    ChargebackOpened,
    EventCorrected,
    ExchangeCreated,
    FeeCharged,
    JournalPosted,
    OrderCancelled,
    OrderEdited,
    OrderEvent,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentReversed,
    PaymentVoided,
    ReceivableAdjusted,
    RefundIssued,
    ReturnReceived,
    ShipmentCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
)
from asiento.accounting.posting_rules.chargeback import close_chargeback, post_chargeback
from asiento.accounting.posting_rules.event_corrected import correct_event
from asiento.accounting.posting_rules.fee_charged import post_fee
from asiento.accounting.posting_rules.journal_posted import post_journal
from asiento.accounting.posting_rules.order_cancelled import post_cancellation
from asiento.accounting.posting_rules.order_edited import post_edit
from asiento.accounting.posting_rules.order_placed import place_order
from asiento.accounting.posting_rules.payment_captured import post_capture
from asiento.accounting.posting_rules.payment_reversed import post_payment_reversal
from asiento.accounting.posting_rules.receivable_adjusted import post_adjustment
from asiento.accounting.posting_rules.refund_issued import post_refund
from asiento.accounting.posting_rules.return_received import post_return
from asiento.accounting.posting_rules.shipment_cancelled import cancel_shipment
from asiento.accounting.posting_rules.shipment_dispatched import post_shipment

__all__ = ["place_order", "post_event"]


_RULES: dict[type[OrderEvent], Callable[[Any, Booking], None]] = {
    OrderCancelled: post_cancellation,
    PaymentCaptured: post_capture,
    PaymentReversed: post_payment_reversal,
    ShipmentDispatched: post_shipment,
    ShipmentCancelled: cancel_shipment,
    FeeCharged: post_fee,
    ChargebackOpened: post_chargeback,
    ChargebackClosed: close_chargeback,
    ReceivableAdjusted: post_adjustment,
    EventCorrected: correct_event,
    JournalPosted: post_journal,
}
"""Event -> its rule; a table, since a chain of cases costs each event the ones before it."""
_PLANNED: dict[type[OrderEvent], Callable[[Any, Booking, Any], None]] = {
    OrderEdited: post_edit,
    ExchangeCreated: post_edit,
    ReturnReceived: post_return,
    RefundIssued: post_refund,
}
"""Event -> its rule, which goes by the plan that its conditions made."""

_STATE_ONLY = frozenset({PaymentAuthorized, PaymentVoided, PaymentFailed, ShipmentDelivered})


def post_event(event: OrderEvent, booking: Booking, plan: Plan | None) -> None:
    """Post an event of a known order whose conditions hold and made `plan`; raises TypeError for a type without a rule."""
    if (rule := _RULES.get(type(event))) is not None:
        rule(event, booking)
    elif (planned := _PLANNED.get(type(event))) is not None:
        planned(event, booking, plan)
    elif type(event) not in _STATE_ONLY:
        raise TypeError(f"{type(event).__name__} has no posting rule")
