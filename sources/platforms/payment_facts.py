"""Facts that every payment provider tells: money received, money given back, fees, disputes. One place that writes their bodies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from asiento.accounting.accounts import clearing_account, fee_account
from asiento.accounting.order_events import FeeAccountKind, TenderKind, TenderStatus
from sources.platforms.facts import Fact
from sources.platforms.order_drafts import Currency
from sources.platforms.outcome import EventTwin

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Whose money it is: the payment at its provider. `test_mode` None: that of its order."""

    payment_id: str
    gateway: str
    currency: Currency
    tender: TenderKind = "OTHER"
    reference: str | None = None
    store: str | None = None
    test_mode: bool | None = False

    def fact(self, event_type: str, business_key: str, body: EventTwin, occurred_at: datetime) -> Fact:
        """A fact about this payment's money."""
        present = {name: value for name, value in body.items() if value is not None}
        return Fact(
            type=event_type,
            business_key=business_key,
            body=present | self.currency.fields,
            occurred_at=occurred_at,
            test_mode=self.test_mode,
        )


def captured(payment: Payment, amount: int, occurred_at: datetime) -> Fact:
    """PaymentCaptured; its fee is told by `fee_charged`, because providers often know it later than the payment."""
    body = {
        "payment_id": payment.payment_id,
        "tender": payment.tender,
        "gateway": payment.gateway,
        "gateway_reference": payment.reference,
        "amount": amount,
        "store": payment.store,
    }
    return payment.fact("PaymentCaptured", f"capture:{payment.payment_id}", body, occurred_at)


def reversed_payment(payment: Payment, amount: int, occurred_at: datetime, reason: str) -> Fact:
    """PaymentReversed: a capture undone, once per payment."""
    body = {"payment_id": payment.payment_id, "amount": amount, "reason": reason}
    return payment.fact("PaymentReversed", f"reversal:{payment.payment_id}", body, occurred_at)


def fee_charged(payment: Payment, fee_id: str, kind: str, amount: int, occurred_at: datetime) -> Fact:
    """FeeCharged by the provider, actual."""
    body = {
        "fee_id": fee_id,
        "kind": kind,
        "amount": amount,
        "account_kind": "PSP",
        "gateway": payment.gateway,
        "payment_id": payment.payment_id,
        "estimate": False,
    }
    return payment.fact("FeeCharged", f"fee:{fee_id}", body, occurred_at)


def fee_returned(payment: Payment, fee_id: str, amount: int, occurred_at: datetime) -> Fact:
    """A fee that the provider gives back with a refund."""
    body = fee_return(fee_id, "processing", amount, "PSP", payment.gateway)
    return payment.fact("JournalPosted", f"journal:{body['journal_id']}", body, occurred_at)


def fee_return(fee_id: str, kind: str, amount: int, account_kind: FeeAccountKind, gateway: str) -> EventTwin:
    """Body of a JournalPosted without its money fields: what of a fee came back; `amount` in minor units, above 0.

    The contract has no event of its own for it, and a fee is never negative: it is an entry between the provider's clearing account and
    the fees, approved by the provider.
    """
    return {
        "journal_id": f"fee-returned:{fee_id}",
        "postings": [
            {"account": clearing_account(account_kind, gateway), "side": "DEBIT", "amount": amount},
            {"account": fee_account(account_kind, kind), "side": "CREDIT", "amount": amount},
        ],
        "reason": "processing fee returned with a refund",
        "approved_by": gateway,
    }


def fee_facts(payment: Payment, fee_id: str, kind: str, amount: int, occurred_at: datetime) -> list[Fact]:
    """A signed fee: charged above zero, returned below, nothing at zero."""
    if amount < 0:
        return [fee_returned(payment, fee_id, -amount, occurred_at)]
    return [fee_charged(payment, fee_id, kind, amount, occurred_at)] if amount else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money given back: `lines` and `adjustments` as the contract has them, where the platform says what for."""

    refund_id: str
    amount: int
    status: TenderStatus
    occurred_at: datetime
    version: int | None = None
    lines: Sequence[EventTwin] = ()
    adjustments: Sequence[EventTwin] = ()
    return_id: str | None = None


def refunded(payment: Payment, refund: Refund) -> Fact:
    """RefundIssued with one tender."""
    tender = {
        "tender_id": refund.refund_id,
        "payment_id": payment.payment_id,
        "tender": payment.tender,
        "gateway": payment.gateway,
        "gateway_reference": payment.reference,
        "amount": refund.amount,
        "status": refund.status,
    }
    body: EventTwin = {
        "refund_id": refund.refund_id,
        "return_id": refund.return_id,
        "lines": list(refund.lines),
        "adjustments": list(refund.adjustments),
        "tenders": [{name: value for name, value in tender.items() if value is not None}],
        "allow_over_refund": False,
    }
    return Fact(
        type="RefundIssued",
        business_key=f"refund:{refund.refund_id}",
        body={name: value for name, value in body.items() if value is not None} | payment.currency.fields,
        occurred_at=refund.occurred_at,
        test_mode=payment.test_mode,
        repeat="status",
        version=refund.version,
    )


def dispute_opened(payment: Payment, dispute_id: str, amount: int, fee: int, occurred_at: datetime) -> Fact:
    """ChargebackOpened: the provider has withdrawn or withholds the money."""
    body = {
        "dispute_id": dispute_id,
        "payment_id": payment.payment_id,
        "gateway": payment.gateway,
        "gateway_reference": payment.reference,
        "amount": amount,
        "fee": fee,
    }
    return payment.fact("ChargebackOpened", f"dispute:{dispute_id}:open", body, occurred_at)


def dispute_closed(payment: Payment, dispute_id: str, amount: int, amount_won: int, occurred_at: datetime) -> Fact:
    """ChargebackClosed: WON where all of `amount` comes back, LOST where nothing does, else PARTIAL."""
    outcome = "WON" if amount_won >= amount else "PARTIAL" if amount_won else "LOST"
    body = {"dispute_id": dispute_id, "outcome": outcome, "amount_won": amount_won, "fee_returned": 0}
    return payment.fact("ChargebackClosed", f"dispute:{dispute_id}:closed", body, occurred_at)
