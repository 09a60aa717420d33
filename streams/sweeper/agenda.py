"""The next deadline of each order, the earliest first, in bounded memory."""

from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias

from asiento.accounting.standing_deadlines import Deadline

Place: TypeAlias = tuple[int, bytes]
"""(due_at, order key): where a deadline stands in the agenda; no two orders share one."""

STALE_MIN: Final = 1_024
"""So many replaced places may stand in the heap of a small agenda before it is made anew."""


class Agenda:
    """Holds at most `orders_max` orders. If there are more, the latest ones are forgotten, and `horizon` says from where on.

    What lies at or beyond the horizon has to be read again before its time comes.
    """

    __slots__ = ("_heap", "_next", "_orders_max", "horizon")

    def __init__(self, orders_max: int) -> None:
        self._orders_max = orders_max
        self._next: dict[bytes, Deadline] = {}
        self._heap: list[Place] = []
        self.horizon: Place | None = None

    def __len__(self) -> int:
        return len(self._next)

    def put(self, order_key: bytes, deadline: Deadline | None) -> None:
        """The order's next deadline is this one now; None = it has none."""
        if deadline is None or (self.horizon is not None and (deadline.due_at, order_key) >= self.horizon):
            self._next.pop(order_key, None)
            return
        before = self._next.get(order_key)
        self._next[order_key] = deadline
        if before is None or before.due_at != deadline.due_at:
            heappush(self._heap, (deadline.due_at, order_key))
        if len(self._next) > self._orders_max:
            self._forget_latest()
        elif len(self._heap) > 2 * len(self._next) + STALE_MIN:
            self._heap = self._places()

    def take(self, now: int, most: int) -> list[tuple[bytes, Deadline]]:
        """Take out the deadlines that are due at `now`, earliest first, at most so many."""
        due: list[tuple[bytes, Deadline]] = []
        while self._heap and self._heap[0][0] <= now and len(due) < most:
            due_at, order_key = heappop(self._heap)
            deadline = self._next.get(order_key)
            if deadline is not None and deadline.due_at == due_at:
                del self._next[order_key]
                due.append((order_key, deadline))
        return due

    def is_short_sighted(self, now: int) -> bool:
        """Whether a forgotten deadline may be due, and none that is held: those come before it."""
        return self.horizon is not None and not self._next and self.horizon[0] <= now

    def _forget_latest(self) -> None:
        """Keep the earlier half, so that a full agenda is not sorted again for every order."""
        places = sorted(self._places())
        keep = max(1, self._orders_max // 2)
        self.horizon = places[keep]
        for _, order_key in places[keep:]:
            del self._next[order_key]
        self._heap = places[:keep]

    def _places(self) -> list[Place]:
        places = [(deadline.due_at, order_key) for order_key, deadline in self._next.items()]
        heapify(places)
        return places
