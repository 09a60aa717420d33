"""Rule 4: the credit note of a refund, every amount within its caps."""

from asiento.accounting.accounts import ACCOUNTS_RECEIVABLE, SALES_ALLOWANCES, returns_account, tax_account
from asiento.accounting.blocks import FIRST_TAX, NET, Amounts
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.invoicing import document_taxes
from asiento.accounting.journal import DocumentLine, DocumentTax
from asiento.accounting.order_events import CreditTax, LiableParty
from asiento.accounting.order_state import NET_CAP, CapKey, LineState, TaxTerms
from asiento.accounting.refund_plan import LinePlan


class CreditNote:
    """A credit note in the making. `beyond_caps`: stated amounts that are not credited (D10)."""

    __slots__ = ("_booking", "_draft", "_lines", "_net", "_shipments", "_tax", "beyond_caps", "number")

    def __init__(self, booking: Booking) -> None:
        self._booking = booking
        self._draft = Draft()
        self._lines: list[DocumentLine] = []
        self._net = 0
        self._tax = 0
        self._shipments: set[int] = set()
        self.beyond_caps = 0
        self.number = 0

    def credit_units(self, plan: LinePlan) -> None:
        """Credit the shipped units of a refund line: block parts cut to the caps, or the amounts as stated."""
        stated = plan.stated
        if not plan.credits and stated.net is None:
            return
        line = self._booking.order.own_line(stated.line_id)
        blocks = list(line.shipped)
        wanted = [0] * len(line.agreed)
        for place, count in plan.credits:
            part, blocks[place] = blocks[place].credit(count)
            self._shipments.add(blocks[place].shipment)
            for component in (NET, *range(FIRST_TAX, len(part))):
                wanted[component] += self._cut_part(line, component, part[component]) if stated.net is None else 0
        line.shipped = tuple(blocks)
        units = sum(count for _, count in plan.credits)
        if stated.net is not None:
            self._credit_stated(line, stated.net, stated.taxes or (), returns_account(line.terms.kind, line.terms.category), units)
        else:
            self._add_line(line, tuple(wanted), units)

    def _cut_part(self, line: LineState, component: int, amount: int) -> int:
        key = NET_CAP if component == NET else line.terms.taxes[component - FIRST_TAX].cap_key
        granted = self._grant(line, key, amount)
        self._credit_component(line, component, granted)
        return granted

    def _grant(self, line: LineState | None, key: CapKey, wanted: int) -> int:
        """What the caps of the order (and of the line) leave of `wanted`; taken from the order's rest at once."""
        uncredited = self._booking.order.uncredited
        rest = uncredited.get(key, 0)
        granted = max(0, min(wanted, rest, rest if line is None else line.uncredited(key)))
        if granted:
            uncredited[key] = rest - granted
        return granted

    @staticmethod
    def _credit_component(line: LineState, component: int, amount: int) -> None:
        if amount:
            credited = list(line.credited)
            credited[component] += amount
            line.credited = tuple(credited)

    def _add_line(self, line: LineState, amounts: Amounts, quantity: int) -> None:
        """Post and show amounts that were granted already."""
        terms, booking = line.terms, self._booking
        net, tax = amounts[NET], sum(amounts[FIRST_TAX:])
        account = returns_account(terms.kind, terms.category)
        self._draft.debit(account, net, (("category", terms.category), *booking.dimensions))
        for tax_terms, amount in zip(terms.taxes, amounts[FIRST_TAX:], strict=True):
            self._debit_tax(tax_terms, amount)
        self._count(net, tax)
        self._lines.append(
            DocumentLine(
                line_id=terms.line_id,
                sku=terms.sku,
                description=terms.description,
                unit_price=terms.unit_price,
                quantity=quantity,
                net=net,
                discount=0,
                taxes=document_taxes(terms, amounts),
            )
        )

    def _debit_tax(self, tax: TaxTerms, amount: int) -> None:
        booking = self._booking
        account = tax_account(tax.jurisdiction, tax.type, tax.liable_party, booking.placement.channel)
        self._draft.debit(account, amount, (*booking.dimensions, ("tax_code", tax.code), ("tax_rate", tax.rate)))

    def _count(self, net: int, tax: int) -> None:
        self._net += net
        self._tax += tax
        self._booking.order.totals.credited += net + tax

    def credit_as_stated(self, line: LineState | None, amount: int, taxes: tuple[CreditTax, ...], description: str) -> None:
        """Goodwill and tax adjustments: as stated, within the caps of the order and of the line it names."""
        self._credit_stated(line, amount, taxes, SALES_ALLOWANCES, 0, description)

    def _credit_stated(
        self,
        line: LineState | None,
        amount: int,
        taxes: tuple[CreditTax, ...],
        account: str,
        quantity: int,
        description: str | None = None,
    ) -> None:
        net = self._grant(line, NET_CAP, amount)
        if line is not None:
            self._credit_component(line, NET, net)
        self.beyond_caps += amount - net
        granted: list[tuple[TaxTerms, int]] = []
        for stated in taxes:
            tax = self.grant_tax(line, stated, stated.amount)
            self.beyond_caps += stated.amount - tax
            granted.append((self.tax_terms(line, stated), tax))
        self.add_granted(line, account, net, granted, quantity, description)

    def grant_tax(self, line: LineState | None, stated: CreditTax, wanted: int) -> int:
        """What the caps leave of a stated tax; it counts under the line's first component of its key."""
        key = (stated.jurisdiction, stated.type, stated.code)
        granted = self._grant(line, key, wanted)
        if line is not None and granted:
            self._credit_component(line, line.components(key)[0], granted)
        return granted

    def grant_net(self, line: LineState, wanted: int) -> int:
        """What the caps leave of a stated net of a line."""
        granted = self._grant(line, NET_CAP, wanted)
        self._credit_component(line, NET, granted)
        return granted

    def tax_terms(self, line: LineState | None, stated: CreditTax) -> TaxTerms:
        """The first component of the stated tax's key, on its line or else on the order."""
        key = (stated.jurisdiction, stated.type, stated.code)
        found = find_tax([line] if line is not None else list(self._booking.order.lines.values()), key)
        return found or TaxTerms(*key, "", stated.liable_party)

    def add_granted(
        self,
        line: LineState | None,
        account: str,
        net: int,
        taxes: list[tuple[TaxTerms, int]],
        quantity: int = 0,
        description: str | None = None,
    ) -> None:
        """Post and show amounts that the caps granted."""
        tax = sum(amount for _, amount in taxes)
        if not (net or tax or quantity):
            return
        booking = self._booking
        terms = line.terms if line is not None else None
        category = (("category", terms.category),) if terms else ()
        self._draft.debit(account, net, (*category, *booking.dimensions))
        for tax_terms, amount in taxes:
            self._debit_tax(tax_terms, amount)
        self._count(net, tax)
        self._lines.append(
            DocumentLine(
                line_id=terms.line_id if terms else None,
                sku=terms.sku if terms else None,
                description=description or (terms.description if terms else None),
                quantity=quantity,
                net=net,
                discount=0,
                taxes=tuple([_document_tax(tax_terms, amount) for tax_terms, amount in taxes]),
            )
        )

    def credit_rounding(self) -> None:
        """The refund that leaves no invoiced unit uncredited takes the ROUNDING with it, whole."""
        order = self._booking.order
        if not self._shipments or any(block.uncredited_units for line in order.lines.values() for block in line.shipped):
            return
        for line_id, line in order.lines.items():
            if line.terms.kind == "ROUNDING" and line.invoiced != line.credited:
                amounts = line.invoiced
                if line.credited[NET] == amounts[NET]:
                    continue
                own = order.own_line(line_id)
                own.credited = amounts
                self._add_line(own, amounts, 0)

    def allow_unexplained(self, amount: int) -> int:
        """Money that went back without a reason, as far as something invoiced is uncredited; answers f."""
        order = self._booking.order
        whole = sum(order.uncredited.values())
        limited = left = min(amount, whole)
        if limited <= 0:
            return 0
        taxes: list[tuple[TaxTerms, int]] = []
        for key in sorted(order.uncredited):
            if key != NET_CAP:
                rest = order.uncredited[key]
                share = min((2 * rest * limited + whole) // (2 * whole), rest, left)
                order.uncredited[key] = rest - share
                left -= share
                terms = find_tax(list(order.lines.values()), key)
                if share and terms:
                    taxes.append((terms, share))
        net = self._grant(None, NET_CAP, left)
        self.add_granted(None, SALES_ALLOWANCES, net, taxes, description="ALLOWANCE")
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


def find_tax(lines: list[LineState], key: CapKey) -> TaxTerms | None:
    """The first component of a jurisdiction, type and code."""
    return next((tax for line in lines for tax in line.terms.taxes if tax[:3] == key), None)


def liable_account(tax: TaxTerms, channel: str) -> str:
    """The account of a tax component."""
    return tax_account(tax.jurisdiction, tax.type, tax.liable_party, channel)


def _document_tax(tax: TaxTerms, amount: int) -> DocumentTax:
    liable: LiableParty = tax.liable_party
    return DocumentTax(jurisdiction=tax.jurisdiction, type=tax.type, code=tax.code, rate=tax.rate, amount=amount, liable_party=liable)
