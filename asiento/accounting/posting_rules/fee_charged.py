"""FeeCharged: a provider's fee as an expense, withheld from the money it holds."""

from asiento.accounting.accounts import clearing_account, fee_account
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.order_events import FeeCharged


def post_fee(event: FeeCharged, booking: Booking) -> None:
    """`fee`."""
    tax = event.tax
    draft = Draft()
    draft.debit(fee_account(event.account_kind, event.kind), event.amount, booking.dimensions)
    if tax is not None:
        dimensions = (*booking.dimensions, ("tax_code", tax.code), ("tax_rate", tax.rate))
        draft.debit(f"tax_receivable:{tax.jurisdiction}:{tax.type}", tax.amount, dimensions)
    withheld = event.amount + (tax.amount if tax is not None else 0)
    draft.credit(clearing_account(event.account_kind, event.gateway), withheld, booking.dimensions)
    booking.enter("fee", draft, f"Fee {event.fee_id} ({event.kind}) of {event.gateway}")
