"""One event of each kind, as two orders tell them: what the reference shows and what the tests hold to the contract."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sources.sdk.envelope import Event, Order
from sources.sdk.events import (
    ChargebackClosed,
    ChargebackOpened,
    EventCorrected,
    ExchangeCreated,
    FeeCharged,
    JournalPosted,
    OrderCancelled,
    OrderEdited,
    OrderPlaced,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentReversed,
    PaymentVoided,
    ReceivableAdjusted,
    RefundIssued,
    ReturnReceived,
    ShipmentCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
)
from sources.sdk.money import minor_units
from sources.sdk.parts import (
    Adjustment,
    CancelledLine,
    Line,
    LineKind,
    ManualPosting,
    OrderDiscount,
    Place,
    RefundLine,
    RefundTender,
    ReturnLine,
    ShipmentLine,
    Tax,
)

_KEPT: Final = Order(tenant="acme", source="oms:main", order_id="1001", currency="EUR")
_LEFT: Final = Order(tenant="acme", source="oms:main", order_id="1002", currency="EUR")
_FIRST: Final = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def samples() -> tuple[Event, ...]:
    """One event of every type that producers make, in the order in which they happened."""
    return (*_placed_and_paid(), *_sent_and_returned(), *_disputed_and_settled(), *_left())


def _at(hours: int) -> datetime:
    return _FIRST + timedelta(hours=hours)


def _vat(base: int, amount: int) -> Tax:
    return Tax(jurisdiction="ES", type="VAT", code="IVA", rate="0.21", base=base, amount=amount, included=True, liable_party="SELLER")


def _line(line_id: str, kind: LineKind, quantity: int, gross: int, tax: int) -> Line:
    price = {"L1": "12.10", "SHIP": "4.84", "L2": "12.10"}[line_id]
    sku = "MUG-BLUE" if kind == "GOODS" else None
    return Line(
        line_id=line_id, kind=kind, sku=sku, quantity=quantity, unit_price=price, gross=gross, discount=0, taxes=(_vat(gross - tax, tax),)
    )


def _placed_and_paid() -> tuple[Event, ...]:
    mugs = _line("L1", "GOODS", 2, minor_units("24.20", "EUR"), minor_units("4.20", "EUR"))
    shipping = _line("SHIP", "SHIPPING", 1, minor_units("4.84", "EUR"), minor_units("0.84", "EUR"))
    return (
        OrderPlaced(
            order=_KEPT,
            occurred_at=_at(0),
            received_at=_at(0),
            legal_entity="ACME-ES",
            channel="web",
            customer_ref="c-7d1f",
            terms="PREPAID",
            prices_include_tax=True,
            ship_to=Place(country="ES", region="M", postal_prefix="28"),
            lines=(mugs,),
            order_discounts=(),
            total=2420,
        ),
        OrderEdited(
            order=_KEPT,
            occurred_at=_at(1),
            received_at=_at(1),
            order_revision=1,
            lines=(mugs, shipping),
            order_discounts=(OrderDiscount(code="SORRY", amount=0),),
            total=2904,
            reason="express delivery added",
        ),
        PaymentAuthorized(order=_KEPT, occurred_at=_at(1), received_at=_at(1), payment_id="p1", amount=2904),
        _capture(fee=66),
        EventCorrected(
            order=_KEPT,
            occurred_at=_at(3),
            received_at=_at(3),
            supersedes_event_id=_capture(fee=66).to_json()["event_id"],
            replacement=_capture(fee=68, revision=1),
        ),
    )


def _capture(*, fee: int, revision: int = 0) -> PaymentCaptured:
    """One cent short of the total."""
    return PaymentCaptured(
        order=_KEPT,
        occurred_at=_at(2),
        received_at=_at(2),
        revision=revision,
        payment_id="p2",
        parent_payment_id="p1",
        tender="CARD",
        gateway="stripe",
        gateway_reference="pi_9",
        amount=minor_units("29.03", "EUR"),
        fee=fee,
    )


def _sent_and_returned() -> tuple[Event, ...]:
    return (
        ShipmentDispatched(
            order=_KEPT,
            occurred_at=_at(24),
            received_at=_at(24),
            shipment_id="s1",
            lines=(ShipmentLine(line_id="L1", quantity=2, unit_cost="5.35"),),
            warehouse="madrid",
        ),
        ReceivableAdjusted(
            order=_KEPT,
            occurred_at=_at(49),
            received_at=_at(49),
            adjustment_id="a1",
            kind="SMALL_DIFFERENCE",
            amount=1,
            taxes=(),
            approved_by="u-17",
        ),
        ShipmentDelivered(order=_KEPT, occurred_at=_at(48), received_at=_at(48), shipment_id="s1"),
        ReturnReceived(
            order=_KEPT,
            occurred_at=_at(96),
            received_at=_at(96),
            return_id="r1",
            lines=(ReturnLine(line_id="L1", quantity=1, shipment_id="s1", disposition="RESTOCK"),),
            warehouse="madrid",
        ),
        RefundIssued(
            order=_KEPT,
            occurred_at=_at(97),
            received_at=_at(97),
            refund_id="8812",
            return_id="r1",
            lines=(RefundLine(line_id="L1", quantity=1, scope="SHIPPED", shipment_id="s1"),),
            adjustments=(Adjustment(kind="GOODWILL", amount=100, taxes=()),),
            tenders=(RefundTender(tender_id="t1", payment_id="p2", tender="CARD", gateway="stripe", amount=1310, status="SUCCEEDED"),),
            allow_over_refund=False,
        ),
    )


def _disputed_and_settled() -> tuple[Event, ...]:
    return (
        FeeCharged(
            order=_KEPT,
            occurred_at=_at(98),
            received_at=_at(98),
            fee_id="f1",
            kind="return label",
            amount=minor_units("4.10", "EUR"),
            account_kind="CARRIER",
            gateway="dhl",
            estimate=False,
        ),
        ChargebackOpened(
            order=_KEPT,
            occurred_at=_at(120),
            received_at=_at(120),
            dispute_id="d1",
            payment_id="p2",
            gateway="stripe",
            amount=1593,
            fee=1500,
        ),
        ChargebackClosed(
            order=_KEPT, occurred_at=_at(240), received_at=_at(240), dispute_id="d1", outcome="WON", amount_won=1593, fee_returned=1500
        ),
        ExchangeCreated(
            order=_KEPT,
            occurred_at=_at(241),
            received_at=_at(241),
            exchange_id="x1",
            return_id="r1",
            lines=(_line("L2", "GOODS", 1, 1210, 210),),
            total_added=1210,
        ),
        JournalPosted(
            order=_KEPT,
            occurred_at=_at(243),
            received_at=_at(243),
            journal_id="j1",
            postings=(
                ManualPosting(account="psp_fees:stripe", side="DEBIT", amount=12),
                ManualPosting(account="psp_clearing:stripe", side="CREDIT", amount=12),
            ),
            reason="fee of the statement that no event told",
            approved_by="u-17",
        ),
    )


def _left() -> tuple[Event, ...]:
    line = _line("L1", "GOODS", 1, 1210, 210)
    return (
        OrderPlaced(
            order=_LEFT,
            occurred_at=_at(0),
            received_at=_at(0),
            legal_entity="ACME-ES",
            channel="web",
            terms="PREPAID",
            prices_include_tax=True,
            lines=(line,),
            order_discounts=(),
            total=1210,
        ),
        PaymentFailed(order=_LEFT, occurred_at=_at(1), received_at=_at(1), payment_id="p8", amount=1210),
        PaymentVoided(order=_LEFT, occurred_at=_at(2), received_at=_at(2), payment_id="p9", amount=1210),
        PaymentCaptured(
            order=_LEFT,
            occurred_at=_at(3),
            received_at=_at(3),
            payment_id="p10",
            tender="BANK_TRANSFER",
            gateway="",
            amount=1210,
        ),
        PaymentReversed(
            order=_LEFT,
            occurred_at=_at(30),
            received_at=_at(30),
            business_key="reversal:p10",
            payment_id="p10",
            amount=1210,
            reason="the transfer was returned",
        ),
        ShipmentDispatched(
            order=_LEFT, occurred_at=_at(31), received_at=_at(31), shipment_id="s2", lines=(ShipmentLine(line_id="L1", quantity=1),)
        ),
        ShipmentCancelled(order=_LEFT, occurred_at=_at(32), received_at=_at(32), shipment_id="s2"),
        OrderCancelled(
            order=_LEFT,
            occurred_at=_at(33),
            received_at=_at(33),
            business_key="cancellation:1",
            lines=(CancelledLine(line_id="L1", quantity=1),),
            cancel_charges=True,
            reason="not paid",
        ),
    )
