"""Refunds: each has an id of its own, whether it comes by itself or inside its charge."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sources.platforms.payload import Node
from sources.platforms.provider_payment import RefundStatus
from sources.platforms.stated_money import Money
from sources.platforms.stripe.money import moment_of
from sources.platforms.stripe.payment import Payment

_STATUSES: Final[Mapping[str, RefundStatus]] = {
    "succeeded": "SUCCEEDED",
    "pending": "PENDING",
    "requires_action": "PENDING",
    "failed": "FAILED",
    "canceled": "FAILED",
}


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as it stands in a payload. has_movement: a balance transaction is named, so that money moved; None: it is not said."""

    refund_id: str
    amount: int
    status: RefundStatus
    created: datetime
    has_movement: bool | None

    @property
    def is_release(self) -> bool:
        """It may be the uncaptured rest of an authorization, which Stripe calls a refund too."""
        return self.status == "SUCCEEDED" and self.has_movement is False


def refund_of(node: Node, money: Money) -> Refund:
    """Read one refund; old versions state no status: they had only refunds that succeeded."""
    stated = node.find("status")
    status: RefundStatus | None = "SUCCEEDED" if stated is None else _STATUSES.get(stated.value) if isinstance(stated.value, str) else None
    if stated is not None and status is None:
        raise stated.malformed("a status of a refund")
    return Refund(
        refund_id=node.need("id").reference(),
        amount=money.amount(node, "amount"),
        status=status or "SUCCEEDED",
        created=moment_of(node.need("created")),
        has_movement=node.find("balance_transaction") is not None if "balance_transaction" in node.value else None,
    )


def tell_refund(payment: Payment, refund: Refund, money: Money) -> None:
    """As of every payment; but an uncaptured rest is no refund, and one without a movement waits until that is known."""
    known = payment.refunds.get(refund.refund_id)
    if known == "released":
        return
    if refund.status == "FAILED":
        payment.unproven.pop(refund.refund_id, None)
    if refund.is_release and refund.amount and known is None and (payment.context.remembers or payment.authorized is not None):
        payment.unproven[refund.refund_id] = [refund.amount, int(refund.created.timestamp())]
    else:
        payment.tell_refund(refund.refund_id, refund.amount, refund.status, refund.created, money=money)


def prove_refunds(payment: Payment, money: Money) -> None:
    """Once the charge is known, refunds without a movement are either the released rest of its capture, or money."""
    rest = None if payment.authorized is None else payment.authorized - payment.whole
    released = "released" in payment.refunds.values()
    for refund_id, (amount, created) in sorted(payment.unproven.items(), key=lambda item: (item[1][1], item[0])):
        if amount == rest and not released:
            payment.refunds[refund_id], released = "released", True
            payment.notices.append("a refund is the uncaptured rest of its charge: no money moved")
        elif rest is not None and payment.whole:
            payment.tell_refund(refund_id, amount, "SUCCEEDED", datetime.fromtimestamp(created, UTC), money=money)
        else:
            payment.notices.append("a refund without balance transaction waits for its charge: it may be a released authorization")
            continue
        del payment.unproven[refund_id]
