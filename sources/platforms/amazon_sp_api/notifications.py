"""Notifications say that something changed; money stands in the object that they point at."""

from sources.platforms.facts import Fetch
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node

_ORDERS = ("OrderChangeNotification", "OrderStatusChangeNotification", "orderChangeNotification")
_TRANSACTION = ("transactionUpdateNotification", "TransactionUpdateNotification")


def order_of_notification(notification: Node) -> str | None:
    """The order that a notification is about; None where it names none."""
    payload = _payload(notification)
    found = payload.find("AmazonOrderId") or payload.find("amazonOrderId") or payload.find("orderId")
    return found.reference() if found is not None else None


def read_notification(notification: Node) -> Nothing:
    """Asks for the order or the transaction that changed; other kinds have nothing to do with orders."""
    kind = (notification.find("notificationType") or notification.need("NotificationType")).text()
    if kind in {"ORDER_CHANGE", "ORDER_STATUS_CHANGE"}:
        order_id = order_of_notification(notification)
        message = "an order changed, and the notification holds no money: fetch the order"
        fetch = Fetch("getOrder", f"orders/{order_id}", message) if order_id is not None else None
        raise Unjudged("refetch", message, _payload(notification).pointer, fetch)
    if kind == "TRANSACTION_UPDATE":
        raise _transaction_to_fetch(notification)
    return Nothing("a notification that is not about the money of an order")


def _transaction_to_fetch(notification: Node) -> Unjudged:
    payload = _payload(notification)
    message = "a transaction was posted, and the notification holds its total only: fetch the transactions of its order"
    order_id = next(
        (
            related.need("relatedIdentifierValue").reference()
            for related in payload.each("relatedIdentifiers")
            if (name := related.find("relatedIdentifierName")) is not None and name.value == "ORDER_ID"
        ),
        None,
    )
    fetch = Fetch("listTransactions", f"transactions/{order_id}", message) if order_id is not None else None
    return Unjudged("refetch", message, payload.pointer, fetch)


def _payload(notification: Node) -> Node:
    """What the notification holds, without its envelopes."""
    payload = notification.find("payload") or notification.need("Payload")
    inner = (payload.find(name) for name in (*_ORDERS, *_TRANSACTION))
    payload = next((found for found in inner if found is not None), payload)
    transactions = payload.each("transactions")
    return transactions[0] if transactions else payload
