"""How the business key of an event is derived from its own id, where that says which fact it is."""

from typing import Final

BUSINESS_KEYS: Final[dict[str, str]] = {
    "OrderPlaced": "order",
    "OrderEdited": "edit:{order_revision}",
    "PaymentAuthorized": "authorization:{payment_id}",
    "PaymentVoided": "void:{payment_id}",
    "PaymentFailed": "failure:{payment_id}",
    "PaymentCaptured": "capture:{payment_id}",
    "ShipmentDispatched": "shipment:{shipment_id}",
    "ShipmentDelivered": "delivery:{shipment_id}",
    "ShipmentCancelled": "shipment_cancellation:{shipment_id}",
    "ReturnReceived": "return:{return_id}",
    "RefundIssued": "refund:{refund_id}",
    "ExchangeCreated": "exchange:{exchange_id}",
    "FeeCharged": "fee:{fee_id}",
    "ChargebackOpened": "dispute:{dispute_id}",
    "ChargebackClosed": "dispute_closed:{dispute_id}",
    "ReceivableAdjusted": "adjustment:{adjustment_id}",
    "EventCorrected": "correction:{supersedes_event_id}",
    "JournalPosted": "journal:{journal_id}",
}
"""Event -> its business key. What is not here may happen twice to the same id (OrderCancelled, PaymentReversed): it states its own."""

NOT_BY_PRODUCERS: Final = frozenset({"DeadlinePassed"})
"""Events that the product makes itself."""
