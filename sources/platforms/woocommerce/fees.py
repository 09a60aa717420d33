"""What the payment provider kept, where its plugin writes it into the meta data of the order."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sources.platforms.facts import Fact
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node
from sources.platforms.woocommerce.fields import metadata
from sources.platforms.woocommerce.view import Memory, OrderView

_NAMES = (
    "_stripe_fee",
    "Stripe Fee",
    "_wcpay_transaction_fee",
    "_paypal_fee",
    "PayPal Transaction Fee",
    "_paypal_transaction_fee",
    "_ppcp_paypal_fees",
)
"""Meta keys of fees; an order has those of one provider, and the first of them counts."""
_CURRENCY = {"_stripe_fee": "_stripe_currency", "Stripe Fee": "_stripe_currency"}
_TEST_MODES = {"_wcpay_mode": "test", "_ppcp_paypal_payment_mode": "sandbox"}


def is_test(order: Node) -> bool:
    """Whether the payment plugin says that the order was paid in its test mode."""
    found = metadata(order)
    return any(name in found and found[name].value == value for name, value in _TEST_MODES.items())


def fee_facts(order: Node, order_id: str, view: OrderView, memory: Memory, *, at: datetime, notices: list[str]) -> Iterator[Fact]:
    """FeeCharged for what the fee is more than it was when it was last told: plugins add to it, and it can only be told upwards."""
    fee = _stated_fee(order, view, notices)
    if fee is None:
        return
    before = memory.fees.get(view.gateway, 0)
    if fee < before:
        notices.append("the payment fee became less: a fee that was told stands; the provider's own reports settle it")
    if fee <= before:
        return
    memory.fees[view.gateway] = fee
    key = f"{order_id}:{fee}"
    body: EventTwin = {
        "currency": view.currency,
        "currency_exponent": view.exponent,
        "fee_id": key,
        "kind": "payment_processing",
        "amount": fee - before,
        "account_kind": "PSP",
        "gateway": view.gateway,
        "payment_id": order_id,
        "estimate": False,
    }
    yield Fact(type="FeeCharged", business_key=f"fee:{key}", body=body, occurred_at=at, test_mode=None)


def _stated_fee(order: Node, view: OrderView, notices: list[str]) -> int | None:
    """Minor units; None where none is stated, or none in the order's currency."""
    found = metadata(order)
    name = next((name for name in _NAMES if name in found), None)
    if name is None:
        return None
    value, currency = found[name], found.get(_CURRENCY.get(name, ""))
    if isinstance(value.value, dict):
        fee = value.find("paypal_fee")
        if fee is None or not isinstance(fee.value, dict) or (stated := fee.find("value")) is None:
            return None
        value, currency = stated, fee.find("currency_code")
    if currency is not None and (not isinstance(currency.value, str) or currency.value.upper() != view.currency):
        notices.append("the payment fee is stated in another currency than the order's: it is not told")
        return None
    amount = _in_minor_units(value, view.exponent)
    if amount is None:
        notices.append("the payment fee is no amount of the order's currency: it is not told")
    return amount


def _in_minor_units(value: Node, exponent: int) -> int | None:
    try:
        scaled = Decimal(str(value.value)).scaleb(exponent) if isinstance(value.value, str | int | Decimal) else Decimal("NaN")
    except ArithmeticError:
        return None
    if not scaled.is_finite() or scaled < 0 or scaled > 10**15 or scaled != scaled.to_integral_value():
        return None
    return int(scaled)
