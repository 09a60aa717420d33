"""Disputes: what PayPal withholds while it decides, and what of it is lost.

An inquiry is between buyer and merchant: no money moves, unless a movement says so. From the claim on (CHARGEBACK and later stages) PayPal
withholds the disputed amount. Movements of the merchant's money, where they are stated, count before both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sources.platforms.facts import Json
from sources.platforms.figures import difference_text
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.paypal.amounts import find_amount, in_currency, read_amount
from sources.platforms.paypal.payment import Case, Payment
from sources.platforms.paypal.resources import time_of
from sources.platforms.stated_money import Money, held

_STATUSES: Final = frozenset(
    {"OPEN", "WAITING_FOR_BUYER_RESPONSE", "WAITING_FOR_SELLER_RESPONSE", "UNDER_REVIEW", "RESOLVED", "APPEALABLE", "OTHER"}
)
_WITHHELD: Final = frozenset({"CHARGEBACK", "PRE_ARBITRATION", "ARBITRATION"})
_LOST: Final = frozenset({"RESOLVED_BUYER_FAVOUR", "RESOLVED_BUYER_FAVOR", "ACCEPTED"})
_WON: Final = frozenset({"RESOLVED_SELLER_FAVOUR", "RESOLVED_SELLER_FAVOR", "RESOLVED_WITH_PAYOUT", "CANCELED_BY_BUYER", "DENIED", "NONE"})
_MOVEMENTS: Final = ("fund_movements", "money_movements")
_WHOLE: Final = frozenset({"REVERSED", "REFUNDED"})


@dataclass(slots=True)
class _Moved:
    """Movements of the merchant's money in a dispute, in minor units; fees apart."""

    stated: bool = False
    out: int = 0
    back: int = 0
    fee: int = 0
    fee_back: int = 0


def read_dispute(dispute: Node, payment: Payment, about: Mapping[str, Json]) -> datetime:
    """A chargeback once money is withheld; closed by the outcome. Returns when it was last changed."""
    payment.learn(dispute, about)
    opened = time_of(dispute, payment, about, "create_time", "update_time")
    changed = time_of(dispute, payment, about, "update_time", "create_time")
    money, amount, transaction = _disputed(dispute, about)
    if payment.currency is not None and payment.currency != money.currency:
        payment.notices.append("the dispute is in another currency than the payment: kept for settlements")
        return changed
    moved = _movements(dispute, money)
    lost = _lost_of(dispute, money, amount, moved) if _is_resolved(dispute, about) else None
    if lost and _is_refund(transaction, payment, money, lost):
        lost, moved.out, moved.back = 0, 0, 0
    case = _case_of(payment, about["dispute"], _taken(dispute, amount, moved, lost), lost, (moved, money, opened))
    if case is None:
        payment.notices.append("a dispute without money withheld: a refund that settles it arrives by itself")
        return changed
    case.dispute = about["dispute"]
    payment.dispute_fee(f"{case.dispute}:fee", moved.fee, money, changed)
    if lost is not None:
        _close(payment, case, (lost, moved.fee_back), money, changed)
    payment.keep(case)
    return changed


def _case_of(payment: Payment, dispute_id: str, taken: int, lost: int | None, told: tuple[_Moved, Money, datetime]) -> Case | None:
    """The case of a dispute, opened if it is new; None where no money is withheld."""
    moved, money, opened = told
    case = payment.case_of("dispute", dispute_id, taken)
    if case is not None and case.dispute is None:
        if not taken and lost != 0:
            return None
        payment.notices.append("the dispute of a reversal that is told: the same money")
        case.more = max(taken - case.amount, 0) if lost != 0 else 0
        if case.more:
            payment.open_dispute(dispute_id, case.more, 0, money, opened)
    elif case is None and lost == 0 and not moved.out:
        payment.notices.append("the dispute has taken nothing from the merchant")
        case = Case(dispute_id, 0, lost=0)
    elif case is None and taken:
        case = Case(dispute_id, taken, max(moved.fee - payment.dispute_fees, 0))
        payment.dispute_fees += case.fee
        payment.open_dispute(case.case_id, taken, case.fee, money, opened)
    return case


def _taken(dispute: Node, amount: int, moved: _Moved, lost: int | None) -> int:
    """What is withheld: by the movements, else by the stage; where that is not stated, what was lost."""
    stage = dispute.find("dispute_life_cycle_stage")
    if moved.stated:
        return moved.out
    if stage is None:
        return amount if lost else 0
    return amount if stage.value in tuple(_WITHHELD) else 0


def _disputed(dispute: Node, about: Mapping[str, Json]) -> tuple[Money, int, Node]:
    """(currency, amount, transaction) of the part of a dispute that is about one payment."""
    field = dispute.need("dispute_amount")
    money, amount = read_amount(field)
    if amount < 0:
        raise field.malformed("an amount of 0 or more")
    transactions = dispute.each("disputed_transactions")
    transaction = transactions[about["number"]]
    if about["of"] == 1:
        return money, amount, transaction
    gross = [in_currency(each, "gross_amount", money) for each in transactions]
    if None in gross or sum(each or 0 for each in gross) != amount:
        raise held(f"{dispute.pointer}/dispute_amount", money, amount, sum(each or 0 for each in gross))
    if any(dispute.each(name) for name in _MOVEMENTS):
        pointer = f"{dispute.pointer}/{_MOVEMENTS[1]}"
        raise Unjudged("hold_discrepancy", f"{pointer}: movements of several payments, of which it is not said whose they are", pointer)
    return money, gross[about["number"]] or 0, transaction


def _is_resolved(dispute: Node, about: Mapping[str, Json]) -> bool:
    status = dispute.find("status") or dispute.find("dispute_state")
    if status is None:
        return bool(about["event"].endswith(".RESOLVED"))
    if dispute.find("status") is not None and status.value not in tuple(_STATUSES):
        raise status.malformed("a status of a dispute")
    return status.value in ("RESOLVED", "APPEALABLE")


def _movements(dispute: Node, money: Money) -> _Moved:
    """What was taken from the merchant and given back; movements of the buyer's money and in other currencies are left out."""
    moved = _Moved()
    for each in dispute.each(_MOVEMENTS[0]) or dispute.each(_MOVEMENTS[1]):
        party, amount = each.find("party") or each.find("affected_party"), find_amount(each, "amount")
        if party is None or party.value != "SELLER" or amount is None or amount[0].currency != money.currency:
            continue
        kind = each.need("type")
        if kind.value not in ("DEBIT", "CREDIT") or amount[1] < 0:
            raise kind.malformed("DEBIT or CREDIT of an amount of 0 or more")
        reason = each.find("reason")
        is_fee = reason is not None and isinstance(reason.value, str) and "FEE" in reason.value
        name = ("fee" if is_fee else "out") if kind.value == "DEBIT" else ("fee_back" if is_fee else "back")
        setattr(moved, name, getattr(moved, name) + amount[1])
        moved.stated = moved.stated or not is_fee
    if moved.back > moved.out:
        raise held(f"{dispute.pointer}/{_MOVEMENTS[1]}", money, moved.back, moved.out)
    return moved


def _lost_of(dispute: Node, money: Money, amount: int, moved: _Moved) -> int:
    """What the merchant has lost, by the movements, else by the outcome."""
    outcome = dispute.need("dispute_outcome")
    code = outcome.need("outcome_code")
    if code.value not in tuple(_LOST | _WON):
        raise code.malformed("an outcome of a dispute")
    refunded = in_currency(outcome, "amount_refunded", money)
    stated = 0 if code.value in tuple(_WON) else amount if refunded is None else refunded
    if stated > amount or stated < 0:
        raise held(f"{outcome.pointer}/amount_refunded", money, stated, amount)
    if moved.stated:
        return moved.out - moved.back
    return stated


def _close(payment: Payment, case: Case, outcome: tuple[int, int], money: Money, at: datetime) -> None:
    """The outcome (what was lost, what came back of the fee), once: what an appeal changes afterwards is reported."""
    lost, fee_back = outcome
    if case.lost is not None:
        if case.lost != lost:
            name = "the dispute was closed with another loss before"
            payment.notices.append(difference_text(name, lost, case.lost, money))
        return
    case.lost = lost
    if lost > case.amount + case.more:
        payment.notices.append(difference_text("lost in the dispute", lost, case.amount + case.more, money))
    for case_id, amount, gone in ((case.case_id, case.amount, min(lost, case.amount)), (case.dispute, case.more, lost - case.amount)):
        if case_id is not None and amount:
            won = amount - min(max(gone, 0), amount)
            word = "WON" if won == amount else "PARTIAL" if won else "LOST"
            payment.close_dispute(case_id, word, (won, min(fee_back, case.fee) if case_id == case.case_id else 0), money, at)
    payment.fee_back(f"{case.dispute}:fee", fee_back - min(fee_back, case.fee), money, at)


def _is_refund(transaction: Node, payment: Payment, money: Money, lost: int) -> bool:
    """Whether what was lost is a refund that arrives by itself, as the status of the transaction says; with a memory it is left to that.

    A transaction that counts as taken back in whole, of which less was lost, is reported: the outcome says what moved.
    """
    status, gross = transaction.find("transaction_status"), in_currency(transaction, "gross_amount", money)
    if status is None or not isinstance(status.value, str):
        return False
    if status.value in _WHOLE and gross is not None and gross != lost:
        name = f"{transaction.pointer}/transaction_status is {status.value}"
        payment.notices.append(difference_text(name, gross, lost, money))
    if status.value not in {"REFUNDED", "PARTIALLY_REFUNDED"}:
        return False
    payment.notices.append("the transaction counts as refunded: where the same refund arrives by itself, it is the same money")
    return status.value == "REFUNDED" and payment.context.remembers
