"""Refunds: each has an id of its own, whether it comes by itself or inside its charge."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node
from sources.platforms.stripe.money import Money, moment_of
from sources.platforms.stripe.payment import GATEWAY, Payment

_STATUSES: Final[Mapping[str, str]] = {
    "succeeded": "SUCCEEDED",
    "pending": "PENDING",
    "requires_action": "PENDING",
    "failed": "FAILED",
    "canceled": "FAILED",
}
_VERSIONS: Final[Mapping[str, int]] = {"SUCCEEDED": 1, "FAILED": 2}


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as it stands in a payload. has_movement: a balance transaction is named, so that money moved; None: it is not said."""

    refund_id: str
    amount: int
    status: str
    created: datetime
    has_movement: bool | None

    @property
    def is_release(self) -> bool:
        """It may be the uncaptured rest of an authorization, which Stripe calls a refund too."""
        return self.status == "SUCCEEDED" and self.has_movement is False


def refund_of(node: Node, money: Money) -> Refund:
    """Read one refund; old versions state no status: they had only refunds that succeeded."""
    stated = node.find("status")
    status = "SUCCEEDED" if stated is None else _STATUSES.get(stated.value) if isinstance(stated.value, str) else None
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
    """One refund becomes a fact when its money is away; a later failure takes it back; an uncaptured rest is none."""
    known = payment.refunds.get(refund.refund_id)
    if known in {"failed", "released"} or refund.amount == 0:
        return
    if refund.status == "PENDING":
        payment.notices.append("a refund is pending: nothing is booked until it succeeded")
    elif refund.status == "FAILED":
        payment.refunds[refund.refund_id] = "failed"
        payment.unproven.pop(refund.refund_id, None)
        if known == "told":
            _tell(payment, refund, money)
        else:
            payment.notices.append("a refund that failed or was canceled: no money moved")
    elif refund.is_release and known is None and (payment.context.remembers or payment.authorized is not None):
        payment.unproven[refund.refund_id] = [refund.amount, int(refund.created.timestamp())]
    else:
        _tell(payment, refund, money)


def prove_refunds(payment: Payment, money: Money) -> None:
    """Once the charge is known, refunds without a movement are either the released rest of its capture, or money."""
    rest = None if payment.authorized is None else payment.authorized - payment.whole
    released = "released" in payment.refunds.values()
    for refund_id, (amount, created) in sorted(payment.unproven.items(), key=lambda item: (item[1][1], item[0])):
        if amount == rest and not released:
            payment.refunds[refund_id], released = "released", True
            payment.notices.append("a refund is the uncaptured rest of its charge: no money moved")
        elif rest is not None and payment.whole:
            _tell(payment, Refund(refund_id, amount, "SUCCEEDED", datetime.fromtimestamp(created, UTC), False), money)
        else:
            payment.notices.append("a refund without balance transaction waits for its charge: it may be a released authorization")
            continue
        del payment.unproven[refund_id]


def _tell(payment: Payment, refund: Refund, money: Money) -> None:
    payment.refunds.setdefault(refund.refund_id, "told")
    if not payment.context.connection.tells("refunds"):
        return
    tender: EventTwin = {
        "tender_id": refund.refund_id,
        "payment_id": payment.payment_id if payment.payment_id != refund.refund_id else None,
        "tender": payment.paid_by(None),
        "gateway": GATEWAY,
        "gateway_reference": refund.refund_id,
        "amount": refund.amount,
        "status": refund.status,
    }
    body: EventTwin = {
        "refund_id": refund.refund_id,
        "lines": [],
        "adjustments": [],
        "tenders": [{name: value for name, value in tender.items() if value is not None}],
        "allow_over_refund": False,
    }
    told = payment.fact("RefundIssued", f"refund:{refund.refund_id}", body, refund.created, money)
    payment.facts.append(replace(told, repeat="status", version=_VERSIONS[refund.status]))
