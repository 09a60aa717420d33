"""One payment at Mollie with its captures, refunds and chargebacks, and the movements of the balance that belong to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

from asiento.accounting.order_events import TenderKind
from sources.platforms.facts import Fetch, Owner
from sources.platforms.figures import difference_text
from sources.platforms.mollie.money import amount_at, found_amount, money_at, positive
from sources.platforms.mollie.objects import embedded, in_context
from sources.platforms.order_reference import owner_named
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.provider_payment import ProviderPayment, RefundStatus
from sources.platforms.stated_money import Money, held

PLACES: Final = ("metadata.order_id", "metadata.orderId", "metadata.order_reference")
_STATUSES: Final = frozenset({"open", "pending", "authorized", "canceled", "expired", "failed", "paid"})
_REFUND_STATUSES: Final[Mapping[str, RefundStatus]] = {
    "queued": "PENDING",
    "pending": "PENDING",
    "processing": "PENDING",
    "refunded": "SUCCEEDED",
    "failed": "FAILED",
    "canceled": "FAILED",
}
_CAPTURE_STATUSES: Final[Mapping[str, bool]] = {"pending": False, "failed": False, "succeeded": True}
_CARDS: Final = frozenset({"creditcard", "pointofsale", "applepay", "googlepay"})
_WALLETS: Final = frozenset({"paypal", "alma", "swish", "twint", "satispay", "bizum", "mbway", "vipps", "mobilepay", "paybybank"})
_UNITS: Final = frozenset({"physical", "digital"})


@dataclass(slots=True)
class Payment(ProviderPayment):
    """captures: amounts of captures by their id; rows: those of balance transactions.

    refunded: refunds that did not fail, id -> amount. disputes: chargebacks that were told, id -> what of the money is still away.
    """

    gateway: ClassVar[str] = "mollie"
    kept: ClassVar[tuple[str, ...]] = (*ProviderPayment.kept, "captures", "refunded", "disputes")

    captures: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)
    disputes: dict[str, int] = field(default_factory=dict)

    @property
    def whole(self) -> int:
        """Captured in all, as far as anything said."""
        return max(self.captured, sum(self.captures.values()), sum(self.rows.values()))

    def learn(self, node: Node) -> None:
        """Mode and order; an order of Mollie's own is the order, unless a shop tells the orders."""
        mode = node.find("mode")
        if mode is not None:
            if mode.value not in ("live", "test"):
                raise mode.malformed("live or test")
            self.test = mode.value == "test"
        order_id = node.find("orderId")
        if order_id is not None and self.context.connection.tells("orders"):
            self.owner = Owner(self.context.source, order_id.reference())
        else:
            self.owner = owner_named((node,), PLACES, self.context, self.notices)

    def knows(self, money: Money) -> bool:
        """Whether a movement in this currency is in the payment's; a second currency is that of the settlement."""
        return self.currency == money.currency or (self.currency is None and not self.context.remembers)


def read_payment(node: Node, payment: Payment, *, refunds_beside: bool = False) -> datetime:
    """What was captured of it; sums of refunds and chargebacks where they do not stand in it (refunds_beside: nor in its order)."""
    payment.learn(node)
    status = node.need("status").value
    if not isinstance(status, str) or status not in _STATUSES:
        raise node.need("status").malformed("a status of a payment")
    money, amount = positive(node, "amount")
    payment.currency = money.currency
    payment.paid_by(_tender_of(node))
    created = node.need("createdAt").time(payment.context.zone)
    captured = found_amount(node, "amountCaptured", money)
    if captured is None:
        captured = amount if status == "paid" else 0
    if captured < 0:
        raise node.need("amountCaptured").malformed("an amount of 0 or more")
    if not captured and not payment.whole:
        payment.notices.append(f"the payment is {status}: no money came")
    payment.captured = max(payment.captured, captured)
    _compare_settled(node, money, amount, payment)
    paid_at = node.find("paidAt")
    payment.capture(money, paid_at.time(payment.context.zone) if paid_at is not None else created)
    if not refunds_beside:
        _refunded_sum(node, payment, money, created)
    _disputed_sum(node, payment, money, created)
    return created


def _tender_of(node: Node) -> TenderKind:
    method = node.find("method")
    name = method.value if method is not None and isinstance(method.value, str) else ""
    return "CARD" if name in _CARDS else "WALLET" if name in _WALLETS else "OTHER"


def _compare_settled(node: Node, money: Money, amount: int, payment: Payment) -> None:
    """An amount that is settled in its own currency is settled whole; a difference is reported, what happened counts."""
    if node.find("settlementAmount") is None:
        return
    theirs, settled = money_at(node, "settlementAmount")
    if theirs.currency != money.currency:
        payment.notices.append(f"settled in another currency: {money.text(amount)} as {theirs.text(settled)}")
    elif settled != amount:
        payment.notices.append(difference_text("settlementAmount", settled, amount, money))


def _refunded_sum(node: Node, payment: Payment, money: Money, at: datetime) -> None:
    """Refunds of which only the sum is stated are fetched, or told as one where nothing is remembered."""
    refunded = 0 if embedded(node, "refunds") is not None else found_amount(node, "amountRefunded", money) or 0
    if refunded <= sum(payment.refunded.values()):
        return
    if payment.context.remembers:
        payment.fetches.append(Fetch("refunds", f"refunds/{payment.payment_id}", "the payment states the sum of its refunds only"))
    else:
        payment.notices.append("only the sum of the refunds is stated: told as one refund")
        payment.tell_refund(f"{payment.payment_id}:{refunded}", refunded, "SUCCEEDED", at, money=money)


def _disputed_sum(node: Node, payment: Payment, money: Money, at: datetime) -> None:
    """The same of chargebacks."""
    disputed = 0 if embedded(node, "chargebacks") is not None else found_amount(node, "amountChargedBack", money) or 0
    if disputed <= sum(payment.disputes.values()):
        return
    if payment.context.remembers:
        reason = "the payment states the sum of its chargebacks only"
        payment.fetches.append(Fetch("chargebacks", f"chargebacks/{payment.payment_id}", reason))
    else:
        payment.notices.append("only the sum of the chargebacks is stated: told as one")
        payment.open_dispute(f"{payment.payment_id}:{disputed}", disputed, 0, money, at)


def read_capture(node: Node, payment: Payment) -> datetime:
    """One capture: it proves that so much came."""
    payment.learn(node)
    money, amount = positive(node, "amount")
    payment.currency = money.currency
    at = node.need("createdAt").time(payment.context.zone)
    status = node.find("status")
    if status is not None and status.value not in tuple(_CAPTURE_STATUSES):
        raise status.malformed("a status of a capture")
    if status is not None and not _CAPTURE_STATUSES[status.value]:
        payment.notices.append("the capture is pending or failed: no money came")
        return at
    _compare_settled(node, money, amount, payment)
    payment.captures[node.need("id").reference()] = amount
    payment.capture(money, at)
    return at


def read_refund(node: Node, payment: Payment) -> datetime:
    """One refund, with the lines of its order where it has any; their state may change afterwards, what was told of them stays."""
    payment.learn(node)
    money, amount = positive(node, "amount")
    payment.currency = money.currency
    at = node.need("createdAt").time(payment.context.zone)
    stated = node.need("status")
    status = _REFUND_STATUSES.get(stated.value) if isinstance(stated.value, str) else None
    if status is None:
        raise stated.malformed("a status of a refund")
    lines = _refunded_lines(node, payment, money, amount, settled=status == "SUCCEEDED")
    refund_id = node.need("id").reference()
    if status == "FAILED":
        payment.refunded.pop(refund_id, None)
    else:
        payment.refunded[refund_id] = amount
    if status != "SUCCEEDED" or payment.refunds.get(refund_id) != "told":
        payment.tell_refund(refund_id, amount, status, at, money=money, lines=lines)
    return at


def _refunded_lines(node: Node, payment: Payment, money: Money, amount: int, *, settled: bool) -> list[EventTwin]:
    """Units of the order that are given back; their value must be the refund, or it is held (a refund that is pending is only reported)."""
    lines = node.each("lines")
    if not lines:
        return []
    value = sum(amount_at(line, "totalAmount", money) for line in lines)
    if value != amount:
        problem = held(f"{node.pointer}/amount", money, amount, value)
        if settled:
            raise problem
        payment.notices.append(problem.problem.message)
    if not payment.context.connection.tells("orders"):
        return []
    units = [line for line in lines if line.find("type") is None or line.need("type").value in tuple(_UNITS)]
    counted = [(line.need("id").reference(), line.need("quantity").count(), _scope_of(line)) for line in units]
    return [{"line_id": line_id, "quantity": str(count), "scope": scope} for line_id, count, scope in counted if count]


def _scope_of(line: Node) -> str:
    """A line that is completed has left whole; of others it is not said whether the units that are given back had left."""
    status = line.find("status")
    return "SHIPPED" if status is not None and status.value == "completed" else "AUTO"


def read_chargeback(node: Node, payment: Payment) -> datetime:
    """Money that was withdrawn, and given back where `reversedAt` says so."""
    payment.learn(node)
    money, amount = positive(node, "amount")
    payment.currency = money.currency
    at = node.need("createdAt").time(payment.context.zone)
    dispute_id = node.need("id").reference()
    if node.find("settlementAmount") is not None:
        theirs, settled = money_at(node, "settlementAmount")
        if theirs.currency != money.currency:
            payment.notices.append(f"settled in another currency: {money.text(amount)} as {theirs.text(settled)}")
    payment.disputes[dispute_id] = amount
    payment.open_dispute(dispute_id, amount, 0, money, at)
    reversed_at = node.find("reversedAt")
    if reversed_at is not None:
        payment.disputes[dispute_id] = 0
        payment.close_dispute(dispute_id, "WON", (amount, 0), money, reversed_at.time(payment.context.zone))
    return at


def read_balance_transaction(row: Node, payment: Payment) -> datetime:
    """A movement of the balance: the fee in it, and the capture, refund or chargeback that it proves in the payment's currency."""
    money, result = money_at(row, "resultAmount")
    initial = amount_at(row, "initialAmount", money)
    deductions = found_amount(row, "deductions", money) or 0
    if initial + deductions != result:
        raise held(f"{row.pointer}/resultAmount", money, result, initial + deductions)
    at = row.need("createdAt").time(payment.context.zone)
    kind = row.need("type").text()
    identity = row.need("id").reference()
    if in_context(row, "paymentId") is None:
        payment.notices.append("a movement of the balance without a payment: kept for settlements")
        return at
    if payment.knows(money):
        _prove(row, payment, kind, (money, initial, at))
    else:
        payment.notices.append("the movement may be in another currency than the payment: its capture or refund is told with the payment")
        if payment.currency is None:
            reason = "the movement of a payment that is not known"
            payment.fetches.append(Fetch("payment", f"payment/{payment.payment_id}", reason))
    _fee(payment, identity, deductions, money, at)
    return at


def _prove(row: Node, payment: Payment, kind: str, moved: tuple[Money, int, datetime]) -> None:
    """What happened to the payment, by the type of the movement; types without one are nothing."""
    money, initial, at = moved
    if kind in {"payment", "capture"} and initial > 0:
        payment.rows[row.need("id").reference()] = initial
        payment.capture(money, at)
    elif kind == "refund" and initial < 0:
        refund_id = in_context(row, "refundId")
        if refund_id is None:
            raise Unjudged("refetch", "the movement of a refund that is not named", f"{row.pointer}/context")
        if not payment.context.remembers:
            payment.tell_refund(refund_id, -initial, "SUCCEEDED", at, money=money)
        elif refund_id not in payment.refunds:
            payment.fetches.append(Fetch("refunds", f"refunds/{payment.payment_id}", "the movement of a refund that is not known"))
    elif kind == "chargeback" and initial < 0:
        dispute_id = in_context(row, "chargebackId")
        if dispute_id is not None and dispute_id not in payment.disputes:
            payment.disputes[dispute_id] = -initial
            payment.open_dispute(dispute_id, -initial, 0, money, at)
    else:
        payment.notices.append("a movement of the balance: kept for settlements")


def _fee(payment: Payment, identity: str, deductions: int, money: Money, at: datetime) -> None:
    """What was withheld; in a currency that is known to be another one it is no money of the order."""
    if not deductions or not payment.context.connection.tells("fees"):
        return
    if payment.currency is not None and payment.currency != money.currency:
        payment.notices.append(f"the fee of {money.text(-deductions)} is in the currency of settlement: kept for settlements")
        return
    if deductions > 0:
        payment.return_fee(identity, deductions, money, at)
        return
    body: EventTwin = {"fee_id": identity, "kind": "processing", "amount": -deductions, "account_kind": "PSP", "gateway": payment.gateway}
    body |= {"payment_id": payment.named_in_fees, "estimate": False}
    payment.facts.append(payment.fact("FeeCharged", f"fee:{identity}", body, at, money))
