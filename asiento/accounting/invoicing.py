"""The invoice of an event: lines, charges, return fees, one entry."""

from datetime import date, timedelta

from asiento.accounting.accounts import ACCOUNTS_RECEIVABLE, SALES_DISCOUNTS, sales_account, tax_account
from asiento.accounting.blocks import DISCOUNT, FIRST_TAX, NET, Amounts, added
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.journal import DocumentLine, DocumentTax
from asiento.accounting.order_events import Adjustment
from asiento.accounting.order_state import NET_CAP, LineState, LineTerms, TaxTerms


def document_taxes(terms: LineTerms, amounts: Amounts) -> tuple[DocumentTax, ...]:
    """The taxes of a line on a document, those of 0 too: a zero rate is a statement."""
    return tuple([document_tax(tax, amount) for tax, amount in zip(terms.taxes, amounts[FIRST_TAX:], strict=True)])


def document_tax(tax: TaxTerms, amount: int) -> DocumentTax:
    """A tax of a line on a document."""
    return DocumentTax(tax.jurisdiction, tax.type, tax.code, tax.rate, amount, tax.liable_party)


def document_line(terms: LineTerms, quantity: int, amounts: Amounts, discount: int) -> DocumentLine:
    """One line of a document; quantity in micro-units."""
    taxes = document_taxes(terms, amounts)
    return DocumentLine(quantity, amounts[NET], discount, taxes, terms.line_id, terms.sku, terms.description, terms.unit_price)


class Invoice:
    """An invoice in the making: what is added to it counts as invoiced at once."""

    __slots__ = ("_booking", "_draft", "_lines", "_net", "_tax", "number")

    def __init__(self, booking: Booking) -> None:
        self._booking = booking
        self._draft = Draft()
        self._lines: list[DocumentLine] = []
        self._net = 0
        self._tax = 0
        self.number = 0

    def add(self, line: LineState, amounts: Amounts, quantity: int) -> None:
        """Invoice a part of a line that was taken from its open block."""
        order, terms, taxes = self._booking.order, line.terms, amounts[FIRST_TAX:]
        line.invoiced = added(line.invoiced, amounts)
        net, tax = amounts[NET], sum(taxes)
        order.totals.invoiced += net + tax
        self._net += net
        self._tax += tax
        if terms.kind != "ROUNDING":
            uncredited = order.uncredited
            uncredited[NET_CAP] = uncredited.get(NET_CAP, 0) + net
            for one, amount in zip(terms.taxes, taxes, strict=True):
                key = one[:3]
                uncredited[key] = uncredited.get(key, 0) + amount
        self._post(terms, amounts[NET], amounts[DISCOUNT], taxes)
        if quantity or any(amounts):
            self._lines.append(document_line(terms, quantity, amounts, amounts[DISCOUNT]))

    def _post(self, terms: LineTerms, net: int, discount: int, taxes: Amounts) -> None:
        booking, draft, kind, category = self._booking, self._draft, terms.kind, terms.category
        base = booking.dimensions
        dimensions = (("category", category), *base)
        if booking.policy.discounts == "net" and kind in ("GOODS", "SERVICE"):
            discount = 0
        draft.credit(sales_account(kind, category), net + discount, dimensions)
        if discount:
            draft.debit(SALES_DISCOUNTS, discount, dimensions)
        channel = booking.placement.channel
        for tax, amount in zip(terms.taxes, taxes, strict=True):
            if amount:
                account = tax_account(tax.jurisdiction, tax.type, tax.liable_party, channel)
                draft.credit(account, amount, (*base, ("tax_code", tax.code), ("tax_rate", tax.rate)))

    def add_return_fee(self, fee: Adjustment, account: str, tax_accounts: tuple[tuple[str, str], ...]) -> None:
        """Invoice a fee kept from a refund; `tax_accounts` are (account, rate) of its taxes, in their order."""
        booking = self._booking
        tax = sum(stated.amount for stated in fee.taxes)
        booking.order.totals.return_fees += fee.amount + tax
        self._net += fee.amount
        self._tax += tax
        self._draft.credit(account, fee.amount, booking.dimensions)
        lines: list[DocumentTax] = []
        for stated, (tax_to, rate) in zip(fee.taxes, tax_accounts, strict=True):
            self._draft.credit(tax_to, stated.amount, (*booking.dimensions, ("tax_code", stated.code), ("tax_rate", rate)))
            lines.append(
                DocumentTax(
                    jurisdiction=stated.jurisdiction,
                    type=stated.type,
                    code=stated.code,
                    rate=rate,
                    amount=stated.amount,
                    liable_party=stated.liable_party,
                )
            )
        self._lines.append(
            DocumentLine(line_id=fee.line_id, description=fee.kind, quantity=0, net=fee.amount, discount=0, taxes=tuple(lines))
        )

    def enter(self) -> None:
        """Make the entry; where nothing moves there is none, and no document number is used."""
        if not any(self._draft.amounts.values()):
            return
        booking = self._booking
        self.number = booking.next_document("INVOICE")
        self._draft.debit(ACCOUNTS_RECEIVABLE, self._net + self._tax, booking.dimensions)
        document = booking.document(
            "INVOICE", self.number, net=self._net, tax=self._tax, lines=tuple(self._lines), due_date=_due_date(booking)
        )
        booking.enter("invoice", self._draft, f"Invoice {document.document_ref}", document=document)


def _due_date(booking: Booking) -> str | None:
    days = booking.placement.due_days
    return None if days is None else (date.fromisoformat(booking.business_date) + timedelta(days=days)).isoformat()
