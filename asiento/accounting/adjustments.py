"""Adjustments of a refund: charges given back, goodwill, tax only, return fees kept."""

from asiento.accounting.accounts import RETURN_FEE_INCOME, SALES_ALLOWANCES, returns_account, tax_account
from asiento.accounting.blocks import NET
from asiento.accounting.booking import Booking
from asiento.accounting.charges import cancel_open_charge
from asiento.accounting.credits import CreditNote
from asiento.accounting.invoicing import Invoice
from asiento.accounting.order_events import Adjustment
from asiento.accounting.order_state import NET_CAP, LineState, TaxTerms


def adjust(booking: Booking, adjustment: Adjustment, note: CreditNote, invoice: Invoice) -> None:
    """Book one adjustment into the credit note, the invoice of the event or the charges' open blocks."""
    match adjustment.kind:
        case "CHARGE":
            _ChargeReturn(booking, adjustment, note).give_back()
        case "RETURN_FEE":
            _keep_fee(booking, adjustment, note, invoice)
        case _:
            _credit_without_units(booking, adjustment, note)


def _credit_without_units(booking: Booking, adjustment: Adjustment, note: CreditNote) -> None:
    """Goodwill and tax: as stated; on a line that the order does not have, all of it is beyond the cap."""
    order, line_id = booking.order, adjustment.line_id
    if line_id is not None and line_id not in order.lines:
        note.exceed(None, NET_CAP, adjustment.amount, line_id=line_id)
        for tax in adjustment.taxes:
            note.exceed(None, tax.key, tax.amount, line_id=line_id)
        return
    line = order.own_line(line_id) if line_id is not None else None
    note.credit_stated(line, SALES_ALLOWANCES, adjustment.amount, adjustment.taxes, description=adjustment.kind)


def _keep_fee(booking: Booking, fee: Adjustment, note: CreditNote, invoice: Invoice) -> None:
    tax_accounts: list[tuple[str, str]] = []
    for stated in fee.taxes:
        terms = note.tax_terms(None, stated)
        account = tax_account(terms.jurisdiction, terms.type, terms.liable_party, booking.placement.channel)
        tax_accounts.append((account, terms.rate))
    invoice.add_return_fee(fee, RETURN_FEE_INCOME, tuple(tax_accounts))


class _ChargeReturn:
    """A charge given back, line by line: what was invoiced is credited, then what is open is cancelled.

    What was cancelled before has nothing left to give back; what is beyond all three is D10.
    """

    __slots__ = ("_adjustment", "_booking", "_net_left", "_note", "_taxes_left")

    def __init__(self, booking: Booking, adjustment: Adjustment, note: CreditNote) -> None:
        self._booking = booking
        self._adjustment = adjustment
        self._note = note
        self._net_left = adjustment.amount
        self._taxes_left = [tax.amount for tax in adjustment.taxes]

    def give_back(self) -> None:
        """Go through the named charge line, or through the shipping lines in their order."""
        for line_id in self._line_ids():
            if not self._net_left and not any(self._taxes_left):
                break
            line = self._booking.order.own_line(line_id)
            open_net, open_taxes = self._credit(line)
            if open_net or open_taxes:
                cancel_open_charge(self._booking.order, line, open_net, open_taxes)
        note, named = self._note, self._adjustment.line_id
        note.exceed(None, NET_CAP, self._net_left, line_id=named)
        for tax, left in zip(self._adjustment.taxes, self._taxes_left, strict=True):
            note.exceed(None, tax.key, left, line_id=named)

    def _line_ids(self) -> list[str]:
        lines, named = self._booking.order.lines, self._adjustment.line_id
        if named is None:
            return [line_id for line_id, line in lines.items() if line.terms.kind == "SHIPPING"]
        return [named] if named in lines and lines[named].is_charge else []

    def _credit(self, line: LineState) -> tuple[int, dict[int, int]]:
        """Credit what the caps leave; answers the open net to cancel, and the open taxes by component."""
        note, rest = self._note, line.open.rest()
        net = note.grant(line, NET_CAP, NET, self._net_left)
        open_net = min(self._net_left - net, rest[NET])
        self._net_left -= net + open_net
        self._net_left -= min(self._net_left, line.cancelled[NET])
        taxes: list[tuple[TaxTerms, int]] = []
        open_taxes: dict[int, int] = {}
        cancelled = list(line.cancelled)
        for place, stated in enumerate(self._adjustment.taxes):
            terms = note.tax_terms(line, stated)
            granted = note.grant(line, terms.cap_key, None, self._taxes_left[place])
            taxes.append((terms, granted))
            left = self._taxes_left[place] - granted
            components = line.components(terms.cap_key)
            for component in components:
                from_open = min(left, rest[component] - open_taxes.get(component, 0))
                if from_open:
                    open_taxes[component] = open_taxes.get(component, 0) + from_open
                left -= from_open
            for component in components:
                passed = min(left, cancelled[component])
                cancelled[component] -= passed
                left -= passed
            self._taxes_left[place] = left
        category = line.terms.category
        note.add(line, returns_account(line.terms.kind, category), net, taxes, category=category)
        return open_net, open_taxes
