"""Reversals of what an earlier event booked, with what it did to the state of the order."""

from asiento.accounting.blocks import DISCOUNT, FIRST_TAX, NET, Amounts
from asiento.accounting.booking import Booking, InvariantBroken
from asiento.accounting.invoicing import document_line
from asiento.accounting.journal import Document, DocumentLine
from asiento.accounting.order_state import LineTerms, OrderState
from asiento.accounting.undoing import position_of, undo_shipment


def reverse_shipment(key: str, shipment_id: str, booking: Booking) -> None:
    """`reversal` of each entry of a shipment, a credit note where it was invoiced; its units are open again."""
    order = booking.order
    position = position_of(shipment_id, order)
    if position is None:
        raise InvariantBroken(f"shipment {shipment_id} is reversed without being known")
    invoiced = _invoiced_by(position, order)
    number = order.shipments[position].invoice_number
    undo_shipment(position, order)
    document = _credit_note(invoiced, number, booking) if number else None
    booking.reverse(key, document)


def _invoiced_by(position: int, order: OrderState) -> list[tuple[LineTerms, int, Amounts]]:
    """(terms, micro-units, amounts) of all that a shipment invoiced."""
    lines = [
        (line.terms, block.units, block.credits.amounts)
        for line in order.lines.values()
        for block in line.shipped
        if block.shipment == position
    ]
    charges = [(order.lines[line_id].terms, 0, amounts) for line_id, amounts in order.shipments[position].charges]
    return [*lines, *charges]


def _credit_note(invoiced: list[tuple[LineTerms, int, Amounts]], invoice_number: int, booking: Booking) -> Document:
    lines: list[DocumentLine] = [document_line(terms, units, amounts, amounts[DISCOUNT]) for terms, units, amounts in invoiced]
    return booking.document(
        "CREDIT_NOTE",
        booking.next_document("CREDIT_NOTE"),
        net=sum([amounts[NET] for _, _, amounts in invoiced]),
        tax=sum([sum(amounts[FIRST_TAX:]) for _, _, amounts in invoiced]),
        lines=tuple(lines),
        refers_to=(booking.reference("INVOICE", invoice_number),),
    )
