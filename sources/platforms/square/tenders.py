"""How the money of a Square order or payment came; both ways of saying it give the same fact."""

from collections.abc import Iterator
from typing import Final

from asiento.accounting.order_events import TenderKind
from sources.platforms.context import Context
from sources.platforms.facts import Fact
from sources.platforms.order_drafts import Currency
from sources.platforms.payload import Node
from sources.platforms.payment_facts import Payment, captured, fee_charged
from sources.platforms.square.money import MoneyReader

GATEWAY: Final = "square"
ELSEWHERE: Final = "external"
"""Gateway of money that another provider took and Square only notes."""
_NOT_HERE: Final = frozenset({"OTHER", "EXTERNAL", "THIRD_PARTY_CARD"})
_TENDERS: Final[dict[str, TenderKind]] = {
    "CARD": "CARD",
    "CASH": "CASH",
    "SQUARE_GIFT_CARD": "GIFT_CARD",
    "WALLET": "WALLET",
    "SQUARE_ACCOUNT": "WALLET",
}
"""Bank debits and instalments are settled by Square like cards, so they stand in its clearing account: OTHER."""
_MONEY_STATUSES: Final = frozenset({"CAPTURED", "COMPLETED"})


def payment_of(payment_id: str, kind: Node | None, node: Node, context: Context, currency: Currency) -> Payment:
    """A payment by its kind: `source_type` of a payment, `type` of a tender, `destination_type` of a refund."""
    name = kind.text() if kind is not None else "CARD"
    brand = node.at("card_details.card.card_brand")
    if name == "CARD" and brand is not None and brand.value == "SQUARE_GIFT_CARD":
        name = "SQUARE_GIFT_CARD"
    location = node.find("location_id")
    return Payment(
        payment_id=payment_id,
        gateway=ELSEWHERE if name in _NOT_HERE else GATEWAY,
        currency=currency,
        tender=_TENDERS.get(name, "OTHER"),
        reference=payment_id,
        store=context.connection.location_name(location.reference() if location is not None else None),
    )


def is_captured(tender: Node) -> bool:
    """Whether the money of a tender was received, not only reserved."""
    kind = tender.find("type")
    if kind is not None and kind.value == "NO_SALE":
        return False
    for details in ("card_details", "bank_account_details", "buy_now_pay_later_details", "square_account_details", "wallet_details"):
        status = tender.at(f"{details}.status")
        if status is not None:
            return status.text() in _MONEY_STATUSES
    return True


def tender_facts(order: Node, context: Context, money: MoneyReader) -> Iterator[Fact]:
    """Captures and fees of an order's tenders. The amount of a tender has its tip in it."""
    for tender in order.each("tenders"):
        amount = money.positive(tender, "amount_money")
        if not amount or not is_captured(tender):
            continue
        payment_id = (tender.find("payment_id") or tender.need("id")).reference()
        payment = payment_of(payment_id, tender.find("type"), tender, context, money.currency)
        created_at = (tender.find("created_at") or order.need("created_at")).time(context.zone)
        if context.connection.tells("captures"):
            yield captured(payment, amount, created_at)
        fee = money.of(tender, "processing_fee_money")
        told = context.snapshot.told.get(f"fee:{payment_id}")
        if fee > 0 and told is None and context.connection.tells("fees"):
            yield fee_charged(payment, payment_id, "processing", fee, created_at)
