"""Orders of Mollie's Orders API: full orders whose prices include VAT, with their shipments and cancellations.

A line is `unitPrice` times `quantity` less `discountAmount` = `totalAmount`, VAT included in each. Discounts of the whole order are lines
of their own with negative amounts, and so are gift cards and store credit, which are money and no discount.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asiento.accounting.allocation import spread
from sources.platforms.context import Context
from sources.platforms.facts import ORDER_KEY, Fact, Fetch, Json, Reading
from sources.platforms.figures import difference_text
from sources.platforms.minor_units import decimal_text
from sources.platforms.mollie.money import amount_at, found_amount, positive
from sources.platforms.mollie.objects import embedded
from sources.platforms.mollie.order_sums import told_by_sums
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node
from sources.platforms.stated_money import Money, held

_STATUSES: Final = frozenset({"created", "pending", "paid", "authorized", "shipping", "completed", "canceled", "expired"})
_AGREED: Final = frozenset({"paid", "authorized", "shipping", "completed"})
_KINDS: Final[Mapping[str, str]] = {
    "physical": "GOODS",
    "digital": "SERVICE",
    "shipping_fee": "SHIPPING",
    "surcharge": "FEE",
    "discount": "DISCOUNT",
    "gift_card": "GIFT_CARD",
    "store_credit": "STORE_CREDIT",
}
_UNITS: Final = frozenset({"GOODS", "SERVICE"})
_MONEY_KINDS: Final = frozenset({"GIFT_CARD", "STORE_CREDIT"})
UNKNOWN_COUNTRY: Final = "ZZ"


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as it is stated; `total` and `vat` are negative for discounts and for money."""

    line_id: str
    kind: str
    quantity: int
    unit_price: str
    gross: int
    discount: int
    total: int
    vat: int
    rate: str
    sku: str | None
    canceled: int


def read_order(order: Node, context: Context) -> Reading:
    """The order once it is paid or authorized, its gift cards, shipments and cancellations; before that nothing."""
    status = order.need("status").value
    if not isinstance(status, str) or status not in _STATUSES:
        raise order.need("status").malformed("a status of an order")
    money, total = positive(order, "amount")
    notices: list[str] = []
    lines = [_line(node, money, notices) for node in order.each("lines")]
    if not lines:
        order.need("lines")
    if sum(line.total for line in lines) != total:
        raise held(f"{order.pointer}/amount", money, total, sum(line.total for line in lines))
    created = order.need("createdAt").time(context.zone)
    order_id = order.need("id").reference()
    if not (status in _AGREED or context.order is not None or _happened(order, money)):
        return Reading(order_id=order_id, seen_at=created, notices=(f"the order is {status}: not agreed yet, or never", *notices))
    facts = [_placed(order, context, money, lines, created)]
    facts += [_money(line, money, created, test=_is_test(order)) for line in lines if line.kind in _MONEY_KINDS]
    shipments = embedded(order, "shipments")
    for shipment in shipments or []:
        facts += _shipped(shipment, context, notices)
    cancelled, memory = _cancelled(lines, context, order, created)
    facts += [*cancelled, *told_by_sums(order, context, money, notices, test=_is_test(order))]
    fetches = []
    if context.remembers and (shipments is None or embedded(order, "payments") is None) and _happened(order, money):
        fetches = [Fetch("order", f"order/{order_id}", "its payments or shipments do not stand in it")]
    told = [fact for fact in facts if context.connection.tells(_told_as(fact))]
    return Reading(facts=tuple(told), order_id=order_id, seen_at=created, notices=tuple(notices), fetches=tuple(fetches), memory=memory)


def read_shipment(shipment: Node, context: Context) -> Reading:
    """One shipment of an order."""
    notices: list[str] = []
    facts = _shipped(shipment, context, notices) if context.connection.tells("orders") else []
    at = shipment.need("createdAt").time(context.zone)
    return Reading(facts=tuple(facts), order_id=shipment.need("orderId").reference(), seen_at=at, notices=tuple(notices))


def _told_as(fact: Fact) -> str:
    return {"PaymentCaptured": "captures", "RefundIssued": "refunds"}.get(fact.type, "orders")


def _is_test(order: Node) -> bool:
    mode = order.find("mode")
    if mode is not None and mode.value not in ("live", "test"):
        raise mode.malformed("live or test")
    return mode is not None and mode.value == "test"


def _happened(order: Node, money: Money) -> bool:
    """Money came or units left, whatever the status says now."""
    captured = found_amount(order, "amountCaptured", money) or 0
    return captured > 0 or any((found := line.find("quantityShipped")) is not None and found.count() for line in order.each("lines"))


def _line(node: Node, money: Money, notices: list[str]) -> _Line:
    stated = node.find("type")
    kind = "GOODS" if stated is None else _KINDS.get(stated.value) if isinstance(stated.value, str) else None
    if stated is not None and kind is None:
        raise stated.malformed("a type of an order line")
    quantity, total = node.need("quantity").count(), amount_at(node, "totalAmount", money)
    discount, vat = found_amount(node, "discountAmount", money) or 0, found_amount(node, "vatAmount", money) or 0
    price, rate = amount_at(node, "unitPrice", money), (node.find("vatRate") or Node("0", f"{node.pointer}/vatRate")).decimal()
    line_id = node.need("id").reference()
    if price * quantity - discount != total:
        notices.append(difference_text(node.pointer, total, price * quantity - discount, money))
    if abs(vat * (100 + rate) - total * rate) > (quantity + 1) * (100 + rate):
        notices.append(f"{node.pointer}/vatAmount: not what totalAmount holds at vatRate")
    _check_signs(node, kind or "GOODS", total, vat)
    if discount < 0 or not 0 <= rate < 1000:
        raise node.need("totalAmount").malformed("a line with a discount and a rate of 0 or more")
    if quantity == 0 or abs(vat) > abs(total):
        raise node.need("quantity").malformed("at least one unit, and a VAT within its amount")
    sku, canceled = node.find("sku"), node.find("quantityCanceled")
    return _Line(
        line_id=line_id,
        kind=kind or "GOODS",
        quantity=quantity,
        unit_price=decimal_text(node.need("unitPrice").need("value").decimal()),
        gross=total + discount,
        discount=discount,
        total=total,
        vat=vat,
        rate=decimal_text(rate.scaleb(-2)),
        sku=sku.text() or None if sku is not None else None,
        canceled=canceled.count() if canceled is not None else 0,
    )


def _check_signs(node: Node, kind: str, total: int, vat: int) -> None:
    """Discounts and money are negative, the rest is not; VAT has the sign of its line, and money has none."""
    negative = kind in _MONEY_KINDS or kind == "DISCOUNT"
    if (total < 0) is not negative and total:
        raise node.need("totalAmount").malformed("an amount with the sign of its line")
    if vat and ((vat < 0) is not (total < 0) or kind in _MONEY_KINDS):
        raise node.need("vatAmount").malformed("a VAT with the sign of its line")


def _placed(order: Node, context: Context, money: Money, lines: Sequence[_Line], created: datetime) -> Fact:
    country = _country(order) or context.connection.country
    sold = [line for line in lines if line.kind not in _MONEY_KINDS and line.kind != "DISCOUNT"]
    discounts = [line for line in lines if line.kind == "DISCOUNT" and line.total]
    shares, tax_shares = _discount_shares(order, money, sold, discounts)
    twins = [_line_twin(line, country or UNKNOWN_COUNTRY, share, tax) for line, share, tax in zip(sold, shares, tax_shares, strict=True)]
    body: EventTwin = {
        "legal_entity": context.connection.legal_entity_of(None, context.tenant),
        "channel": context.connection.channel_of(None),
        "terms": context.connection.terms,
        "due_days": context.connection.due_days,
        "prices_include_tax": True,
        "ship_to": {"country": country} if country else None,
        "lines": twins,
        "order_discounts": [{"code": line.line_id, "amount": -line.total, "funded_by": "SELLER"} for line in discounts],
        "total": sum(line.total for line in lines if line.kind not in _MONEY_KINDS),
    }
    return Fact(
        type="OrderPlaced",
        business_key=ORDER_KEY,
        body=body | money.fields,
        occurred_at=created,
        test_mode=_is_test(order),
        repeat="state",
    )


def _discount_shares(order: Node, money: Money, sold: Sequence[_Line], discounts: Sequence[_Line]) -> tuple[list[int], list[int]]:
    """Each sold line's share of the discount lines, and the VAT in it: over the units of the discount's own rate, else over all units."""
    shares, taxes = [0] * len(sold), [0] * len(sold)
    for discount in discounts:
        units = [line if line.kind in _UNITS else None for line in sold]
        same_rate = [line.total - share if line and line.rate == discount.rate else 0 for line, share in zip(units, shares, strict=True)]
        every = [line.total - share if line else 0 for line, share in zip(units, shares, strict=True)]
        weights = same_rate if sum(same_rate) >= -discount.total else every
        if sum(weights) < -discount.total:
            raise held(f"{order.pointer}/lines", money, -discount.total, sum(weights))
        for index, (share, tax) in enumerate(zip(spread(-discount.total, weights), spread(-discount.vat, weights), strict=True)):
            shares[index] += share
            taxes[index] += tax
    for line, tax in zip(sold, taxes, strict=True):
        if tax > line.vat:
            raise held(f"{order.pointer}/lines", money, tax, line.vat)
    return shares, taxes


def _line_twin(line: _Line, country: str, share: int, tax_share: int) -> EventTwin:
    vat = line.vat - tax_share
    tax: EventTwin = {"jurisdiction": country, "type": "VAT", "code": "VAT", "rate": line.rate, "base": line.total - share - vat}
    tax |= {"amount": vat, "included": True, "liable_party": "SELLER"}
    twin: EventTwin = {
        "line_id": line.line_id,
        "kind": line.kind,
        "sku": line.sku,
        "quantity": str(line.quantity),
        "unit_price": line.unit_price,
        "gross": line.gross,
        "discount": line.discount,
        "order_discount": share if line.kind in _UNITS else None,
        "taxes": [tax] if vat or line.rate != "0" else [],
    }
    return {name: value for name, value in twin.items() if value is not None}


def _money(line: _Line, money: Money, created: datetime, *, test: bool) -> Fact:
    """A gift card or store credit that pays a part of the order."""
    body: EventTwin = {"payment_id": line.line_id, "tender": line.kind, "gateway": "mollie", "amount": -line.total}
    return Fact(
        type="PaymentCaptured", business_key=f"capture:{line.line_id}", body=body | money.fields, occurred_at=created, test_mode=test
    )


def _shipped(shipment: Node, context: Context, notices: list[str]) -> list[Fact]:
    """A shipment's units; it says nothing of test mode and waits for its order to say it."""
    order_id, shipment_id = shipment.need("orderId").reference(), shipment.need("id").reference()
    shipment.need("lines")
    lines = []
    for line in shipment.each("lines"):
        theirs, kind = line.find("orderId"), line.find("type")
        if theirs is not None and theirs.value != order_id:
            notices.append(f"{theirs.pointer}: the line names another order than its shipment")
        count = line.need("quantity").count()
        if count and (kind is None or kind.value in ("physical", "digital")):
            lines.append({"line_id": line.need("id").reference(), "quantity": str(count)})
    if not lines:
        notices.append("a shipment without units")
        return []
    at = shipment.need("createdAt").time(context.zone)
    body: EventTwin = {"shipment_id": shipment_id, "lines": lines}
    key = f"shipment:{shipment_id}"
    return [Fact(type="ShipmentDispatched", business_key=key, body=body, occurred_at=at, test_mode=None, open={})]


def _cancelled(lines: Sequence[_Line], context: Context, order: Node, created: datetime) -> tuple[list[Fact], Mapping[str, Json]]:
    """Units that were canceled and not told: Mollie states how many of a line are canceled in all."""
    before = dict(context.snapshot.memory.get("cancelled", {}))
    canceled_at = order.find("canceledAt")
    at = canceled_at.time(context.zone) if canceled_at is not None else created
    charges = any(line.canceled for line in lines if line.kind in {"SHIPPING", "FEE"})
    facts = []
    for line in lines:
        more = line.canceled - before.get(line.line_id, 0)
        if line.kind in _UNITS and more > 0:
            before[line.line_id] = line.canceled
            units = [{"line_id": line.line_id, "quantity": str(more)}]
            body: EventTwin = {"lines": units, "cancel_charges": charges}
            key = f"cancelled:{line.line_id}:{line.canceled}"
            facts.append(Fact(type="OrderCancelled", business_key=key, body=body, occurred_at=at, test_mode=_is_test(order)))
    return facts, {"cancelled": before} if before else {}


def _country(order: Node) -> str | None:
    """Where it goes, else where the bill goes."""
    for name in ("shippingAddress", "billingAddress"):
        address = order.find(name)
        country = address.find("country") if address is not None else None
        if country is not None and isinstance(country.value, str) and len(country.value) == 2 and country.value.isascii():
            return country.value.upper() if country.value.isalpha() else None
    return None
