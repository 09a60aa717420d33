"""Sums over the events of an order stay inside 64 bits: what would pass the limit is rejected before it posts."""

from collections import Counter
from collections.abc import Callable

import pytest

from asiento.accounting.amount_limit import AMOUNT_LIMIT, AMOUNT_MAX
from asiento.accounting.decide import decide
from asiento.accounting.decision import Decision, Posted, Rejected
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES, Policy, PolicyBook
from schemas.discrepancies import encode_discrepancy
from schemas.entries import encode_entry
from schemas.formats import MONEY_MAX
from schemas.order_state import encode_state
from tests.order_making import captured, line, placed, refunded, shipped, tax, tender
from tests.order_making import event as make_event
from tests.unit.accounting.playing import last, twin
from tests.unit.accounting.playing import play as play_in

ORDER = placed(line("A", MONEY_MAX))
TIMES = AMOUNT_MAX // MONEY_MAX


def play(events: list[OrderEvent]) -> list[Decision]:
    """One decision per event, everything that it makes encoded."""
    state: OrderState | None = None
    decisions = []
    for event in events:
        decision = decide(event, state, DEFAULT_POLICIES)
        state = decision.state
        for entry in decision.entries:
            encode_entry(entry)
        for discrepancy in decision.discrepancies:
            encode_discrepancy(discrepancy)
        if state is not None:
            encode_state(state)
        decisions.append(decision)
    return decisions


def refund_of(number: int, tenders: int, fees: int) -> OrderEvent:
    """A refund of as much as the contract lets one state, and as many return fees."""
    stated = [tender(f"T{number}-{place}", MONEY_MAX, payment_id=None) for place in range(tenders)]
    kept = [{"kind": "RETURN_FEE", "amount": MONEY_MAX, "taxes": []}] * fees
    return refunded(f"R{number}", [], stated, adjustments=kept, allow_over_refund=True)


@pytest.mark.parametrize(
    "event_of",
    [
        lambda number: captured(f"P{number}", MONEY_MAX),
        lambda number: refund_of(number, tenders=1, fees=0),
        lambda number: refund_of(number, tenders=0, fees=1),
    ],
)
def test_what_adds_up_over_events_stops_at_the_limit(event_of: Callable[[int], OrderEvent]) -> None:
    decisions = play([ORDER, *[event_of(number) for number in range(TIMES + 2)]])
    assert [decision.outcome for decision in decisions] == [Posted()] * (TIMES + 1) + [Rejected(AMOUNT_LIMIT)] * 2
    assert decisions[-1].state == decisions[-3].state
    (found,) = decisions[-1].discrepancies
    assert (found.code, found.severity, found.expected) == (AMOUNT_LIMIT, "high", AMOUNT_MAX)


def test_one_refund_may_state_more_than_any_order_holds() -> None:
    decisions = play([ORDER, refund_of(1, tenders=1000, fees=0), refund_of(2, tenders=0, fees=1000), captured("P1", MONEY_MAX)])
    assert [decision.outcome for decision in decisions[1:]] == [Rejected(AMOUNT_LIMIT)] * 2 + [Posted()]


def test_all_sums_at_their_limits_fit_their_records() -> None:
    """Everything an order can hold at once: captures, refunds, fees, and lines that cancel each other out."""
    many = AMOUNT_MAX // MONEY_MAX // 4
    lines = [line(f"A{place}", MONEY_MAX, taxes=[tax(MONEY_MAX, rate="1", base=MONEY_MAX)]) for place in range(many)]
    less = [line(f"R{place}", -MONEY_MAX, kind="ROUNDING", unit_price="-1") for place in range(2 * many)]
    events = [placed(*lines, *less), *[captured(f"P{number}", MONEY_MAX) for number in range(TIMES)]]
    events.append(shipped("S1", {f"A{place}": "1" for place in range(many)}))
    events += [refund_of(1, TIMES, 0), refund_of(2, 0, TIMES)]
    outcomes = Counter(type(decision.outcome) for decision in play(events))
    assert outcomes == {Posted: len(events)}


def test_an_order_whose_lines_cancel_each_other_out_is_bounded_too() -> None:
    lines = [line(f"A{place}", MONEY_MAX) for place in range(TIMES // 2 + 1)]
    less = [line(f"R{place}", -MONEY_MAX, kind="ROUNDING", unit_price="-1") for place in range(TIMES // 2 + 1)]
    assert [decision.outcome for decision in play([placed(*lines, *less)])] == [Rejected(AMOUNT_LIMIT)]


def test_the_discount_of_a_rounding_is_no_larger_than_stated() -> None:
    """Its net may be far below 0 beside a worth of 1: a share by net would be that many times the discount."""
    rounding = line(
        "R", MONEY_MAX - 1, kind="ROUNDING", discount=MONEY_MAX, taxes=[tax(MONEY_MAX, included=True, base=MONEY_MAX, rate="0")]
    )
    decisions = play([placed(line("A", 1), rounding, prices_include_tax=True, total=0), shipped("S1", {"A": "1"})])
    assert [decision.outcome for decision in decisions] == [Posted(), Posted()]


LIMIT = 1_000
BOUNDED = PolicyBook(((0, Policy(amount_max=LIMIT)),))
CAPTURE = captured("P1", 400)
ORDER_OF_600 = placed(line("A", 600))
KEPT = {"kind": "RETURN_FEE", "taxes": [{"jurisdiction": "ES", "type": "VAT", "code": "IVA", "amount": 5, "liable_party": "SELLER"}]}
CAPTURE_TWIN = twin("PaymentCaptured", payment_id="P2", tender="CARD", gateway="stripe")


def _at_most(room: int) -> list[tuple[str, list[OrderEvent]]]:
    """Orders whose last event takes exactly `room` of their limit, besides what stands already."""
    opened = {"payment_id": "P1", "gateway": "stripe", "fee": 0}
    twin = CAPTURE_TWIN | {"amount": room}
    return [
        ("placed", [placed(line("A", room - 30, discount=10, taxes=[tax(20)]))]),
        ("placed with a discount", [placed(line("A", room - 10), discount=10)]),
        (
            "edited",
            [ORDER_OF_600, make_event("OrderEdited", "e", order_revision=1, lines=[line("A", room)], order_discounts=[], total=room)],
        ),
        (
            "exchange",
            [ORDER_OF_600, make_event("ExchangeCreated", "x", exchange_id="X", lines=[line("B", room - 600)], total_added=room - 600)],
        ),
        ("captured", [ORDER_OF_600, CAPTURE, captured("P2", room - 400)]),
        ("corrected", [ORDER_OF_600, CAPTURE, make_event("EventCorrected", "c", supersedes_event_id=CAPTURE.event_id, replacement=twin)]),
        ("disputed", [ORDER_OF_600, CAPTURE, make_event("ChargebackOpened", "d", dispute_id="D", amount=room, **opened)]),
        ("refunded", [ORDER_OF_600, CAPTURE, refunded("R1", [], [tender("T1", room)], allow_over_refund=True)]),
        ("fee kept", [ORDER_OF_600, refunded("R1", [], [], adjustments=[KEPT | {"amount": room - 5}])]),
    ]


@pytest.mark.parametrize("place", range(9), ids=[name for name, _ in _at_most(LIMIT)])
def test_an_event_may_reach_the_limit_and_not_pass_it(place: int) -> None:
    reached, passed = (_at_most(room)[place][1] for room in (LIMIT, LIMIT + 1))
    assert last(*reached, policies=BOUNDED).outcome == Posted()
    assert last(*passed, policies=BOUNDED).outcome == Rejected(AMOUNT_LIMIT)


def test_what_stands_already_counts_towards_the_limit() -> None:
    disputes = [
        make_event("ChargebackOpened", f"d{n}", dispute_id=f"D{n}", payment_id="P1", gateway="stripe", amount=600, fee=0) for n in (1, 2)
    ]
    refunds = [
        refunded(f"R{n}", [], [tender(f"T{n}", 600, status)], allow_over_refund=True) for n, status in ((1, "PENDING"), (2, "SUCCEEDED"))
    ]
    fees = [refunded(f"R{n}", [], [], adjustments=[{"kind": "RETURN_FEE", "amount": 600, "taxes": []}]) for n in (1, 2)]
    for first, second in (disputes, refunds, fees):
        outcomes = [decision.outcome for decision in play_in(ORDER_OF_600, CAPTURE, first, second, policies=BOUNDED)]
        assert outcomes[2:] == [Posted(), Rejected(AMOUNT_LIMIT)]
