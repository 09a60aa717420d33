"""A refund as the shop stores it: an order of its own with negative lines, which name the lines they give back, or with none."""

import re
from collections.abc import Iterator
from datetime import tzinfo
from decimal import Decimal

from sources.platforms.figures import rounded
from sources.platforms.minor_units import decimal_text
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.woocommerce.fields import ZERO, amount, metadata, moment, stated
from sources.platforms.woocommerce.taxes import tax_rates
from sources.platforms.woocommerce.view import Refund, RefundedItem

MICRO = 1_000_000
HALF_A_CENT = Decimal("0.005")
_LISTS = {"line_items": "GOODS", "shipping_lines": "SHIPPING", "fee_lines": "FEE"}
_ORDER_IN_LINK = re.compile(r"/orders/([0-9]{1,20})(?:/|$)")


def order_id_of(refund: Node, topic: str) -> str:
    """The order of a refund: stated, else in the refund's own links, else in the topic it was asked for under."""
    if (parent := stated(refund, "parent_id", "order_id")) is not None and parent.value != 0:
        return parent.identity()
    for name in ("up", "self"):
        links = refund.at(f"_links.{name}")
        for link in links.value if links is not None and isinstance(links.value, list) else ():
            href = link.get("href") if isinstance(link, dict) else None
            if isinstance(href, str) and (found := _ORDER_IN_LINK.search(href)):
                return found.group(1)
    if found := re.search(r"orders/([0-9]{1,20})", topic):
        return found.group(1)
    raise Unjudged("refetch", "the refund does not name its order: fetch it under orders/<id>/refunds", f"{refund.pointer}/_links")


def read_refund(refund: Node, zone: tzinfo | None, place: dict[str, str]) -> Refund:
    """The refund with its lines; raises `Unjudged` hold_discrepancy where the lines are worth more than was paid back."""
    paid_back = abs(refund.need("amount").decimal())
    at = moment(refund, zone, "date_created", "created_at")
    if at is None:
        raise Unjudged("refetch", f"{refund.pointer}: the time of the refund is missing", f"{refund.pointer}/date_created")
    by_gateway = refund.find("refunded_payment")
    items = tuple(_items(refund))
    value = sum((Decimal(item.net) + Decimal(item.tax) for item in items), paid_back * 0)
    if value - paid_back > HALF_A_CENT * len(items):
        message = f"refund: stated {paid_back:f}, computed {value:f}, difference {paid_back - value:f}"
        raise Unjudged("hold_discrepancy", message, f"{refund.pointer}/amount")
    return Refund(
        refund_id=refund.need("id").identity(),
        amount=decimal_text(paid_back),
        at=at,
        by_gateway=by_gateway is not None and by_gateway.value is True,
        items=items,
        rates={rate_id: (rate.jurisdiction, rate.type, rate.code) for rate_id, rate in tax_rates(refund, place, 2).items()},
    )


def unexplained(refund: Refund, exponent: int) -> int:
    """What was paid back beyond the lines, in minor units."""
    value = sum((Decimal(item.net) + Decimal(item.tax) for item in refund.items), ZERO)
    return max(0, rounded(Decimal(refund.amount) - value, exponent))


def _items(refund: Node) -> Iterator[RefundedItem]:
    """Signs differ between versions: what the lines sum up to is what is given back, a line against it takes from that."""
    lists = [(item, kind) for name, kind in _LISTS.items() for item in refund.each(name)]
    whole = sum((amount(item, "total", "refund_total") + amount(item, "total_tax") for item, _ in lists), ZERO)
    sign = -1 if whole < 0 else 1
    for item, kind in lists:
        net, tax = sign * amount(item, "total", "refund_total"), sign * amount(item, "total_tax")
        units = abs(item.need("quantity").decimal()) if kind == "GOODS" else Decimal(1)
        if units * MICRO != int(units * MICRO) or units > 10**9:
            raise item.need("quantity").malformed("a number of units")
        if not net and not tax and not units:
            continue
        yield RefundedItem(
            of=_original(item),
            product=(_identity(item, "product_id"), _identity(item, "variation_id")),
            kind=kind,
            units=int(units * MICRO),
            net=decimal_text(net),
            tax=decimal_text(tax),
            taxes=_taxes(item),
        )


def _original(item: Node) -> str | None:
    """The order's line: in meta data, or as a field of its own in the API before the REST one."""
    found = metadata(item).get("_refunded_item_id") or stated(item, "refunded_item_id")
    return found.identity() if found is not None and found.value not in (0, "0") else None


def _taxes(item: Node) -> dict[str, str]:
    found: dict[str, Decimal] = {}
    taxes = item.find("taxes")
    for tax in taxes.items() if taxes is not None and isinstance(taxes.value, list) else ():
        identity, value = stated(tax, "id"), amount(tax, "total")
        if identity is not None and value:
            found[identity.reference()] = found.get(identity.reference(), ZERO) + abs(value)
    return {rate_id: decimal_text(value) for rate_id, value in found.items()}


def _identity(item: Node, name: str) -> str:
    found = stated(item, name)
    return found.identity() if found is not None else "0"
