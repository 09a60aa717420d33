"""The Amazon adapter: what it understands, and which reader takes which object."""

from collections.abc import Mapping, Sequence
from typing import Final

from sources.platforms.adapter import Grade
from sources.platforms.amazon_sp_api import finances_v0, settlement
from sources.platforms.amazon_sp_api.movements import Movement, tell
from sources.platforms.amazon_sp_api.notifications import read_notification
from sources.platforms.amazon_sp_api.opening import parts_of
from sources.platforms.amazon_sp_api.orders import read_order
from sources.platforms.amazon_sp_api.orders_v0 import read_order_v0
from sources.platforms.amazon_sp_api.payouts import read_event_group, read_payout
from sources.platforms.amazon_sp_api.refunds import complete_refund
from sources.platforms.amazon_sp_api.remembered import from_json
from sources.platforms.amazon_sp_api.returns import read_return
from sources.platforms.amazon_sp_api.settlement_file import is_settlement_file, parse_settlement
from sources.platforms.amazon_sp_api.transactions import movement_of
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Part, Reading
from sources.platforms.outcome import EventTwin, Nothing
from sources.platforms.payload import Node, parse_payload


class AmazonAdapter:
    """Orders, order items, financial events, transactions, settlement files, payouts, returns and notifications."""

    name: str = "amazon-sp-api"
    grade: Grade = "A"
    topics: Mapping[str, str] = {
        "ORDER_CHANGE": "notification that an order changed; the order is fetched",
        "TRANSACTION_UPDATE": "notification that a transaction was posted; it is fetched",
        "getOrder": "order of the Orders API 2026-01-01, or order header of v0",
        "searchOrders": "orders of the Orders API 2026-01-01",
        "getOrderItems": "items of an order of the Orders API v0",
        "listFinancialEvents": "financial events of the Finances API v0",
        "listFinancialEventGroups": "groups of financial events of the Finances API v0",
        "listTransactions": "transactions of the Finances API 2024-06-19",
        "getPayouts": "payouts of the Transfers API",
        "listReturns": "returns of external fulfilment",
        "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE": "settlement report, tab separated",
        "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2": "settlement report, tab separated",
    }

    def parse(self, body: bytes) -> Node:
        """JSON, or a settlement file."""
        return parse_settlement(body) if is_settlement_file(body) else parse_payload(body)

    def open(self, payload: Node, topic: str) -> Sequence[Part]:  # noqa: ARG002
        """The objects inside; their own fields say what they are, so the topic is not asked."""
        return parts_of(payload)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """The facts of one object."""
        match part.kind:
            case "order":
                return read_order(part.node, context)
            case "order_v0":
                return read_order_v0(part.node, context)
            case "financial_events":
                return _told(part, finances_v0.movements_of(part, context), context)
            case "settlement":
                return _told(part, settlement.movements_of(part, context), context)
            case "transaction":
                movement = movement_of(part.node, context)
                return movement if isinstance(movement, Nothing) else _told(part, [movement], context)
            case "payout":
                return read_payout(part.node)
            case "event_group":
                return read_event_group(part.node)
            case "return":
                return read_return(part.node, context)
            case "notification":
                return read_notification(part.node)
            case _:
                return _kept(part)

    def complete(self, fact: Fact, order: EventTwin) -> Fact:
        """Only refunds wait for their order: it says which lines the money is for."""
        return complete_refund(fact, order)


ADAPTER: Final = AmazonAdapter()


def _told(part: Part, movements: Sequence[Movement], context: Context) -> Reading:
    told = tell(movements, from_json(context.snapshot.memory), context.connection)
    reason = "money of an order that was not told yet"
    unknown = context.remembers and context.order is None and context.connection.tells("orders")
    return Reading(
        order_id=part.resource,
        facts=told.facts,
        seen_at=max(movement.posted_at for movement in movements),
        notices=told.notices,
        fetches=(Fetch("getOrder", f"orders/{part.resource}", reason),) if unknown else (),
        memory=told.remembered.to_json(),
    )


def _kept(part: Part) -> Nothing:
    counted = ", ".join(f"{count} {name}" for name, count in sorted(part.about["kept"].items()))
    return Nothing(f"{counted}: no facts of an order, kept for settlements" if counted else "an empty answer")
