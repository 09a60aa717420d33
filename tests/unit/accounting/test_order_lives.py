"""Properties that hold for every life of an order, events of all types among them."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Decision, Deferred, Duplicate, Posted
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES, ChannelPolicy, Policy, PolicyBook
from schemas.entries import encode_entry
from schemas.order_state import decode_state, encode_state
from tests.unit.accounting.onlooker import Books
from tests.unit.accounting.order_lives import Life, any_lives
from tests.unit.accounting.possible_lives import possible_lives, reordered

EXAMPLES = 60
EXAMPLES_SOAK = 5_000
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
LIVES = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=CHECKS)
MANY_LIVES = settings(max_examples=EXAMPLES_SOAK, deadline=None, suppress_health_check=CHECKS)


def play(events: list[OrderEvent], policies: PolicyBook = DEFAULT_POLICIES) -> tuple[list[Decision], OrderState | None]:
    """The decisions of some events in a row, and the state after them."""
    state: OrderState | None = None
    decisions = []
    for event in events:
        decision = decide(event, state, policies)
        state = decision.state
        decisions.append(decision)
    return decisions, state


def entries_of(decisions: list[Decision]) -> list[JournalEntry]:
    """All entries in order of posting."""
    return [entry for decision in decisions for entry in decision.entries]


def account_totals(decisions: list[Decision]) -> Counter[str]:
    """Sums per account, debits positive."""
    sums: Counter[str] = Counter()
    for entry in entries_of(decisions):
        for posting in entry.postings:
            sums[posting.account] += posting.amount if posting.side == "DEBIT" else -posting.amount
    return Counter({account: amount for account, amount in sums.items() if amount})


RULES = st.builds(
    ChannelPolicy,
    charges=st.sampled_from([None, "pro_rata_value", "first_shipment", "last_shipment"]),
    discounts=st.sampled_from([None, "contra", "net"]),
    unexplained_refund=st.sampled_from([None, "allowance", "none"]),
    psp_fees_from=st.sampled_from([None, "capture", "event"]),
    marketplace_fees_from=st.sampled_from([None, "capture", "event"]),
    carrier_fees_from=st.sampled_from([None, "capture", "event"]),
)
POLICIES = st.builds(
    Policy,
    charges=st.sampled_from(["pro_rata_value", "first_shipment", "last_shipment"]),
    unexplained_refund=st.sampled_from(["allowance", "none"]),
    channels=RULES.map(lambda rules: (("web", rules),)),
    parked_events_max=st.integers(1, 64),
)


def check_section_7(life: Life, policy: Policy) -> None:
    """An onlooker checks every event: balances, documents, postings, lines, caps, reversals, suspense, ids."""
    books, state, known = Books(), None, {event.event_id: event for event in life.events}
    for event in life.events:
        decision = decide(event, state, PolicyBook(((0, policy),)))
        state = decision.state
        posted = [event.event_id] if isinstance(decision.outcome, Posted) else []
        posted += [healed.event_id for healed in decision.healed if isinstance(healed.outcome, Posted)]
        for event_id in posted:
            books.facts.post(known[event_id])
        for entry in decision.entries:
            books.enter(entry)
            if entry.entry_kind == "suspense":
                books.suspend(entry)
        books.check(state)


@LIVES
@given(any_lives(), POLICIES)
def test_the_invariants_hold_after_every_event(life: Life, policy: Policy) -> None:
    check_section_7(life, policy)


@pytest.mark.soak
@MANY_LIVES
@given(any_lives(), POLICIES)
def test_the_invariants_hold_in_many_lives(life: Life, policy: Policy) -> None:
    check_section_7(life, policy)


@LIVES
@given(any_lives())
def test_a_record_that_comes_again_changes_nothing(life: Life) -> None:
    state: OrderState | None = None
    for event in life.events:
        first = decide(event, state, DEFAULT_POLICIES)
        state = first.state
        again = decide(event, state, DEFAULT_POLICIES)
        if isinstance(first.outcome, Posted | Deferred):
            assert isinstance(again.outcome, Duplicate)
        if isinstance(again.outcome, Duplicate | Conflict):
            assert (again.state, again.entries, again.healed) == (state, (), ())


def remembered(events: list[OrderEvent], state: OrderState | None) -> list[OrderEvent]:
    """Those of some events that the order applied or that wait: the only ones whose repetition is known."""
    if state is None:
        return []
    waiting = {parked.event.event_id for parked in state.parked}
    return [event for event in events if event.event_id in waiting or state.facts.find("event_id", event.event_id) is not None]


@LIVES
@given(any_lives(), st.data())
def test_duplicates_at_any_later_time_change_no_byte(life: Life, data: st.DataObject) -> None:
    made: list[bytes] = []
    state: OrderState | None = None
    for place, event in enumerate(life.events):
        decision = decide(event, state, DEFAULT_POLICIES)
        made += [encode_entry(entry) for entry in decision.entries]
        state = decision.state
        known = remembered(life.events[: place + 1], state)
        for repeated in data.draw(st.lists(st.sampled_from(known), max_size=2)) if known else ():
            again = decide(repeated, state, DEFAULT_POLICIES)
            assert isinstance(again.outcome, Duplicate)
            made += [encode_entry(entry) for entry in again.entries]
            state = again.state
    assert made == [encode_entry(entry) for entry in entries_of(play(life.events)[0])]


@LIVES
@given(any_lives())
def test_decide_is_pure_and_its_state_survives_the_codec(life: Life) -> None:
    state: OrderState | None = None
    for event in life.events:
        before = encode_state(state) if state is not None else None
        decision = decide(event, state, DEFAULT_POLICIES)
        assert (encode_state(state) if state is not None else None) == before
        stored = decode_state(before) if before is not None else None
        assert decide(event, stored, DEFAULT_POLICIES) == decision
        state = decision.state
        if state is not None:
            assert decode_state(encode_state(state)) == state


def is_excepted(decisions: list[Decision]) -> bool:
    """Whether a cap was hit or an allowance made: then the order of arrival counts."""
    if any(one.code == "D10" and one.severity == "critical" for decision in decisions for one in decision.discrepancies):
        return True
    documents = [entry.document for entry in entries_of(decisions) if entry.document is not None]
    return any(line.description == "ALLOWANCE" for document in documents for line in document.lines)


def check_any_order(life: Life, arrived: list[OrderEvent]) -> None:
    """Whatever heals ends in the same balances and totals of every account, those of the goods included."""
    expected, state = play(life.events)
    assume(all(isinstance(decision.outcome, Posted) for decision in expected))
    decisions, other = play(arrived)
    assert state is not None
    assert other is not None
    outcomes = [decision.outcome for decision in decisions] + [one.outcome for decision in decisions for one in decision.healed]
    assume(outcomes.count(Posted()) == len(life.events))
    assume(not is_excepted(expected) and not is_excepted(decisions))
    assert other.balances() == state.balances()
    assert account_totals(decisions) == account_totals(expected)


@LIVES
@given(st.data())
def test_the_order_of_arrival_does_not_matter(data: st.DataObject) -> None:
    life = data.draw(possible_lives())
    check_any_order(life, data.draw(reordered(life)))


@pytest.mark.soak
@MANY_LIVES
@given(st.data())
def test_the_order_of_arrival_matters_in_no_life(data: st.DataObject) -> None:
    life = data.draw(possible_lives())
    check_any_order(life, data.draw(reordered(life)))
