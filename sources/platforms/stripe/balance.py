"""Balance transactions: each is one movement of the Stripe balance, with what was withheld from it.

Amounts are in the currency that the account settles in. Where that is not the currency of the payment, nothing of the payment can be said,
and its fee is no money of the order: it belongs to the settlement.
"""

from collections.abc import Mapping
from typing import Final

from sources.platforms.facts import Fetch, Json
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.stated_money import Money, held
from sources.platforms.stripe.money import moment_of, money_of
from sources.platforms.stripe.objects import expanded, id_of
from sources.platforms.stripe.payment import Payment
from sources.platforms.stripe.refund import Refund, prove_refunds, tell_refund

_PAYMENTS: Final = frozenset({"charge", "payment"})
_REFUNDS: Final = frozenset({"refund", "payment_refund"})
_KEPT: Final = "a movement of the balance without a payment: kept for settlements"
UNKNOWN_COUNTRY: Final = "ZZ"
_RATE_MAX: Final = 10_000_000
"""Ten-thousandths at which the contract's rates end."""


def read_balance_transaction(row: Node, payment: Payment, about: Mapping[str, Json]) -> None:
    """One movement by itself: of a payment its capture and fee, of a refund the refund and its fee, else nothing yet."""
    payment.learn(*([source] if (source := expanded(row.find("source"))) is not None else []), about=about)
    kind = row.need("type").text()
    if kind in _PAYMENTS:
        money = note_row(row, payment)
        if _is_foreign(row, payment, money):
            payment.notices.append("the movement is in the currency of settlement: the capture is told with the charge")
            reason = "the movement is in another currency than the payment"
            payment.fetches.append(Fetch("charge", f"charge/{payment.payment_id}", reason))
        payment.capture(money, moment_of(row.need("created")))
        tell_fees(row, payment, payment.named_in_fees, money)
        prove_refunds(payment, money)
        return
    money, amount, _ = checked_row(row)
    if kind in _REFUNDS:
        _read_refund_row(row, payment, money, amount)
    elif kind == "payment_failure_refund":
        payment.fail(money, moment_of(row.need("created")), payment.told if payment.context.remembers else -amount)
    elif _reporting_category(row) in {"dispute", "dispute_reversal"}:
        if source is None:
            raise _pointer(row, "dispute", "the dispute of a movement")
        payment.notices.append("the movement of a dispute: told with the dispute")
    else:
        payment.notices.append(_KEPT)


def checked_row(row: Node) -> tuple[Money, int, int]:
    """(currency, signed amount, signed fee) of a movement whose figures tie; else it is held."""
    money = money_of(row)
    amount, fee, net = (money.exact(row.need(name)) for name in ("amount", "fee", "net"))
    if amount - fee != net:
        raise held(f"{row.pointer}/net", money, net, amount - fee)
    details = [money.exact(detail.need("amount")) for detail in row.each("fee_details")]
    if details and sum(details) != fee:
        raise held(f"{row.pointer}/fee", money, fee, sum(details))
    return money, amount, fee


def note_row(row: Node, payment: Payment) -> Money:
    """The movement of a payment is remembered: it proves that so much was captured, where it is in the payment's currency."""
    money, amount, _ = checked_row(row)
    payment.rows[row.need("id").reference()] = 0 if _is_foreign(row, payment, money) or amount < 0 else amount
    return money


def tell_fees(row: Node, payment: Payment, payment_id: str | None, money: Money) -> None:
    """What Stripe and, at connected accounts, the platform withheld from one movement.

    A converted movement by itself, without a memory, is told in its own currency: nothing else is known of the payment, nor will be.
    """
    if not payment.context.connection.tells("fees"):
        return
    if _is_foreign(row, payment, money) and (payment.currency is not None or payment.context.remembers):
        fee = money.exact(row.need("fee"))
        if fee:
            payment.notices.append(f"the fee of {money.text(fee)} is in the currency of settlement: kept for settlements")
        return
    identity, occurred_at = row.need("id").reference(), moment_of(row.need("created"))
    for kind, (amount, tax) in _fees_of(row, money).items():
        fee_id = identity if kind == "processing" else f"{identity}:{kind}"
        if tax < 0 or (amount < 0 and tax):
            payment.notices.append("a fee came back with its tax: kept for settlements")
        elif amount < 0:
            payment.return_fee(fee_id, -amount, money, occurred_at)
        elif amount or tax:
            body = _fee_body(payment_id, fee_id, kind) | {"amount": amount, "tax": _tax(payment, amount, tax) if tax else None}
            payment.facts.append(payment.fact("FeeCharged", f"fee:{fee_id}", body, occurred_at, money))


def _fees_of(row: Node, money: Money) -> dict[str, tuple[int, int]]:
    """Kind -> (fee, its tax). Tax is stated as a detail of its own; it belongs to Stripe's fee, else to the platform's."""
    amounts = {"processing": 0, "application": 0}
    tax = 0
    details = row.each("fee_details")
    for detail in details:
        stated, amount = detail.need("type").value, money.exact(detail.need("amount"))
        if (code := detail.find("currency")) is not None and money_of(detail).currency != money.currency:
            raise Unjudged("reject_malformed", f"{code.pointer}: another currency than the movement's", code.pointer)
        if stated == "tax":
            tax += amount
        else:
            amounts["application" if stated == "application_fee" else "processing"] += amount
    if not details:
        amounts["processing"] = money.exact(row.need("fee"))
    bearer = "application" if not amounts["processing"] and amounts["application"] else "processing"
    return {kind: (amount, tax if kind == bearer else 0) for kind, amount in amounts.items()}


def _fee_body(payment_id: str | None, fee_id: str, kind: str) -> EventTwin:
    stated: EventTwin = {"fee_id": fee_id, "kind": kind, "account_kind": "PSP", "gateway": Payment.gateway}
    return stated | {"payment_id": payment_id, "estimate": False}


def _tax(payment: Payment, base: int, amount: int) -> EventTwin:
    """Stripe states the amount only: the rate is the one the amounts show, the place is the merchant's."""
    ten_thousandths = (2 * 10_000 * amount + base) // (2 * base) if base else 0
    rate = f"{ten_thousandths // 10_000}.{ten_thousandths % 10_000:04}".rstrip("0").rstrip(".")
    return {
        "jurisdiction": payment.context.connection.country or UNKNOWN_COUNTRY,
        "type": "VAT",
        "code": "stripe_fee_tax",
        "rate": rate if ten_thousandths < _RATE_MAX else "0",
        "base": base,
        "amount": amount,
        "included": False,
        "liable_party": "SELLER",
    }


def _read_refund_row(row: Node, payment: Payment, money: Money, amount: int) -> None:
    """A refund's movement without the refund names no payment: with a memory the refund is fetched; else it is told as it is."""
    if expanded(row.find("source")) is not None:
        tell_fees(row, payment, payment.named_in_fees, money)
        return
    if payment.context.remembers or row.find("exchange_rate") is not None or amount > 0:
        raise _pointer(row, "refund", "the refund of a movement")
    refund_id = id_of(row.need("source")) or payment.payment_id
    tell_refund(payment, Refund(refund_id, -amount, "SUCCEEDED", moment_of(row.need("created")), True), money)
    tell_fees(row, payment, None, money)


def _is_foreign(row: Node, payment: Payment, money: Money) -> bool:
    """Whether a movement is known to be in another currency than its payment."""
    return row.find("exchange_rate") is not None or (payment.currency is not None and payment.currency != money.currency)


def _reporting_category(row: Node) -> str:
    found = row.find("reporting_category")
    return found.value if found is not None and isinstance(found.value, str) else ""


def _pointer(row: Node, kind: str, reason: str) -> Unjudged:
    source = id_of(row.need("source"))
    return Unjudged(
        "refetch", f"{reason} names no payment: fetch the {kind}", f"{row.pointer}/source", Fetch(kind, f"{kind}/{source}", reason)
    )
