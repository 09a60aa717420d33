"""OrderPlaced: nothing is posted; the amounts are frozen into blocks."""

from asiento.accounting.blocks import NET, gross_of
from asiento.accounting.booking import InvariantBroken
from asiento.accounting.findings import Findings
from asiento.accounting.order_events import OrderPlaced
from asiento.accounting.order_state import OrderState, Placement
from asiento.accounting.placement import (
    ADDED_ROUNDING_ID,
    added_rounding,
    discount_shares,
    lines_total,
    order_discount_of,
    place_line,
    spread_charges,
    tax_differences,
)


def place_order(event: OrderPlaced, order: OrderState, findings: Findings) -> None:
    """Fill the state of an order whose lines passed `check_lines`; warns of D01 within tolerance and of D05."""
    discount = order_discount_of(event)
    shares = discount_shares(event.lines, discount)
    if shares is None or event.currency is None or event.currency_exponent is None:
        raise InvariantBroken(f"order {event.order_key} is placed without its checks")
    lines = {line.line_id: place_line(line, share) for line, share in zip(event.lines, shares, strict=True)}
    total = lines_total(event.lines, discount)
    if total != event.total:
        lines[ADDED_ROUNDING_ID] = added_rounding(event.total - total)
        findings.record("D01", "low", event, expected=total, actual=event.total)
    spread_charges(lines, sum(line.agreed[NET] for line in lines.values() if line.has_units))
    order.lines = lines
    order.totals.agreed = sum(gross_of(line.agreed) for line in lines.values())
    if order.totals.agreed != event.total:
        raise InvariantBroken(f"order {event.order_key}: components add up to {order.totals.agreed}, not to the total {event.total}")
    order.placement = Placement(
        legal_entity=event.legal_entity,
        channel=event.channel,
        store=event.store,
        currency=event.currency,
        currency_exponent=event.currency_exponent,
        terms=event.terms,
        due_days=event.due_days,
        prices_include_tax=event.prices_include_tax,
        customer_ref=event.customer_ref,
        fiscal=_fiscal(event),
    )
    difference = tax_differences(event.lines)
    if difference:
        findings.record("D05", "medium", event, expected=difference[0], actual=difference[1])


def _fiscal(event: OrderPlaced) -> tuple[tuple[str, str], ...]:
    """What an e-invoicing provider needs: the order's fields, the lines' codes, who funded the discounts."""
    fiscal = dict(event.document_fields)
    for discount in event.order_discounts:
        fiscal[f"order_discount:{discount.code}:funded_by"] = discount.funded_by
    for line in event.lines:
        if line.product_tax_code is not None:
            fiscal[f"line:{line.line_id}:product_tax_code"] = line.product_tax_code
        if line.unit_code is not None:
            fiscal[f"line:{line.line_id}:unit_code"] = line.unit_code
        if line.tax_exemption is not None:
            fiscal[f"line:{line.line_id}:tax_exemption"] = line.tax_exemption
    return tuple(sorted(fiscal.items()))
