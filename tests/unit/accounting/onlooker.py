"""An onlooker of one order: knows the events that were posted, the documents and the postings, not the core's own totals."""

from collections import Counter
from dataclasses import dataclass, field

from asiento.accounting.blocks import added, gross_of
from asiento.accounting.journal import Document, JournalEntry
from asiento.accounting.order_events import (
    ChargebackClosed,
    ChargebackOpened,
    DeadlinePassed,
    EventCorrected,
    ExchangeCreated,
    OrderEdited,
    OrderEvent,
    OrderPlaced,
    PaymentCaptured,
    PaymentReversed,
    ReceivableAdjusted,
    RefundIssued,
)
from asiento.accounting.order_state import LineState, OrderState

RANK = {"PENDING": 0, "SUCCEEDED": 1, "FAILED": 2}
CUSTOMER = ("accounts_receivable", "contract_liability", "refunds_payable", "dispute_losses")
DOCUMENTED = ("invoice", "credit_note", "capture", "refund")
KINDS: dict[str, tuple[str, ...]] = {
    "PaymentCaptured": ("suspense_clear", "capture", "fee"),
    "PaymentReversed": ("capture_reversed",),
    "ShipmentDispatched": ("invoice", "apply", "cost"),
    "OrderCancelled": ("invoice", "apply"),
    "OrderEdited": ("invoice", "apply"),
    "ExchangeCreated": ("invoice", "apply"),
    "RefundIssued": ("suspense_clear", "credit_note", "invoice", "apply", "refund"),
    "ReturnReceived": ("return_stock",),
    "FeeCharged": ("fee",),
    "ChargebackOpened": ("suspense_clear", "chargeback"),
    "ChargebackClosed": ("chargeback_closed",),
    "ReceivableAdjusted": ("receivable_adjusted",),
    "ShipmentCancelled": ("reversal", "apply"),
    "EventCorrected": ("reversal", "capture", "fee", "invoice", "cost", "return_stock", "receivable_adjusted", "apply"),
    "JournalPosted": ("manual",),
    "DeadlinePassed": ("suspense",),
}
"""Type of event -> kinds of its entries in their order; `refund_reversed` stands where `refund` does."""


def signed(entry: JournalEntry) -> Counter[tuple[str, tuple[tuple[str, str], ...]]]:
    """The postings of an entry per account and dimensions, debits positive."""
    sums: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
    for posting in entry.postings:
        sums[posting.account, posting.dimensions] += posting.amount if posting.side == "DEBIT" else -posting.amount
    return sums


@dataclass
class Facts:
    """What the posted events say of money."""

    agreed: int = 0
    captured: int = 0
    reversed: int = 0
    adjusted: int = 0
    bad_debt: int = 0
    lost: int = 0
    dispute_fees: int = 0
    disputes: dict[str, int] = field(default_factory=dict)
    tenders: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    known: dict[str, OrderEvent] = field(default_factory=dict)
    """Event id -> the event that it names, the last one to be posted under it."""

    def post(self, event: OrderEvent) -> None:
        """Count what an event says that was posted."""
        match event:
            case OrderPlaced() | OrderEdited():
                self.agreed = event.total
            case ExchangeCreated():
                self.agreed += event.total_added
            case PaymentReversed():
                self.reversed += event.amount
            case RefundIssued():
                self._refund(event)
            case ChargebackOpened():
                self.disputes[event.dispute_id] = event.amount
                self.dispute_fees += event.fee
            case ChargebackClosed():
                self.lost += self.disputes.pop(event.dispute_id) - event.amount_won
                self.dispute_fees -= event.fee_returned
            case EventCorrected():
                self._count(self.known[event.supersedes_event_id], -1)
                if event.replacement is not None:
                    self.known[event.replacement.event_id] = event.replacement
                    self._count(event.replacement, 1)
            case _:
                self._count(event, 1)
        self.known[event.event_id] = event

    def _count(self, event: OrderEvent, sign: int) -> None:
        """Count what can be corrected, or take it back."""
        if isinstance(event, PaymentCaptured):
            self.captured += sign * event.amount
        if isinstance(event, ReceivableAdjusted):
            way = -sign if event.kind == "RECOVERY" else sign
            self.adjusted += way * (event.amount + sum(tax.amount for tax in event.taxes))
            self.bad_debt += way * event.amount if event.kind in ("WRITE_OFF", "RECOVERY") else 0

    def _refund(self, event: RefundIssued) -> None:
        """Of a tender that stands twice in one event the first counts."""
        for tender_id, tender in {one.tender_id: one for one in reversed(event.tenders)}.items():
            place = (event.refund_id, tender_id)
            earlier = self.tenders.get(place)
            if earlier is None or RANK[tender.status] > RANK[earlier[0]]:
                self.tenders[place] = (tender.status, tender.amount)

    def refunds(self, status: str) -> int:
        """Refunded money of a status."""
        return sum(amount for stated, amount in self.tenders.values() if stated == status)


@dataclass
class Books:
    """The entries of the order, added up."""

    facts: Facts = field(default_factory=Facts)
    invoiced: int = 0
    credited: int = 0
    postings: Counter[str] = field(default_factory=Counter)
    """Per account, entries by hand left out."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Per kind of entry, reversals under that of what they reverse: the sum of postings beside the customer's accounts."""
    entries: dict[str, JournalEntry] = field(default_factory=dict)
    reversed: set[str] = field(default_factory=set)
    references: set[str] = field(default_factory=set)
    suspended: dict[str, str] = field(default_factory=dict)
    """Entry on suspense that stands -> the event whose money it is."""
    _places: dict[str, int] = field(default_factory=dict)

    def enter(self, entry: JournalEntry) -> None:
        """Count an entry; that it balances its constructor has checked."""
        assert entry.entry_id not in self.entries
        self.entries[entry.entry_id] = entry
        assert entry.entry_seq == len(self.entries)
        self._check_place(entry)
        original = self._reverse(entry) if entry.reverses is not None else entry
        assert (original is entry) == (entry.entry_kind not in ("reversal", "suspense_clear"))
        if entry.entry_kind == "manual":
            return
        for posting in entry.postings:
            amount = posting.amount if posting.side == "DEBIT" else -posting.amount
            self.postings[posting.account] += amount
            if posting.account not in CUSTOMER:
                self.kinds[original.entry_kind] += amount
        assert (entry.document is not None) == (original.entry_kind in DOCUMENTED and (entry is original or entry.document is not None))
        if entry.document is not None:
            self._document(entry, entry.document)

    def _check_place(self, entry: JournalEntry) -> None:
        """Entries of an event come in the order of their kinds."""
        kind = "refund" if entry.entry_kind == "refund_reversed" else entry.entry_kind
        place = KINDS[entry.event_type].index(kind)
        assert place >= self._places.get(entry.event_id, 0)
        self._places[entry.event_id] = place

    def _reverse(self, entry: JournalEntry) -> JournalEntry:
        """A reversal is equal and opposite, of an entry that is no reversal itself, and the only one of it."""
        assert entry.reverses is not None
        original = self.entries[entry.reverses]
        assert original.reverses is None
        assert original.entry_id not in self.reversed
        self.reversed.add(original.entry_id)
        assert signed(entry) == Counter({key: -amount for key, amount in signed(original).items()})
        assert entry.currency == original.currency
        if entry.entry_kind == "suspense_clear":
            assert self.suspended.pop(original.entry_id) == entry.event_id
            assert entry.part == original.part
        else:
            assert entry.part == original.entry_id
            assert (entry.document is not None) == (original.entry_kind == "invoice")
        return original

    def _document(self, entry: JournalEntry, document: Document) -> None:
        assert document.document_ref not in self.references
        self.references.add(document.document_ref)
        assert set(document.refers_to) < self.references
        totals = document.totals
        assert totals.net + totals.tax == totals.gross
        if document.kind not in ("INVOICE", "CREDIT_NOTE"):
            return
        assert sum(line.net for line in document.lines) == totals.net
        assert sum(tax.amount for line in document.lines for tax in line.taxes) == totals.tax
        receivable = sum(amount for (account, _), amount in signed(entry).items() if account == "accounts_receivable")
        assert receivable == (totals.gross if document.kind == "INVOICE" else -totals.gross)
        if entry.entry_kind == "credit_note":
            self.credited += totals.gross
        else:
            self.invoiced += receivable

    def suspend(self, entry: JournalEntry) -> None:
        """Money of an unknown order stands on suspense."""
        deadline = self.facts.known[entry.event_id]
        assert isinstance(deadline, DeadlinePassed)
        assert deadline.about_event_id is not None
        self.suspended[entry.entry_id] = deadline.about_event_id

    def check(self, state: OrderState | None) -> None:
        """Sections 3 and 7 from outside."""
        self._check_money()
        still_open = 0
        if state is not None and not state.archived:
            for line in state.lines.values():
                check_line(line)
            assert min([*state.uncredited.values(), 0]) == 0
            assert sum(gross_of(line.agreed) for line in state.lines.values()) == self.facts.agreed
            still_open = max(0, sum(gross_of(line.open.rest()) for line in state.lines.values()))
        assert tuple(self.postings[account] for account in CUSTOMER) == self.balances(still_open)

    def balances(self, still_open: int) -> tuple[int, int, int, int]:
        """Section 3: receivable, deposit, owed refunds, lost disputes, debits positive."""
        facts = self.facts
        pending = facts.refunds("PENDING")
        held = facts.captured - facts.reversed
        owed = self.invoiced - self.credited - facts.adjusted - held + facts.refunds("SUCCEEDED") + pending
        absorbed = min(facts.lost, max(-owed, 0))
        owed += absorbed
        deposit = min(max(-owed, 0), still_open)
        return max(owed, 0), -deposit, -(pending + max(-owed, 0) - deposit), facts.lost - absorbed

    def _check_money(self) -> None:
        """What moved beside the customer's accounts is what the events say; suspense holds what was not cleared."""
        facts, kinds, postings = self.facts, self.kinds, self.postings
        assert kinds["capture"] == facts.captured
        assert kinds["capture_reversed"] == -facts.reversed
        assert kinds["refund"] + kinds["refund_reversed"] == -facts.refunds("SUCCEEDED")
        assert kinds["receivable_adjusted"] == facts.adjusted
        assert kinds["invoice"] == -self.invoiced
        assert kinds["credit_note"] == self.credited
        for kind in ("fee", "cost", "return_stock", "chargeback", "suspense", "apply"):
            assert kinds[kind] == 0
        assert postings["dispute_receivable"] == sum(facts.disputes.values())
        assert postings["dispute_fees"] == facts.dispute_fees
        assert postings["bad_debt"] == facts.bad_debt
        assert not set(self.suspended.values()) & facts.known.keys()
        left = [
            amount
            for entry_id in self.suspended
            for (account, _), amount in signed(self.entries[entry_id]).items()
            if "suspense" in account
        ]
        assert postings["suspense:unknown_order"] == sum(left)
        for account, amount in postings.items():
            if account.startswith(("cogs:", "sales_returns:", "sales_allowances", "return_fee_income", "revenue:")):
                assert amount * (-1 if account.startswith(("return_fee", "revenue")) else 1) >= 0, (account, amount)


def check_line(line: LineState) -> None:
    """Component by component nothing is lost; nothing is negative but a ROUNDING."""
    rest = line.open.rest()
    assert added(line.taken, rest) == line.agreed
    if line.has_units:
        shipped = sum(block.units for block in line.shipped)
        assert shipped + line.cancelled_units + line.open.open_units == line.units
        assert 0 <= line.named_units <= line.cancelled_units
    if line.terms.kind == "ROUNDING":
        return
    assert min(*line.invoiced, *line.cancelled, *line.credited, *rest[:3], *rest[4:], line.open.open_units) >= 0
    keys = {("", "", ""), *[tax.cap_key for tax in line.terms.taxes]}
    assert min(line.uncredited(key) for key in keys) >= 0
    for block in line.shipped:
        assert min(*block.credits.rest(), block.unreturned_units, block.uncredited_units) >= 0
