"""Chargebacks: the money is disputed from the start; `coverage_applied` says for whom it was decided."""

from datetime import datetime
from typing import Final

from sources.platforms.facts import Fetch
from sources.platforms.mercado_pago.fields import amount_at, flag_at, found_time, moment_of, word_at
from sources.platforms.mercado_pago.payment import CREATED, UPDATED, Dispute, Payment, tell_dispute
from sources.platforms.payload import Node

_WON: Final = frozenset({"reimbursed", "won", "covered"})
_LOST: Final = frozenset({"settled", "lost", "not_covered"})
_REFUSED: Final = frozenset({"invalid", "not_supplied", "not_applicable"})


def read_chargeback(node: Node, payment: Payment) -> datetime:
    """One chargeback, under the first payment that it names."""
    payment.learn(node)
    money = payment.money_of(node)
    amount = amount_at(node, "amount", money)
    opened_at = moment_of(node, (*CREATED, *UPDATED), payment.context, payment.notices)
    updated = found_time((node,), UPDATED, payment.context) or opened_at
    if len(node.each("payments")) > 1:
        payment.notices.append("the chargeback is about several payments: it is told under the first")
    tell_dispute(payment, Dispute(node.need("id").reference(), amount, _outcome(node, payment), opened_at, updated), money)
    if payment.context.remembers and payment.tender is None:
        payment.fetches.append(Fetch("payment", f"payment/{payment.payment_id}", "a chargeback of a payment that is not known"))
    return updated


def _outcome(node: Node, payment: Payment) -> str:
    """WON, LOST or nothing yet: not covered is lost only where the documents were refused, were never sent, or could not help."""
    covered, status = flag_at(node, "coverage_applied"), word_at(node, "status")
    if covered or status in _WON:
        return "WON"
    eligible = [flag_at(node, name) for name in ("coverage_elegible", "coverage_eligible")]
    refused = word_at(node, "documentation_status") in _REFUSED or False in eligible
    if status in _LOST or (covered is False and refused):
        return "LOST"
    payment.notices.append("the chargeback is not decided: the money is disputed, not lost")
    return ""
