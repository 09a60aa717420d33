"""What stands in the way of an event, in the figures and names that its message needs: looked up only where it is raised."""

from typing import NamedTuple

from asiento.accounting.accounts import CUSTOMER_ACCOUNTS
from asiento.accounting.conditions import adjusted_amount, correction_fault, raises, tender_changes
from asiento.accounting.editing import EditFault, plan_edit, plan_exchange
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
    PaymentReversed,
    ReceivableAdjusted,
    RefundIssued,
    ReturnReceived,
    ShipmentCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
)
from asiento.accounting.order_state import OrderState
from asiento.accounting.particulars import Parameters, named
from asiento.accounting.policy import Policy
from asiento.accounting.recognition import split_key
from asiento.accounting.refund_plan import plan_refund
from asiento.accounting.return_plan import plan_return
from asiento.accounting.undoing import position_of, recoverable


class Obstacle(NamedTuple):
    """Both sides of a difference in minor units, where there is one, and the parameters of the message."""

    parameters: Parameters = ()
    expected: int | None = None
    actual: int | None = None


def obstacle(event: OrderEvent, order: OrderState, policy: Policy, code: str) -> Obstacle:
    """Why an event waits with `code`, or was refused with it, against the state that refused it."""
    match code:
        case "D10" if isinstance(event, RefundIssued):
            return _missing_money(event, order)
        case "D19":
            return Obstacle(named(number=event.source_sequence, missing=order.next_number))
        case "D27":
            return Obstacle(_missing_fact(event, order))
        case "D11":
            return _too_much(event, order, policy)
        case "D06" if isinstance(event, JournalPosted):
            return _unsound_journal(event)
        case "D22" if isinstance(event, RefundIssued):
            return Obstacle(named(reason="refund_differs", refund_id=event.refund_id))
        case _:
            return Obstacle()


def _missing_money(event: RefundIssued, order: OrderState) -> Obstacle:
    changes = tender_changes(event, order.refunds.get(event.refund_id))
    for tender, before in changes:
        if before is None and tender.payment_id is not None and tender.payment_id not in order.payments:
            parameters = named(
                reason="capture_missing", refund_id=event.refund_id, tender_id=tender.tender_id, payment_id=tender.payment_id
            )
            return Obstacle(parameters, actual=tender.amount)
    captured = order.totals.captured
    beyond = order.totals.refunded_beyond_captured + sum([raises(tender, before) for tender, before in changes])
    parameters = named(reason="money_missing", refund_id=event.refund_id, difference=beyond)
    return Obstacle(parameters, expected=captured, actual=captured + beyond)


def _missing_fact(event: OrderEvent, order: OrderState) -> Parameters:
    """What an event refers to that has not arrived."""
    if order.placement is None:
        return named(reason="order_unknown")
    match event:
        case RefundIssued():
            known = {shipment.shipment_id for shipment in order.shipments}
            unknown = [line for line in event.lines if line.shipment_id is not None and line.shipment_id not in known]
            if unknown:
                return named(reason="shipment_unknown", shipment_id=unknown[0].shipment_id)
            return _short_of_refund(event, order, scope="SHIPPED")
        case ReturnReceived():
            named_shipments = [line.shipment_id for line in event.lines if line.shipment_id is not None]
            return named(
                reason="shipment_unknown", shipment_id=next((one for one in named_shipments if position_of(one, order) is None), None)
            )
        case ShipmentDelivered() | ShipmentCancelled():
            return named(reason="shipment_unknown", shipment_id=event.shipment_id)
        case PaymentReversed() | ChargebackOpened() | FeeCharged():
            return named(reason="payment_unknown", payment_id=event.payment_id)
        case ChargebackClosed():
            return named(reason="dispute_unknown", dispute_id=event.dispute_id)
        case EventCorrected():
            return named(reason="original_unknown", original_event_id=event.supersedes_event_id)
        case _:
            return ()


def _too_much(event: OrderEvent, order: OrderState, policy: Policy) -> Obstacle:
    """By how much an event asks for more than there is."""
    match event:
        case ShipmentDispatched() | OrderCancelled():
            return Obstacle(_short_of_open([(line.line_id, line.quantity) for line in event.lines], order))
        case RefundIssued():
            return Obstacle(_short_of_refund(event, order, scope=None))
        case ReturnReceived():
            return Obstacle(_short_of_return(event, order))
        case OrderEdited():
            edit = plan_edit(event, order)
            return Obstacle(edit.parameters if isinstance(edit, EditFault) else ())
        case ExchangeCreated():
            exchange = plan_exchange(event, order)
            return Obstacle(exchange.parameters if isinstance(exchange, EditFault) else ())
        case ShipmentCancelled():
            position = position_of(event.shipment_id, order)
            stands = position is not None and order.shipments[position].stands
            return Obstacle(named(reason="shipment_needed" if stands else "shipment_gone", shipment_id=event.shipment_id))
        case EventCorrected():
            return _barred_correction(event, order, policy)
        case _:
            return _too_much_money(event, order)


def _too_much_money(event: OrderEvent, order: OrderState) -> Obstacle:
    match event:
        case PaymentReversed():
            payment = order.payments[event.payment_id]
            left = payment.amount - payment.reversed
            return Obstacle(named(reason="beyond_payment", payment_id=event.payment_id), expected=left, actual=event.amount)
        case ChargebackClosed():
            dispute = order.disputes[event.dispute_id]
            if event.amount_won > dispute.amount:
                parameters = named(reason="won_beyond_dispute", dispute_id=event.dispute_id)
                return Obstacle(parameters, expected=dispute.amount, actual=event.amount_won)
            parameters = named(reason="fee_beyond_dispute", dispute_id=event.dispute_id)
            return Obstacle(parameters, expected=dispute.fee, actual=event.fee_returned)
        case ReceivableAdjusted():
            recovery = event.kind == "RECOVERY"
            most = recoverable(order) if recovery else order.balances().accounts_receivable
            reason = "recovery_beyond_write_off" if recovery else "beyond_receivable"
            return Obstacle(named(reason=reason, adjustment_id=event.adjustment_id), expected=most, actual=adjusted_amount(event))
        case _:
            return Obstacle()


def _short_of_open(wanted: list[tuple[str, int]], order: OrderState) -> Parameters:
    """The first line of which fewer units are open than are named, as often as the event names it."""
    totals: dict[str, int] = {}
    for line_id, quantity in wanted:
        totals[line_id] = totals.get(line_id, 0) + quantity
    for line_id, quantity in totals.items():
        line = order.lines.get(line_id)
        if line is None or not line.has_units:
            return named(reason="line_unknown", line_id=line_id)
        if quantity > line.open.open_units:
            return named(reason="units_beyond_open", line_id=line_id, wanted=quantity, available=line.open.open_units)
    return ()


def _short_of_refund(event: RefundIssued, order: OrderState, *, scope: str | None) -> Parameters:
    """The first refund line without enough units; `scope` SHIPPED = of those that name shipped units only, None = of the others."""
    for stated in event.lines:
        line = order.lines.get(stated.line_id)
        if (line is None or not line.has_units) and (stated.scope == "SHIPPED") == (scope == "SHIPPED"):
            return named(reason="line_unknown", line_id=stated.line_id)
    for plan in plan_refund(event, order)[0]:
        stated = plan.stated
        found = plan.named_units + sum([count for _, count in plan.credits]) + plan.open_units
        if found < stated.quantity and (stated.scope == "SHIPPED") == (scope == "SHIPPED"):
            reason = "units_beyond_shipped" if scope == "SHIPPED" else "units_beyond_order"
            return named(reason=reason, line_id=stated.line_id, wanted=stated.quantity, available=found, shipment_id=stated.shipment_id)
    return ()


def _short_of_return(event: ReturnReceived, order: OrderState) -> Parameters:
    unknown = next((line.line_id for line in event.lines if line.line_id not in order.lines), None)
    if unknown is not None:
        return named(reason="line_unknown", line_id=unknown)
    for stated, places in plan_return(event, order)[0]:
        found = sum([units for _, units in places])
        if found < stated.quantity:
            return named(
                reason="units_beyond_returnable",
                line_id=stated.line_id,
                wanted=stated.quantity,
                available=found,
                shipment_id=stated.shipment_id,
            )
    return ()


def _barred_correction(event: EventCorrected, order: OrderState, policy: Policy) -> Obstacle:
    original = order.facts.find("event_id", event.supersedes_event_id)
    if original is None:
        return Obstacle()
    kind, about = split_key(original.natural_key)
    reason = correction_fault(event, original, order, policy)
    return Obstacle(named(reason=reason, original_event_id=event.supersedes_event_id, about=f"{kind} {about}".strip() or None))


def _unsound_journal(event: JournalPosted) -> Obstacle:
    customer = next((posting.account for posting in event.postings if posting.account in CUSTOMER_ACCOUNTS), None)
    if customer is not None:
        return Obstacle(named(reason="customer_account", journal_id=event.journal_id, account=customer))
    debits = sum([posting.amount for posting in event.postings if posting.side == "DEBIT"])
    credits_ = sum([posting.amount for posting in event.postings if posting.side == "CREDIT"])
    return Obstacle(named(reason="unbalanced_journal", journal_id=event.journal_id), expected=debits, actual=credits_)
