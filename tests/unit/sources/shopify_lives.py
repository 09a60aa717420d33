"""Whole lives of orders at Shopify, as its webhooks and answers tell them, and what is in the books at their end.

Facts come under their own topics and once more inside later states of their order. Every balance of `LIVES` was worked out by hand.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from tests.unit.sources.deliveries import Delivery
from tests.unit.sources.shopify_payloads import (
    Payload,
    bag,
    fulfillment,
    item,
    order,
    paid_back,
    refund,
    refunded_item,
    tax_line,
    transaction,
)

Life: TypeAlias = list[Delivery]
DAYS: Final = tuple(f"2026-03-{day:02}T10:00:00Z" for day in range(1, 20))


def states(placed: Payload, *later: Mapping[str, Any]) -> Life:
    """The order as placed, and each later state of it, a day after the other, with what is in it since then."""
    found, state = [Delivery("orders/create", placed | {"updated_at": DAYS[0]})], dict(placed)
    for number, change in enumerate(later, 1):
        state |= change
        found.append(Delivery("orders/updated", state | {"updated_at": DAYS[number]}))
    return found


def sold(number: int) -> Life:
    """Two mugs with tax and shipping, paid in two parts, shipped; one came back, its money first pending."""
    shipping = [{"id": 31, "price": "10.00", "tax_lines": [tax_line("1.00")]}]
    placed = order(item(1, "50.00", 2, tax_lines=[tax_line("10.00")]), total="121.00", shipping_lines=shipping, id=number)
    paid = [transaction("60.00", id=number + 1, order_id=number), transaction("61.00", id=number + 2, order_id=number)]
    waits = fulfillment(item(1, "50.00", 2), id=number + 3, order_id=number, status="pending")
    left = waits | {"status": "success", "updated_at": DAYS[2]}
    back = refunded_item(50.0, 5.0)
    pending, done = (
        refund(back, transactions=[paid_back("55.00", number + 5, status=status, parent_id=number + 2)], id=number + 4, order_id=number)
        for status in ("pending", "success")
    )
    own = [Delivery("order_transactions/create", each) for each in paid]
    own += [Delivery("fulfillments/create", waits), Delivery("fulfillments/update", left)]
    own += [Delivery("refunds/create", pending), Delivery("refunds/create", done)]
    inside = {"transactions": [*paid, done["transactions"][0]], "fulfillments": [left], "refunds": [done]}
    return [*states(placed, {"transactions": paid}, inside), *own]


def inside_only(number: int) -> Life:
    """The same life, polled: only states of the order, with everything inside."""
    return [delivery for delivery in sold(number) if delivery.topic.startswith("orders/")]


def outside_only(number: int) -> Life:
    """The same life, by topics of its own."""
    bare = states(sold(number)[0].payload)
    return bare + [delivery for delivery in sold(number) if not delivery.topic.startswith("orders/")]


def disputed(number: int, status: str) -> Life:
    """A sale of 80.00 that cost 2.62 and was charged back."""
    placed = order(item(1, "80.00"), total="80.00", id=number)
    sale = transaction("80.00", id=number + 1, order_id=number, kind="sale")
    left = fulfillment(item(1), id=number + 2, order_id=number)
    row = {"id": number + 3, "type": "charge", "test": False, "currency": "USD", "amount": "80.00", "fee": "2.62", "net": "77.38"}
    row |= {"source_type": "charge", "source_order_id": number, "source_order_transaction_id": number + 1, "processed_at": DAYS[1]}
    dispute = {"id": number + 4, "order_id": number, "type": "chargeback", "amount": "80.00", "currency": "USD", "reason": "fraudulent"}
    dispute |= {"status": "needs_response", "evidence_due_by": DAYS[9], "evidence_sent_on": None, "finalized_on": None}
    dispute |= {"initiated_at": DAYS[3]}
    decided = dispute | {"status": status, "evidence_sent_on": DAYS[4], "finalized_on": DAYS[5]}
    asked = dispute | {"id": number + 5, "type": "inquiry"}
    own = [("order_transactions/create", sale), ("fulfillments/create", left), ("poll of balance transactions", {"transactions": [row]})]
    own += [("disputes/create", asked), ("disputes/create", dispute), ("disputes/update", decided), ("", {"disputes": [decided]})]
    return states(placed) + [Delivery(topic, payload) for topic, payload in own]


def returned(number: int) -> Life:
    """Two of 30.00, shipped; one goes through a return and is refunded."""
    placed = order(item(1, "30.00", 2), total="60.00", id=number)
    sale = transaction("60.00", id=number + 1, order_id=number, kind="sale")
    left = fulfillment(item(1, quantity=2), id=number + 2, order_id=number)
    named = {"id": number + 6, "admin_graphql_api_id": f"gid://shopify/Return/{number + 6}"}
    asked = named | {"status": "requested", "order": {"id": number}, "return_line_items": [], "exchange_line_items": []}
    line = {"id": number + 7, "quantity": 1, "fulfillment_line_item": {"id": 3, "line_item": {"id": 1}}}
    approved = asked | {"status": "open", "return_line_items": [line], "total_return_line_items": 1}
    processed = named | {"order_id": number, "status": "open", "exchange_line_items": []}
    processed |= {
        "return_line_items": [{"id": number + 7, "quantity": 1, "processed_quantity": 1, "dispositions": [{"type": "restocked"}]}]
    }
    closed = named | {"order_id": number, "status": "closed"}
    money = [paid_back("30.00", number + 9, parent_id=number + 1)]
    back = refund(refunded_item(30), transactions=money, id=number + 8, order_id=number, **{"return": {"id": number + 6}})
    own = [("order_transactions/create", sale), ("fulfillments/create", left), ("returns/request", asked), ("returns/approve", approved)]
    own += [("returns/process", processed), ("returns/close", closed), ("refunds/create", back)]
    return states(placed) + [Delivery(topic, payload) for topic, payload in own]


def cancelled(number: int) -> Life:
    """Sold, and called off before anything left: the cancellation carries its refund."""
    placed = order(item(1, "45.00"), total="45.00", id=number)
    sale = transaction("45.00", id=number + 1, order_id=number, kind="sale")
    back = refund(refunded_item(45, restock="cancel"), transactions=[paid_back("45.00", number + 3, parent_id=number + 1)])
    back |= {"id": number + 2, "order_id": number}
    off = {"cancelled_at": DAYS[1], "cancel_reason": "customer", "refunds": [back], "current_total_price": "0.00"}
    own = [Delivery("order_transactions/create", sale), Delivery("refunds/create", back)]
    return [*states(placed, off), *own]


def recalled(number: int) -> Life:
    """The first parcel was called back before it left the house; a second one left."""
    placed = order(item(1, "20.00"), total="20.00", id=number)
    sale = transaction("20.00", id=number + 1, order_id=number, kind="sale")
    parcel = fulfillment(item(1), id=number + 2, order_id=number)
    back = parcel | {"status": "cancelled", "updated_at": DAYS[2]}
    second = fulfillment(item(1), id=number + 3, order_id=number, created_at=DAYS[3])
    own = [
        ("order_transactions/create", sale),
        ("fulfillments/create", parcel),
        ("fulfillments/update", back),
        ("fulfillments/create", second),
    ]
    return states(placed, {"fulfillments": [back, second]}) + [Delivery(topic, payload) for topic, payload in own]


def abroad(number: int) -> Life:
    """Prices in dollars, paid in yen: 1 500 with 136 of tax inside; all of it goes back."""
    tax = tax_line("0.91", 0.1, "JCT") | {"price_set": bag("136", "JPY", shop=("0.91", "USD"))}
    goods = item(1, "10.00", price_set=bag("1500", "JPY", shop=("10.00", "USD")), tax_lines=[tax])
    total = bag("1500", "JPY", shop=("10.00", "USD"))
    placed = order(goods, total="10.00", id=number, presentment_currency="JPY", taxes_included=True, total_price_set=total)
    placed |= {"shipping_address": {"country_code": "JP", "zip": "100-0001"}}
    sale = transaction("1500", id=number + 1, order_id=number, kind="sale", currency="JPY")
    left = fulfillment(item(1), id=number + 2, order_id=number)
    back = refunded_item(10.0, 0.91, subtotal_set=bag("1500", "JPY", shop=("10.00", "USD")))
    back |= {"total_tax_set": bag("136", "JPY", shop=("0.91", "USD"))}
    money = [paid_back("1500", number + 4, currency="JPY", parent_id=number + 1)]
    own = [("order_transactions/create", sale), ("fulfillments/create", left)]
    own += [("refunds/create", refund(back, transactions=money, id=number + 3, order_id=number))]
    return states(placed) + [Delivery(topic, payload) for topic, payload in own]


def at_the_till(number: int) -> Life:
    """10.02 and a tip of 1.00: 5.00 from a gift card, the rest in cash, rounded; both tenders give their part back."""
    goods, tip = item(1, "10.02"), item(2, "1.00", tip_payment_gateway="cash", product_id=None)
    rounding = bag("-0.02")
    placed = order(goods, tip, total="11.02", id=number, total_tip_received="1.00", total_cash_rounding_payment_adjustment_set=rounding)
    card = transaction("5.00", id=number + 1, order_id=number, kind="sale", gateway="gift_card")
    cash = transaction("6.02", id=number + 2, order_id=number, kind="sale", gateway="cash", amount_rounding="-0.02")
    left = fulfillment(item(1), id=number + 3, order_id=number)
    money = [paid_back("5.00", number + 5, gateway="gift_card", parent_id=number + 1)]
    money += [paid_back("5.02", number + 6, gateway="cash", amount_rounding="-0.02", parent_id=number + 2)]
    back = refund(refunded_item("10.02"), transactions=money, id=number + 4, order_id=number)
    own = [
        ("order_transactions/create", card),
        ("order_transactions/create", cash),
        ("fulfillments/create", left),
        ("refunds/create", back),
    ]
    return states(placed) + [Delivery(topic, payload) for topic, payload in own]


def edited(number: int) -> Life:
    """100.00 and 40.00, paid; the second is taken away (a refund without money), 25.00 comes instead, and 15.00 go back."""
    first, second, third = item(1, "100.00"), item(2, "40.00"), item(3, "25.00")
    placed = order(first, second, total="140.00", id=number)
    sale = transaction("140.00", id=number + 1, order_id=number, kind="sale")
    kept = {"id": 901, "kind": "refund_discrepancy", "amount": "40.00", "tax_amount": "0.00"}
    away = refund(refunded_item(40, line=2, restock="cancel", subtotal_set=bag("40.00")), transactions=[], order_adjustments=[kept])
    away |= {"id": number + 2, "order_id": number}
    given = {"id": 902, "kind": "refund_discrepancy", "amount": "-15.00", "tax_amount": "0.00"}
    money = [paid_back("15.00", number + 4, parent_id=number + 1)]
    back = refund(transactions=money, order_adjustments=[given], id=number + 3, order_id=number, created_at=DAYS[3])
    left = fulfillment(item(1), item(3), id=number + 5, order_id=number, created_at=DAYS[4])
    change = {"line_items": [first, second | {"current_quantity": 0}, third], "total_price": "165.00", "refunds": [away]}
    own = [("order_transactions/create", sale), ("refunds/create", away), ("refunds/create", back), ("fulfillments/create", left)]
    found = [*states(placed, change), *(Delivery(topic, payload) for topic, payload in own)]
    return [*found, *states(placed, change, {"refunds": [away, back], "fulfillments": [left]})[-1:]]


PSP: Final = "psp_clearing:shopify_payments"
SOLD: Final = {
    PSP: 12_100 - 5_500,
    "revenue:sales": -10_000,
    "sales_returns:sales": 5_000,
    "shipping_revenue": -1_000,
    "tax_payable:US-CA:SALES": -1_100 + 500,
}
LIVES: Final[Mapping[str, tuple[Callable[[int], Life], Mapping[str, int]]]] = {
    "sold": (sold, SOLD),
    "polled": (inside_only, SOLD),
    "by topics": (outside_only, SOLD),
    "won": (lambda number: disputed(number, "won"), {PSP: 8_000 - 262, "psp_fees": 262, "revenue:sales": -8_000}),
    "lost": (lambda number: disputed(number, "lost"), {PSP: -262, "psp_fees": 262, "revenue:sales": -8_000, "dispute_losses": 8_000}),
    "returned": (returned, {PSP: 3_000, "revenue:sales": -6_000, "sales_returns:sales": 3_000}),
    "cancelled": (cancelled, {}),
    "recalled": (recalled, {PSP: 2_000, "revenue:sales": -2_000}),
    "abroad": (abroad, {"revenue:sales": -1_364, "sales_returns:sales": 1_364}),
    "at the till": (at_the_till, {"cash:default": 100, "revenue:sales": -1_002, "sales_returns:sales": 1_002, "tips_payable": -100}),
    "edited": (edited, {PSP: 12_500, "revenue:sales": -12_500}),
}
"""Name -> the life of the order of a number, and its balances at the end."""
