"""Charges and payment intents: what of them was captured, and the refunds that stand in them.

`succeeded` alone is no money: a charge that is not captured is an authorization. What a capture leaves of an authorization comes back as
`amount_refunded`, and as a refund without balance transaction: no money moved.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sources.platforms.facts import Fetch, Json
from sources.platforms.payload import Node
from sources.platforms.stated_money import Money, held
from sources.platforms.stripe.balance import note_row, tell_fees
from sources.platforms.stripe.money import moment_of, money_of
from sources.platforms.stripe.objects import expanded, id_of
from sources.platforms.stripe.payment import Payment, tender_of
from sources.platforms.stripe.refund import Refund, prove_refunds, refund_of, tell_refund

_SUCCEEDED: Final = frozenset({"succeeded", "paid"})
_OTHERS: Final = frozenset({"pending", "failed"})


def read_charge(charge: Node, payment: Payment, about: Mapping[str, Json]) -> None:
    """Capture, refunds, and the fee where its balance transaction stands in the charge."""
    payment.learn(charge, about=about)
    money = money_of(charge)
    payment.currency, payment.charge_seen = money.currency, True
    payment.authorized = money.amount(charge, "amount")
    payment.paid_by(tender_of(_method(charge)))
    status = _status(charge)
    row = expanded(charge.find("balance_transaction"))
    if status == "failed":
        payment.fail(money, moment_of(charge.need("created")), payment.told)
        payment.notices.append("the payment failed: no money came")
    elif status == "pending":
        payment.notices.append("the payment is pending or not paid: nothing is booked until it is")
    elif not charge.need("captured").flag():
        payment.notices.append("authorized only: nothing is captured")
    else:
        refunds = _refunds_in(charge, money)
        captured = _captured(charge, money, refunds or ())
        _check_refunded(charge, money, refunds, captured)
        payment.captured = max(payment.captured, captured)
        theirs = note_row(row, payment) if row is not None else None
        payment.capture(money, _captured_at(charge, about, row))
        if row is not None and theirs is not None:
            tell_fees(row, payment, payment.named_in_fees, theirs)
        elif charge.find("balance_transaction") is not None and "row" not in about:
            _want_row(charge, payment)
        _tell_refunds(charge, payment, money, refunds)
    prove_refunds(payment, money)


def read_intent(intent: Node, payment: Payment, about: Mapping[str, Json]) -> None:
    """An intent whose charge does not stand in it: what it received is what was captured."""
    payment.learn(intent, about=about)
    money = money_of(intent)
    payment.currency = money.currency
    status = intent.need("status").text()
    received = money.find(intent, "amount_received") or 0
    if received:
        payment.captured = max(payment.captured, received)
        methods = [kind.value for kind in intent.each("payment_method_types")]
        payment.paid_by(tender_of(methods[0] if len(methods) == 1 and isinstance(methods[0], str) else None))
        if status == "succeeded":
            payment.authorized = money.amount(intent, "amount")
        payment.capture(money, moment_of(intent.need("created")))
        charge = id_of(intent.find("latest_charge"))
        if charge is not None and not payment.charge_seen and not payment.rows and payment.context.connection.tells("fees"):
            payment.fetches.append(Fetch("charge", f"charge/{charge}", "its fee stands in its balance transaction"))
    elif status == "succeeded":
        intent.need("amount_received")
        payment.notices.append("nothing was received")
    else:
        payment.notices.append("no payment yet: the intent has received nothing")
    prove_refunds(payment, money)


def _status(charge: Node) -> str:
    """succeeded, failed or pending."""
    stated = charge.find("status")
    if stated is None:
        return "succeeded" if charge.need("paid").flag() else "failed"
    if not isinstance(stated.value, str) or stated.value not in _SUCCEEDED | _OTHERS:
        raise stated.malformed("a status of a charge")
    paid = charge.find("paid")
    if stated.value in _SUCCEEDED:
        return "succeeded" if paid is None or paid.flag() else "pending"
    return stated.value


def _method(charge: Node) -> str | None:
    """How it was paid; old versions have the card itself as `source` or `card`."""
    details = expanded(charge.find("payment_method_details"))
    stated = details.find("type") if details is not None else None
    if stated is None and (source := expanded(charge.find("source"))) is not None:
        stated = source.find("object")
    if stated is None:
        return "card" if expanded(charge.find("card")) is not None else None
    return stated.value if isinstance(stated.value, str) else None


def _refunds_in(charge: Node, money: Money) -> list[Refund] | None:
    """The refunds that stand in a charge; None where they do not, or not all of them."""
    listed = charge.find("refunds")
    if listed is None:
        return None
    if isinstance(listed.value, dict):
        more = listed.find("has_more")
        if more is not None and more.flag():
            return None
        nodes: Sequence[Node] = listed.need("data").items()
    else:
        nodes = listed.items()
    return [refund_of(node, money) for node in nodes]


def _captured(charge: Node, money: Money, refunds: Sequence[Refund]) -> int:
    """Versions without `amount_captured`: all but what came back without a movement."""
    stated = money.find(charge, "amount_captured")
    if stated is not None:
        return stated
    return money.amount(charge, "amount") - sum(refund.amount for refund in refunds if refund.is_release)


def _check_refunded(charge: Node, money: Money, refunds: Sequence[Refund] | None, captured: int) -> None:
    """`amount_refunded` counts refunds that succeeded and may count pending ones; it cannot pass what there is."""
    stated = money.find(charge, "amount_refunded")
    if stated is None:
        return
    done = sum(refund.amount for refund in refunds or () if refund.status == "SUCCEEDED")
    underway = sum(refund.amount for refund in refunds or () if refund.status == "PENDING")
    most = done + underway if refunds is not None else max(captured, money.amount(charge, "amount"))
    least = done if refunds is not None else 0
    if not least <= stated <= most:
        computed = least if stated < least else most
        raise held(f"{charge.pointer}/amount_refunded", money, stated, computed)


def _tell_refunds(charge: Node, payment: Payment, money: Money, refunds: Sequence[Refund] | None) -> None:
    """The refunds of the list; where only their sum is stated, they are fetched, or told as one if nothing is remembered."""
    for refund in refunds or ():
        tell_refund(payment, refund, money)
    stated = money.find(charge, "amount_refunded") or 0
    if refunds is not None or not stated:
        return
    rest = max((payment.authorized or 0) - payment.captured, 0)
    moved = stated - rest if stated >= rest else stated
    if not moved:
        payment.notices.append("what is called refunded is the uncaptured rest: no money moved")
    elif payment.context.remembers:
        charge_id = charge.need("id").reference()
        payment.fetches.append(Fetch("refunds", f"refunds/{charge_id}", "the charge states the sum of its refunds only"))
        payment.notices.append(f"refunded {money.text(moved)} in all: told with the refunds themselves")
    else:
        payment.notices.append("only the sum of the refunds is stated: told as one refund")
        cumulative = f"{payment.payment_id}:{moved}"
        when = moment_of(charge.need("created"))
        tell_refund(payment, Refund(cumulative, moved, "SUCCEEDED", when, None), money)


def _captured_at(charge: Node, about: Mapping[str, Json], row: Node | None) -> datetime:
    """When money came: as its balance transaction says, else the event of the capture, else the charge."""
    if row is not None:
        return moment_of(row.need("created"))
    if about.get("type") == "charge.captured" and "created" in about:
        return moment_of(Node(about["created"], ""))
    return moment_of(charge.need("created"))


def _want_row(charge: Node, payment: Payment) -> None:
    identity = id_of(charge.find("balance_transaction"))
    if identity is not None and identity not in payment.rows and payment.context.connection.tells("fees"):
        payment.fetches.append(Fetch("balance_transaction", f"balance_transaction/{identity}", "the fee of the charge"))
