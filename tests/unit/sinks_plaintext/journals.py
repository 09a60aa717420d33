"""Small journals that use what is hard to write as plain text."""

from dataclasses import replace

from asiento.accounting.journal import JournalEntry, Posting
from schemas.entries import HashedEntry
from tests.unit.sinks.journal import capture, hashed, invoice


def awkward() -> JournalEntry:
    """Three decimals, an account from another world, a memo with everything that has a meaning somewhere."""
    return replace(
        capture(3),
        currency="KWD",
        currency_exponent=3,
        posting_date="2025-07-01",
        order_key="t1:shopify:mx:3,5%",
        memo='=said "50; 60"\nback\\slash | ñandú',
        postings=(
            Posting(account="psp_clearing:León 2", side="DEBIT", amount=1, dimensions=(("store", "5, calle"),)),
            Posting(account="contract_liability", side="CREDIT", amount=1),
        ),
    )


def small_journal() -> tuple[HashedEntry, ...]:
    """A capture and an invoice with two decimals, an invoice without, the awkward one."""
    return tuple(map(hashed, (capture(), invoice(), invoice(2, amount=1_160, currency="JPY", exponent=0), awkward())))
