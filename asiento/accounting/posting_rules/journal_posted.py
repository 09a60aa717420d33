"""JournalPosted: an entry made by hand, as given."""

from asiento.accounting.booking import Booking, Draft
from asiento.accounting.order_events import JournalPosted


def post_journal(event: JournalPosted, booking: Booking) -> None:
    """`manual`."""
    draft = Draft()
    for posting in event.postings:
        draft.debit(posting.account, posting.amount if posting.side == "DEBIT" else -posting.amount, booking.dimensions)
    booking.enter("manual", draft, f"Journal {event.journal_id}: {event.reason}")
