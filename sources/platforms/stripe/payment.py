"""One payment at Stripe while a payload of it is read: what is known of it, and what the payload adds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from asiento.accounting.order_events import TenderKind
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Json, Owner, Reading
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node
from sources.platforms.stripe.money import Money
from sources.platforms.stripe.order_reference import owner_named

GATEWAY: Final = "stripe"
_CARDS: Final = frozenset({"card", "card_present", "interac_present"})
_WALLETS: Final = frozenset(
    {"link", "paypal", "alipay", "wechat_pay", "amazon_pay", "cashapp", "revolut_pay", "samsung_pay", "kakao_pay", "naver_pay"}
    | {"grabpay", "mobilepay", "satispay", "mb_way", "payco"}
)


@dataclass(slots=True)
class Payment:
    """Known of a payment: amounts in minor units of its currency, canonical only.

    told: captured and told. captured: the most that a charge or payment intent said; rows: what balance transactions said, by their id.
    authorized: of the charge, before capture. refunds: id -> `told`, `failed` or `released` (the uncaptured rest, no money).
    unproven: refunds without a balance transaction, id -> [amount, seconds], until the charge tells a released rest from money.
    """

    payment_id: str
    context: Context
    test: bool | None = None
    tender: TenderKind | None = None
    currency: str | None = None
    told: int = 0
    captured: int = 0
    authorized: int | None = None
    failed: bool = False
    charge_seen: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    refunds: dict[str, str] = field(default_factory=dict)
    unproven: dict[str, list[int]] = field(default_factory=dict)
    owner: Owner | None = None
    facts: list[Fact] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    fetches: list[Fetch] = field(default_factory=list)

    _KEPT = ("test", "tender", "currency", "told", "captured", "authorized", "failed", "charge_seen", "rows", "refunds", "unproven")

    @classmethod
    def recalled(cls, payment_id: str, context: Context) -> "Payment":
        """The payment as it was remembered."""
        memory = context.snapshot.memory
        payment = cls(payment_id, context)
        for name in cls._KEPT:
            if name in memory:
                value = memory[name]
                setattr(payment, name, dict(value) if isinstance(value, Mapping) else value)
        return payment

    def reading(self, seen_at: datetime | None) -> Reading:
        """What the payload said, and what to remember."""
        memory: dict[str, Json] = {name: value for name in self._KEPT if (value := getattr(self, name)) not in (None, 0, False, {})}
        return Reading(
            facts=tuple(self.facts),
            owner=self.owner,
            seen_at=seen_at,
            notices=tuple(dict.fromkeys(self.notices)),
            fetches=tuple(dict.fromkeys(self.fetches)),
            memory=memory,
        )

    def learn(self, *nodes: Node, about: Mapping[str, Json]) -> None:
        """Whether it is a test, and which order is paid: from the objects, the nearest first, and from what stands around them."""
        stated = [not live.flag() for node in nodes if (live := node.find("livemode")) is not None]
        stated += [about["test"]] if "test" in about else []
        if stated:
            self.test = any(stated)
        self.owner = owner_named((*nodes, *([Node(about["metadata"], "")] if "metadata" in about else [])), self.context, self.notices)

    def paid_by(self, method: str | None) -> TenderKind:
        """The tender; the first one that was told stays, so that a fact has one content."""
        if self.tender is None:
            self.tender = "CARD" if method in _CARDS else "WALLET" if method in _WALLETS else "OTHER"
        return self.tender

    def fact(self, kind: str, business_key: str, body: EventTwin, occurred_at: datetime, money: Money) -> Fact:
        """A fact of this payment, told once."""
        return Fact(type=kind, business_key=business_key, body=body | money.fields, occurred_at=occurred_at, test_mode=bool(self.test))

    def capture(self, money: Money, occurred_at: datetime) -> None:
        """Tell what was captured and not told: the whole the first time, what came to it afterwards."""
        whole = self.whole
        if self.failed or whole <= self.told:
            return
        first = self.told == 0
        payment_id = self.payment_id if first else f"{self.payment_id}:{whole}"
        body: EventTwin = {
            "payment_id": payment_id,
            "parent_payment_id": None if first else self.payment_id,
            "tender": self.paid_by(None),
            "gateway": GATEWAY,
            "gateway_reference": self.payment_id,
            "amount": whole - self.told,
        }
        self.told = whole
        if self.context.connection.tells("captures"):
            self.facts.append(self.fact("PaymentCaptured", f"capture:{payment_id}", body, occurred_at, money))

    def fail(self, money: Money, occurred_at: datetime, amount: int) -> None:
        """The money did not come after all, as with direct debits: what was told of it is undone."""
        if not self.failed and amount and self.context.connection.tells("captures"):
            body: EventTwin = {"payment_id": self.payment_id, "amount": amount, "reason": "payment failed"}
            self.facts.append(self.fact("PaymentReversed", f"reversed:{self.payment_id}", body, occurred_at, money))
        self.failed = True

    @property
    def whole(self) -> int:
        """Captured in all, as far as anything said."""
        return max(self.captured, sum(self.rows.values()))

    @property
    def named_in_fees(self) -> str | None:
        """The payment as a fee names it; None where the order has another payment of it, told by the shop."""
        return self.payment_id if self.context.connection.tells("captures") else None
