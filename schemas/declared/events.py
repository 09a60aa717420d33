"""The order events, part 1: facts that happened once to one order."""

from schemas.declared.parts import CREDIT_TAX, ENVELOPE, LINE, ORDER_DISCOUNT, PLACE, TAX, TENDER
from schemas.declared.words import (
    BOOL,
    FREE_TEXT,
    INT,
    LABEL,
    MONEY,
    QUANTITY,
    TEXT,
    TIME,
    UNIT_COST,
    UUID,
    Declared,
    array,
    enum,
    mapping,
    optional,
    record,
    required,
)

NAMESPACE = "asiento.orders.v1"
REASON = optional("reason", FREE_TEXT, "For people; never personal data.")
PAYMENT = required("payment_id", TEXT, "The payment.")
GATEWAY = required("gateway", LABEL, "Provider that holds the money; may be empty for CASH, BANK_TRANSFER, GIFT_CARD and STORE_CREDIT.")
GATEWAY_REFERENCE = optional("gateway_reference", TEXT, "The provider's own number, for matching settlements.")


def _event(name: str, doc: str, *fields: Declared, money: bool = True) -> Declared:
    """An event: the envelope, then its own fields. `money`: currency and currency_exponent are required."""
    return record(name, doc, *ENVELOPE, *fields, namespace=NAMESPACE, event=True, money=money)


PAYMENT_CAPTURED = _event(
    "PaymentCaptured",
    "Money was received for the order.",
    PAYMENT,
    optional("parent_payment_id", TEXT, "The authorization it captures."),
    required("tender", TENDER, "Means of payment."),
    GATEWAY,
    GATEWAY_REFERENCE,
    required("amount", MONEY, "Minor units."),
    optional("fee", MONEY, "Fee actually withheld; absent: unknown."),
    optional("store", TEXT, "Shop or till where it was paid."),
)

SHIPMENT_DISPATCHED = _event(
    "ShipmentDispatched",
    "Units left the house; digital delivery and hand-over at a till are shipments too.",
    required("shipment_id", TEXT, "The shipment."),
    required(
        "lines",
        array(
            record(
                "ShipmentLine",
                "Units of one line in a shipment.",
                required("line_id", TEXT, "The order line."),
                required("quantity", QUANTITY, "Micro-units shipped."),
                optional("unit_cost", UNIT_COST, "Cost of one unit, major units; overrides the order line's."),
            )
        ),
        "What was shipped.",
    ),
    optional("warehouse", TEXT, "Where from; qualifier of the inventory account."),
    optional("ship_from", PLACE, "Place it left."),
    optional("ship_to", PLACE, "Place it goes to."),
    money=False,
)

RETURN_RECEIVED = _event(
    "ReturnReceived",
    "Units came back.",
    required("return_id", TEXT, "The return."),
    required(
        "lines",
        array(
            record(
                "ReturnLine",
                "Units of one line that came back.",
                required("line_id", TEXT, "The order line."),
                required("quantity", QUANTITY, "Micro-units returned."),
                optional("shipment_id", TEXT, "The shipment they came with."),
                required(
                    "disposition",
                    enum("Disposition", "RESTOCK", "SCRAP", doc="What becomes of the units.", unknown_has_meaning=True),
                    "What becomes of the units; UNKNOWN: quarantine.",
                ),
            )
        ),
        "What came back.",
    ),
    optional("warehouse", TEXT, "Where it came to."),
    money=False,
)

FEE_CHARGED = _event(
    "FeeCharged",
    "A provider charged a fee for this order.",
    required("fee_id", TEXT, "The fee."),
    required("kind", TEXT, "What for (referral, fulfillment, monthly)."),
    required("amount", MONEY, "Minor units, without tax."),
    optional("tax", TAX, "Tax on the fee."),
    required("account_kind", enum("FeeAccountKind", "PSP", "MARKETPLACE", "CARRIER", doc="Who charges."), "Whose clearing account."),
    GATEWAY,
    optional("payment_id", TEXT, "The payment it belongs to."),
    required("estimate", BOOL, "True: never posted."),
)

RECEIVABLE_ADJUSTED = _event(
    "ReceivableAdjusted",
    "What the customer owes was changed without money or goods.",
    required("adjustment_id", TEXT, "The adjustment."),
    required(
        "kind",
        enum(
            "ReceivableAdjustmentKind",
            "EARLY_PAYMENT_DISCOUNT",
            "WRITE_OFF",
            "RECOVERY",
            "SMALL_DIFFERENCE",
            "WITHHOLDING",
            doc="Why it changed.",
        ),
        "Why it changed.",
    ),
    required("amount", MONEY, "Minor units, without taxes."),
    required("taxes", array(TAX), "Tax relief beside the amount, where the law gives it."),
    optional("jurisdiction", TEXT, "Authority; WITHHOLDING needs it."),
    optional("approved_by", TEXT, "Opaque id of who approved."),
)

CORRECTABLE: tuple[Declared, ...] = (PAYMENT_CAPTURED, SHIPMENT_DISPATCHED, FEE_CHARGED, RETURN_RECEIVED, RECEIVABLE_ADJUSTED)

ORDER_PLACED = _event(
    "OrderPlaced",
    "The order as it was agreed; nothing is posted, the amounts are frozen.",
    required("legal_entity", TEXT, "Whose ledger."),
    required("channel", TEXT, "Where it was sold (web, amazon, store)."),
    optional("store", TEXT, "Shop or till."),
    optional("customer_ref", TEXT, "Opaque pseudonym of the customer."),
    required("terms", enum("Terms", "PREPAID", "ON_DELIVERY", "NET", doc="When the customer pays."), "When the customer pays."),
    optional("due_days", INT, "Days to pay, for NET."),
    required("prices_include_tax", BOOL, "Whether gross contains the taxes."),
    optional("ship_to", PLACE, "Where it goes; for taxes."),
    required("lines", array(LINE), "What was ordered."),
    required("order_discounts", array(ORDER_DISCOUNT), "Discounts on the whole order."),
    required("total", MONEY, "What the customer owes in all, minor units."),
    optional("document_fields", mapping(FREE_TEXT), "Fiscal data for the invoice (RFC, UsoCFDI, NIF, RUT)."),
)

REFUND_LINE = record(
    "RefundLine",
    "Units of one line named by a refund.",
    required("line_id", TEXT, "The order line."),
    required("quantity", QUANTITY, "Micro-units refunded."),
    required("scope", enum("RefundScope", "SHIPPED", "UNSHIPPED", "AUTO", doc="Which units."), "Which units."),
    optional("shipment_id", TEXT, "The shipment they came with."),
    optional("net", MONEY, "Stated net; credited as stated."),
    optional("taxes", array(CREDIT_TAX), "Stated taxes; absent: not stated."),
)

ADJUSTMENT = record(
    "Adjustment",
    "Money given back that is not units of a line, or a return fee kept.",
    required("kind", enum("AdjustmentKind", "CHARGE", "GOODWILL", "RETURN_FEE", "TAX", doc="What for."), "What for."),
    optional("line_id", TEXT, "The line it is about."),
    required("amount", MONEY, "Minor units, without taxes."),
    required("taxes", array(CREDIT_TAX), "Taxes beside the amount."),
)

REFUND_TENDER = record(
    "RefundTender",
    "Money going back by one means.",
    required("tender_id", TEXT, "This try; a new try is a new id."),
    optional("payment_id", TEXT, "The payment it gives back."),
    required("tender", TENDER, "Means of payment."),
    GATEWAY,
    GATEWAY_REFERENCE,
    required("amount", MONEY, "Minor units."),
    required("status", enum("TenderStatus", "PENDING", "SUCCEEDED", "FAILED", doc="How far it is."), "Moves forward only."),
)

REFUND_ISSUED = _event(
    "RefundIssued",
    "A refund; sent again with the same refund_id when a tender changes its status.",
    required("refund_id", TEXT, "The refund."),
    optional("return_id", TEXT, "The return it belongs to."),
    optional("reason_code", FREE_TEXT, "The source's reason."),
    required("lines", array(REFUND_LINE), "Units refunded; may be empty."),
    required("adjustments", array(ADJUSTMENT), "Money beside units; may be empty."),
    required("tenders", array(REFUND_TENDER), "Money going back; may be empty."),
    required("allow_over_refund", BOOL, "True: more may go back than was captured."),
)

ORDER_CANCELLED = _event(
    "OrderCancelled",
    "Open units will not be shipped.",
    required(
        "lines",
        array(
            record(
                "CancelledLine",
                "Units of one line that will not be shipped.",
                required("line_id", TEXT, "The order line."),
                required("quantity", QUANTITY, "Micro-units cancelled."),
            )
        ),
        "What is cancelled; empty: everything open.",
    ),
    required("cancel_charges", BOOL, "True: charges are cancelled too when no unit stays open."),
    REASON,
    money=False,
)


def _payment_news(name: str, doc: str, *fields: Declared) -> Declared:
    return _event(name, doc, PAYMENT, required("amount", MONEY, "Minor units."), *fields)


def _shipment_news(name: str, doc: str) -> Declared:
    return _event(name, doc, required("shipment_id", TEXT, "The shipment."), money=False)


EVENTS: tuple[Declared, ...] = (
    ORDER_PLACED,
    _event(
        "OrderEdited",
        "The order was changed; lines are its state after the edit.",
        required("order_revision", INT, "Number of the edit; must rise."),
        required("lines", array(LINE), "All lines after the edit."),
        required("order_discounts", array(ORDER_DISCOUNT), "Discounts on the whole order after the edit."),
        required("total", MONEY, "Total after the edit, minor units."),
        REASON,
    ),
    ORDER_CANCELLED,
    _payment_news("PaymentAuthorized", "Money was reserved, not received."),
    _payment_news("PaymentVoided", "A reservation was released."),
    _payment_news("PaymentFailed", "A payment did not come about."),
    PAYMENT_CAPTURED,
    _payment_news("PaymentReversed", "A capture was undone: returned transfer, failed direct debit.", REASON),
    SHIPMENT_DISPATCHED,
    _shipment_news("ShipmentDelivered", "A shipment reached the customer."),
    _shipment_news("ShipmentCancelled", "A shipment was undone before hand-over: its units are open again."),
    RETURN_RECEIVED,
    REFUND_ISSUED,
    _event(
        "ExchangeCreated",
        "Lines were added to the order in exchange for others.",
        required("exchange_id", TEXT, "The exchange."),
        optional("return_id", TEXT, "The return it belongs to."),
        required("lines", array(LINE), "Lines added to the order."),
        required("total_added", MONEY, "What the added lines cost, minor units."),
    ),
    FEE_CHARGED,
    _event(
        "ChargebackOpened",
        "Disputed funds were withdrawn.",
        required("dispute_id", TEXT, "The dispute."),
        PAYMENT,
        GATEWAY,
        GATEWAY_REFERENCE,
        required("amount", MONEY, "Funds withdrawn, minor units."),
        required("fee", MONEY, "Dispute fee, minor units."),
    ),
    _event(
        "ChargebackClosed",
        "A dispute was decided.",
        required("dispute_id", TEXT, "The dispute."),
        required("outcome", enum("DisputeOutcome", "WON", "LOST", "PARTIAL", doc="How it ended."), "How it ended."),
        required("amount_won", MONEY, "Funds given back, minor units."),
        required("fee_returned", MONEY, "Fee given back, minor units."),
    ),
    RECEIVABLE_ADJUSTED,
    _event(
        "EventCorrected",
        "An earlier event was wrong: void it, or put another in its place.",
        required("supersedes_event_id", UUID, "The event that was wrong."),
        {
            "name": "replacement",
            "type": ["null", *CORRECTABLE],
            "default": None,
            "doc": "The corrected event, of the same type; absent: the event is void.",
        },
        money=False,
    ),
    _event(
        "JournalPosted",
        "An entry made by hand.",
        required("journal_id", TEXT, "The journal."),
        required(
            "postings",
            array(
                record(
                    "ManualPosting",
                    "One leg of an entry made by hand.",
                    required("account", TEXT, "Account role with qualifiers."),
                    required("side", enum("Side", "DEBIT", "CREDIT", doc="Side of the account."), "Side of the account."),
                    required("amount", MONEY, "Minor units."),
                )
            ),
            "Must balance.",
        ),
        required("reason", FREE_TEXT, "Why; for the auditor."),
        required("approved_by", TEXT, "Opaque id of who approved."),
        optional("clears_entry_id", UUID, "The entry it clears."),
    ),
    _event(
        "DeadlinePassed",
        "A time-out as a fact; made by the sweeper, never by producers.",
        required(
            "kind", enum("DeadlineKind", "PARKED", "UNPAID", "UNSHIPPED", "UNREFUNDED", doc="What was waited for."), "What was waited for."
        ),
        required("due_at", TIME, "When it was due."),
        optional("about_event_id", UUID, "The parked event."),
        money=False,
    ),
)
