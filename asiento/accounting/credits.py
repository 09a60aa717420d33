"""Rule 4: the credit note of a refund, every amount within its caps."""

from typing import NamedTuple

from asiento.accounting.accounts import ACCOUNTS_RECEIVABLE, SALES_ALLOWANCES, returns_account, tax_account
from asiento.accounting.blocks import FIRST_TAX, NET, Amounts, added, less, zeros
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.invoicing import document_tax
from asiento.accounting.journal import DocumentLine
from asiento.accounting.order_events import CreditTax
from asiento.accounting.order_state import NET_CAP, CapKey, LineState, TaxTerms
from asiento.accounting.placement import tax_name
from asiento.accounting.recognition import shipment_key
from asiento.accounting.refund_plan import LinePlan


class Excess(NamedTuple):
    """A stated amount, or the part of it, beyond its cap; line_id None = the order as a whole, component "net" or a tax."""

    line_id: str | None
    component: str
    amount: int


class CreditNote:
    """A credit note in the making: what is granted counts as credited at once.

    `beyond_caps`: stated amounts that the caps do not let be credited (D10).
    """

    __slots__ = ("_booking", "_draft", "_lines", "_net", "_shipments", "_tax", "beyond_caps", "number")

    def __init__(self, booking: Booking) -> None:
        self._booking = booking
        self._draft = Draft()
        self._lines: list[DocumentLine] = []
        self._net = 0
        self._tax = 0
        self._shipments: set[int] = set()
        self.beyond_caps: list[Excess] = []
        self.number = 0

    def credit_units(self, plan: LinePlan) -> None:
        """Credit the shipped units of a refund line: block parts cut to the caps, or the amounts as stated.

        Units that were never invoiced have nothing to credit, whatever the line states.
        """
        stated = plan.stated
        if not plan.credits:
            return
        line = self._booking.order.own_line(stated.line_id)
        taken = self._take_units(line, plan)
        if stated.net is not None:
            account = returns_account(line.terms.kind, next(iter(taken)))
            units = sum([count for _, count in plan.credits])
            self.credit_stated(line, account, stated.net, stated.taxes or (), category=next(iter(taken)), quantity=units)
            return
        for category, (worth, units) in taken.items():
            net = self.grant(line, NET_CAP, NET, worth[NET])
            taxes = [
                (tax, self.grant(line, tax[:3], component, worth[component])) for component, tax in enumerate(line.terms.taxes, FIRST_TAX)
            ]
            account = returns_account(line.terms.kind, category)
            self.add(line, account, net, taxes, category=category, quantity=units)

    def _take_units(self, line: LineState, plan: LinePlan) -> dict[str, tuple[Amounts, int]]:
        """Count the units as credited; answers what their blocks are worth, and units, per category they were invoiced under."""
        blocks = list(line.shipped)
        taken: dict[str, tuple[Amounts, int]] = {}
        for place, count in plan.credits:
            part, blocks[place] = blocks[place].credit(count)
            self._note_shipment(blocks[place].shipment)
            worth, units = taken.get(blocks[place].category, (zeros(part), 0))
            taken[blocks[place].category] = (added(worth, part), units + count)
        line.shipped = tuple(blocks)
        return taken

    def _note_shipment(self, position: int) -> None:
        """Units of a shipment are credited: it can never be undone, so nothing needs to be kept for a reversal."""
        self._shipments.add(position)
        order = self._booking.order
        order.booked.pop(shipment_key(order.shipments[position].shipment_id), None)

    def grant(self, line: LineState | None, key: CapKey, component: int | None, wanted: int) -> int:
        """What the caps of the order and of the line leave of `wanted`; counted as credited at once.

        It counts under `component` of the line; None = under the first one of the key.
        """
        uncredited = self._booking.order.uncredited
        rest = uncredited.get(key, 0)
        granted = min(wanted, rest) if line is None else min(wanted, rest, line.uncredited(key))
        if granted <= 0:
            return 0
        uncredited[key] = rest - granted
        if line is not None:
            credited = list(line.credited)
            credited[line.components(key)[0] if component is None else component] += granted
            line.credited = tuple(credited)
        return granted

    def credit_stated(
        self,
        line: LineState | None,
        account: str,
        net: int,
        taxes: tuple[CreditTax, ...],
        *,
        category: str | None = None,
        quantity: int = 0,
        description: str | None = None,
    ) -> None:
        """Credit amounts as stated, within the caps of the order and of the line; the excess is D10."""
        granted_net = self.grant(line, NET_CAP, NET, net)
        self.exceed(line, NET_CAP, net - granted_net)
        granted_taxes: list[tuple[TaxTerms, int]] = []
        for stated in taxes:
            terms = self.tax_terms(line, stated)
            granted = self.grant(line, terms[:3], None, stated.amount)
            self.exceed(line, terms[:3], stated.amount - granted)
            granted_taxes.append((terms, granted))
        if category is None and line is not None:
            category = line.terms.category
        self.add(line, account, granted_net, granted_taxes, category=category, quantity=quantity, description=description)

    def exceed(self, line: LineState | None, key: CapKey, amount: int, *, line_id: str | None = None) -> None:
        """Note what is beyond a cap; `line_id` where the order has no such line."""
        if amount:
            component = "net" if key == NET_CAP else tax_name(*key)
            self.beyond_caps.append(Excess(line.terms.line_id if line is not None else line_id, component, amount))

    def tax_terms(self, line: LineState | None, stated: CreditTax) -> TaxTerms:
        """The first invoiced component of the stated tax's key, on its line or else on the order; as stated where there is none."""
        key = (stated.jurisdiction, stated.type, stated.code)
        return self._first_tax(line, key) or TaxTerms(*key, "", stated.liable_party)

    def _first_tax(self, line: LineState | None, key: CapKey) -> TaxTerms | None:
        """A credit debits what an invoice credited; only where nothing was invoiced, the first component of the key there is."""
        lines = [line] if line is not None else self._booking.order.lines.values()
        known = [
            (tax, amount) for one in lines for tax, amount in zip(one.terms.taxes, one.invoiced[FIRST_TAX:], strict=True) if tax[:3] == key
        ]
        invoiced = next((tax for tax, amount in known if amount), None)
        return invoiced or (known[0][0] if known else None)

    def add(
        self,
        line: LineState | None,
        account: str,
        net: int,
        taxes: list[tuple[TaxTerms, int]],
        *,
        category: str | None = None,
        quantity: int = 0,
        description: str | None = None,
    ) -> None:
        """Post and show amounts that the caps have granted already, as one line of the credit note.

        line None = the order as a whole; account: what the net is debited to, `category`: its dimension; quantity in micro-units.
        """
        tax = sum([amount for _, amount in taxes])
        if not (net or tax or quantity):
            return
        booking, draft = self._booking, self._draft
        terms = line.terms if line is not None else None
        draft.debit(account, net, (("category", category), *booking.dimensions) if category else booking.dimensions)
        for tax_terms, amount in taxes:
            tax_to = tax_account(tax_terms.jurisdiction, tax_terms.type, tax_terms.liable_party, booking.placement.channel)
            draft.debit(tax_to, amount, (*booking.dimensions, ("tax_code", tax_terms.code), ("tax_rate", tax_terms.rate)))
        self._net += net
        self._tax += tax
        booking.order.totals.credited += net + tax
        self._lines.append(
            DocumentLine(
                line_id=terms.line_id if terms else None,
                sku=terms.sku if terms else None,
                description=description or (terms.description if terms else None),
                unit_price=terms.unit_price if terms and quantity else None,
                quantity=quantity,
                net=net,
                discount=0,
                taxes=tuple([document_tax(tax_terms, amount) for tax_terms, amount in taxes]),
            )
        )

    def credit_rounding(self) -> None:
        """The refund that leaves no invoiced unit uncredited takes with it what was invoiced and not credited of the ROUNDING."""
        order = self._booking.order
        for line_id, line in order.lines.items():
            if line.terms.kind == "ROUNDING" and line.credited != line.invoiced:
                blocks = [block.uncredited_units for one in order.lines.values() for block in one.shipped]
                if not blocks or any(blocks):
                    return
                own = order.own_line(line_id)
                rest = less(own.invoiced, own.credited)
                own.credited = own.invoiced
                taxes = list(zip(own.terms.taxes, rest[FIRST_TAX:], strict=True))
                account = returns_account("ROUNDING", own.terms.category)
                self.add(own, account, rest[NET], taxes, category=own.terms.category)

    def allow_unexplained(self, amount: int) -> int:
        """Credit money that went back without a reason, as far as something invoiced is uncredited; answers that limit."""
        uncredited = self._booking.order.uncredited
        whole = sum(uncredited.values())
        limited = left = min(amount, whole)
        if limited <= 0:
            return 0
        taxes: list[tuple[TaxTerms, int]] = []
        for key in sorted(uncredited):
            terms = self._first_tax(None, key)
            if key != NET_CAP and terms is not None:
                share = (2 * uncredited[key] * limited + whole) // (2 * whole)
                granted = self.grant(None, key, None, min(share, left))
                left -= granted
                taxes.append((terms, granted))
        net = self.grant(None, NET_CAP, None, left)
        self.add(None, SALES_ALLOWANCES, net, taxes, description="ALLOWANCE")
        return limited

    def enter(self, memo: str) -> None:
        """Make the entry; where nothing is credited there is none, and no document number is used."""
        if not any(self._draft.amounts.values()):
            return
        booking = self._booking
        self.number = booking.next_document("CREDIT_NOTE")
        self._draft.credit(ACCOUNTS_RECEIVABLE, self._net + self._tax, booking.dimensions)
        document = booking.document(
            "CREDIT_NOTE", self.number, net=self._net, tax=self._tax, lines=tuple(self._lines), refers_to=self._invoices()
        )
        booking.enter("credit_note", self._draft, memo, document=document)

    def _invoices(self) -> tuple[str, ...]:
        """The invoices whose units are credited; a credit of no units refers to all invoices of the order."""
        order = self._booking.order
        numbers = sorted({order.shipments[place].invoice_number for place in self._shipments} - {0})
        if not numbers:
            numbers = list(range(1, order.documents.get("INVOICE", 0) + 1))
        return tuple([self._booking.reference("INVOICE", number) for number in numbers])
