"""ReceivableAdjusted: the customer owes less, or bad debt is owed again, without money or goods."""

from asiento.accounting.accounts import BAD_DEBT, ROUNDING, SALES_DISCOUNTS, tax_account
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.conditions import adjusted_amount
from asiento.accounting.order_events import ReceivableAdjusted
from asiento.accounting.order_state import Adjustment


def post_adjustment(event: ReceivableAdjusted, booking: Booking) -> None:
    """`receivable_adjusted`."""
    order = booking.order
    sign = -1 if event.kind == "RECOVERY" else 1
    amount = adjusted_amount(event)
    order.adjustments[event.adjustment_id] = Adjustment(event.kind, amount)
    order.totals.written_off += sign * amount
    draft = Draft()
    draft.debit(_account(event), sign * event.amount, booking.dimensions)
    for tax in event.taxes:
        account = tax_account(tax.jurisdiction, tax.type, tax.liable_party, booking.placement.channel)
        draft.debit(account, sign * tax.amount, (*booking.dimensions, ("tax_code", tax.code), ("tax_rate", tax.rate)))
    booking.move_customer_balances(draft)
    booking.enter("receivable_adjusted", draft, f"Receivable adjusted by {event.adjustment_id}: {event.kind.lower()}")


def _account(event: ReceivableAdjusted) -> str:
    match event.kind:
        case "EARLY_PAYMENT_DISCOUNT":
            return SALES_DISCOUNTS
        case "SMALL_DIFFERENCE":
            return ROUNDING
        case "WITHHOLDING":
            return f"withholding_receivable:{event.jurisdiction}"
        case "WRITE_OFF" | "RECOVERY":
            return BAD_DEBT
