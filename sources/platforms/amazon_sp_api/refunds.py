"""A refund meets its order: which lines and which shipping the money is for, where the amounts show it beyond doubt."""

from dataclasses import replace
from typing import Any

from sources.platforms.facts import Fact
from sources.platforms.outcome import EventTwin


def complete_refund(fact: Fact, order: EventTwin) -> Fact:
    """Lines whose full price went back are credited as units, shipping as its charge; the rest stays money without a reason.

    The accounting credits units exactly as they were invoiced, and spreads money without a reason over what is left of the order.
    """
    lines: list[EventTwin] = []
    adjustments: list[EventTwin] = []
    for item_id, sku, quantity, goods, shipping in fact.open or ():
        line = _line_of(order, item_id, sku)
        if line is None or any(known["line_id"] == line["line_id"] for known in lines):
            continue
        if goods and _is_price_of(line, quantity, goods):
            lines.append({"line_id": line["line_id"], "quantity": str(quantity), "scope": "SHIPPED"})
        charge = _line_by_id(order, f"shipping:{line['line_id']}")
        if shipping and charge is not None and _owed(charge) == shipping:
            adjustments.append(_charge_back(charge))
    return replace(fact, body=fact.body | {"lines": lines, "adjustments": adjustments})


def _line_of(order: EventTwin, item_id: str | None, sku: str | None) -> EventTwin | None:
    """The goods by their item id, else by a SKU that only one line has."""
    by_id = _line_by_id(order, item_id) if item_id is not None else None
    if by_id is not None:
        return by_id
    found = [line for line in order["lines"] if line["kind"] == "GOODS" and sku is not None and line.get("sku") == sku]
    return found[0] if len(found) == 1 else None


def _line_by_id(order: EventTwin, line_id: str) -> EventTwin | None:
    return next((line for line in order["lines"] if line["line_id"] == line_id), None)


def _owed(line: EventTwin) -> int:
    """What the buyer owed for a line."""
    added = sum(tax["amount"] for tax in line["taxes"] if not tax["included"])
    return int(line["gross"] - line["discount"] + added)


def _is_price_of(line: EventTwin, quantity: int, refunded: int) -> bool:
    """Whether this money is the price of this many units, to the unit of rounding."""
    ordered = int(line["quantity"])
    return 0 < quantity <= ordered and abs(refunded * ordered - _owed(line) * quantity) < ordered


def _charge_back(charge: EventTwin) -> EventTwin:
    included = sum(tax["amount"] for tax in charge["taxes"] if tax["included"])
    taxes: list[dict[str, Any]] = [
        {name: tax[name] for name in ("jurisdiction", "type", "code", "amount", "liable_party")} for tax in charge["taxes"]
    ]
    return {
        "kind": "CHARGE",
        "line_id": charge["line_id"],
        "amount": charge["gross"] - charge["discount"] - included,
        "taxes": taxes,
    }
