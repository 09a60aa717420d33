"""Which deadlines an order has, from its state alone: what the sweeper sends as DeadlinePassed once the time has come.

Nothing here looks at a clock. Each deadline is judged once: its business_key is made of what it is, and an order remembers
the events that were applied to it.
"""

from typing import NamedTuple

from asiento.accounting.archiving import MICROSECONDS_PER_SECOND, SECONDS_PER_DAY
from asiento.accounting.deadlines import UNREFUNDED, is_unpaid, is_unrefunded, is_unshipped, would_move_on
from asiento.accounting.order_events import DeadlineKind
from asiento.accounting.order_state import OrderState, Parked
from asiento.accounting.policy import Policy

MICROSECONDS_PER_HOUR = 3_600 * MICROSECONDS_PER_SECOND
MICROSECONDS_PER_DAY = SECONDS_PER_DAY * MICROSECONDS_PER_SECOND


class Deadline(NamedTuple):
    """A time-out of one order: from `due_at` (UTC microseconds) on it may be told; `about_event_id` waits (PARKED only)."""

    due_at: int
    kind: DeadlineKind
    about_event_id: str = ""

    @property
    def business_key(self) -> str:
        """The same for the same deadline, whoever sees it, and for no other of its order."""
        about = f"{self.about_event_id}:" if self.about_event_id else ""
        return f"deadline:{self.kind}:{about}{self.due_at}"


def standing_deadlines(order: OrderState, policy: Policy) -> tuple[Deadline, ...]:
    """The deadlines of an order that were not judged yet, earliest first; `policy` is the one that the order has for life."""
    silent_from = order.last_arrival * MICROSECONDS_PER_SECOND
    standing = [*_overdue_balances(order, policy, silent_from)]
    for parked in order.parked:
        deadline = _of_waiting(parked, order, policy, silent_from)
        if deadline is not None:
            standing.append(deadline)
    return tuple(sorted(one for one in standing if not _was_judged(one, order)))


def _overdue_balances(order: OrderState, policy: Policy, silent_from: int) -> list[Deadline]:
    """What was not paid, shipped or refunded since the order was last heard of, unless that is on the list already."""
    if order.placement is None:
        return []
    unrefunded_days, warned = policy.unrefunded_deadline_days, [one.code for one in order.findings]
    standing = []
    if "D16" not in warned and is_unpaid(order):
        standing.append(Deadline(silent_from + policy.unpaid_deadline_days * MICROSECONDS_PER_DAY, "UNPAID"))
    if "D17" not in warned and is_unshipped(order):
        standing.append(Deadline(silent_from + policy.unshipped_deadline_days * MICROSECONDS_PER_DAY, "UNSHIPPED"))
    if not any(UNREFUNDED in one.parameters for one in order.findings) and is_unrefunded(order):
        standing.append(Deadline(silent_from + unrefunded_days * MICROSECONDS_PER_DAY, "UNREFUNDED"))
    return standing


def _of_waiting(parked: Parked, order: OrderState, policy: Policy, silent_from: int) -> Deadline | None:
    """The first deadline of a waiting event counts from its arrival, whatever it waits for.

    If it waits for something else afterwards, which a deadline can move on, the next counts from the last arrival of all.
    """
    limit, about = policy.parked_deadline_hours * MICROSECONDS_PER_HOUR, parked.event.event_id
    first = Deadline(parked.event.received_at + limit, "PARKED", about)
    if not _was_judged(first, order):
        return first
    return Deadline(silent_from + limit, "PARKED", about) if would_move_on(parked, order) else None


def _was_judged(deadline: Deadline, order: OrderState) -> bool:
    return order.facts.find("business_key", deadline.business_key) is not None
