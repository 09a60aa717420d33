"""Booking one event: drafts of entries, movements of the customer's balances, the journal entries themselves."""

from typing import Final, TypeAlias

from asiento.accounting.accounts import ACCOUNTS_RECEIVABLE, CONTRACT_LIABILITY, CUSTOMER_ACCOUNTS, DISPUTE_LOSSES, REFUNDS_PAYABLE
from asiento.accounting.balances import BALANCE_SIGNS, Balances
from asiento.accounting.findings import Findings
from asiento.accounting.identity import document_ref, entry_id
from asiento.accounting.journal import Document, DocumentKind, DocumentLine, DocumentTotals, JournalEntry, Posting
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import Booked, BookedEntry, OrderState, Placement
from asiento.accounting.policy import Policy

Dimensions: TypeAlias = tuple[tuple[str, str], ...]
Leg: TypeAlias = tuple[str, Dimensions, int]
"""Account, dimensions, amount in minor units (debit positive)."""

REVERSIBLE_KINDS: Final = frozenset({"capture", "fee", "invoice", "cost", "return_stock", "receivable_adjusted"})
"""Kinds of entries that a correction or a cancelled shipment reverses, where they are of an event that can be corrected."""


class InvariantBroken(Exception):
    """The core is about to book something wrong: a defect of ours. The worker must die rather than go on."""


class Draft:
    """The postings of an entry in the making: signed amounts (debit positive) per account and dimensions."""

    __slots__ = ("amounts",)

    def __init__(self) -> None:
        self.amounts: dict[tuple[str, Dimensions], int] = {}

    def debit(self, account: str, amount: int, dimensions: Dimensions) -> None:
        """Add to the debit side; a negative amount adds to the credit side."""
        if amount:
            key = (account, dimensions)
            self.amounts[key] = self.amounts.get(key, 0) + amount

    def credit(self, account: str, amount: int, dimensions: Dimensions) -> None:
        """Add to the credit side; a negative amount adds to the debit side."""
        self.debit(account, -amount, dimensions)

    def legs(self) -> tuple[Leg, ...]:
        """What the draft comes to, in the order in which it was added; amounts of 0 are dropped."""
        return tuple([(account, dimensions, amount) for (account, dimensions), amount in self.amounts.items() if amount])


def _postings(legs: tuple[Leg, ...]) -> tuple[Posting, ...]:
    """Debits first, then by account name."""
    debits: list[Posting] = []
    credits_: list[Posting] = []
    for account, dimensions, amount in sorted(legs):
        if amount > 0:
            debits.append(Posting(account, "DEBIT", amount, dimensions))
        else:
            credits_.append(Posting(account, "CREDIT", -amount, dimensions))
    return (*debits, *credits_)


class Booking:
    """What one event does to one order: it changes `order` (a copy) and collects the entries it makes.

    policy: the rules of the order's channel. business_date: ISO date of the event where the legal entity keeps its books.
    corrects: the event puts another in the place of an earlier one, so that `apply` waits for the end of both. booked: what a
    later reversal of the event needs.
    """

    __slots__ = (
        "booked",
        "business_date",
        "corrects",
        "dimensions",
        "entries",
        "event",
        "findings",
        "order",
        "order_key",
        "placement",
        "policy",
    )

    def __init__(self, event: OrderEvent, order: OrderState, placement: Placement, policy: Policy, findings: Findings) -> None:
        self.event = event
        self.order = order
        self.placement = placement
        self.policy = policy
        self.findings = findings
        self.corrects = False
        self.entries: list[JournalEntry] = []
        self.booked: list[BookedEntry] = []
        self.order_key = event.order_key
        self.business_date = policy.business_date(placement.legal_entity, event.occurred_at)
        channel = ("channel", placement.channel)
        self.dimensions: Dimensions = (channel, ("store", placement.store)) if placement.store else (channel,)

    def enter(
        self, kind: str, draft: Draft, memo: str, *, part: str = "", document: Document | None = None, reverses: str | None = None
    ) -> str | None:
        """Make the entry of a draft and answer its id; a draft without postings makes none."""
        legs = draft.legs()
        if not legs:
            return None
        event, placement, order = self.event, self.placement, self.order
        event_type = type(event).__name__
        order.entry_seq += 1
        self._add_to_posted(legs)
        made_id = entry_id(event.tenant, event.event_id, kind, part)
        if kind in REVERSIBLE_KINDS:
            self.booked.append(BookedEntry(kind, legs))
        self.entries.append(
            JournalEntry(  # by position: its names took three times as long as the entry
                made_id,
                kind,
                part,
                order.entry_seq,
                event.tenant,
                placement.legal_entity,
                self.order_key,
                event.event_id,
                event_type,
                event.source,
                placement.channel,
                event.occurred_at,
                self.business_date,
                self.business_date,
                False,  # late
                placement.currency,
                placement.currency_exponent,
                _postings(legs),
                document,
                reverses,
                f"{event_type}.{kind}",
                self.policy.version,
                memo,
            )
        )
        return made_id

    def keep_booked(self, natural_key: str) -> None:
        """Remember the entries of a fact, also that there are none, for the case that they are reversed."""
        self.order.booked[natural_key] = Booked(self.event.event_id, tuple(self.booked))

    def reverse(self, natural_key: str, credit_note: Document | None = None) -> None:
        """`reversal` of each entry that a fact booked, in their order; `credit_note` goes with that of an invoice."""
        booked = self.order.booked.pop(natural_key, None)
        if booked is None:
            return
        for entry in booked.entries:
            draft = Draft()
            for account, dimensions, amount in entry.postings:
                draft.credit(account, amount, dimensions)
            reversed_id = entry_id(self.event.tenant, booked.event_id, entry.kind, "")
            document = credit_note if entry.kind == "invoice" else None
            self.enter("reversal", draft, f"Reversal of {entry.kind}", part=reversed_id, document=document, reverses=reversed_id)

    def _add_to_posted(self, legs: tuple[Leg, ...]) -> None:
        receivable, deposit, owed, losses = self.order.posted
        for account, _, amount in legs:
            if account not in CUSTOMER_ACCOUNTS:
                continue
            if account == ACCOUNTS_RECEIVABLE:
                receivable += amount
            elif account == CONTRACT_LIABILITY:
                deposit -= amount
            elif account == REFUNDS_PAYABLE:
                owed -= amount
            elif account == DISPUTE_LOSSES:
                losses += amount
        self.order.posted = Balances(receivable, deposit, owed, losses)

    def move_customer_balances(self, draft: Draft) -> None:
        """Add to a draft what brings the posted balances to those of the totals."""
        due, posted = self.order.balances(), self.order.posted
        if due != posted:
            for (account, sign), owed, before in zip(BALANCE_SIGNS.items(), due, posted, strict=True):
                if owed != before:
                    draft.debit(account, sign * (owed - before), self.dimensions)

    def apply(self) -> None:
        """After documents and changes of what is open: move what is needed between the customer's balances."""
        if self.corrects:
            return
        draft = Draft()
        self.move_customer_balances(draft)
        self.enter("apply", draft, "Applied between the customer's balances")

    def next_document(self, kind: DocumentKind) -> int:
        """The number of the next document of a kind, which is counted by this."""
        number = self.order.documents.get(kind, 0) + 1
        self.order.documents[kind] = number
        return number

    def reference(self, kind: DocumentKind, number: int) -> str:
        """Our reference of a document of this order."""
        return document_ref(kind, self.event.tenant, self.event.source, self.event.order_id, number)

    def document(
        self,
        kind: DocumentKind,
        number: int,
        *,
        net: int,
        tax: int,
        lines: tuple[DocumentLine, ...] = (),
        refers_to: tuple[str, ...] = (),
        due_date: str | None = None,
    ) -> Document:
        """The document of an entry, with the order's fiscal data."""
        return Document(
            kind=kind,
            document_ref=self.reference(kind, number),
            refers_to=refers_to,
            customer_ref=self.placement.customer_ref,
            due_date=due_date,
            lines=lines,
            totals=DocumentTotals(net, tax, net + tax),
            fiscal=self.placement.fiscal,
        )
