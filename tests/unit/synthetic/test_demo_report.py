"""What the demo counts and shows, without a broker."""

from asiento.cli.demo_report import order_to_show
from asiento.cli.demo_stream import final_outcomes
from schemas.decisions import DecisionBatch, HealedOutcome, RecordOutcome
from sources.synthetic.day import trading_day
from sources.synthetic.intents import Dispatch, Refund


def record(offset: int, outcome: str, event_id: str | None) -> RecordOutcome:
    return RecordOutcome(offset=offset, event_id=event_id, order_key=None, outcome=outcome, code=None, entry_ids=())


def batch(partition: int, outcomes: tuple[RecordOutcome, ...], healed: tuple[HealedOutcome, ...] = ()) -> DecisionBatch:
    return DecisionBatch(
        topic="t",
        partition=partition,
        first_offset=outcomes[0].offset,
        next_offset=outcomes[-1].offset + 1,
        outcomes=outcomes,
        healed=healed,
        worker="w",
        decided_at=0,
    )


def test_the_last_word_on_a_parked_record_is_that_of_its_healing() -> None:
    healing = HealedOutcome(event_id="a", outcome="posted", code=None, entry_ids=())
    batches = [batch(0, (record(0, "deferred", "a"), record(1, "deferred", "b"))), batch(0, (record(2, "posted", "c"),), (healing,))]
    assert final_outcomes(batches) == {(0, 0): "posted", (0, 1): "deferred", (0, 2): "posted"}


def test_a_duplicate_of_a_healed_record_stays_a_duplicate() -> None:
    healing = HealedOutcome(event_id="a", outcome="posted", code=None, entry_ids=())
    batches = [batch(1, (record(0, "deferred", "a"), record(1, "duplicate", "a"), record(2, "posted", "c")), (healing,))]
    assert final_outcomes(batches) == {(1, 0): "posted", (1, 1): "duplicate", (1, 2): "posted"}


def test_a_record_that_could_not_be_read_counts_without_an_id() -> None:
    assert final_outcomes([batch(0, (record(7, "dead_letter", None),))]) == {(0, 7): "dead_letter"}


def test_the_order_shown_left_in_parts_and_came_back_in_part() -> None:
    day = trading_day(1, 300)
    key = order_to_show(day)
    order = next(order for order in day.booked if key == f"{day.tenant}:{order.shop.source}:{order.order_id}")
    left = [units for step in order.steps if isinstance(step, Dispatch) for _, units in step.units]
    back = [given.quantity for step in order.steps if isinstance(step, Refund) for given in step.given_back if given.shipped]
    assert sum(isinstance(step, Dispatch) for step in order.steps) > 1
    assert 0 < sum(back) < sum(left)
