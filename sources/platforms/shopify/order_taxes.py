"""Taxes stated for the whole order only (payloads from before tax lines per line)."""

from collections.abc import Sequence
from dataclasses import replace

from asiento.accounting.allocation import spread
from sources.platforms.shopify.order_lines import DISCOUNTABLE, OrderLine, TaxLine


def with_order_taxes(lines: Sequence[OrderLine], order_taxes: Sequence[TaxLine]) -> tuple[OrderLine, ...]:
    """The lines as they are if any carries a tax; else each order tax is spread over the taxable goods by value."""
    if any(line.taxes for line in lines) or not any(tax.amount for tax in order_taxes):
        return tuple(lines)
    bearing = [index for index, line in enumerate(lines) if line.taxable and line.kind in DISCOUNTABLE and line.value > 0]
    if not bearing:
        return tuple(lines)
    found = list(lines)
    for tax in order_taxes:
        for index, share in zip(bearing, spread(tax.amount, [lines[index].value for index in bearing]), strict=True):
            found[index] = replace(found[index], taxes=(*found[index].taxes, replace(tax, amount=share)))
    return tuple(found)
