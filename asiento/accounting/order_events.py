"""The order events of the input contract as immutable values.

Money is `amount` in minor units of the event's currency (int, never negative but on ROUNDING lines),
quantities are micro-units (1 unit = 1 000 000), times are UTC microseconds since the epoch, prices and
rates stay decimal strings. Values come out of `schemas`, which has checked types, required fields,
symbols and limits; nothing here is checked a second time.
"""

from typing import Literal, TypeAlias

from asiento.accounting.values import event_value

LineKind: TypeAlias = Literal["GOODS", "SERVICE", "GIFT_CARD", "SHIPPING", "FEE", "TIP", "DUTY", "DEPOSIT", "ROUNDING"]
LiableParty: TypeAlias = Literal["SELLER", "MARKETPLACE"]
Terms: TypeAlias = Literal["PREPAID", "ON_DELIVERY", "NET"]
TenderKind: TypeAlias = Literal[
    "CARD",
    "WALLET",
    "BANK_TRANSFER",
    "CASH",
    "GIFT_CARD",
    "STORE_CREDIT",
    "MARKETPLACE",
    "CASH_ON_DELIVERY",
    "OTHER",
]
TenderStatus: TypeAlias = Literal["PENDING", "SUCCEEDED", "FAILED"]
RefundScope: TypeAlias = Literal["SHIPPED", "UNSHIPPED", "AUTO"]
AdjustmentKind: TypeAlias = Literal["CHARGE", "GOODWILL", "RETURN_FEE", "TAX"]
Disposition: TypeAlias = Literal["RESTOCK", "SCRAP", "UNKNOWN"]
FeeAccountKind: TypeAlias = Literal["PSP", "MARKETPLACE", "CARRIER"]
DisputeOutcome: TypeAlias = Literal["WON", "LOST", "PARTIAL"]
ReceivableAdjustmentKind: TypeAlias = Literal["EARLY_PAYMENT_DISCOUNT", "WRITE_OFF", "RECOVERY", "SMALL_DIFFERENCE", "WITHHOLDING"]
Side: TypeAlias = Literal["DEBIT", "CREDIT"]
DeadlineKind: TypeAlias = Literal["PARKED", "UNPAID", "UNSHIPPED", "UNREFUNDED"]


@event_value
class Fx:
    """Order currency to book currency, frozen by the source; used by part 2 only."""

    book_currency: str
    rate: str
    rate_date: str
    rate_source: str


@event_value
class Place:
    """A coarse place: never a street, never a full postal code."""

    country: str
    region: str | None = None
    postal_prefix: str | None = None


@event_value
class Tax:
    """One tax of a line as the source stated it; `rate` is a fraction ("0.16")."""

    jurisdiction: str
    type: str
    code: str
    rate: str
    base: int
    amount: int
    included: bool
    liable_party: LiableParty


@event_value
class Line:
    """One order line; `gross` is before discounts and holds the tax where prices include it."""

    line_id: str
    kind: LineKind
    quantity: int
    unit_price: str
    gross: int
    discount: int
    taxes: tuple[Tax, ...]
    parent_line_id: str | None = None
    sku: str | None = None
    description: str | None = None
    order_discount: int | None = None
    revenue_category: str | None = None
    unit_cost: str | None = None
    product_tax_code: str | None = None
    unit_code: str | None = None
    tax_exemption: str | None = None


@event_value
class OrderDiscount:
    """A discount on the whole order, spread over the lines by Rule 1."""

    code: str
    amount: int
    funded_by: LiableParty


@event_value
class OrderEvent:
    """The envelope in every event.

    `fingerprint` and `business_fingerprint` ("f1:" and 32 hex digits) are computed beside the codecs;
    `natural_fingerprint` is the business content further without business_key, for natural ids;
    `size_bytes` is the length of the canonical JSON, for the bound on parked events.
    """

    event_id: str
    tenant: str
    source: str
    order_id: str
    business_key: str
    occurred_at: int
    received_at: int
    test_mode: bool
    source_event_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    source_sequence: int | None = None
    source_version: int | None = None
    currency: str | None = None
    currency_exponent: int | None = None
    fx: Fx | None = None
    fingerprint: str
    business_fingerprint: str
    natural_fingerprint: str
    size_bytes: int

    @property
    def order_key(self) -> str:
        """`tenant:source:order_id`, the Kafka key of everything about this order."""
        return f"{self.tenant}:{self.source}:{self.order_id}"


@event_value
class OrderPlaced(OrderEvent):
    """The order as it was agreed; nothing is posted, the amounts are frozen."""

    legal_entity: str
    channel: str
    terms: Terms
    prices_include_tax: bool
    lines: tuple[Line, ...]
    order_discounts: tuple[OrderDiscount, ...]
    total: int
    store: str | None = None
    customer_ref: str | None = None
    due_days: int | None = None
    ship_to: Place | None = None
    document_fields: tuple[tuple[str, str], ...] = ()


@event_value
class PaymentCaptured(OrderEvent):
    """Money received for the order; `fee` is the fee actually withheld, None where unknown."""

    payment_id: str
    tender: TenderKind
    gateway: str
    amount: int
    parent_payment_id: str | None = None
    gateway_reference: str | None = None
    fee: int | None = None
    store: str | None = None


@event_value
class ShipmentLine:
    """Units of one line in a shipment; `unit_cost` overrides the order line's."""

    line_id: str
    quantity: int
    unit_cost: str | None = None


@event_value
class ShipmentDispatched(OrderEvent):
    """Units left the house (or went over the counter, or were delivered digitally)."""

    shipment_id: str
    lines: tuple[ShipmentLine, ...]
    warehouse: str | None = None
    ship_from: Place | None = None
    ship_to: Place | None = None


@event_value
class CancelledLine:
    """Units of one line that will not be shipped."""

    line_id: str
    quantity: int


@event_value
class OrderCancelled(OrderEvent):
    """Open units are cancelled; empty `lines` = everything that is open."""

    lines: tuple[CancelledLine, ...]
    cancel_charges: bool
    reason: str | None = None


@event_value
class CreditTax:
    """A tax amount stated by a refund."""

    jurisdiction: str
    type: str
    code: str
    amount: int
    liable_party: LiableParty

    @property
    def key(self) -> tuple[str, str, str]:
        """What this tax is summed by for the caps of credits."""
        return self.jurisdiction, self.type, self.code


@event_value
class RefundLine:
    """Units of one line named by a refund; a stated `net` is credited as stated. `taxes` None = not stated."""

    line_id: str
    quantity: int
    scope: RefundScope
    shipment_id: str | None = None
    net: int | None = None
    taxes: tuple[CreditTax, ...] | None = None


@event_value
class Adjustment:
    """Money given back that is not units of a line (or a return fee kept)."""

    kind: AdjustmentKind
    amount: int
    taxes: tuple[CreditTax, ...]
    line_id: str | None = None


@event_value
class RefundTender:
    """Money going back by one means; the status moves PENDING -> SUCCEEDED -> FAILED only."""

    tender_id: str
    tender: TenderKind
    gateway: str
    amount: int
    status: TenderStatus
    payment_id: str | None = None
    gateway_reference: str | None = None


@event_value
class RefundIssued(OrderEvent):
    """A refund; sent again with the same refund_id when a tender changes its status."""

    refund_id: str
    lines: tuple[RefundLine, ...]
    adjustments: tuple[Adjustment, ...]
    tenders: tuple[RefundTender, ...]
    allow_over_refund: bool
    return_id: str | None = None
    reason_code: str | None = None


@event_value
class OrderEdited(OrderEvent):
    """The order was changed: `lines` are all its lines after the edit, cancelled and shipped units included."""

    order_revision: int
    lines: tuple[Line, ...]
    order_discounts: tuple[OrderDiscount, ...]
    total: int
    reason: str | None = None


@event_value
class ExchangeCreated(OrderEvent):
    """Lines were added to the order in exchange for others."""

    exchange_id: str
    lines: tuple[Line, ...]
    total_added: int
    return_id: str | None = None


@event_value
class PaymentAuthorized(OrderEvent):
    """Money was reserved, not received."""

    payment_id: str
    amount: int


@event_value
class PaymentVoided(OrderEvent):
    """A reservation was released."""

    payment_id: str
    amount: int


@event_value
class PaymentFailed(OrderEvent):
    """A payment did not come about."""

    payment_id: str
    amount: int


@event_value
class PaymentReversed(OrderEvent):
    """A capture, or a part of it, was undone: a returned transfer, a failed direct debit."""

    payment_id: str
    amount: int
    reason: str | None = None


@event_value
class ShipmentDelivered(OrderEvent):
    """A shipment reached the customer."""

    shipment_id: str


@event_value
class ShipmentCancelled(OrderEvent):
    """A shipment was undone before hand-over: its units are open again."""

    shipment_id: str


@event_value
class ReturnLine:
    """Units of one line that came back."""

    line_id: str
    quantity: int
    disposition: Disposition
    shipment_id: str | None = None


@event_value
class ReturnReceived(OrderEvent):
    """Units came back; money is a refund's business."""

    return_id: str
    lines: tuple[ReturnLine, ...]
    warehouse: str | None = None


@event_value
class FeeCharged(OrderEvent):
    """A provider charged a fee, `amount` without tax; an estimate is never posted."""

    fee_id: str
    kind: str
    amount: int
    account_kind: FeeAccountKind
    gateway: str
    estimate: bool
    tax: Tax | None = None
    payment_id: str | None = None


@event_value
class ChargebackOpened(OrderEvent):
    """Disputed funds were withdrawn, with a fee."""

    dispute_id: str
    payment_id: str
    gateway: str
    amount: int
    fee: int
    gateway_reference: str | None = None


@event_value
class ChargebackClosed(OrderEvent):
    """A dispute was decided: what of its funds and of its fee came back."""

    dispute_id: str
    outcome: DisputeOutcome
    amount_won: int
    fee_returned: int


@event_value
class ReceivableAdjusted(OrderEvent):
    """What the customer owes changed without money or goods; `amount` is without taxes."""

    adjustment_id: str
    kind: ReceivableAdjustmentKind
    amount: int
    taxes: tuple[Tax, ...]
    jurisdiction: str | None = None
    approved_by: str | None = None


@event_value
class EventCorrected(OrderEvent):
    """An earlier event was wrong: void it, or put another of the same type in its place."""

    supersedes_event_id: str
    replacement: PaymentCaptured | ShipmentDispatched | FeeCharged | ReturnReceived | ReceivableAdjusted | None = None


@event_value
class ManualPosting:
    """One leg of an entry made by hand."""

    account: str
    side: Side
    amount: int


@event_value
class JournalPosted(OrderEvent):
    """An entry made by hand, with who approved it and why."""

    journal_id: str
    postings: tuple[ManualPosting, ...]
    reason: str
    approved_by: str
    clears_entry_id: str | None = None


@event_value
class DeadlinePassed(OrderEvent):
    """A time-out as a fact, made by the sweeper; `about_event_id`: the parked event."""

    kind: DeadlineKind
    due_at: int
    about_event_id: str | None = None


EVENT_TYPES: dict[str, type[OrderEvent]] = {
    cls.__name__: cls
    for cls in (
        OrderPlaced,
        OrderEdited,
        OrderCancelled,
        PaymentAuthorized,
        PaymentVoided,
        PaymentFailed,
        PaymentCaptured,
        PaymentReversed,
        ShipmentDispatched,
        ShipmentDelivered,
        ShipmentCancelled,
        ReturnReceived,
        RefundIssued,
        ExchangeCreated,
        FeeCharged,
        ChargebackOpened,
        ChargebackClosed,
        ReceivableAdjusted,
        EventCorrected,
        JournalPosted,
        DeadlinePassed,
    )
}
"""Record name -> event class."""
