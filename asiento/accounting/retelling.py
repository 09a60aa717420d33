"""The life of an order told again: its events through the one door of the core, with the order as it stood before and after each."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from asiento.accounting.decide import decide
from asiento.accounting.decision import Deferred, Discrepancy, Judged, Outcome, Posted
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import Policy, PolicyBook
from asiento.accounting.recognition import fact_of, known_as


@dataclass(slots=True)
class Told:
    """One record of an order and what became of it.

    number: place among the records of its order, from 1. outcomes: (outcome, number of the record that brought it), the last
    one counts. posted: the judgement that posted it. waiting: the last one that did not. repeats: event_id of what it says
    again. found: discrepancies of which it is the subject, or that it closed, in order.
    """

    number: int
    event: OrderEvent
    outcomes: list[tuple[Outcome, int]] = field(default_factory=list)
    posted: Judged | None = None
    waiting: Judged | None = None
    repeats: str | None = None
    found: list[Discrepancy] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """What counts now."""
        return self.outcomes[-1][0]


@dataclass(slots=True)
class Story:
    """All records of one order in their order, its state at the end, and the policy that decides its books."""

    told: list[Told]
    state: OrderState | None
    policies: PolicyBook

    @property
    def policy(self) -> Policy | None:
        """The version frozen in the order; None for an order without state."""
        return self.policies.by_version(self.state.policy_version) if self.state is not None else None

    def event(self, event_id: str) -> Told | None:
        """The record of that event that posted or waits, else the first; a later one said it again."""
        named = [told for told in self.told if told.event.event_id == event_id]
        return next((told for told in named if isinstance(told.outcome, Posted | Deferred)), named[0] if named else None)

    def entry(self, entry_id: str) -> tuple[Told, JournalEntry] | None:
        """An entry and the record that made it."""
        for told in self.told:
            for entry in told.posted.entries if told.posted is not None else ():
                if entry.entry_id == entry_id:
                    return told, entry
        return None


def retell(events: Iterable[OrderEvent], policies: PolicyBook) -> Story:
    """Tell the events of one order again, in their order of arrival."""
    teller = _Teller(policies)
    for event in events:
        teller.tell(event)
    return Story(teller.told, teller.state, policies)


class _Teller:
    def __init__(self, policies: PolicyBook) -> None:
        self._policies = policies
        self._waiting: dict[str, Told] = {}
        self.told: list[Told] = []
        self.state: OrderState | None = None

    def tell(self, event: OrderEvent) -> None:
        told = Told(len(self.told) + 1, event)
        self.told.append(told)
        known = known_as(fact_of(event), self.state) if self.state is not None else None
        judged: list[Judged] = []
        decision = decide(event, self.state, self._policies, judged.append)
        self.state = decision.state
        told.outcomes.append((decision.outcome, told.number))
        if isinstance(decision.outcome, Deferred):
            self._waiting[event.event_id] = told
        elif known is not None:
            told.repeats = known[0].event_id
        for healed in decision.healed:
            self._waiting[healed.event_id].outcomes.append((healed.outcome, told.number))
        for one in judged:
            about = told if one.event is event else self._waiting[one.event.event_id]
            if isinstance(one.outcome, Posted):
                about.posted = one
            else:
                about.waiting = one
        for discrepancy in decision.discrepancies:
            self._note(discrepancy, told)

    def _note(self, discrepancy: Discrepancy, now: Told) -> None:
        """A discrepancy belongs to its event, and to the one that closes it."""
        subject = now
        if discrepancy.event_id != now.event.event_id:
            subject = next((one for one in self.told if one.event.event_id == discrepancy.event_id), now)
        subject.found.append(discrepancy)
        if subject is not now:
            now.found.append(discrepancy)
