"""Units that come back take their cost from the blocks of the shipments that they left with."""

from asiento.accounting.decision import Deferred
from asiento.accounting.order_events import OrderEvent
from tests.order_making import event, line, placed, shipped
from tests.unit.accounting.playing import amounts, play

ORDER = placed(line("A", 2_000, "2", unit_cost="3"))
DEARER = [{"line_id": "A", "quantity": "1", "unit_cost": "5"}]


def returned(return_id: str, quantity: str, **fields: str) -> OrderEvent:
    """ReturnReceived of units of line A, to stock again."""
    came = {"line_id": "A", "quantity": quantity, "disposition": "RESTOCK"} | fields
    return event("ReturnReceived", f"return:{return_id}", return_id=return_id, lines=[came])


def test_a_named_shipment_gives_the_cost_and_the_others_keep_their_units() -> None:
    sent = (ORDER, shipped("S1", {"A": "1"}), shipped("S2", {}, lines=DEARER))
    *_, named, rest = play(*sent, returned("B1", "1", shipment_id="S2"), returned("B2", "1"))
    assert named.state is not None
    assert [block.returned_units for block in named.state.lines["A"].shipped] == [0, 1_000_000]
    assert [amounts(entry) for entry in (*named.entries, *rest.entries)] == [
        {"inventory:default": 500, "cogs:sales": -500},
        {"inventory:default": 300, "cogs:sales": -300},
    ]


def test_units_without_a_shipment_come_from_the_oldest_first() -> None:
    (entry,) = play(ORDER, shipped("S1", {"A": "1"}), shipped("S2", {}, lines=DEARER), returned("B1", "1.5"))[-1].entries
    assert amounts(entry) == {"inventory:default": 550, "cogs:sales": -550}


def test_a_line_named_twice_counts_cumulatively() -> None:
    twice = [{"line_id": "A", "quantity": "1.5", "disposition": "RESTOCK"}] * 2
    came = event("ReturnReceived", "return:B1", return_id="B1", lines=twice)
    assert play(ORDER, shipped("S1", {"A": "2"}), came)[-1].outcome == Deferred("D11")
