"""Properties that hold for every life of an order."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Decision, Deferred, Duplicate, Posted
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_events import OrderEvent, RefundIssued
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES, Policy, PolicyBook
from schemas.order_state import decode_state, encode_state
from tests.unit.accounting.order_lives import Life, any_lives, possible_lives, reordered

LIVES = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def play(events: list[OrderEvent], policies: PolicyBook = DEFAULT_POLICIES) -> tuple[list[Decision], OrderState | None]:
    state: OrderState | None = None
    decisions = []
    for event in events:
        decision = decide(event, state, policies)
        state = decision.state
        decisions.append(decision)
    return decisions, state


def signed(entries: list[JournalEntry]) -> Counter[str]:
    """Sums per account, debits positive."""
    sums: Counter[str] = Counter()
    for entry in entries:
        for posting in entry.postings:
            sums[posting.account] += posting.amount if posting.side == "DEBIT" else -posting.amount
    return Counter({account: amount for account, amount in sums.items() if amount})


def _kind_total(entries: list[JournalEntry], kind: str) -> int:
    return sum(entry.document.totals.gross for entry in entries if entry.entry_kind == kind and entry.document is not None)


@LIVES
@given(any_lives())
def test_balances_are_those_of_the_totals_after_every_event(life: Life) -> None:
    """I, C, K and F are read off the documents, P off the events, O off the blocks: nothing of the core's own totals."""
    state: OrderState | None = None
    entries: list[JournalEntry] = []
    statuses: dict[str, tuple[str, int]] = {}
    known = {event.event_id: event for event in life.events}
    for event in life.events:
        decision = decide(event, state, DEFAULT_POLICIES)
        state = decision.state
        entries.extend(decision.entries)
        posted = [event.event_id] if isinstance(decision.outcome, Posted) else []
        posted += [healed.event_id for healed in decision.healed if isinstance(healed.outcome, Posted)]
        for event_id in posted:
            _follow_tenders(known[event_id], statuses)
        if state is None:
            continue
        returned = sum(posting.amount for entry in entries if entry.entry_kind == "refund_reversed" for posting in entry.postings[:1])
        invoiced, credited = _kind_total(entries, "invoice"), _kind_total(entries, "credit_note")
        captured, refunded = _kind_total(entries, "capture"), _kind_total(entries, "refund") - returned
        pending = sum(amount for status, amount in statuses.values() if status == "PENDING")
        rests = [line.open.rest() for line in state.lines.values()]
        still_open = max(0, sum(rest[0] + sum(rest[4:]) for rest in rests))
        owed = invoiced - credited - captured + refunded + pending
        deposit = min(max(-owed, 0), still_open)
        sums = signed(entries)
        assert sums["accounts_receivable"] == max(owed, 0)
        assert -sums["contract_liability"] == deposit
        assert -sums["refunds_payable"] == pending + max(-owed, 0) - deposit


def _follow_tenders(event: OrderEvent, statuses: dict[str, tuple[str, int]]) -> None:
    rank = {"PENDING": 0, "SUCCEEDED": 1, "FAILED": 2}
    for tender in event.tenders if isinstance(event, RefundIssued) else ():
        earlier = statuses.get(tender.tender_id)
        if earlier is None or rank[tender.status] > rank[earlier[0]]:
            statuses[tender.tender_id] = (tender.status, tender.amount)


POLICIES = st.builds(
    Policy,
    charges=st.sampled_from(["pro_rata_value", "first_shipment", "last_shipment"]),
    discounts=st.sampled_from(["contra", "net"]),
    unexplained_refund=st.sampled_from(["allowance", "none"]),
    psp_fees_from=st.sampled_from(["capture", "event"]),
    parked_events_max=st.integers(1, 64),
)


@LIVES
@given(any_lives(), POLICIES)
def test_nothing_is_negative_and_credits_stay_below_invoices(life: Life, policy: Policy) -> None:
    _, state = play(life.events, PolicyBook(((0, policy),)))
    for line in state.lines.values() if state is not None else ():
        if line.terms.kind == "ROUNDING":
            continue
        for amounts in (line.invoiced, line.cancelled, line.open.rest()):
            assert min(amounts) >= 0
        assert all(credited <= invoiced for credited, invoiced in zip(line.credited, line.invoiced, strict=True))
    if state is not None:
        assert min([*state.uncredited.values(), *state.balances(), 0]) == 0


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


@LIVES
@given(any_lives())
def test_entry_ids_are_unique_and_numbers_gapless(life: Life) -> None:
    decisions, _ = play(life.events)
    entries = [entry for decision in decisions for entry in decision.entries]
    assert len({entry.entry_id for entry in entries}) == len(entries)
    assert [entry.entry_seq for entry in entries] == list(range(1, len(entries) + 1))
    references = [entry.document.document_ref for entry in entries if entry.document is not None]
    assert len(set(references)) == len(references)


@LIVES
@given(st.data())
def test_the_order_of_arrival_does_not_matter(data: st.DataObject) -> None:
    life = data.draw(possible_lives())
    expected, state = play(life.events)
    assert all(isinstance(decision.outcome, Posted) for decision in expected)
    arrived, other = play(data.draw(reordered(life)))
    assert state is not None
    assert other is not None
    assert other.parked == ()
    assert other.balances() == state.balances()
    sums = [signed([entry for decision in decisions for entry in decision.entries]) for decisions in (expected, arrived)]
    assert sums[0] == sums[1]
