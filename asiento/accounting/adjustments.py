"""Adjustments of a refund: charges given back, goodwill, tax only, return fees kept."""

from asiento.accounting.accounts import RETURN_FEE_INCOME, returns_account, tax_account
from asiento.accounting.blocks import NET
from asiento.accounting.booking import Booking
from asiento.accounting.charges import cancel_open_charge
from asiento.accounting.credits import CreditNote
from asiento.accounting.invoicing import Invoice
from asiento.accounting.order_events import Adjustment, CreditTax
from asiento.accounting.order_state import LineState, TaxTerms


def adjust(booking: Booking, adjustment: Adjustment, note: CreditNote, invoice: Invoice) -> None:
    """Book one adjustment into the credit note, the invoice of the event or the charges' open blocks."""
    order = booking.order
    match adjustment.kind:
        case "CHARGE":
            _give_back_charge(booking, adjustment, note)
        case "RETURN_FEE":
            _keep_fee(booking, adjustment, note, invoice)
        case _:
            known = adjustment.line_id in order.lines if adjustment.line_id is not None else False
            if adjustment.line_id is not None and not known:
                note.beyond_caps += adjustment.amount + sum(tax.amount for tax in adjustment.taxes)
                return
            line = order.own_line(adjustment.line_id) if adjustment.line_id is not None else None
            note.credit_as_stated(line, adjustment.amount, adjustment.taxes, adjustment.kind)


def _keep_fee(booking: Booking, fee: Adjustment, note: CreditNote, invoice: Invoice) -> None:
    tax_accounts: list[tuple[str, str]] = []
    for stated in fee.taxes:
        terms = note.tax_terms(None, stated)
        account = tax_account(terms.jurisdiction, terms.type, terms.liable_party, booking.placement.channel)
        tax_accounts.append((account, terms.rate))
    invoice.add_return_fee(fee, RETURN_FEE_INCOME, tuple(tax_accounts))


def _give_back_charge(booking: Booking, adjustment: Adjustment, note: CreditNote) -> None:
    """Line by line: what was invoiced is credited, then what is open is cancelled, then what was cancelled is named."""
    net_left = adjustment.amount
    taxes_left = [tax.amount for tax in adjustment.taxes]
    for line_id in _charges_named(booking, adjustment):
        line = booking.order.own_line(line_id)
        net_left, taxes_left = _give_back_from(booking, line, note, net_left, adjustment.taxes, taxes_left)
    note.beyond_caps += net_left + sum(taxes_left)


def _charges_named(booking: Booking, adjustment: Adjustment) -> list[str]:
    lines = booking.order.lines
    if adjustment.line_id is None:
        return [line_id for line_id, line in lines.items() if line.terms.kind == "SHIPPING"]
    named = lines.get(adjustment.line_id)
    return [adjustment.line_id] if named is not None and named.is_charge else []


def _give_back_from(
    booking: Booking, line: LineState, note: CreditNote, net_left: int, taxes: tuple[CreditTax, ...], taxes_left: list[int]
) -> tuple[int, list[int]]:
    """Give back from one charge line; answers what is left of the net and of each tax."""
    credited_net = note.grant_net(line, net_left)
    net_left -= credited_net
    open_net = min(net_left, line.open.rest()[NET])
    net_left -= open_net
    net_left -= min(net_left, line.cancelled[NET])
    credited_taxes: list[tuple[TaxTerms, int]] = []
    open_taxes: dict[int, int] = {}
    rest_of_taxes: list[int] = []
    for stated, wanted in zip(taxes, taxes_left, strict=True):
        granted = note.grant_tax(line, stated, wanted)
        if granted:
            credited_taxes.append((note.tax_terms(line, stated), granted))
        left = wanted - granted
        for component in line.components((stated.jurisdiction, stated.type, stated.code)):
            cancelled = min(left, line.open.rest()[component] - open_taxes.get(component, 0))
            if cancelled:
                open_taxes[component] = open_taxes.get(component, 0) + cancelled
                left -= cancelled
            left -= min(left, line.cancelled[component])
        rest_of_taxes.append(left)
    note.add_granted(line, returns_account(line.terms.kind, line.terms.category), credited_net, credited_taxes)
    if open_net or open_taxes:
        cancel_open_charge(booking.order, line, open_net, open_taxes)
    return net_left, rest_of_taxes
