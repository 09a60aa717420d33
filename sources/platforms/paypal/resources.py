"""Captures, sales, payments of subscriptions, refunds and reversals: each is one transaction of a payment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sources.platforms.facts import Fetch, Json
from sources.platforms.figures import difference_text
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.paypal.amounts import in_currency, read_amount
from sources.platforms.paypal.payment import Case, Payment, breakdown_of
from sources.platforms.provider_payment import RefundStatus
from sources.platforms.stated_money import Money, held

_CAME: Final = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED", "REVERSED", "PARTIALLY_REVERSED"})
_GAVE_BACK: Final = frozenset({"PARTIALLY_REFUNDED", "REFUNDED"})
_NOT_COME: Final = frozenset({"PENDING", "DECLINED", "DENIED", "FAILED", "CREATED", "EXPIRED", "VOIDED", "CANCELLED"})
_REFUNDS: Final[Mapping[str, RefundStatus]] = {
    "COMPLETED": "SUCCEEDED",
    "PENDING": "PENDING",
    "FAILED": "FAILED",
    "CANCELLED": "FAILED",
    "CANCELED": "FAILED",
    "REFUNDED": "SUCCEEDED",
    "REVERSED": "SUCCEEDED",
    "PARTIALLY_REVERSED": "SUCCEEDED",
}
_EVENT_STATUSES: Final = {
    "COMPLETED": "COMPLETED",
    "REFUNDED": "COMPLETED",
    "REVERSED": "COMPLETED",
    "PENDING": "PENDING",
    "DENIED": "DENIED",
}
"""Last word of an event's name -> status of an object that states none."""
_DETAILS: Final = ("subtotal", "shipping", "tax", "handling_fee", "insurance", "gift_wrap")


def status_of(node: Node, about: Mapping[str, Json]) -> tuple[str, Node]:
    """The status of an object in capital letters (`state` in the first version), else what the name of its webhook says."""
    stated = node.find("status") or node.find("state")
    if stated is None:
        implied = _EVENT_STATUSES.get(about["event"].rpartition(".")[2])
        stated = Node(implied, f"{node.pointer}/status") if implied is not None else node.need("status")
    if not isinstance(stated.value, str):
        raise stated.malformed("a status")
    return stated.value.upper().replace(" ", "_"), stated


def time_of(node: Node, payment: Payment, about: Mapping[str, Json], *names: str) -> datetime:
    """When it happened: the first of these fields, else when the webhook was made."""
    for name in names:
        found = node.find(name)
        if found is not None:
            return found.time(payment.context.zone)
    if about["created"] is not None:
        return Node(about["created"], "/create_time").time(payment.context.zone)
    return node.need(names[0]).time(payment.context.zone)


def _came(node: Node, payment: Payment, about: Mapping[str, Json]) -> str | None:
    """The status of a payment whose money came; None, with a notice, where it did not."""
    payment.learn(node, about, whole=True)
    status, stated = status_of(node, about)
    if status not in _CAME | _NOT_COME:
        raise stated.malformed("a status of a capture")
    if status in _NOT_COME:
        payment.notices.append(f"the capture is {status}: no money came")
    return status if status in _CAME else None


def read_capture(node: Node, payment: Payment, about: Mapping[str, Json]) -> datetime | None:
    """A capture or sale: money once it is completed, and the fee where it is stated. Returns when it happened, if it did."""
    status = _came(node, payment, about)
    if status is None:
        return None
    money, amount = _amount_of(node, "capture", payment.payment_id)
    at = time_of(node, payment, about, "create_time", "update_time")
    if amount < 0:
        raise node.need("amount").malformed("an amount of 0 or more")
    payment.currency = money.currency
    fee, platform = breakdown_of(node, "seller_receivable_breakdown", money, amount, payment)
    fee += payment.fee_in(node, "transaction_fee", money)
    _compare_details(node, money, amount, payment)
    payment.captured = max(payment.captured, amount)
    payment.capture(money, at)
    payment.fee("processing", fee, money, at)
    payment.fee("platform", platform, money, at)
    if status in _GAVE_BACK and not about["beside"]:
        payment.notices.append("refunded in whole or in part: told with the refunds themselves")
        _want_refunds(node, payment)
    if status in {"REVERSED", "PARTIALLY_REVERSED"}:
        _reversed_whole(payment, money, amount, at, whole=status == "REVERSED")
    return at


def _amount_of(node: Node, kind: str, identity: str) -> tuple[Money, int]:
    """The signed amount of an object; the short answers to requests have none."""
    field = node.find("amount") or node.at("seller_payable_breakdown.gross_amount")
    if field is None:
        fetch = Fetch(kind, f"{kind}/{identity}", "a short answer without an amount")
        raise Unjudged("refetch", f"{node.pointer}/amount is missing: fetch the full object first", f"{node.pointer}/amount", fetch)
    return read_amount(field)


def _compare_details(sale: Node, money: Money, amount: int, payment: Payment) -> None:
    """What a sale was for need not add up to it: that is reported, as what was paid is what counts."""
    details = sale.at("amount.details")
    if details is None or not isinstance(details.value, dict) or details.find("subtotal") is None:
        return
    figures = {
        name: read_amount(Node({"currency": money.currency, "value": value}, details.pointer))[1] for name, value in details.value.items()
    }
    computed = sum(figures.get(name, 0) for name in _DETAILS) - abs(figures.get("shipping_discount", 0)) - abs(figures.get("discount", 0))
    if computed != amount:
        payment.notices.append(difference_text(f"{sale.pointer}/amount/total", amount, computed, money))


def _want_refunds(node: Node, payment: Payment) -> None:
    order = node.at("supplementary_data.related_ids.order_id")
    if payment.context.remembers and not payment.refunds and order is not None:
        payment.fetches.append(Fetch("order", f"order/{order.reference()}", "its refunds stand in the order"))


def read_recurring(node: Node, payment: Payment, about: Mapping[str, Json]) -> datetime | None:
    """One payment of a subscription: gross less fee is net, or it is held."""
    status = _came(node, payment, about)
    if status is None:
        return None
    at = time_of(node, payment, about, "time", "time_stamp")
    figures = node.find("amount_with_breakdown")
    inside = node if figures is None else figures
    money, amount = read_amount(node.need("amount") if figures is None else figures.need("gross_amount"))
    if amount < 0:
        raise inside.malformed("a payment of 0 or more")
    payment.currency = money.currency
    fee = abs(in_currency(inside, "fee_amount", money) or 0)
    net = in_currency(inside, "net_amount", money)
    if net is not None and net != amount - fee:
        raise held(f"{inside.pointer}/net_amount", money, net, amount - fee)
    payment.captured = max(payment.captured, amount)
    payment.capture(money, at)
    payment.fee("processing", fee, money, at)
    if status in _GAVE_BACK:
        payment.notices.append("refunded in whole or in part: told with the refunds themselves")
    return at


def read_refund(node: Node, payment: Payment, about: Mapping[str, Json]) -> datetime:
    """Money given back by the merchant, or withdrawn by PayPal where its webhook says reversed."""
    payment.learn(node, about)
    refund_id = about["own"]
    status, stated = status_of(node, about)
    money, signed = _amount_of(node, "refund", refund_id)
    at = time_of(node, payment, about, "create_time", "update_time")
    if status not in _REFUNDS:
        raise stated.malformed("a status of a refund")
    fee, platform = breakdown_of(node, "seller_payable_breakdown", money, abs(signed), payment)
    fee += in_currency(node, "refund_from_transaction_fee", money) or 0
    _compare_total(node, money, abs(signed), payment)
    if about["event"].endswith(".REVERSED"):
        if _REFUNDS[status] == "SUCCEEDED":
            tell_reversal(payment, refund_id, abs(signed), money, at)
    else:
        payment.tell_refund(refund_id, abs(signed), _REFUNDS[status], at, money=money)
    if _REFUNDS[status] == "SUCCEEDED":
        payment.fee_back(refund_id, fee, money, at)
        payment.fee_back(f"{refund_id}:platform", platform, money, at)
    return at


def _compare_total(node: Node, money: Money, amount: int, payment: Payment) -> None:
    """What was refunded in all cannot be less than this refund."""
    breakdown = node.find("seller_payable_breakdown") or node
    total = in_currency(breakdown, "total_refunded_amount", money)
    if total is not None and total < amount:
        name = f"{breakdown.pointer}/total_refunded_amount"
        payment.notices.append(difference_text(name, total, amount, money))


def tell_reversal(payment: Payment, reversal_id: str, amount: int, money: Money, at: datetime) -> None:
    """Money that PayPal withdrew: the dispute that it carries out, where one is known, else a chargeback of its own."""
    case = payment.case_of("reversal", reversal_id, amount)
    if case is None:
        case = Case(reversal_id, amount)
        payment.open_dispute(reversal_id, amount, 0, money, at)
    elif case.reversal is None:
        payment.notices.append("the reversal of a dispute that is told: the same money")
        if case.amount != amount:
            payment.notices.append(difference_text("the reversal", amount, case.amount, money))
    case.reversal = reversal_id
    payment.keep(case)


def _reversed_whole(payment: Payment, money: Money, amount: int, at: datetime, *, whole: bool) -> None:
    """A sale that says reversed and not by what: its dispute or reversal tells it; where nothing is remembered it is told as one."""
    if payment.context.remembers or not whole:
        payment.notices.append("reversed: told with its reversal or dispute")
    else:
        tell_reversal(payment, f"{payment.payment_id}:reversed", amount, money, at)
