"""All that is known of one order: enough to judge the next event, nothing that can be derived.

Everything inside is an immutable value but `LineState`, `Totals` and the containers of `OrderState` itself;
a decision works on `OrderState.copy()` and replaces what it touches (`own_line`), so that the state it was
given never changes.
"""

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from asiento.accounting.balances import Balances, Totals
from asiento.accounting.blocks import FIRST_TAX, NET, Amounts, Block, ShippedBlock, added
from asiento.accounting.facts import Facts
from asiento.accounting.order_events import LiableParty, LineKind, OrderEvent, ReceivableAdjustmentKind, TenderKind, TenderStatus, Terms

Severity: TypeAlias = Literal["low", "medium", "high", "critical"]
CapKey: TypeAlias = tuple[str, str, str]
"""(jurisdiction, type, code) of a tax, or `NET_CAP`: what credits are capped by."""

NET_CAP: Final[CapKey] = ("", "", "")
UNIT_KINDS: Final[frozenset[str]] = frozenset({"GOODS", "SERVICE", "GIFT_CARD"})
"""Kinds of lines whose units are shipped or cancelled; all others but ROUNDING are charges."""


class TaxTerms(NamedTuple):
    """Which tax a component of a line is."""

    jurisdiction: str
    type: str
    code: str
    rate: str
    liable_party: LiableParty

    @property
    def cap_key(self) -> CapKey:
        """What this tax is summed by for the caps of credits."""
        return self[:3]


class LineTerms(NamedTuple):
    """The part of a line that its events do not change."""

    line_id: str
    kind: LineKind
    category: str
    unit_price: str
    sku: str | None
    description: str | None
    unit_cost: str | None
    taxes: tuple[TaxTerms, ...]


@dataclass(slots=True)
class LineState:
    """One line: what was agreed = invoiced + cancelled + the open block's rest, component by component.

    units: agreed micro-units, 0 for lines without. cancelled_units are micro-units; named_units of them were
    already named by a refund. shipped: blocks of shipments that stand, oldest first.
    """

    terms: LineTerms
    units: int
    agreed: Amounts
    open: Block
    invoiced: Amounts
    cancelled: Amounts
    credited: Amounts
    cancelled_units: int = 0
    named_units: int = 0
    shipped: tuple[ShippedBlock, ...] = ()

    def copy(self) -> "LineState":
        """The same line as a value of its own."""
        return LineState(
            self.terms,
            self.units,
            self.agreed,
            self.open,
            self.invoiced,
            self.cancelled,
            self.credited,
            self.cancelled_units,
            self.named_units,
            self.shipped,
        )

    @property
    def has_units(self) -> bool:
        """Whether units of it are shipped and cancelled."""
        return self.terms.kind in UNIT_KINDS

    @property
    def is_charge(self) -> bool:
        """Whether it follows the shipments: shipping, fee, tip, duty, deposit."""
        return self.terms.kind not in UNIT_KINDS and self.terms.kind != "ROUNDING"

    def components(self, key: CapKey) -> list[int]:
        """Places in the component vectors that count under a cap key."""
        if key == NET_CAP:
            return [NET]
        return [FIRST_TAX + i for i, tax in enumerate(self.terms.taxes) if tax[:3] == key]

    def uncredited(self, key: CapKey) -> int:
        """What was invoiced under a cap key and not credited yet."""
        return sum([self.invoiced[i] - self.credited[i] for i in self.components(key)])

    @property
    def taken(self) -> Amounts:
        """What left the open block: invoiced or cancelled."""
        return added(self.invoiced, self.cancelled)

    @property
    def taken_units(self) -> int:
        """Units that were shipped or cancelled."""
        return self.units - self.open.open_units


class Placement(NamedTuple):
    """What the order was placed with and its events do not change; `fiscal` is for the e-invoicing provider."""

    legal_entity: str
    channel: str
    store: str | None
    currency: str
    currency_exponent: int
    terms: Terms
    due_days: int | None
    prices_include_tax: bool
    customer_ref: str | None
    fiscal: tuple[tuple[str, str], ...]


class Parked(NamedTuple):
    """An event that waits, with the code of what it waits for."""

    event: OrderEvent
    code: str


class Payment(NamedTuple):
    """A capture: where its money stands, and how much of it was undone. Its event is the fact whose natural key names it."""

    tender: TenderKind
    gateway: str
    store: str | None
    amount: int
    fee: int | None
    reversed: int = 0


class Shipment(NamedTuple):
    """A shipment; `invoice_number` 0 = nothing was invoiced. charges: (line_id, what it took).

    `stands` is False once it was cancelled or voided. Its event is the fact whose natural key names the shipment.
    """

    shipment_id: str
    invoice_number: int
    warehouse: str | None
    charges: tuple[tuple[str, Amounts], ...]
    stands: bool = True


class Tender(NamedTuple):
    """One way by which a refund goes back; `pending_event_id` named it pending (D28), empty once it is settled."""

    amount: int
    status: TenderStatus
    pending_event_id: str
    payment_id: str | None = None


class Refund(NamedTuple):
    """A refund as first stated: `content` tells whether it is stated again with other lines or adjustments."""

    content: str
    credit_note_number: int
    tenders: tuple[tuple[str, Tender], ...]


class ReturnedPart(NamedTuple):
    """Units that a return took from one shipped block, which is the `ordinal`-th of its line in its shipment."""

    line_id: str
    shipment: int
    ordinal: int
    units: int


class Dispute(NamedTuple):
    """A chargeback: the account its funds left, how much, with which fee, and whether it is decided."""

    payment_id: str
    account: str
    amount: int
    fee: int
    closed: bool = False


class Adjustment(NamedTuple):
    """A change of the receivable, taxes included."""

    kind: ReceivableAdjustmentKind
    amount: int


class BookedEntry(NamedTuple):
    """What a later reversal needs of an entry; postings: (account, dimensions, amount, debit positive)."""

    kind: str
    postings: tuple[tuple[str, tuple[tuple[str, str], ...], int], ...]


class Booked(NamedTuple):
    """The entries of a fact that a correction or a cancelled shipment would reverse, and the event that booked them."""

    event_id: str
    entries: tuple[BookedEntry, ...]


class Suspended(NamedTuple):
    """Money of an event whose order stayed unknown; account and its signed amount stand against suspense."""

    part: str
    entry_id: str
    account: str
    amount: int
    currency: str


class OpenFinding(NamedTuple):
    """A discrepancy that will resolve by itself; `waits`: when its parked event waits no longer for it."""

    code: str
    event_id: str
    severity: Severity
    waits: bool
    expected: int | None
    actual: int | None
    raised_at: int
    parameters: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class OrderState:
    """The state of one order; without `placement` the order is unknown and only holds what waits for it.

    policy_version is frozen by the order's first event. next_number: the lowest source_sequence not seen;
    seen_ahead: seen ones above it. uncredited: invoiced less credited per cap key, over the whole order, without
    ROUNDING. documents: how many of each kind were made. posted: the balances that the entries made so far add up to.
    order_revision: of the last edit, None before the first. booked: natural key -> entries that a correction or a cancelled shipment would
    reverse, as long as one is possible. corrected: events that were voided or replaced. suspended: event_id -> its money on suspense.
    last_arrival: of the latest event but deadlines, seconds since the epoch. archived: nothing else is kept.
    """

    policy_version: int
    placement: Placement | None = None
    lines: dict[str, LineState] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    parked: tuple[Parked, ...] = ()
    next_number: int = 1
    seen_ahead: tuple[int, ...] = ()
    payments: dict[str, Payment] = field(default_factory=dict)
    shipments: tuple[Shipment, ...] = ()
    refunds: dict[str, Refund] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    uncredited: dict[CapKey, int] = field(default_factory=dict)
    entry_seq: int = 0
    documents: dict[str, int] = field(default_factory=dict)
    posted: Balances = field(default_factory=Balances)
    findings: tuple[OpenFinding, ...] = ()
    order_revision: int | None = None
    returns: dict[str, tuple[ReturnedPart, ...]] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)
    adjustments: dict[str, Adjustment] = field(default_factory=dict)
    booked: dict[str, Booked] = field(default_factory=dict)
    corrected: tuple[str, ...] = ()
    suspended: dict[str, tuple[Suspended, ...]] = field(default_factory=dict)
    last_arrival: int = 0
    archived: bool = False

    def copy(self) -> "OrderState":
        """A state of its own that shares the immutable values and the lines; see `own_line`."""
        return OrderState(
            self.policy_version,
            self.placement,
            self.lines.copy(),
            self.facts,
            self.parked,
            self.next_number,
            self.seen_ahead,
            self.payments.copy(),
            self.shipments,
            self.refunds.copy(),
            self.totals.copy(),
            self.uncredited.copy(),
            self.entry_seq,
            self.documents.copy(),
            self.posted,
            self.findings,
            self.order_revision,
            self.returns.copy(),
            self.disputes.copy(),
            self.adjustments.copy(),
            self.booked.copy(),
            self.corrected,
            self.suspended.copy(),
            self.last_arrival,
            self.archived,
        )

    def own_line(self, line_id: str) -> LineState:
        """The line as a copy that may be changed, put in its place."""
        line = self.lines[line_id] = self.lines[line_id].copy()
        return line

    @property
    def shipment_stands(self) -> bool:
        """Whether any shipment was made and not undone."""
        return any(shipment.stands for shipment in self.shipments)

    def balances(self) -> Balances:
        """accounts_receivable, contract_liability, refunds_payable and dispute_losses in minor units."""
        return self.totals.balances()

    @property
    def units_are_open(self) -> bool:
        """Whether any unit can still be shipped or cancelled."""
        return any(line.open.open_units for line in self.lines.values() if line.has_units)

    @property
    def open_net(self) -> int:
        """Net of all units that can still be shipped: what charges are spread over."""
        return sum([line.open.rest()[NET] for line in self.lines.values() if line.has_units])

    def give_up_numbers_below(self, number: int) -> None:
        """Count every source_sequence below `number` as seen: the gap will not close."""
        if number <= self.next_number:
            return
        ahead = [seen for seen in self.seen_ahead if seen >= number]
        self.next_number = number
        while ahead and ahead[0] == self.next_number:
            self.next_number += 1
            del ahead[0]
        self.seen_ahead = tuple(ahead)

    def see_number(self, number: int, ahead_max: int) -> bool:
        """Remember a source_sequence as seen; True where that is news. Numbers too far ahead are not kept."""
        if number < self.next_number or number in self.seen_ahead or number >= self.next_number + ahead_max:
            return False
        ahead = {*self.seen_ahead, number}
        while self.next_number in ahead:
            ahead.remove(self.next_number)
            self.next_number += 1
        self.seen_ahead = tuple(sorted(ahead))
        return True
