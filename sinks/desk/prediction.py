"""What the core would make of one more event, on an order as it stands now. Nothing is booked by asking."""

from collections.abc import Iterable
from dataclasses import dataclass

from asiento.accounting.booking import InvariantBroken
from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Deferred, Discrepancy, Healed, Ignored, Outcome, Rejected
from asiento.accounting.journal import JournalEntry, UnbalancedEntry
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.policy import PolicyBook, UnknownPolicyVersion
from asiento.accounting.retelling import Story, retell
from schemas.refusal import Refusal
from sinks.desk.errors import DeskRefused
from sinks.projector.answers import EventLine

DEAD_LETTER = "dead_letter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The outcome (or `dead_letter` with its reason as the code), the entries and discrepancies it would make, what it would heal."""

    outcome: str
    code: str | None
    detail: str = ""
    entries: tuple[JournalEntry, ...] = ()
    discrepancies: tuple[Discrepancy, ...] = ()
    healed: tuple[Healed, ...] = ()


def judged_events(lines: Iterable[EventLine]) -> tuple[OrderEvent, ...]:
    """The events of an order that reached the core, or will before anything that is sent now, in their order."""
    events = (line.event() for line in lines if line.first_outcome != DEAD_LETTER)
    return tuple(event for event in events if not isinstance(event, Refusal))


def told(events: Iterable[OrderEvent], policies: PolicyBook) -> Story:
    """The order told again; raises `DeskRefused` where the policies at hand cannot tell it."""
    try:
        return retell(events, policies)
    except UnknownPolicyVersion as problem:
        raise DeskRefused(f"the order cannot be told again: {problem}; name the policy file of the workers in ASIENTO_POLICY") from None


class Outlook:
    """Answers about several events one after the other: each stands on what was predicted of those before it."""

    def __init__(self, policies: PolicyBook) -> None:
        self._policies = policies
        self._orders: dict[str, tuple[OrderEvent, ...]] = {}

    def knows(self, order_key: str) -> bool:
        """Whether the order's events were handed in."""
        return order_key in self._orders

    def begin(self, order_key: str, events: tuple[OrderEvent, ...]) -> None:
        """The events of an order up to now."""
        self._orders[order_key] = events

    def predict(self, event: OrderEvent) -> Prediction:
        """What the core would make of it; it then counts for what follows. Raises `DeskRefused`."""
        before = self._orders.get(event.order_key, ())
        try:
            decision = decide(event, told(before, self._policies).state, self._policies)
        except UnknownPolicyVersion as problem:
            raise DeskRefused(f"{problem}; name the policy file of the workers in ASIENTO_POLICY") from None
        except (InvariantBroken, UnbalancedEntry) as problem:
            raise DeskRefused(
                f"the core cannot judge event {event.event_id} ({problem}): it would stop the worker; nothing was sent"
            ) from None
        self._orders[event.order_key] = (*before, event)
        outcome, code = named(decision.outcome)
        return Prediction(
            outcome=outcome,
            code=code,
            entries=decision.entries,
            discrepancies=decision.discrepancies,
            healed=decision.healed,
        )


def refused(refusal: Refusal) -> Prediction:
    """Of a record that would not reach the core."""
    return Prediction(outcome=DEAD_LETTER, code=refusal.reason, detail=refusal.detail)


def named(outcome: Outcome) -> tuple[str, str | None]:
    """The outcome's name, and its code where it has one."""
    code = outcome.code if isinstance(outcome, Conflict | Deferred | Rejected | Ignored) else None
    return type(outcome).__name__.lower(), code
