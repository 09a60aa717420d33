"""What the sweeper knows and decides: states of orders in, deadlines that are due out. No clock, no I/O."""

from asiento.accounting.policy import PolicyBook
from asiento.accounting.standing_deadlines import Deadline, standing_deadlines
from schemas.order_state import decode_state
from streams.sweeper.agenda import Agenda


class Sweep:
    """The agenda of all orders, and the deadlines that were told but do not show in their order's state yet.

    At most `orders_max` orders are held, at most `unanswered_max` deadlines are under way: with more, the order workers are
    behind, and what comes is told when they have caught up.
    """

    __slots__ = ("_agenda", "_orders_max", "_policies", "_unanswered", "_unanswered_max")

    def __init__(self, policies: PolicyBook, *, orders_max: int, unanswered_max: int) -> None:
        self._policies = policies
        self._orders_max = orders_max
        self._unanswered_max = unanswered_max
        self._unanswered: dict[bytes, set[Deadline]] = {}
        self._agenda = Agenda(orders_max)

    @property
    def standing(self) -> int:
        """Orders whose next deadline is held."""
        return len(self._agenda)

    @property
    def unanswered(self) -> int:
        """Orders with deadlines that were told and not judged yet."""
        return len(self._unanswered)

    def learn(self, order_key: bytes, value: bytes | None) -> None:
        """Take the newest state of an order, None = there is none any more. Raises `UnknownStateFormat`, `UnknownPolicyVersion`."""
        standing = deadlines_of(value, self._policies)
        told = self._unanswered.get(order_key)
        if told is not None:
            told.intersection_update(standing)
            if not told:
                del self._unanswered[order_key]
        self._agenda.put(order_key, next((one for one in standing if told is None or one not in told), None))

    def take(self, now: int, most: int) -> list[tuple[bytes, Deadline]]:
        """The deadlines that are due at `now` (UTC microseconds), at most so many; from here on they count as told."""
        due = self._agenda.take(now, min(most, self._unanswered_max - self.unanswered))
        for order_key, deadline in due:
            self._unanswered.setdefault(order_key, set()).add(deadline)
        return due

    def is_short_sighted(self, now: int) -> bool:
        """Whether deadlines that found no room may be due: `forget`, then learn all states again."""
        return self._agenda.is_short_sighted(now)

    def forget(self) -> None:
        """Begin anew, but for what was told."""
        self._agenda = Agenda(self._orders_max)


def deadlines_of(value: bytes | None, policies: PolicyBook) -> tuple[Deadline, ...]:
    """The standing deadlines in an encoded order state, earliest first."""
    if value is None:
        return ()
    state = decode_state(value)
    return standing_deadlines(state, policies.by_version(state.policy_version))
