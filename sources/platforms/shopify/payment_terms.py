"""When the customer owes the money: payment terms of the order, else cash on delivery, else the connection."""

from sources.platforms.connection import Connection
from sources.platforms.gateway_names import tender_named
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node

DUE_DAYS_MAX = 3650


def terms_of(order: Node, connection: Connection) -> EventTwin:
    """{terms, due_days?}: an order with payment terms is NET whatever their kind; without days it is due at once."""
    stated = order.find("payment_terms")
    if stated is not None:
        days = stated.find("due_in_days")
        return {"terms": "NET", "due_days": min(days.count(), DUE_DAYS_MAX) if days else 0}
    gateways = [name for name in order.each("payment_gateway_names") if isinstance(name.value, str)]
    if gateways and all(tender_named(name) == "CASH_ON_DELIVERY" for name in gateways):
        return {"terms": "ON_DELIVERY"}
    return {"terms": connection.terms, "due_days": connection.due_days}
