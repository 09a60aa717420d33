"""One payment at PayPal: a capture or sale with its fee, its refunds, and the money that was withdrawn from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

from sources.platforms.facts import Fetch, Json, Owner, Reading
from sources.platforms.order_reference import owner_named
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node
from sources.platforms.paypal.amounts import find_amount
from sources.platforms.paypal.links import from_sandbox, linked
from sources.platforms.provider_payment import ProviderPayment
from sources.platforms.stated_money import Money, held

PLACES: Final = ("custom_id", "custom", "custom_field", "invoice_id", "invoice_number")
"""Where the merchant's own id of the order stands: in the second version, the first version, and reports."""
_ORDERS: Final = ("supplementary_data.related_ids.order_id", "billing_agreement_id", "parent_payment")
"""Where PayPal's own id of the order stands, or that of the subscription."""


@dataclass(slots=True)
class Case:
    """Money withdrawn from a payment: told as a chargeback under `case_id`.

    A dispute and the reversal that carries it out are one case; whichever comes first names it. more: what the dispute takes beyond a
    reversal that came first, told under the dispute. lost: of both, once it is closed. An amount of 0: nothing was told or lost.
    """

    case_id: str
    amount: int
    fee: int = 0
    dispute: str | None = None
    reversal: str | None = None
    lost: int | None = None
    more: int = 0

    def kept(self) -> list[Json]:
        """As it is remembered."""
        return [self.case_id, self.amount, self.fee, self.dispute, self.reversal, self.lost, self.more]


@dataclass(slots=True)
class Payment(ProviderPayment):
    """cases: money withdrawn, in the order in which it was told, as `Case.kept`.

    dispute_fees: fees of disputes that were told. fee_rows: those with a row in the report, by the row's id.
    seen: the capture itself was read.
    """

    gateway: ClassVar[str] = "paypal"
    kept: ClassVar[tuple[str, ...]] = (*ProviderPayment.kept, "cases", "dispute_fees", "fee_rows", "seen")

    cases: list[list[Json]] = field(default_factory=list)
    dispute_fees: int = 0
    fee_rows: dict[str, int] = field(default_factory=dict)
    seen: bool = False

    def learn(self, node: Node, about: Mapping[str, Json], *, whole: bool = False) -> None:
        """Environment and order. Without an id of the merchant's the order at PayPal is the order, unless a shop tells the orders.

        whole: it is the capture itself.
        """
        self.tender, self.seen = "WALLET", self.seen or whole
        if about["test"]:
            self.test = True
        elif from_sandbox(node):
            self.notices.append("the links lead to the sandbox: if this source asks there, set test_mode in its connection file")
        stated = {name: value for name, value in node.value.items() if value not in (None, "")}
        names = Node(about["names"] | stated, node.pointer)
        self.owner = owner_named((names,), PLACES, self.context, self.notices)
        if self.owner is None and self.context.connection.orders_of is None:
            order_id = self._order_at_paypal(node, about["order"])
            self.owner = Owner(self.context.source, order_id) if order_id is not None else None

    def reading(self, seen_at: datetime | None) -> Reading:
        """What the payload said; the capture is fetched where nothing names the order of a fact."""
        unknown = self.owner is None and self.context.snapshot.owner is None
        if unknown and self.facts and self.context.remembers and not self.seen:
            self.fetches.append(Fetch("capture", f"capture/{self.payment_id}", "the capture may name its order"))
        return ProviderPayment.reading(self, seen_at)

    def _order_at_paypal(self, node: Node, order_id: str | None) -> str | None:
        if order_id is not None:
            return order_id
        for path in _ORDERS:
            found = node.at(path)
            if found is not None and found.value != "":
                return found.reference()
        return linked(node, "order", relation="up")

    def fee(self, kind: str, amount: int, money: Money, at: datetime) -> None:
        """What was withheld from the capture; it is told once, whichever payload says it."""
        if amount > 0:
            self.charge(self.payment_id if kind == "processing" else f"{self.payment_id}:{kind}", kind, amount, money, at)

    def charge(self, fee_id: str, kind: str, amount: int, money: Money, at: datetime) -> None:
        """One FeeCharged; of a payment that is known to be in another currency it is no money of the order."""
        if self.currency is not None and self.currency != money.currency:
            self.notices.append(f"the fee of {money.text(amount)} is in the currency of settlement: kept for settlements")
        elif self.context.connection.tells("fees"):
            body: EventTwin = {"fee_id": fee_id, "kind": kind, "amount": amount, "account_kind": "PSP", "gateway": self.gateway}
            body |= {"payment_id": self.named_in_fees, "estimate": False}
            self.facts.append(self.fact("FeeCharged", f"fee:{fee_id}", body, at, money))

    def dispute_fee(self, fee_id: str, in_all: int, money: Money, at: datetime) -> None:
        """What disputes cost in all, as disputes or rows of the report say it: what is not told yet is."""
        fee = in_all - self.dispute_fees
        if fee > 0:
            self.dispute_fees = in_all
            self.charge(fee_id, "dispute", fee, money, at)

    def fee_in(self, node: Node, name: str, money: Money) -> int:
        """The signed fee of a field, 0 where it is missing; one in another currency is no money of the order."""
        fee = find_amount(node, name)
        if fee is None:
            return 0
        if fee[0].currency != money.currency:
            self.notices.append(f"the fee of {fee[0].text(fee[1])} is in the currency of settlement: kept for settlements")
            return 0
        return fee[1]

    def fee_back(self, fee_id: str, amount: int, money: Money, at: datetime) -> None:
        """What PayPal gives back of its fee with a refund."""
        if amount > 0 and self.context.connection.tells("fees"):
            self.return_fee(fee_id, amount, money, at)

    def case_of(self, kind: str, identity: str, amount: int) -> Case | None:
        """The case that a dispute or reversal belongs to: its own, else one that the other of the two has opened."""
        cases = [Case(*each) for each in self.cases]
        own = [case for case in cases if getattr(case, kind) == identity]
        free = [case for case in cases if getattr(case, kind) is None]
        same = [case for case in free if case.amount == amount]
        return next(iter([*own, *same, *free]), None)

    def keep(self, case: Case) -> None:
        """Remember a case."""
        known = [each[0] for each in self.cases]
        if case.case_id in known:
            self.cases[known.index(case.case_id)] = case.kept()
        else:
            self.cases.append(case.kept())


def breakdown_of(node: Node, name: str, money: Money, amount: int, payment: Payment) -> tuple[int, int]:
    """(fee, fees of the platform) in a breakdown, in the currency of the payment; gross less both must be net, or it is held.

    What is in the currency of the merchant's balance belongs to the settlement.
    """
    breakdown = node.find(name)
    if breakdown is None:
        return 0, 0
    gross = find_amount(breakdown, "gross_amount")
    if gross is not None and gross != (money, amount):
        if gross[0].currency != money.currency:
            raise breakdown.need("gross_amount").malformed("an amount in the currency of the payment")
        raise held(f"{breakdown.pointer}/gross_amount", money, gross[1], amount)
    fee = payment.fee_in(breakdown, "paypal_fee", money)
    platform = sum(payment.fee_in(each, "amount", money) for each in breakdown.each("platform_fees"))
    if fee < 0 or platform < 0:
        raise breakdown.malformed("fees of 0 or more")
    net, stated = (find_amount(breakdown, name) for name in ("net_amount", "paypal_fee"))
    tied = net is not None and all(each is None or each[0].currency == money.currency for each in (net, stated))
    if net is not None and tied and net[1] != amount - fee - platform:
        raise held(f"{breakdown.pointer}/net_amount", money, net[1], amount - fee - platform)
    for other in ("receivable_amount", "paypal_fee_in_receivable_currency", "net_amount_in_receivable_currency"):
        foreign = find_amount(breakdown, other)
        if foreign is not None:
            payment.notices.append(f"{other}: {foreign[0].text(foreign[1])}, in the currency of the balance: kept for settlements")
    return fee, platform
