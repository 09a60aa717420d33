"""OrderPlaced: nothing is posted; the amounts are frozen into blocks."""

from asiento.accounting.blocks import gross_of
from asiento.accounting.booking import InvariantBroken
from asiento.accounting.findings import Findings
from asiento.accounting.order_events import ExchangeCreated, OrderEdited, OrderPlaced
from asiento.accounting.order_state import OrderState, Placement
from asiento.accounting.particulars import named
from asiento.accounting.placement import (
    ADDED_ROUNDING_ID,
    StatedLines,
    added_rounding,
    place_line,
    spread_charges,
    tax_difference,
)
from asiento.accounting.policy import Policy


def place_order(event: OrderPlaced, stated: StatedLines, order: OrderState, policy: Policy, findings: Findings) -> None:
    """Fill the state of an order whose lines passed `check_lines`; warns of D01 within tolerance and of D05."""
    shares = stated.shares
    if shares is None or event.currency is None or event.currency_exponent is None:
        raise InvariantBroken(f"order {event.order_key} is placed without its checks")
    lines = {line.line_id: place_line(line, share) for line, share in zip(event.lines, shares, strict=True)}
    if stated.sum != event.total:
        lines[ADDED_ROUNDING_ID] = added_rounding(event.total - stated.sum)
    spread_charges(lines)
    order.lines = lines
    order.totals.agreed = sum([gross_of(line.agreed) for line in lines.values()])
    if order.totals.agreed != event.total:
        raise InvariantBroken(f"order {event.order_key}: components add up to {order.totals.agreed}, not to the total {event.total}")
    order.placement = Placement(
        event.legal_entity,
        event.channel,
        event.store,
        event.currency,
        event.currency_exponent,
        event.terms,
        event.due_days,
        event.prices_include_tax,
        event.customer_ref,
        fiscal_data(event, event.document_fields),
    )
    warn_of_lines(event, stated, policy, findings)


def warn_of_lines(event: OrderPlaced | OrderEdited | ExchangeCreated, stated: StatedLines, policy: Policy, findings: Findings) -> None:
    """D01 within tolerance and D05 of the lines that an event states."""
    if stated.sum != stated.total:
        parameters = named(reason="within_tolerance", difference=abs(stated.total - stated.sum))
        findings.record("D01", "low", event, expected=stated.sum, actual=stated.total, parameters=parameters)
    found = tax_difference(event.lines, policy.tax_tolerance)
    if found:
        findings.record("D05", "medium", event, expected=found.expected, actual=found.actual, parameters=found.parameters)


def fiscal_data(event: OrderPlaced | OrderEdited | ExchangeCreated, known: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """What an e-invoicing provider needs: what is known, the codes of the event's lines, who funded its discounts."""
    fiscal = dict(known)
    for discount in () if isinstance(event, ExchangeCreated) else event.order_discounts:
        fiscal[f"order_discount:{discount.code}:funded_by"] = discount.funded_by
    for line in event.lines:
        if line.product_tax_code is not None:
            fiscal[f"line:{line.line_id}:product_tax_code"] = line.product_tax_code
        if line.unit_code is not None:
            fiscal[f"line:{line.line_id}:unit_code"] = line.unit_code
        if line.tax_exemption is not None:
            fiscal[f"line:{line.line_id}:tax_exemption"] = line.tax_exemption
    return tuple(sorted(fiscal.items()))
