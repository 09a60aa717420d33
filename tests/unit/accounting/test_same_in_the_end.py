"""Different histories that must come to the same: splits, detours, corrections by themselves, disputes that are won."""

from collections import Counter
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from asiento.accounting.decision import Posted
from asiento.accounting.order_events import (
    FeeCharged,
    OrderEvent,
    PaymentCaptured,
    ReceivableAdjusted,
    ReturnReceived,
)
from asiento.accounting.order_state import OrderState
from tests import order_making as make
from tests.unit.accounting.order_lives import Life, any_lives, corrected, dispute, orders
from tests.unit.accounting.possible_lives import possible_lives
from tests.unit.accounting.test_order_lives import LIVES, account_totals, play

CORRECTABLE = (PaymentCaptured, FeeCharged, ReturnReceived, ReceivableAdjusted)
OTHER_ID = make.event("PaymentVoided", "other id", payment_id="P", amount=0).event_id


def totals_of(events: list[OrderEvent]) -> Counter[str]:
    """The account totals of events of which each posts in turn."""
    decisions, _ = play(events)
    assert [decision.outcome for decision in decisions] == [Posted()] * len(events)
    return account_totals(decisions)


def without_cost(totals: Counter[str]) -> Counter[str]:
    """Cost is rounded per shipment, so it follows the split by units of rounding."""
    return Counter({account: amount for account, amount in totals.items() if not account.startswith(("cogs", "inventory"))})


@st.composite
def parts(draw: st.DrawFn, units: dict[str, int]) -> list[dict[str, str]]:
    """The units in any parts, in any order of the lines."""
    singles = [line_id for line_id, count in units.items() for _ in range(count)]
    shuffled = draw(st.permutations(singles))
    cuts = sorted(draw(st.lists(st.integers(0, len(singles)), max_size=4)))
    groups = [Counter(shuffled[start:end]) for start, end in zip([0, *cuts], [*cuts, len(singles)], strict=True)]
    return [{line_id: str(count) for line_id, count in group.items()} for group in groups if group]


@LIVES
@given(st.data())
def test_shipping_and_crediting_in_parts_adds_up_to_the_same(data: st.DataObject) -> None:
    order, units = data.draw(orders())
    whole = {line_id: str(count) for line_id, count in units.items()}
    at_once = [order, make.shipped("S", whole), make.refunded("R", [make.back(*one) for one in whole.items()], [])]
    shipments = [make.shipped(f"S{number}", part) for number, part in enumerate(data.draw(parts(units)))]
    credited = [
        make.refunded(f"R{number}", [make.back(*one) for one in part.items()], []) for number, part in enumerate(data.draw(parts(units)))
    ]
    assert without_cost(totals_of([order, *shipments])) == without_cost(totals_of(at_once[:2]))
    assert without_cost(totals_of([order, *shipments, *credited])) == without_cost(totals_of(at_once))


@LIVES
@given(st.data())
def test_cancelling_a_part_of_a_line_is_the_same_at_once_or_unit_by_unit(data: st.DataObject) -> None:
    order, units = data.draw(orders())
    line_id = data.draw(st.sampled_from(sorted(units)))
    count = data.draw(st.integers(1, units[line_id]))
    rest = {name: str(many - (count if name == line_id else 0)) for name, many in units.items() if many > (count if name == line_id else 0)}
    singly = [make.cancelled({line_id: "1"}, label=f"cancel:{number}") for number in range(count)]
    last = [make.shipped("S", rest)] if rest else []
    assert totals_of([order, *singly, *last]) == totals_of([order, make.cancelled({line_id: str(count)}), *last])


def shipped_whole(life: Life, state: OrderState) -> list[OrderEvent]:
    """A last shipment of all that is open."""
    rest = {line_id: str(line.open.open_units // 10**6) for line_id, line in state.lines.items() if line.has_units and line.open.open_units}
    return [make.shipped("last", rest)] if rest else []


@LIVES
@given(st.data())
def test_all_shipped_paid_and_settled_leaves_nothing(data: st.DataObject) -> None:
    life = data.draw(possible_lives())
    # A write-off has no share in what a refund is explained by: paid all the same, its money goes back as an allowance.
    events = [replace(event, source_sequence=None) for event in life.events if not isinstance(event, ReceivableAdjusted)]
    _, state = play(events)
    assert state is not None
    events += shipped_whole(life, state)
    _, state = play(events)
    assert state is not None
    for refund_id, refund in state.refunds.items():
        pending = [make.tender(name, one.amount) for name, one in refund.tenders if one.status == "PENDING"]
        assert not pending, refund_id
    balances = state.balances()
    assert balances.contract_liability == 0
    if balances.accounts_receivable:
        events.append(make.captured("last", balances.accounts_receivable))
    if balances.refunds_payable:
        tender = make.tender("last", balances.refunds_payable, payment_id=None)
        events.append(make.refunded("last", [], [tender], allow_over_refund=True))
    _, state = play(events)
    assert state is not None
    assert state.balances()[:3] == (0, 0, 0)


@LIVES
@given(st.data())
def test_a_shipment_cancelled_and_made_again_was_made_once(data: st.DataObject) -> None:
    """The first one at once; a later one once all is shipped, since its units came back as a block of their own."""
    order, units = data.draw(orders())
    groups = data.draw(parts(units))
    shipments = [make.shipped(f"S{number}", group) for number, group in enumerate(groups)]
    place = data.draw(st.integers(0, len(groups) - 1))
    detour = [
        *shipments[: place + 1],
        make.event("ShipmentCancelled", "call back", shipment_id=f"S{place}"),
        make.shipped("again", groups[place], label="again"),
    ]
    if place == 0:
        assert totals_of([order, *detour]) == totals_of([order, shipments[0]])
    assert totals_of([order, *detour, *shipments[place + 1 :]]) == totals_of([order, *shipments])


@LIVES
@given(any_lives(), st.data())
def test_an_event_corrected_by_itself_changes_no_total(life: Life, data: st.DataObject) -> None:
    correctable = [event for event in life.events if isinstance(event, CORRECTABLE)]
    assume(correctable)
    before, _ = play(life.events)
    event = data.draw(st.sampled_from(correctable))
    after, _ = play([*life.events, corrected(event, "by itself", replace(event, event_id=OTHER_ID))])
    if isinstance(after[-1].outcome, Posted) and not after[-1].healed:
        assert account_totals(after) == account_totals(before)


@LIVES
@given(st.data())
def test_a_shipment_corrected_by_itself_changes_no_total(data: st.DataObject) -> None:
    """Of a first shipment at once, of any once all is shipped: in between its units come back as a block of their own."""
    order, units = data.draw(orders())
    shipments = [make.shipped(f"S{number}", group) for number, group in enumerate(data.draw(parts(units)))]
    shipment = data.draw(st.sampled_from(shipments))
    first, any_ = (corrected(one, "by itself", replace(one, event_id=OTHER_ID)) for one in (shipments[0], shipment))
    assert totals_of([order, shipments[0], first]) == totals_of([order, shipments[0]])
    assert totals_of([order, *shipments, any_]) == totals_of([order, *shipments])


@LIVES
@given(possible_lives(), st.integers(1, 50_000), st.integers(0, 100) | st.none())
def test_a_voided_capture_never_came(life: Life, amount: int, fee: int | None) -> None:
    events = [replace(event, source_sequence=None) for event in life.events if not isinstance(event, ReceivableAdjusted)]
    capture = make.captured("voided", amount, fee=fee)
    with_it, _ = play([*events, capture, corrected(capture, "void")])
    without, _ = play(events)
    assert [with_it[-2].outcome, with_it[-1].outcome] == [Posted(), Posted()]
    assert account_totals(with_it) == account_totals(without)


@LIVES
@given(possible_lives(), st.integers(0, 50_000), st.integers(0, 100))
def test_a_chargeback_won_in_full_was_never_opened(life: Life, amount: int, fee: int) -> None:
    events = [replace(event, source_sequence=None) for event in life.events]
    closed = {"dispute_id": "won", "outcome": "WON", "amount_won": amount}
    before, _ = play(events)
    opened = dispute("won", "P1", amount, fee=fee)
    back = [opened, make.event("ChargebackClosed", "closed:won", **closed, fee_returned=fee)]
    kept = [opened, make.event("ChargebackClosed", "closed:won", **closed, fee_returned=0)]
    assert account_totals(play([*events, *back])[0]) == account_totals(before)
    expected = account_totals(before)
    expected.update({"dispute_fees": fee, "psp_clearing:stripe": -fee})
    assert account_totals(play([*events, *kept])[0]) == Counter({account: total for account, total in expected.items() if total})
