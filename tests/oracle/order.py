"""An order as the oracle tells it anew from its whole history: rows that are only ever added, and sums over them."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from uuid import UUID, uuid5

from tests.oracle.figures import CARRIED, DISCOUNT, NET, ROUNDING, Amounts, Block, Event, Key, added, cap_of, is_tax, owed
from tests.oracle.lines import Line

ENTRY_NAMES = UUID("d4e30a94-8be5-47bc-bde7-48a5a3897db5")
CUSTOMER = ("accounts_receivable", "contract_liability", "refunds_payable", "dispute_losses")
Postings = dict[str, int]


class Waits(Exception):
    """The event cannot be posted yet; the code says why."""


class Refused(Exception):
    """The event can never be posted; the code says why."""


class Clashes(Exception):
    """The same refund with other content."""


class Passes(Exception):
    """The event is ignored."""


@dataclass(frozen=True)
class Entry:
    event_id: str
    kind: str
    part: str
    currency: str
    postings: Postings
    entry_id: str


@dataclass(frozen=True)
class Row:
    """One movement of a document or of what is open. `what`: invoiced, withdrawn (negative), charged, cancelled, credited."""

    fact: int
    what: str
    line: str
    key: Key
    amount: int
    account: str


@dataclass
class Shipped:
    """A shipped line of a shipment."""

    shipment_id: str
    line: Line
    block: Block
    units: Fraction
    invoiced: Amounts
    cost: int | None
    stands: bool = True
    joined: bool = False
    returns: list[tuple[int, Fraction]] = field(default_factory=list)

    @property
    def returned(self) -> Fraction:
        return sum((units for _, units in self.returns), Fraction(0))

    def cost_until(self, units: Fraction) -> int:
        return Block(self.units, {NET: self.cost or 0}).worth(units)[NET]


@dataclass
class Shipment:
    fact: int
    stands: bool = True
    charges: dict[str, Amounts] = field(default_factory=dict)
    rounding: int = 0


@dataclass(frozen=True)
class Fact:
    """An event that was posted, and what the judge knew when it was."""

    event: Event
    about: Event | None = None
    cleared: tuple[Entry, ...] = ()
    parked: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Section 3: the balances that the totals ask for."""

    receivable: int
    contract: int
    payable: int
    losses: int

    def postings(self) -> Postings:
        return dict(zip(CUSTOMER, (self.receivable, -self.contract, -self.payable, self.losses), strict=True))


@dataclass
class Order:
    """Everything that follows from the facts so far."""

    tenant: str
    placed: Event | None = None
    lines: dict[str, Line] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    open: dict[str, Block] = field(default_factory=dict)
    charges: dict[str, Block] = field(default_factory=dict)
    rounding: int = 0
    revision: int | None = None
    rows: list[Row] = field(default_factory=list)
    shipped: list[Shipped] = field(default_factory=list)
    shipments: dict[str, Shipment] = field(default_factory=dict)
    cancelled: list[tuple[str, Fraction]] = field(default_factory=list)
    named: list[tuple[str, Fraction]] = field(default_factory=list)
    payments: dict[str, Event] = field(default_factory=dict)
    reversals: list[Event] = field(default_factory=list)
    refunds: dict[str, Event] = field(default_factory=dict)
    tenders: dict[tuple[str, str], Event] = field(default_factory=dict)
    disputes: dict[str, Event] = field(default_factory=dict)
    closings: dict[str, Event] = field(default_factory=dict)
    adjustments: dict[str, Event] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)
    facts: list[Fact] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    found: set[str] = field(default_factory=set)

    # What the rows add up to

    def sum_of(self, wanted: Callable[[Row], bool]) -> int:
        return sum(row.amount for row in self.rows if wanted(row))

    def documents(self, *what: str) -> int:
        """Net, taxes and rounding of the rows of these kinds."""
        return self.sum_of(lambda row: row.what in what and (row.key in {NET, ROUNDING} or is_tax(row.key)))

    def invoiced(self) -> int:
        return self.documents("invoiced", "withdrawn", "charged")

    def credited(self) -> int:
        return self.documents("credited")

    def taken_of(self, line: str) -> Amounts:
        """Invoiced or cancelled so far, component by component."""
        return added(
            *({row.key: row.amount} for row in self.rows if row.line == line and row.what in {"invoiced", "withdrawn", "cancelled"})
        )

    def taken_units(self, line: str) -> Fraction:
        gone = [one.units for one in self.shipped if one.stands and one.line.line_id == line]
        gone += [units for name, units in self.cancelled if name == line]
        return sum(gone, Fraction(0))

    def uncredited(self, cap: Key, line: str | None = None) -> int:
        """What is left under a cap, of the order or of one of its lines."""
        signs = {"invoiced": 1, "withdrawn": 1, "credited": -1}
        return sum(
            signs.get(row.what, 0) * row.amount
            for row in self.rows
            if cap_of(row.key) == cap and row.key != DISCOUNT and line in {None, row.line}
        )

    def tax_caps(self) -> list[Key]:
        return sorted({cap_of(row.key) for row in self.rows if is_tax(row.key) and row.what == "invoiced"})

    def rounding_uncredited(self) -> int:
        signs = {"invoiced": 1, "withdrawn": 1, "credited": -1}
        return sum(signs.get(row.what, 0) * row.amount for row in self.rows if row.key == ROUNDING)

    # What is open

    def open_units(self, line: str) -> Fraction:
        """None of a line that the order does not have."""
        return self.open[line].left if line in self.open else Fraction(0)

    def open_net(self) -> int:
        return sum(block.rest().get(NET, 0) for block in self.open.values())

    def nothing_open(self) -> bool:
        return all(block.left == 0 for block in self.open.values())

    def outstanding(self) -> int:
        """O of section 3 before its floor of 0."""
        return sum(owed(block.rest()) for block in [*self.open.values(), *self.charges.values()]) + self.rounding

    def shipment_stands(self) -> bool:
        return any(shipment.stands for shipment in self.shipments.values())

    def renew_charges(self, amounts: dict[str, Amounts] | None = None) -> None:
        """New charge blocks over the open net; without amounts their rests."""
        value = Fraction(self.open_net())
        rests = {name: block.rest() for name, block in self.charges.items()} if amounts is None else amounts
        self.charges = {name: Block(value, rest) for name, rest in rests.items()}

    # Money

    def captured(self) -> int:
        return sum(int(event["amount"]) for event in self.payments.values()) - sum(int(event["amount"]) for event in self.reversals)

    def paid_back(self, status: str) -> int:
        return sum(int(tender["amount"]) for tender in self.tenders.values() if tender["status"] == status)

    def lost(self) -> int:
        return sum(int(self.disputes[name]["amount"]) - int(event["amount_won"]) for name, event in self.closings.items())

    def disputed(self) -> int:
        return sum(int(event["amount"]) for name, event in self.disputes.items() if name not in self.closings)

    def adjusted(self, *kinds: str) -> int:
        """Amount and taxes of the adjustments of these kinds."""
        return sum(with_taxes(event) for event in self.adjustments.values() if event["kind"] in kinds)

    def written_off(self) -> int:
        return self.adjusted("EARLY_PAYMENT_DISCOUNT", "WRITE_OFF", "SMALL_DIFFERENCE", "WITHHOLDING") - self.adjusted("RECOVERY")

    def bad_debt_left(self) -> int:
        return self.adjusted("WRITE_OFF") - self.adjusted("RECOVERY")

    def out(self) -> int:
        """F + P."""
        return self.paid_back("SUCCEEDED") + self.paid_back("PENDING")

    def held(self) -> int:
        """K - F - P."""
        return self.captured() - self.out()

    def standing(self) -> Standing:
        pending, lost = self.paid_back("PENDING"), self.lost()
        bare = self.invoiced() - self.credited() - self.written_off() - self.captured() + self.out()
        absorbed = min(lost, max(-bare, 0))
        balance = bare + absorbed
        contract = min(max(-balance, 0), max(self.outstanding(), 0))
        return Standing(max(balance, 0), contract, pending + max(-balance, 0) - contract, lost - absorbed)

    # Entries

    @property
    def number(self) -> int:
        """Of the fact that is being told."""
        return len(self.facts) - 1

    @property
    def event(self) -> Event:
        return self.facts[-1].event

    def currency(self) -> str:
        stated = self.event.get("currency") or (self.placed or {}).get("currency")
        return str(stated)

    def post(self, kind: str, postings: Postings, part: str = "", currency: str | None = None) -> None:
        kept = {account: amount for account, amount in postings.items() if amount}
        if not kept:
            return
        if sum(kept.values()):
            raise AssertionError(f"the oracle's own entry does not balance: {kind} {kept}")
        event_id = self.event["event_id"]
        name = str(uuid5(ENTRY_NAMES, f"{self.tenant}|{event_id}|{kind}|{part}"))
        self.entries.append(Entry(event_id, kind, part, currency or self.currency(), kept, name))

    def reverse(self, entry: Entry) -> None:
        self.post("reversal", {account: -amount for account, amount in entry.postings.items()}, entry.entry_id, entry.currency)

    def post_change(self, kind: str, others: Postings, before: Standing, part: str = "") -> None:
        """An entry whose other side is what the fact moves between the customer's balances."""
        self.post(kind, total_of(others, change(before, self.standing())), part)

    def apply(self) -> None:
        """Bring the customer's balances to what the totals ask for."""
        booked: Counter[str] = Counter()
        for entry in self.entries:
            booked.update({account: amount for account, amount in entry.postings.items() if account in CUSTOMER})
        wanted = self.standing().postings()
        self.post("apply", {account: wanted[account] - booked[account] for account in CUSTOMER})

    def entries_of(self, event_id: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.event_id == event_id]

    # Rows

    def add(self, what: str, line: str, amounts: Amounts, account: str) -> None:
        for key, amount in amounts.items():
            if amount:
                self.rows.append(Row(self.number, what, line, key, amount, self.tax_account(key) if is_tax(key) else account))

    def invoice(self, line: Line, amounts: Amounts) -> None:
        self.add("invoiced", line.line_id, amounts, line.account)

    def cancel(self, line_id: str, amounts: Amounts) -> None:
        self.add("cancelled", line_id, amounts, "")

    def take_rounding(self) -> int:
        taken, self.rounding = self.rounding, 0
        self.add("invoiced", "", {ROUNDING: taken}, "rounding")
        return taken

    def tax_account(self, key: Key) -> str:
        channel = (self.placed or {}).get("channel")
        return f"facilitator_tax_clearing:{channel}" if key[5] == "MARKETPLACE" else f"tax_payable:{key[1]}:{key[2]}"

    def post_documents(self) -> None:
        """The credit note and the invoice of this fact, out of its rows."""
        mine = [row for row in self.rows if row.fact == self.number and row.key not in CARRIED]
        self.post("credit_note", _document((row for row in mine if row.what == "credited"), 1))
        self.post("invoice", _document((row for row in mine if row.what in {"invoiced", "charged"}), -1))


def change(before: Standing, after: Standing) -> Postings:
    old, new = before.postings(), after.postings()
    return {account: new[account] - old[account] for account in CUSTOMER}


def with_taxes(adjustment: Event) -> int:
    return int(adjustment["amount"]) + sum(int(tax["amount"]) for tax in adjustment["taxes"])


def total_of(*postings: Postings) -> Postings:
    total: Postings = {}
    for one in postings:
        for account, amount in one.items():
            total[account] = total.get(account, 0) + amount
    return total


def _document(rows: Iterable[Row], side: int) -> Postings:
    """The postings of a document; side -1 credits the accounts of its rows, 1 debits them."""
    lines: Postings = {}
    for row in rows:
        lines = total_of(lines, {row.account: side * row.amount})
        against = "sales_discounts" if row.key == DISCOUNT else "accounts_receivable"
        lines = total_of(lines, {against: -side * row.amount})
    return lines
