"""Returns of external fulfilment: goods count as received when they were delivered back, not when somebody goes to fetch them."""

from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Reading
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node

_RECEIVED = frozenset({"DELIVERED", "PROCESSED", "PARTIALLY_PROCESSED"})


def read_return(returned: Node, context: Context) -> Reading | Nothing:
    """One ReturnReceived for goods that arrived; the line is found by the SKU in the order, which must be known."""
    status = returned.need("status").text()
    if status not in _RECEIVED:
        return Nothing("a return whose goods have not arrived: nothing to book")
    order_id = returned.need("marketplaceChannelDetails").need("customerOrderId").reference()
    units, sku = returned.need("numberOfUnits").count(), returned.need("merchantSku").text()
    if not units or not context.connection.tells("orders"):
        return Nothing("a return of no units")
    placed = context.order
    lines = [line for line in placed["lines"] if line["kind"] == "GOODS" and line.get("sku") == sku] if placed is not None else []
    if len(lines) != 1:
        message = "the order line of this return is not known: fetch the order first"
        pointer = f"{returned.pointer}/marketplaceChannelDetails/customerOrderId"
        raise Unjudged("refetch", message, pointer, Fetch("getOrder", f"orders/{order_id}", message))
    return_id = returned.need("id").reference()
    moment = (returned.find("lastUpdatedDateTime") or returned.need("creationDateTime")).time(context.zone)
    line = {"line_id": lines[0]["line_id"], "quantity": str(units), "disposition": "UNKNOWN"}
    fact = Fact(
        type="ReturnReceived",
        business_key=f"return:{return_id}",
        body={"return_id": return_id, "lines": [line]},
        occurred_at=moment,
        test_mode=None,
    )
    return Reading(order_id=order_id, facts=(fact,), seen_at=moment)
