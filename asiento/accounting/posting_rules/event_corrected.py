"""EventCorrected: what the earlier event booked is reversed, then the event in its place is posted."""

from asiento.accounting.balances import Balances
from asiento.accounting.booking import Booking, InvariantBroken
from asiento.accounting.correction import undo_fact
from asiento.accounting.order_events import (
    EventCorrected,
    FeeCharged,
    OrderEvent,
    PaymentCaptured,
    ReceivableAdjusted,
    ReturnReceived,
    ShipmentDispatched,
)
from asiento.accounting.posting_rules.fee_charged import post_fee
from asiento.accounting.posting_rules.payment_captured import post_capture
from asiento.accounting.posting_rules.receivable_adjusted import post_adjustment
from asiento.accounting.posting_rules.return_received import post_return
from asiento.accounting.posting_rules.reversal import reverse_shipment
from asiento.accounting.posting_rules.shipment_dispatched import post_shipment
from asiento.accounting.recognition import fact_of, split_key
from asiento.accounting.return_plan import plan_return


def correct_event(event: EventCorrected, booking: Booking) -> None:
    """`reversal` of each entry, the entries of the replacement, then one `apply`."""
    order = booking.order
    original = order.facts.find("event_id", event.supersedes_event_id)
    if original is None:
        raise InvariantBroken(f"event {event.event_id} is posted without its conditions")
    kind, about = split_key(original.natural_key)
    if kind == "shipment":
        reverse_shipment(original.natural_key, about, booking)
    else:
        undo_fact(original.natural_key, order)
        booking.reverse(original.natural_key)
    order.corrected = (*order.corrected, event.supersedes_event_id)
    if event.replacement is not None:
        _replace(event.replacement, booking)
    booking.apply()


def _replace(replacement: OrderEvent, booking: Booking) -> None:
    """Post the event in the original's place: its entries move the balances as if those of the reversals had moved, too."""
    order = booking.order
    due, posted = order.balances(), order.posted
    order.posted = due
    booking.corrects = True
    match replacement:
        case PaymentCaptured():
            post_capture(replacement, booking)
        case ShipmentDispatched():
            post_shipment(replacement, booking)
        case FeeCharged():
            post_fee(replacement, booking)
        case ReturnReceived():
            post_return(replacement, booking, plan_return(replacement, order)[0])
        case ReceivableAdjusted():
            post_adjustment(replacement, booking)
        case _:
            raise InvariantBroken(f"{type(replacement).__name__} cannot stand in for an earlier event")
    booking.corrects = False
    order.posted = Balances(*[now + before - owed for now, before, owed in zip(order.posted, posted, due, strict=True)])
    fact = fact_of(replacement)
    order.facts = order.facts.with_fact(fact)
    booking.keep_booked(fact.natural_key)
