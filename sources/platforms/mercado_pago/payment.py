"""One payment at Mercado Pago: its money, what was withheld from it, its refunds and whether it was charged back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

from asiento.accounting.order_events import TenderKind
from sources.platforms import payment_facts
from sources.platforms.facts import Fetch
from sources.platforms.mercado_pago.fields import (
    COUNTRIES,
    CURRENCIES,
    amount_at,
    flag_at,
    found_amount,
    found_time,
    held,
    moment_of,
    time_in_id,
    word_at,
)
from sources.platforms.mercado_pago.withheld import TAX, Withheld, withheld_from
from sources.platforms.order_drafts import Currency
from sources.platforms.order_reference import owner_named
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.provider_payment import ProviderPayment, RefundStatus
from sources.platforms.stated_money import Money, money_called

PLACES: Final = (
    "external_reference",
    *(f"metadata.{name}" for name in ("order_id", "orderId", "order_reference", "order_number", "external_reference")),
)
"""Where the order's id is looked for, unless the connection says where."""
OWN_ORDER: Final = "order.id"
"""The order at Mercado Pago: the order where no shop's orders are paid and the payload names no other."""
CREATED: Final = ("date_created", "created_date")
UPDATED: Final = ("date_last_updated", "last_updated_date", "last_updated", "last_modified")
_CAME: Final = frozenset({"approved", "in_mediation", "refunded", "charged_back", "partially_refunded"})
_NEVER_CAME: Final = frozenset({"rejected", "cancelled", "canceled"})
_OPEN: Final = frozenset({"pending", "in_process", "authorized"})
_RESERVED: Final = frozenset({"pending_capture", "waiting_capture"})
_REFUND_STATUSES: Final[Mapping[str, RefundStatus]] = {
    **dict.fromkeys(("", "approved", "processed", "refunded", "accredited", "partially_refunded"), "SUCCEEDED"),
    **dict.fromkeys(("pending", "in_process", "processing", "created", "authorized", "action_required", "in_review"), "PENDING"),
    **dict.fromkeys(("rejected", "cancelled", "canceled", "failed", "expired"), "FAILED"),
}
_CARDS: Final = frozenset({"credit_card", "debit_card", "prepaid_card", "voucher_card"})
_WALLETS: Final = frozenset({"account_money", "digital_wallet", "digital_currency", "consumer_credits"})


@dataclass(slots=True)
class Payment(ProviderPayment):
    """refunded: refunds that were made, id -> amount. fees: kind -> taken; returned: kind -> come back of it. disputes: id -> outcome."""

    gateway: ClassVar[str] = "mercado_pago"
    kept: ClassVar[tuple[str, ...]] = (*ProviderPayment.kept, "refunded", "fees", "returned", "disputes")

    refunded: dict[str, int] = field(default_factory=dict)
    fees: dict[str, int] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)
    disputes: dict[str, str] = field(default_factory=dict)

    def learn(self, *nodes: Node) -> None:
        """Whether it is a test, and which order is paid: the nearest object first."""
        stated = [not live for node in nodes if (live := flag_at(node, "live_mode")) is not None]
        ids = [identity.value for node in nodes if (identity := node.find("id")) is not None]
        if any(isinstance(each, str) and each[3:6] == "TST" and time_in_id(each) is not None for each in ids):
            stated.append(True)
        if stated:
            self.test = any(stated)
        places = PLACES if self.context.connection.orders_of else (*PLACES, OWN_ORDER)
        self.owner = owner_named(nodes, places, self.context, self.notices)

    def money_of(self, *nodes: Node) -> Money:
        """The currency that is stated, else that of the country, else as it is known; refunds state none."""
        code = next((code for node in nodes for name in ("currency_id", "currency") if (code := node.find(name)) is not None), None)
        places = (CURRENCIES.get(word_at(node, name).upper()) for node in nodes for name in ("country_code", "site_id"))
        known = self.currency or next(filter(None, places), None) or self.context.connection.default_currency
        if code is None and known is None:
            pointer = f"{nodes[0].pointer}/currency_id"
            message = "no currency is stated: it is that of the payment, fetch it; or set default_currency in the connection file"
            raise Unjudged("refetch", message, pointer, Fetch("payment", f"payment/{self.payment_id}", "a refund without a currency"))
        money = money_called(code if code is not None else Node(known, ""), {})
        if self.currency is not None and self.currency != money.currency:
            pointer = code.pointer if code is not None else ""
            raise Unjudged("reject_malformed", f"{pointer}: another currency than that of the payment", pointer)
        self.currency = money.currency
        return money

    def awaits(self, fetch: Fetch) -> bool:
        """Whether the payment has to be read first, so that a fact has one content by whatever way it comes."""
        if self.context.remembers and self.tender is None:
            self.notices.append("told with the payment, which is fetched")
            self.fetches.append(fetch)
            return True
        return False

    def tell_fees(self, found: Withheld, money: Money, times: tuple[datetime, datetime]) -> None:
        """What was withheld, once per kind; what of it came back, as it grows; times: of the one and of the other."""
        at, returned_at = times
        if self.failed or not self.context.connection.tells("fees"):
            return
        for kind, amount in found.fees.items():
            if self.fees.setdefault(kind, amount) != amount:
                self.notices.append(f"{kind}: was {money.text(self.fees[kind])}, is {money.text(amount)} now; what was told stays")
            elif amount:
                self.facts.append(
                    self.fact("FeeCharged", f"fee:{self.payment_id}:{kind}", self._fee(kind, amount, found, money), at, money)
                )
        payment = payment_facts.Payment(
            payment_id=self.payment_id, gateway=self.gateway, currency=Currency(money.currency, money.exponent), test_mode=bool(self.test)
        )
        for kind, amount in found.returned.items():
            before = self.returned.get(kind, 0)
            if kind == TAX or amount > self.fees.get(kind, 0):
                self.notices.append("withheld taxes, or more than was taken, came back: kept for settlements")
            elif before < amount:
                self.returned[kind] = amount
                self.facts.append(payment_facts.fee_returned(payment, f"{self.payment_id}:{kind}:{amount}", amount - before, returned_at))

    def _fee(self, kind: str, amount: int, found: Withheld, money: Money) -> EventTwin:
        """One FeeCharged; a withheld tax is no expense, it is the tax of the seller that was paid in advance."""
        country = self.context.connection.country or COUNTRIES.get(money.currency, "ZZ")
        stated: EventTwin = {"jurisdiction": country, "type": "WITHHOLDING", "code": TAX, "rate": "0", "base": found.received}
        tax = stated | {"amount": amount, "included": False, "liable_party": "SELLER"} if kind == TAX else None
        body: EventTwin = {"fee_id": f"{self.payment_id}:{kind}", "kind": kind, "amount": 0 if tax else amount, "tax": tax}
        return body | {"account_kind": "PSP", "gateway": self.gateway, "payment_id": self.named_in_fees, "estimate": False}

    def tell_sum(self, refunded: int, money: Money, at: datetime, fetch: Fetch) -> None:
        """Refunds of which only the sum is stated are fetched, or told as one where nothing is remembered."""
        if refunded <= sum(self.refunded.values()):
            return
        if self.context.remembers:
            self.fetches.append(fetch)
        else:
            self.notices.append("only the sum of the refunds is stated: told as one refund")
            self.tell_refund(f"{self.payment_id}:{refunded}", refunded, "SUCCEEDED", at, money=money)

    def note_refund(self, refund_id: str, node: Node, money: Money, at: datetime) -> None:
        """One refund, by itself or inside its payment."""
        amount, status = amount_at(node, "amount", money), refund_status(node)
        self.tell_refund(refund_id, amount, status, at, money=money)
        if self.refunds.get(refund_id) == "told":
            self.refunded.setdefault(refund_id, amount)
        else:
            self.refunded.pop(refund_id, None)
        if self.told and sum(self.refunded.values()) > self.told:
            self.notices.append(f"refunded {money.text(sum(self.refunded.values()))}, more than the {money.text(self.told)} that came")


def refund_status(node: Node) -> RefundStatus:
    """The status of a refund; old payloads state none: they had only refunds that were made."""
    status = _REFUND_STATUSES.get(word_at(node, "status"))
    if status is None:
        raise node.need("status").malformed("a status of a refund")
    return status


def tender_named(method: str) -> TenderKind:
    """The tender of a type of payment method."""
    return "CARD" if method in _CARDS else "WALLET" if method in _WALLETS else "OTHER"


def read_payment(node: Node, payment: Payment) -> datetime:
    """Money, fees, refunds and dispute, as far as the payment proves them."""
    payment.learn(node)
    status = word_at(node, "status")
    if status not in _CAME | _NEVER_CAME | _OPEN:
        raise node.need("status").malformed("a status of a payment")
    money = payment.money_of(node)
    amount = amount_at(node, "transaction_amount", money)
    payment.paid_by(tender_named(word_at(node, "payment_type_id")))
    at = moment_of(node, ("date_approved", *CREATED), payment.context, payment.notices)
    if status in _NEVER_CAME:
        payment.fail(money, at, payment.told)
        payment.notices.append(f"the payment was {status}: no money came")
    elif status in _OPEN or word_at(node, "status_detail") in _RESERVED:
        payment.notices.append("the payment is pending or only authorized: nothing is booked until money came")
    else:
        if flag_at(node, "captured") is False:
            raise held(node, "captured", money, amount, 0, why=f"{status}, but not captured: a payment or an authorization? ")
        _came(node, payment, money, status, at)
    return found_time((node,), UPDATED, payment.context) or at


def _came(node: Node, payment: Payment, money: Money, status: str, at: datetime) -> None:
    refunds = [(_refund_id(each), each) for each in node.each("refunds")]
    refunded = _checked_refunds(node, [each for _, each in refunds], money, status)
    whole = amount_at(node, "transaction_amount", money)
    away = refunded >= whole or status in {"refunded", "charged_back"}
    found = withheld_from(node, money, refunded, away=away, notices=payment.notices)
    if refunded > found.received:
        raise held(node, "transaction_amount_refunded", money, refunded, found.received, why="more was refunded than came: ")
    _compare_paid(node, payment, money, whole)
    payment.captured = max(payment.captured, found.received)
    payment.capture(money, at)
    updated = found_time((node,), UPDATED, payment.context) or at
    moments = [moment_of(each, CREATED, payment.context, payment.notices, (node,)) for _, each in refunds]
    payment.tell_fees(found, money, (at, max(moments, default=updated)))
    for (refund_id, each), moment in zip(refunds, moments, strict=True):
        payment.note_refund(refund_id, each, money, moment)
    if not refunds:
        payment.tell_sum(refunded, money, updated, refunds_of(payment))
    if status == "charged_back":
        _charged_back(node, payment, money, found.received - refunded, updated)
    elif status == "in_mediation":
        payment.notices.append("a dispute at Mercado Pago: the money is withheld, not taken back")


def refunds_of(payment: Payment) -> Fetch:
    """The refunds of a payment that states their sum only."""
    return Fetch("refunds", f"refunds/{payment.payment_id}", "the payment states the sum of its refunds only")


def _refund_id(node: Node) -> str:
    return node.need("id").reference()


def _checked_refunds(node: Node, refunds: Sequence[Node], money: Money, status: str) -> int:
    """What was refunded; refunds that stand in the payment must be their sum, with or without those that are pending."""
    stated = found_amount(node, "transaction_amount_refunded", money)
    if not refunds:
        return stated or (amount_at(node, "transaction_amount", money) if status == "refunded" else 0)
    amounts = [(refund_status(each), amount_at(each, "amount", money)) for each in refunds]
    made = sum(amount for status, amount in amounts if status == "SUCCEEDED")
    pending = sum(amount for status, amount in amounts if status == "PENDING")
    if stated is not None and stated not in (made, made + pending):
        raise held(node, "transaction_amount_refunded", money, stated, made)
    return made


def _compare_paid(node: Node, payment: Payment, money: Money, amount: int) -> None:
    """What the payer paid, with financing and shipping: reported where it differs, the seller's amount counts."""
    details = node.at("transaction_details")
    paid = found_amount(details, "total_paid_amount", money) if details is not None and isinstance(details.value, dict) else None
    if not paid:
        return
    payers = sum(amount_at(row, "amount", money) for row in node.each("fee_details") if word_at(row, "fee_payer") == "payer")
    shipping, coupon = (found_amount(node, name, money) or 0 for name in ("shipping_amount", "coupon_amount"))
    overpaid = found_amount(details, "overpaid_amount", money) or 0
    computed = amount + payers + shipping + overpaid - coupon
    if paid not in (computed, computed - overpaid, computed - shipping, computed + coupon):
        problem = held(node, "transaction_details/total_paid_amount", money, paid, computed)
        payment.notices.append(problem.problem.message)


def _charged_back(node: Node, payment: Payment, money: Money, amount: int, at: datetime) -> None:
    """The chargeback has an id of its own: it is fetched with a memory, told under the payment's without."""
    outcome = {"reimbursed": "WON", "settled": "LOST"}.get(word_at(node, "status_detail"), "")
    if payment.context.remembers:
        if not payment.disputes or (outcome and "" in payment.disputes.values()):
            reason = "a payment that was charged back"
            payment.fetches.append(Fetch("chargeback", f"chargeback/{payment.payment_id}", reason))
        return
    payment.notices.append("charged back: the chargeback is not named, it is told under the id of the payment")
    tell_dispute(payment, Dispute(f"{payment.payment_id}:chargeback", amount, outcome, at, at), money)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A chargeback. outcome: WON, LOST, or nothing yet."""

    dispute_id: str
    amount: int
    outcome: str
    opened_at: datetime
    closed_at: datetime


def tell_dispute(payment: Payment, dispute: Dispute, money: Money) -> None:
    """A chargeback, and how it ended where that is known; the first end stays."""
    if dispute.amount == 0:
        payment.notices.append("a chargeback of nothing: no money moved")
        return
    payment.open_dispute(dispute.dispute_id, dispute.amount, 0, money, dispute.opened_at)
    known = payment.disputes.get(dispute.dispute_id, "")
    payment.disputes[dispute.dispute_id] = known or dispute.outcome
    if dispute.outcome and known in ("", dispute.outcome):
        won = dispute.amount if dispute.outcome == "WON" else 0
        payment.close_dispute(dispute.dispute_id, dispute.outcome, (won, 0), money, dispute.closed_at)


def read_refund(node: Node, payment: Payment) -> datetime:
    """A refund by itself."""
    payment.learn(node)
    at = moment_of(node, CREATED, payment.context, payment.notices)
    named = node.find("payment_id") is not None
    if not named or not payment.awaits(Fetch("payment", f"payment/{payment.payment_id}", "a refund of a payment that is not known")):
        payment.note_refund(_refund_id(node), node, payment.money_of(node), at)
    return at


def read_listed_payment(node: Node, payment: Payment, around: Node) -> datetime:
    """A payment as a merchant order lists it: without fees and method. With a memory the payment itself is read instead."""
    payment.learn(node, around)
    money = payment.money_of(node, around)
    amount, refunded = amount_at(node, "transaction_amount", money), found_amount(node, "amount_refunded", money) or 0
    at = moment_of(node, ("date_approved", *CREATED), payment.context, payment.notices, (around,))
    status = word_at(node, "status")
    if status not in _CAME or word_at(node, "status_detail") in _RESERVED:
        payment.notices.append("a payment of the order is not approved: no money came")
        return at
    refunded = refunded or (amount if status == "refunded" else 0)
    if payment.context.remembers:
        if not payment.told or refunded > sum(payment.refunded.values()) or (status == "charged_back" and not payment.disputes):
            payment.notices.append("told with the payment, which is fetched")
            payment.fetches.append(Fetch("payment", f"payment/{payment.payment_id}", "a payment that a merchant order lists"))
        return at
    payment.captured = amount
    payment.capture(money, at)
    payment.tell_sum(refunded, money, at, refunds_of(payment))
    if status == "charged_back":
        _charged_back(node, payment, money, amount - refunded, at)
    return at
