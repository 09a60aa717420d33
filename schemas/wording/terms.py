"""The words of event types and of values that parameters may have."""

from typing import Final

from schemas.wording.language import Words

EVENT: Final = Words("the event", "el evento")
"""An event of a type that is not said."""

EVENTS: Final[dict[str, Words]] = {
    "OrderPlaced": Words("the order", "el pedido"),
    "OrderEdited": Words("the edit of the order", "la modificación del pedido"),
    "OrderCancelled": Words("the cancellation", "la cancelación"),
    "PaymentAuthorized": Words("the authorization", "la autorización de pago"),
    "PaymentVoided": Words("the voided authorization", "la anulación de la autorización"),
    "PaymentFailed": Words("the failed payment", "el pago fallido"),
    "PaymentCaptured": Words("the capture", "el cobro"),
    "PaymentReversed": Words("the payment reversal", "la reversión del cobro"),
    "ShipmentDispatched": Words("the shipment", "el envío"),
    "ShipmentDelivered": Words("the delivery", "la entrega"),
    "ShipmentCancelled": Words("the cancellation of the shipment", "la anulación del envío"),
    "ReturnReceived": Words("the return", "la devolución"),
    "RefundIssued": Words("the refund", "el reembolso"),
    "ExchangeCreated": Words("the exchange", "el cambio"),
    "FeeCharged": Words("the fee", "la comisión"),
    "ChargebackOpened": Words("the chargeback", "el contracargo"),
    "ChargebackClosed": Words("the closing of the dispute", "el cierre de la disputa"),
    "ReceivableAdjusted": Words("the adjustment of the receivable", "el ajuste de la cuenta por cobrar"),
    "EventCorrected": Words("the correction", "la corrección"),
    "JournalPosted": Words("the manual entry", "el asiento manual"),
    "DeadlinePassed": Words("the deadline", "el vencimiento del plazo"),
}
"""Record name -> the event with its article."""

PARAMETER_WORDS: Final[dict[str, Words]] = {
    "net": Words("net", "neto"),
    "discount": Words("discount", "descuento"),
    "payment": Words("the capture of payment", "el cobro del pago"),
    "shipment": Words("shipment", "el envío"),
    "fee": Words("fee", "la comisión"),
    "return": Words("return", "la devolución"),
    "adjustment": Words("adjustment", "el ajuste"),
    "order": Words("the order itself", "el propio pedido"),
    "journal": Words("manual entry", "el asiento manual"),
    "dispute_opened": Words("the opening of dispute", "la apertura de la disputa"),
    "dispute_closed": Words("the closing of dispute", "el cierre de la disputa"),
    "stated": Words("all amounts the order is placed with", "todos los importes con que se hace el pedido"),
    "captured": Words("the captures of the order", "los cobros del pedido"),
    "refunded": Words("the refunds of the order, pending ones included", "los reembolsos del pedido, incluidos los pendientes"),
    "return_fees": Words("the return fees of the order", "los cargos por devolución del pedido"),
    "disputed": Words("the disputes of the order", "las disputas del pedido"),
}
"""Values of parameters, or the first words of such that name something."""
