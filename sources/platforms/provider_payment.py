"""One payment at a payment provider while a payload of it is read: what is known of it, and what the payload adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Final, Literal, Self, TypeAlias

from asiento.accounting.order_events import TenderKind
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Json, Owner, Reading
from sources.platforms.outcome import EventTwin
from sources.platforms.payment_facts import fee_return
from sources.platforms.stated_money import Money

RefundStatus: TypeAlias = Literal["SUCCEEDED", "PENDING", "FAILED"]
_VERSIONS: Final[Mapping[str, int]] = {"SUCCEEDED": 1, "FAILED": 2}


@dataclass(slots=True)
class ProviderPayment:
    """Known of a payment: amounts in minor units of its currency, canonical only.

    test: the payload or an earlier one says so; None: nobody did. tender: the first that was told stays, so that a fact has one content.
    told: captured and told. captured: the most that the payment itself said; rows: what movements or captures said, by their id.
    failed: its money did not come after all. refunds: id -> `told`, `failed` or another word of the provider's adapter.
    """

    payment_id: str
    context: Context
    gateway: ClassVar[str] = ""
    kept: ClassVar[tuple[str, ...]] = ("test", "tender", "currency", "told", "captured", "failed", "rows", "refunds")

    test: bool | None = None
    tender: TenderKind | None = None
    currency: str | None = None
    told: int = 0
    captured: int = 0
    failed: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    refunds: dict[str, str] = field(default_factory=dict)
    owner: Owner | None = None
    facts: list[Fact] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    fetches: list[Fetch] = field(default_factory=list)

    @classmethod
    def recalled(cls, payment_id: str, context: Context) -> Self:
        """The payment as it was remembered."""
        memory = context.snapshot.memory
        payment = cls(payment_id, context)
        for name in cls.kept:
            if name in memory:
                value = memory[name]
                setattr(payment, name, dict(value) if isinstance(value, Mapping) else value)
        return payment

    def reading(self, seen_at: datetime | None) -> Reading:
        """What the payload said, and what to remember."""
        memory: dict[str, Json] = {name: value for name in self.kept if (value := getattr(self, name)) not in (None, 0, False, {}, [])}
        return Reading(
            facts=tuple(self.facts),
            owner=self.owner,
            seen_at=seen_at,
            notices=tuple(dict.fromkeys(self.notices)),
            fetches=tuple(dict.fromkeys(self.fetches)),
            memory=memory,
        )

    def paid_by(self, tender: TenderKind) -> TenderKind:
        """The tender that was told first, else this one from now on."""
        self.tender = self.tender or tender
        return self.tender

    def fact(self, kind: str, business_key: str, body: EventTwin, occurred_at: datetime, money: Money) -> Fact:
        """A fact of this payment, told once."""
        return Fact(type=kind, business_key=business_key, body=body | money.fields, occurred_at=occurred_at, test_mode=bool(self.test))

    def capture(self, money: Money, occurred_at: datetime) -> None:
        """Tell what was captured and not told: the whole the first time, what came to it afterwards."""
        whole = self.whole
        if self.failed or whole <= self.told:
            return
        payment_id = self.payment_id if self.told == 0 else f"{self.payment_id}:{whole}"
        amount, self.told = whole - self.told, whole
        self.tell_capture(payment_id, f"capture:{payment_id}", amount, money, occurred_at)

    def tell_capture(self, payment_id: str, business_key: str, amount: int, money: Money, occurred_at: datetime) -> None:
        """One PaymentCaptured; `payment_id` is that of the payment for its first capture."""
        body: EventTwin = {
            "payment_id": payment_id,
            "parent_payment_id": None if payment_id == self.payment_id else self.payment_id,
            "tender": self.paid_by("OTHER"),
            "gateway": self.gateway,
            "gateway_reference": self.payment_id,
            "amount": amount,
        }
        if self.context.connection.tells("captures"):
            self.facts.append(self.fact("PaymentCaptured", business_key, body, occurred_at, money))

    def fail(self, money: Money, occurred_at: datetime, amount: int) -> None:
        """The money did not come after all, as with direct debits: what was told of it is undone."""
        if not self.failed and amount:
            self.reverse(self.payment_id, self.payment_id, amount, money, occurred_at)
        self.failed = True

    def reverse(self, payment_id: str, reference: str, amount: int, money: Money, occurred_at: datetime) -> None:
        """One PaymentReversed of a capture; `reference` tells it from others."""
        body: EventTwin = {"payment_id": payment_id, "amount": amount, "reason": "payment failed"}
        if self.context.connection.tells("captures"):
            self.facts.append(self.fact("PaymentReversed", f"reversed:{reference}", body, occurred_at, money))

    def tell_refund(
        self, refund_id: str, amount: int, status: RefundStatus, occurred_at: datetime, *, money: Money, lines: Sequence[EventTwin] = ()
    ) -> None:
        """A refund becomes a fact when its money is away; a later failure takes it back; pending ones are none."""
        known = self.refunds.get(refund_id)
        if known == "failed" or amount == 0:
            return
        if status == "PENDING":
            self.notices.append("a refund is pending: nothing is booked until it succeeded")
            return
        if status == "FAILED":
            self.refunds[refund_id] = "failed"
            if known != "told":
                self.notices.append("a refund that failed or was canceled: no money moved")
                return
        self.refunds.setdefault(refund_id, "told")
        if self.context.connection.tells("refunds"):
            told = self.fact("RefundIssued", f"refund:{refund_id}", self.refund_body(refund_id, amount, status, lines), occurred_at, money)
            self.facts.append(replace(told, repeat="status", version=_VERSIONS[status]))

    def refund_body(self, refund_id: str, amount: int, status: RefundStatus, lines: Sequence[EventTwin] = ()) -> EventTwin:
        """A RefundIssued with one tender; it names the payment unless only the refund is known."""
        tender: EventTwin = {"tender_id": refund_id} | ({"payment_id": self.payment_id} if self.payment_id != refund_id else {})
        tender |= {"tender": self.paid_by("OTHER"), "gateway": self.gateway, "gateway_reference": refund_id}
        tender |= {"amount": amount, "status": status}
        return {"refund_id": refund_id, "lines": list(lines), "adjustments": [], "tenders": [tender], "allow_over_refund": False}

    def return_fee(self, fee_id: str, amount: int, money: Money, occurred_at: datetime) -> None:
        """What of a fee came back with a movement; `amount` in minor units, above 0."""
        body = fee_return(fee_id, "processing", amount, "PSP", self.gateway)
        self.facts.append(self.fact("JournalPosted", f"journal:{body['journal_id']}", body, occurred_at, money))

    def open_dispute(self, dispute_id: str, amount: int, fee: int, money: Money, occurred_at: datetime) -> None:
        """One ChargebackOpened."""
        body: EventTwin = {"dispute_id": dispute_id, "payment_id": self.payment_id, "gateway": self.gateway}
        body |= {"gateway_reference": dispute_id, "amount": amount, "fee": fee}
        if self.context.connection.tells("disputes"):
            self.facts.append(self.fact("ChargebackOpened", f"dispute:{dispute_id}", body, occurred_at, money))

    def close_dispute(self, dispute_id: str, outcome: str, won: tuple[int, int], money: Money, occurred_at: datetime) -> None:
        """One ChargebackClosed; `won`: what came back of the amount and of the fee."""
        body: EventTwin = {"dispute_id": dispute_id, "outcome": outcome, "amount_won": won[0], "fee_returned": won[1]}
        if self.context.connection.tells("disputes"):
            self.facts.append(self.fact("ChargebackClosed", f"dispute:{dispute_id}:closed", body, occurred_at, money))

    @property
    def whole(self) -> int:
        """Captured in all, as far as anything said."""
        return max(self.captured, sum(self.rows.values()))

    @property
    def named_in_fees(self) -> str | None:
        """The payment as a fee names it; None where the order has another payment of it, told by the shop."""
        return self.payment_id if self.context.connection.tells("captures") else None
