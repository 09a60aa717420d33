"""Orders that are over are archived when nothing came for long."""

from typing import Final

from asiento.accounting.balances import Balances
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import Policy

ORDER_ARCHIVED: Final = "order_archived"
MICROSECONDS_PER_SECOND: Final = 1_000_000
SECONDS_PER_DAY: Final = 86_400


def is_resolved(order: OrderState) -> bool:
    """Whether all is shipped or cancelled, paid and settled, and nothing waits."""
    totals = order.totals
    if order.placement is None or order.parked or order.suspended or totals.open or totals.pending or totals.disputed:
        return False
    return not order.units_are_open and totals.balances()[:3] == Balances()[:3]


def is_archived(order: OrderState, received_at: int, policy: Policy) -> bool:
    """Whether an event that arrives at `received_at` (UTC microseconds) comes too late for its order."""
    if order.archived:
        return True
    silent_seconds = received_at // MICROSECONDS_PER_SECOND - order.last_arrival if order.last_arrival else 0
    return silent_seconds > policy.archive_after_days * SECONDS_PER_DAY and is_resolved(order)


def tombstone(order: OrderState) -> OrderState:
    """All that is kept of an archived order."""
    return OrderState(order.policy_version, archived=True, last_arrival=order.last_arrival)
