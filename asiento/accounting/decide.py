"""The only door of the core: one event, one order's state, one decision."""

from asiento.accounting.archiving import MICROSECONDS_PER_SECOND, ORDER_ARCHIVED, SECONDS_PER_DAY, is_archived, tombstone
from asiento.accounting.deadlines import waiting_for
from asiento.accounting.decision import (
    Conflict,
    Decision,
    Deferred,
    Duplicate,
    Healed,
    Ignored,
    Judged,
    Outcome,
    Posted,
    Rejected,
    Severity,
    Watch,
)
from asiento.accounting.facts import Fact
from asiento.accounting.findings import Findings
from asiento.accounting.journal import JournalEntry
from asiento.accounting.judgement import judge
from asiento.accounting.obstacles import obstacle
from asiento.accounting.order_events import DeadlinePassed, FeeCharged, OrderEvent
from asiento.accounting.order_state import OrderState, Parked
from asiento.accounting.particulars import named
from asiento.accounting.policy import Policy, PolicyBook, utc_date
from asiento.accounting.recognition import fact_of, known_as

PARKING_OVERFLOW = "parking_overflow"

_DUPLICATE = Duplicate()
_IGNORED_TEST = Ignored("test_mode")
_IGNORED_ESTIMATE = Ignored("estimate")


def decide(event: OrderEvent, state: OrderState | None, policies: PolicyBook, watch: Watch | None = None) -> Decision:
    """Judge one event of one order. Pure: the same arguments give the same decision, `state` is not changed.

    `state` None = nothing is known of the order. The decision's state is `state` itself where nothing changed. `watch` is for
    explanations: it changes nothing of the decision.
    Raises UnknownPolicyVersion for a state of a policy that `policies` does not hold, InvariantBroken or
    UnbalancedEntry for a defect of ours: the caller must stop, nothing of the decision may be used.
    """
    policy = policies.in_force_at(event.received_at) if state is None else policies.by_version(state.policy_version)
    return _Case(event, state, policy, watch).decide()


class _Case:
    """One decision in the making."""

    __slots__ = ("entries", "event", "findings", "healed", "order", "policy", "state", "watch")

    def __init__(self, event: OrderEvent, state: OrderState | None, policy: Policy, watch: Watch | None) -> None:
        self.event = event
        self.state = state
        self.policy = policy
        self.watch = watch
        self.order = state.copy() if state is not None else OrderState(policy.version)
        self.findings = Findings(self.order, event.received_at)
        self.entries: list[JournalEntry] = []
        self.healed: list[Healed] = []

    def decide(self) -> Decision:
        event, order = self.event, self.order
        ignored = _ignored_as(event)
        if ignored is None and is_archived(order, event.received_at, self.policy):
            return self._turn_away()
        outcome = ignored or self._judge_arrival()
        posted = isinstance(outcome, Posted)
        seen = self._see(event, outcome)
        if posted or seen:
            self._heal()
        changed = posted or seen or isinstance(outcome, Deferred)
        if changed and not isinstance(event, DeadlinePassed):  # when the clock was looked at is nothing of the order
            order.last_arrival = max(order.last_arrival, event.received_at // MICROSECONDS_PER_SECOND)
        return Decision(
            outcome=outcome,
            state=order if changed else self.state,
            entries=tuple(self.entries),
            discrepancies=self.findings.all(),
            healed=tuple(self.healed),
        )

    def _turn_away(self) -> Decision:
        """An archived order takes nothing any more; a person looks at what comes."""
        silent_since = utc_date(self.order.last_arrival // SECONDS_PER_DAY)
        self.findings.record(ORDER_ARCHIVED, "high", self.event, parameters=named(silent_since=silent_since))
        state = self.order if self.order.archived else tombstone(self.order)
        return Decision(outcome=Rejected(ORDER_ARCHIVED), state=state, entries=(), discrepancies=self.findings.all(), healed=())

    def _judge_arrival(self) -> Outcome:
        event, order = self.event, self.order
        fact = fact_of(event)
        known = known_as(fact, order) if self.state is not None else None
        if known is not None:
            return self._repeated(known[0].event_id, known[1])
        overdue = waiting_for(event, order) if isinstance(event, DeadlinePassed) else None
        outcome, entries = self._judge(event, fact)
        self.entries.extend(entries)
        if overdue is not None and overdue.code == "D10" and isinstance(outcome, Posted):
            self._judge_again(overdue, overdue=True)
        return self._park(outcome) if isinstance(outcome, Deferred) else outcome

    def _judge(self, event: OrderEvent, fact: Fact, *, overdue: bool = False) -> tuple[Outcome, list[JournalEntry]]:
        if self.watch is None:
            return judge(event, fact, self.order, self.policy, self.findings, overdue=overdue)
        before = self.order.copy()
        outcome, entries = judge(event, fact, self.order, self.policy, self.findings, overdue=overdue)
        self.watch(Judged(event=event, outcome=outcome, before=before, after=self.order.copy(), entries=tuple(entries)))
        return outcome, entries

    def _repeated(self, original_event_id: str, conflict: str | None) -> Outcome:
        if conflict is None:
            return _DUPLICATE
        severity: Severity = "critical" if conflict == "D21" else "high"
        reason = "said_otherwise" if conflict == "D22" else None
        parameters = named(business_key=self.event.business_key, first_event_id=original_event_id, reason=reason)
        self.findings.record(conflict, severity, self.event, parameters=parameters)
        return Conflict(conflict)

    def _park(self, outcome: Deferred) -> Outcome:
        """Keep the event in the order's state, within the policy's bounds."""
        event, order, policy = self.event, self.order, self.policy
        size = sum(parked.event.size_bytes for parked in order.parked) + event.size_bytes
        if len(order.parked) >= policy.parked_events_max or size > policy.parked_bytes_max:
            parameters = named(reason=PARKING_OVERFLOW, waiting=len(order.parked), waits_for=outcome.code)
            self.findings.record("D27", "high", event, parameters=parameters)
            return Rejected(PARKING_OVERFLOW)
        order.parked = (*order.parked, Parked(event, outcome.code))
        self._raise_waiting(event, outcome.code)
        return outcome

    def _raise_waiting(self, event: OrderEvent, code: str) -> None:
        if code != "D27":
            found = obstacle(event, self.order, self.policy, code)
            severity: Severity = "critical" if code == "D10" else "high"
            self.findings.follow(
                code, severity, event, waits=True, expected=found.expected, actual=found.actual, parameters=found.parameters
            )

    def _see(self, event: OrderEvent, outcome: Outcome) -> bool:
        """Count the event's source_sequence as seen, unless it waits for its order or for a lower number; True where that is news."""
        number = event.source_sequence
        if number is None or (isinstance(outcome, Deferred) and (outcome.code == "D19" or self.order.placement is None)):
            return False
        return self.order.see_number(number, self.policy.numbers_ahead_max)

    def _heal(self) -> None:
        """Judge parked events again from the oldest, and again from the oldest whenever one moved the order on."""
        if self.order.placement is None or not self.order.parked:
            return
        while any(self._judge_again(parked) for parked in self.order.parked):
            pass

    def _judge_again(self, parked: Parked, *, overdue: bool = False) -> bool:
        """Judge a parked event; True where that may heal others: it posted, or its number became seen."""
        event = parked.event
        outcome, entries = self._judge(event, fact_of(event), overdue=overdue)
        if not (isinstance(outcome, Deferred) and outcome.code == parked.code):
            self._move_on(parked, outcome, entries)
        return self._see(event, outcome) or isinstance(outcome, Posted)

    def _move_on(self, parked: Parked, outcome: Outcome, entries: list[JournalEntry]) -> None:
        """A parked event waits for something else now, or no longer."""
        event, order = parked.event, self.order
        if isinstance(outcome, Deferred):
            order.parked = tuple([Parked(event, outcome.code) if one is parked else one for one in order.parked])
            self._raise_waiting(event, outcome.code)
        else:
            order.parked = tuple([one for one in order.parked if one is not parked])
            self.findings.resolve_waiting(event)
        self.entries.extend(entries)
        self.healed.append(Healed(event_id=event.event_id, outcome=outcome, entries=tuple(entries)))


def _ignored_as(event: OrderEvent) -> Ignored | None:
    """Step 1: tests and estimates."""
    if event.test_mode:
        return _IGNORED_TEST
    return _IGNORED_ESTIMATE if isinstance(event, FeeCharged) and event.estimate else None
