"""One payment at Adyen, and what its items add: captures, refunds, chargebacks, and their reversals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

from sources.platforms.adyen.codes import AUTHORISED, FINAL_STATUSES, REFUND_BACK, tender_of
from sources.platforms.facts import Json
from sources.platforms.order_reference import owner_named
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.provider_payment import ProviderPayment
from sources.platforms.stated_money import Money, money_called

PLACES: Final = ("merchantReference",)
STATED_EXPONENTS: Final[Mapping[str, int]] = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}
"""Where Adyen counts in other units than ISO."""
_WITHDRAWN, _BACK, _LOST = "open", "won", "lost"


@dataclass(slots=True)
class Payment(ProviderPayment):
    """captures: psp reference of the capture -> the payment_id under which it was told; fallen: the same of those that failed afterwards.

    disputes: dispute_id -> `open`, `won` or `lost`. returned: psp references of reversals that were told -> dispute_id.
    reversals: of chargebacks that are not known yet, [psp reference, amount, time].
    """

    gateway: ClassVar[str] = "adyen"
    kept: ClassVar[tuple[str, ...]] = (*ProviderPayment.kept, "captures", "fallen", "disputes", "returned", "reversals")

    captures: dict[str, str] = field(default_factory=dict)
    fallen: dict[str, str] = field(default_factory=dict)
    disputes: dict[str, str] = field(default_factory=dict)
    returned: dict[str, str] = field(default_factory=dict)
    reversals: list[list[Json]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Item:
    """What every item says: its own reference, its amount, and when it happened."""

    reference: str
    amount: int
    money: Money
    at: datetime


def read_item(node: Node, payment: Payment, about: Mapping[str, Json]) -> datetime:
    """The facts of one item that says success; returns when it happened."""
    if "test" in about:
        payment.test = about["test"]
    payment.owner = owner_named((node,), PLACES, payment.context, payment.notices)
    payment.paid_by(tender_of(method.value if (method := node.find("paymentMethod")) is not None else None))
    stated = node.need("amount")
    money = money_called(stated.need("currency"), STATED_EXPONENTS)
    at = node.need("eventDate").time(payment.context.zone)
    item = Item(node.need("pspReference").reference(), money.amount(stated, "value"), money, at)
    code = _code_of(node)
    if code == AUTHORISED:
        _authorised(item, payment)
    elif code == "CAPTURE":
        _captured(item, payment)
    elif code == "CAPTURE_FAILED":
        _capture_failed(item, payment)
    elif code in REFUND_BACK:
        _refund_back(item, payment)
    elif code in {"REFUND", "REFUND_WITH_DATA"}:
        payment.tell_refund(item.reference, item.amount, "SUCCEEDED", at, money=money)
    elif code == "CHARGEBACK_REVERSED":
        _chargeback_back(item, payment)
    elif code in {"CHARGEBACK", "SECOND_CHARGEBACK"}:
        _charged_back(item, payment, second=code == "SECOND_CHARGEBACK", final=_is_final(node))
    else:
        payment.notices.append("an authorization was canceled, no money moved")
    return at


def _code_of(node: Node) -> str:
    """The event code; a cancel-or-refund is what it became."""
    code = node.need("eventCode").text()
    if code != "CANCEL_OR_REFUND":
        return code
    action = node.at("additionalData.modification.action") or (
        more.find("modification.action") if (more := node.find("additionalData")) is not None else None
    )
    if action is None or action.value not in ("cancel", "refund"):
        pointer = f"{node.pointer}/additionalData"
        message = "modification.action is missing: whether it was canceled or refunded is not said"
        raise Unjudged("refetch", message, pointer)
    return "REFUND" if action.value == "refund" else "CANCELLATION"


def _authorised(item: Item, payment: Payment) -> None:
    """Money only where every authorization is captured by itself, as the connection says."""
    if not payment.context.connection.automatic_capture:
        payment.notices.append(
            "payment authorized: nothing is captured (automatic_capture in the connection file, if capture is not separate)"
        )
    elif item.amount and not payment.captures:
        payment.captures[item.reference] = payment.payment_id
        payment.tell_capture(payment.payment_id, f"capture:{item.reference}", item.amount, item.money, item.at)


def _captured(item: Item, payment: Payment) -> None:
    """Each capture is told once; the first has the payment's id, so that refunds find it."""
    if payment.context.connection.automatic_capture:
        payment.notices.append("captured: told with the authorization")
        return
    if item.reference in payment.captures or item.reference in payment.fallen or not item.amount:
        return
    payment_id = payment.payment_id if payment.payment_id not in payment.captures.values() else item.reference
    payment.captures[item.reference] = payment_id
    payment.tell_capture(payment_id, f"capture:{item.reference}", item.amount, item.money, item.at)


def _capture_failed(item: Item, payment: Payment) -> None:
    """A capture that was accepted did not come about; without a memory it is taken for the payment's first."""
    automatic = payment.context.connection.automatic_capture
    reference = next(iter(payment.captures), item.reference) if automatic else item.reference
    told = payment.captures.get(reference)
    if told is None and not payment.context.remembers:
        told = payment.payment_id
    if reference in payment.fallen:
        return
    payment.fallen[reference] = told or ""
    if told is not None and item.amount:
        payment.reverse(told, reference, item.amount, item.money, item.at)
    else:
        payment.notices.append("the capture failed before it was known: nothing is told of it")


def _refund_back(item: Item, payment: Payment) -> None:
    """The money of a refund came back; without a memory the refund is taken for told."""
    if payment.context.remembers or item.amount == 0:
        payment.tell_refund(item.reference, item.amount, "FAILED", item.at, money=item.money)
        return
    body = payment.refund_body(item.reference, item.amount, "FAILED")
    if payment.context.connection.tells("refunds"):
        payment.facts.append(payment.fact("RefundIssued", f"refund:{item.reference}:1", body, item.at, item.money))


def _charged_back(item: Item, payment: Payment, *, second: bool, final: bool) -> None:
    """Money withdrawn by the scheme; a second time after it came back, which is a dispute of its own."""
    dispute_id = f"{item.reference}:2" if second else item.reference
    if not item.amount:
        return
    payment.disputes.setdefault(dispute_id, _WITHDRAWN)
    payment.open_dispute(dispute_id, item.amount, 0, item.money, item.at)
    if final and payment.disputes[dispute_id] == _WITHDRAWN:
        payment.disputes[dispute_id] = _LOST
        payment.close_dispute(dispute_id, "LOST", (0, 0), item.money, item.at)
    waiting, payment.reversals = payment.reversals, []
    for reference, amount, moment in waiting:
        at = datetime.fromisoformat(moment)
        _chargeback_back(Item(reference, amount, item.money, at), payment)


def _chargeback_back(item: Item, payment: Payment) -> None:
    """Money given back: of the chargeback of that reference, else of the only open one; it waits for a chargeback that is not known."""
    if item.reference in payment.returned:
        return
    open_ones = [dispute_id for dispute_id, state in payment.disputes.items() if state == _WITHDRAWN]
    if item.reference in payment.disputes:
        dispute_id = item.reference
    elif len(open_ones) == 1 or not payment.context.remembers:
        dispute_id = open_ones[0] if open_ones else item.reference
    else:
        told = [item.reference, item.amount, item.at.isoformat()]
        payment.reversals += [told] if told not in payment.reversals else []
        payment.notices.append("a chargeback came back that is not known yet: it waits")
        return
    payment.disputes[dispute_id], payment.returned[item.reference] = _BACK, dispute_id
    payment.close_dispute(dispute_id, "WON", (item.amount, 0), item.money, item.at)


def _is_final(node: Node) -> bool:
    more = node.find("additionalData")
    status = more.find("disputeStatus") if more is not None and isinstance(more.value, dict) else None
    return status is not None and status.value in tuple(FINAL_STATUSES)
