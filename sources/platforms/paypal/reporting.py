"""Rows of the transaction report, and balances. Amounts are signed: below zero is money that left; so are fees."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sources.platforms.facts import Json
from sources.platforms.figures import difference_text
from sources.platforms.payload import Node
from sources.platforms.paypal.amounts import in_currency, read_amount
from sources.platforms.paypal.payment import Payment
from sources.platforms.paypal.resources import tell_reversal
from sources.platforms.stated_money import Money, held

_REFUND: Final = "T1107"
_WITHDRAWN: Final = frozenset({"T1106", "T1201"})
_PAYMENT_FEE: Final = "T0107"
_DISPUTE_FEES: Final = frozenset({"T0106", "T0114"})
_OTHER: Final = "a movement of the balance: kept for settlements"
_ADDED: Final = ("shipping_amount", "shipping_tax_amount", "insurance_amount", "tip_amount", "other_amount")
_TAKEN_OFF: Final = ("shipping_discount_amount", "discount_amount")


def read_row(row: Node, payment: Payment, about: Mapping[str, Json]) -> datetime:
    """The payment, refund, reversal or fee that a row proves; other rows are kept for settlements. Returns when it happened."""
    info = row.need("transaction_info")
    payment.learn(info, about)
    code, own = info.need("transaction_event_code").text(), info.need("transaction_id").reference()
    money, amount = read_amount(info.need("transaction_amount"))
    at = info.need("transaction_initiation_date").time(payment.context.zone)
    status = info.need("transaction_status")
    if status.value not in ("S", "P", "D", "V", "F"):
        raise status.malformed("a status of a transaction")
    if status.value in ("P", "D"):
        payment.notices.append(f"the transaction is {'pending' if status.value == 'P' else 'denied'}: no money moved")
        return at
    fee = payment.fee_in(info, "fee_amount", money)
    if code.startswith("T00") and amount > 0:
        _compare_cart(row, info, money, amount, payment)
        payment.currency = money.currency
        payment.captured = max(payment.captured, amount)
        payment.capture(money, at)
        payment.fee("processing", -fee, money, at)
        if fee > 0:
            payment.notices.append("a fee came back with the payment: kept for settlements")
    elif code == _REFUND and amount < 0:
        payment.tell_refund(own, -amount, "SUCCEEDED", at, money=money)
        payment.fee_back(own, fee, money, at)
    elif code in _WITHDRAWN and amount < 0:
        tell_reversal(payment, own, -amount, money, at)
        payment.fee_back(own, fee, money, at)
    elif code == _PAYMENT_FEE and amount < 0 and own != payment.payment_id:
        payment.charge(own, "processing", -amount, money, at)
    elif code in _DISPUTE_FEES and amount < 0 and own != payment.payment_id:
        payment.fee_rows[own] = -amount
        payment.dispute_fee(own, sum(payment.fee_rows.values()), money, at)
    else:
        payment.notices.append(_OTHER)
    return at


def _compare_cart(row: Node, info: Node, money: Money, amount: int, payment: Payment) -> None:
    """Items with their taxes, shipping and the like should be the amount. Where they are not that is reported: the amount was paid."""
    cart = row.find("cart_info")
    items = cart.each("item_details") if cart is not None else []
    priced = [item for item in items if item.find("item_amount") is not None]
    if not priced:
        return
    goods = sum(in_currency(item, "item_amount", money) or 0 for item in priced)
    taxes = sum(in_currency(tax, "tax_amount", money) or 0 for item in priced for tax in item.each("tax_amounts"))
    added = sum(in_currency(info, name, money) or 0 for name in _ADDED)
    off = sum(abs(in_currency(info, name, money) or 0) for name in _TAKEN_OFF)
    computed = goods + (taxes or in_currency(info, "sales_tax_amount", money) or 0) + added - off
    if computed != amount:
        name = f"{info.pointer}/transaction_amount"
        payment.notices.append(difference_text(name, amount, computed, money))


def check_balance(balance: Node) -> None:
    """Available and withheld are the total, or the balance is held."""
    money, total = read_amount(balance.need("total_balance"))
    available, withheld = (in_currency(balance, name, money) for name in ("available_balance", "withheld_balance"))
    if available is not None and withheld is not None and available + withheld != total:
        raise held(f"{balance.pointer}/total_balance", money, total, available + withheld)
