"""What a payload needs beside itself: objects to fetch where there is a memory that can wait for them."""

from sources.platforms.context import Context
from sources.platforms.facts import Fetch


def order_to_fetch(order_id: str, reason: str) -> Fetch:
    """The whole order."""
    return Fetch("orders/updated", f"orders/{order_id}", reason)


def order_needed(order_id: str, context: Context) -> tuple[Fetch, ...]:
    """The order, while what was read waits for it."""
    if not context.remembers or context.order is not None or not context.connection.tells("orders"):
        return ()
    return (order_to_fetch(order_id, "its order is not known yet"),)


def payments_needed(order_id: str, context: Context) -> tuple[Fetch, ...]:
    """The order's transactions: an order tells that it is paid and not how."""
    if not context.remembers or not context.connection.tells("captures"):
        return ()
    return (Fetch("order_transactions/create", f"order_transactions/{order_id}", "the order is paid, and no payment of it is known"),)
