"""Disputes: money moves with their balance transactions, never with their status. An inquiry (`warning_*`) has none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sources.platforms.facts import Json
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.stated_money import Money
from sources.platforms.stripe.balance import checked_row, tell_fees
from sources.platforms.stripe.money import moment_of, money_of
from sources.platforms.stripe.objects import expanded
from sources.platforms.stripe.payment import Payment

_OPEN: Final = frozenset({"needs_response", "under_review", "charge_refunded", "prevented"})
_CLOSED: Final = frozenset({"won", "lost"})
_INQUIRY: Final = "warning_"


@dataclass(slots=True)
class _Round:
    """Money that was withdrawn once, and what of it came back. Some banks withdraw a second time after a reversal."""

    withdrawn: int
    fee: int
    opened_at: datetime
    reinstated: int = 0
    fee_returned: int = 0
    closed_at: datetime | None = None


def read_dispute(dispute: Node, payment: Payment, about: Mapping[str, Json]) -> None:
    """Opened for each withdrawal; closed when the money is back, or when the dispute is lost."""
    payment.learn(
        *(node for node in (dispute, expanded(dispute.find("charge")), expanded(dispute.find("payment_intent"))) if node), about=about
    )
    status = dispute.need("status").value
    if not isinstance(status, str) or not (status in _OPEN | _CLOSED or status.startswith(_INQUIRY)):
        raise dispute.need("status").malformed("a status of a dispute")
    money = money_of(dispute)
    money.amount(dispute, "amount")
    rows = dispute.need("balance_transactions").items()
    rounds = _rounds(dispute, payment, money, rows)
    if status.startswith(_INQUIRY) and not rounds:
        payment.notices.append("an inquiry: no money moved")
    elif not rounds:
        payment.notices.append("a dispute without a movement: no money moved yet")
    for number, each in enumerate(rounds, 1):
        identity = dispute.need("id").reference()
        dispute_id = identity if number == 1 else f"{identity}:{number}"
        _tell(payment, money, dispute_id, each, status if number == len(rounds) else "won")


def _rounds(dispute: Node, payment: Payment, money: Money, rows: list[Node]) -> list[_Round]:
    rounds: list[_Round] = []
    for row in sorted(rows, key=lambda each: (each.need("created").integer(), each.need("id").reference())):
        theirs, amount, fee = checked_row(row)
        at = moment_of(row.need("created"))
        foreign = theirs.currency != money.currency
        if foreign:
            amount = _in_our_currency(dispute, money, amount)
            if fee:
                payment.notices.append(f"the fee of {theirs.text(fee)} is in the currency of settlement: kept for settlements")
            fee = 0
        if amount < 0:
            rounds.append(_Round(-amount, max(fee, 0), at))
        elif not rounds:
            if amount:
                raise Unjudged("hold_discrepancy", f"{row.pointer}: money came back that was never withdrawn", row.pointer)
            tell_fees(row, payment, payment.named_in_fees, money)
        else:
            last = rounds[-1]
            last.reinstated, last.fee_returned, last.closed_at = last.reinstated + amount, last.fee_returned + max(-fee, 0), at
            last.fee += max(fee, 0) if not amount else 0
    return rounds


def _in_our_currency(dispute: Node, money: Money, amount: int) -> int:
    """A movement in the currency of settlement is the whole disputed amount, one way or the other."""
    disputed = money.amount(dispute, "amount")
    return (amount > 0) * disputed - (amount < 0) * disputed


def _tell(payment: Payment, money: Money, dispute_id: str, each: _Round, status: str) -> None:
    if each.reinstated > each.withdrawn or each.fee_returned > each.fee:
        raise Unjudged("hold_discrepancy", "more came back than was withdrawn for a dispute", "/balance_transactions")
    payment.open_dispute(dispute_id, each.withdrawn, each.fee, money, each.opened_at)
    outcome = _outcome(each, status)
    if outcome is not None:
        won = each.reinstated, each.fee_returned
        payment.close_dispute(dispute_id, outcome, won, money, each.closed_at or each.opened_at)
    elif status == "won":
        payment.notices.append("the dispute is won, its money is not back yet")


def _outcome(each: _Round, status: str) -> str | None:
    if each.reinstated == each.withdrawn:
        return "WON"
    if each.reinstated and status in _CLOSED:
        return "PARTIAL"
    return "LOST" if status == "lost" else None
