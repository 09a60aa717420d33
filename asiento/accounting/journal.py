"""Journal entries: balanced by construction, immutable, explained."""

from typing import Literal, TypeAlias

from asiento.accounting.values import value

Side: TypeAlias = Literal["DEBIT", "CREDIT"]
DocumentKind: TypeAlias = Literal["INVOICE", "CREDIT_NOTE", "PAYMENT", "REFUND"]


class UnbalancedEntry(ValueError):
    """Debits and credits of an entry differ: a defect of ours, never of the input."""


@value
class Posting:
    """One debit or credit leg: `amount` > 0 in minor units; dimensions are sorted (name, value) pairs."""

    account: str
    side: Side
    amount: int
    dimensions: tuple[tuple[str, str], ...] = ()
    book_amount: int | None = None


@value
class DocumentTax:
    """One tax of a document line."""

    jurisdiction: str
    type: str
    code: str
    rate: str
    amount: int
    liable_party: str


@value
class DocumentLine:
    """One line of a document: quantity in micro-units, `net` after `discount`, both without tax."""

    quantity: int
    net: int
    discount: int
    taxes: tuple[DocumentTax, ...]
    line_id: str | None = None
    sku: str | None = None
    description: str | None = None
    unit_price: str | None = None


@value
class DocumentTotals:
    """net + tax = gross, in minor units."""

    net: int
    tax: int
    gross: int


@value
class Document:
    """The business document that an entry stands for; the legal number comes later, in the acks."""

    kind: DocumentKind
    document_ref: str
    refers_to: tuple[str, ...]
    lines: tuple[DocumentLine, ...]
    totals: DocumentTotals
    customer_ref: str | None = None
    due_date: str | None = None
    fiscal: tuple[tuple[str, str], ...] = ()


@value
class JournalEntry:
    """One whole balanced entry; creating an unbalanced or empty one raises `UnbalancedEntry`.

    Dates are ISO text (YYYY-MM-DD), `occurred_at` is UTC microseconds. The content hash is not here:
    it is computed beside the codec (`schemas.entries`).
    """

    entry_id: str
    entry_kind: str
    part: str
    entry_seq: int
    tenant: str
    legal_entity: str
    order_key: str
    event_id: str
    event_type: str
    source: str
    channel: str
    occurred_at: int
    business_date: str
    posting_date: str
    late: bool
    currency: str
    currency_exponent: int
    postings: tuple[Posting, ...]
    document: Document | None
    reverses: str | None
    rule: str
    policy_version: int
    memo: str

    def __post_init__(self) -> None:
        balance = 0
        for posting in self.postings:
            if posting.amount <= 0:
                raise UnbalancedEntry(f"entry {self.entry_id}: posting to {posting.account} is not positive")
            balance += posting.amount if posting.side == "DEBIT" else -posting.amount
        if balance or not self.postings:
            raise UnbalancedEntry(f"entry {self.entry_id}: debits less credits = {balance}")
