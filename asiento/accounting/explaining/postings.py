"""How the postings of an entry follow from its document, its event and the customer's balances."""

from collections.abc import Iterator

from asiento.accounting.accounts import (
    CUSTOMER_ACCOUNTS,
    RETURN_FEE_INCOME,
    SALES_ALLOWANCES,
    SALES_DISCOUNTS,
    returns_account,
    sales_account,
    tax_account,
)
from asiento.accounting.balances import BALANCE_SIGNS, Balances
from asiento.accounting.decision import Judged
from asiento.accounting.explaining.costs import cost_terms
from asiento.accounting.explaining.figures import Figure, Place, summed
from asiento.accounting.explaining.ground import stating_event
from asiento.accounting.journal import Document, DocumentLine, DocumentTax, JournalEntry, Posting
from asiento.accounting.order_events import (
    ChargebackClosed,
    ChargebackOpened,
    FeeCharged,
    JournalPosted,
    LiableParty,
    OrderEvent,
    PaymentCaptured,
    PaymentReversed,
    ReceivableAdjusted,
    RefundIssued,
)
from asiento.accounting.order_state import OrderState

_WITHOUT_UNITS = frozenset({"ALLOWANCE", "GOODWILL", "TAX", "RETURN_FEE"})
"""Descriptions of document lines that are of no line of the order."""


def signed(posting: Posting) -> int:
    """The amount of a posting, debit positive."""
    return posting.amount if posting.side == "DEBIT" else -posting.amount


def balances_after(balances: Balances, entry: JournalEntry) -> Balances:
    """The customer's balances after an entry."""
    values = balances._asdict()
    for posting in entry.postings:
        if posting.account in BALANCE_SIGNS:
            values[posting.account] += BALANCE_SIGNS[posting.account] * signed(posting)
    return Balances(**values)


def explain_postings(entry: JournalEntry, judged: Judged, balances: Balances) -> Iterator[Figure]:
    """The figures of an entry's postings; `balances` are those before it."""
    after = balances_after(balances, entry)
    for number, posting in enumerate(entry.postings):
        place = Place("posting", number, posting.account)
        found = _explained(place, posting, entry, judged, (balances, after))
        if found is not None:
            yield found


def _explained(place: Place, posting: Posting, entry: JournalEntry, judged: Judged, balances: tuple[Balances, Balances]) -> Figure | None:
    document, amount = entry.document, posting.amount
    if entry.reverses is not None:
        return Figure(place, amount, "reversed", values=(("reverses", entry.reverses),))
    if document is not None and document.lines:
        if posting.account == "accounts_receivable":
            sign = 1 if document.totals.gross >= 0 else -1
            return summed(place, amount, "document_total", [sign * document.totals.net, sign * document.totals.tax])
        return _of_document(place, posting, document, judged)
    if posting.account in CUSTOMER_ACCOUNTS:
        before, after = (getattr(one, posting.account) for one in balances)
        name = "balance_rises" if after > before else "balance_falls"
        return summed(place, amount, name, [max(before, after), -min(before, after)], before=before, after=after)
    if entry.entry_kind in ("cost", "return_stock"):
        return summed(place, amount, entry.entry_kind, cost_terms(posting, judged))
    event = stating_event(judged)
    terms = list(_stated(event, entry, posting, judged.before))
    sign = 1 if posting.side == "DEBIT" else -1
    terms = [sign * term for term in terms if term]
    return summed(place, amount, "stated" if len(terms) == 1 else "stated_sum", terms)


def _of_document(place: Place, posting: Posting, document: Document, judged: Judged) -> Figure | None:
    """A posting as the sum of what the lines of its document bring to it."""
    side = "CREDIT" if document.kind == "INVOICE" else "DEBIT"
    sign = 1 if posting.side == side or posting.account == SALES_DISCOUNTS else -1
    dimensions = dict(posting.dimensions)
    if "tax_code" in dimensions:
        terms = [sign * tax.amount for line in document.lines for tax in line.taxes if _is_posted_to(posting, tax)]
        return summed(place, posting.amount, "document_sum", [term for term in terms if term])
    for in_block in (False, True):
        terms = [sign * _net_term(posting, line, judged, in_block=in_block) for line in document.lines]
        found = summed(place, posting.amount, "document_sum", [term for term in terms if term])
        if found is not None:
            return found
    return None


def _is_posted_to(posting: Posting, tax: DocumentTax) -> bool:
    dimensions = dict(posting.dimensions)
    party: LiableParty = "MARKETPLACE" if tax.liable_party == "MARKETPLACE" else "SELLER"
    account = tax_account(tax.jurisdiction, tax.type, party, dimensions["channel"])
    return (posting.account, dimensions["tax_code"], dimensions["tax_rate"]) == (account, tax.code, tax.rate)


def _net_term(posting: Posting, line: DocumentLine, judged: Judged, *, in_block: bool) -> int:
    """What a line brings to a posting that is no tax; in_block: by the category it was invoiced under, not that of today."""
    account, category = posting.account, dict(posting.dimensions).get("category")
    known = judged.after.lines.get(line.line_id or "")
    today = known.terms.category if known is not None else None
    if line.description in _WITHOUT_UNITS and not line.quantity:
        expected = RETURN_FEE_INCOME if line.description == "RETURN_FEE" else SALES_ALLOWANCES
        fee = line.description == "RETURN_FEE"
        return line.net if account == expected and (fee or category == today) else 0
    if known is None:
        return 0
    kind = known.terms.kind
    of_block = any(block.category == category for block in known.shipped)
    if not (category == today if not in_block else of_block):
        return 0
    if account == SALES_DISCOUNTS:
        return line.discount
    if account == sales_account(kind, category or ""):
        return line.net + _shown_discount(line, judged, kind)
    return line.net if account == returns_account(kind, category or "") else 0


def _shown_discount(line: DocumentLine, judged: Judged, kind: str) -> int:
    """The discount by which revenue is shown higher; with policy `discounts: net` none on goods and services."""
    shows = any(one.account == SALES_DISCOUNTS for entry in judged.entries for one in entry.postings)
    return line.discount if shows or kind not in ("GOODS", "SERVICE") else 0


def _stated(event: OrderEvent, entry: JournalEntry, posting: Posting, before: OrderState) -> Iterator[int]:
    """The amounts that an event states for a posting, debit positive."""
    match event:
        case PaymentCaptured():
            fee = event.fee or 0
            stated = fee if entry.entry_kind == "fee" else event.amount
            yield stated if posting.side == "DEBIT" else -stated
        case PaymentReversed():
            yield -event.amount
        case RefundIssued():
            tender = next((one for one in event.tenders if one.tender_id == entry.part), None)
            if tender is not None:
                yield tender.amount if posting.side == "DEBIT" else -tender.amount
        case FeeCharged():
            yield from _of_fee(event, posting)
        case ChargebackOpened():
            if posting.account == "dispute_receivable":
                yield event.amount
            elif posting.account == "dispute_fees":
                yield event.fee
            else:
                sign = 1 if posting.side == "DEBIT" else -1
                yield from (sign * event.amount, sign * event.fee)
        case ChargebackClosed():
            dispute = before.disputes[event.dispute_id]
            if posting.account == "dispute_receivable":
                yield -dispute.amount
            elif posting.account == "dispute_fees":
                yield -event.fee_returned
            else:
                yield from (event.amount_won, event.fee_returned)
        case ReceivableAdjusted():
            yield from _of_adjustment(event, posting)
        case JournalPosted():
            yield from (one.amount if one.side == "DEBIT" else -one.amount for one in event.postings if one.account == posting.account)
        case _:
            return


def _of_fee(event: FeeCharged, posting: Posting) -> Iterator[int]:
    tax = event.tax.amount if event.tax is not None else 0
    if posting.account.startswith("tax_receivable:"):
        yield tax
    elif posting.side == "DEBIT":
        yield event.amount
    else:
        yield from (-event.amount, -tax) if tax else (-event.amount,)


def _of_adjustment(event: ReceivableAdjusted, posting: Posting) -> Iterator[int]:
    sign = -1 if event.kind == "RECOVERY" else 1
    if "tax_code" in dict(posting.dimensions):
        dimensions = dict(posting.dimensions)
        yield from (sign * tax.amount for tax in event.taxes if (tax.code, tax.rate) == (dimensions["tax_code"], dimensions["tax_rate"]))
    else:
        yield sign * event.amount
