"""The state of an order as bytes: whole, small, and never read in a format that is not known."""

from pathlib import Path

import orjson
import pytest

from asiento.accounting.balances import Balances
from asiento.accounting.blocks import Block, ShippedBlock
from asiento.accounting.decide import decide
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState, Payment
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.order_state import UnknownStateFormat, decode_state, encode_state
from tests.order_making import back, captured, line, placed, refunded, shipped, tax, tender

OPEN_ORDER_BYTES_MAX = 2_048

ORDER = placed(
    line("gid-1001", 10_000, "3", sku="TSHIRT-M-BLUE", revenue_category="apparel", unit_cost="12.5", taxes=[tax(2_100)]),
    line("gid-1002", 5_000, "1", sku="MUG-WHITE", revenue_category="home", taxes=[tax(1_050)]),
    line("gid-1003", 795, kind="SHIPPING", taxes=[tax(167)]),
)


def state_after(*events: OrderEvent) -> OrderState:
    state: OrderState | None = None
    for event in events:
        state = decide(event, state, DEFAULT_POLICIES).state
    assert state is not None
    return state


def test_everything_that_waits_or_is_open_survives() -> None:
    state = state_after(
        shipped("S1", {"gid-1001": "1"}, source_sequence=2, ship_to={"country": "ES", "region": "MD"}),
        ORDER,
        captured("P1", 50_000, source_sequence=7),
        captured("P2", 50_000),
        refunded("R1", [back("gid-1001", "1")], [tender("T1", 12_100, "PENDING", payment_id="P2")]),
        refunded("R2", [back("gid-1002", "1", net=5_000, taxes=[])], [], adjustments=[{"kind": "CHARGE", "amount": 1, "taxes": []}]),
    )
    assert [parked.code for parked in state.parked] == ["D19", "D19", "D27", "D27"]
    again = decode_state(encode_state(state))
    assert again == state
    assert [type(parked.event) for parked in again.parked] == [type(parked.event) for parked in state.parked]
    assert encode_state(again) == encode_state(state)


def test_an_ordinary_open_order_is_small() -> None:
    state = state_after(
        ORDER,
        captured("pi_3OaXyz2eZvKYlo2C1", 19_112, fee=310),
        shipped("F-20931", {"gid-1001": "1"}),
        shipped("F-20954", {"gid-1001": "1"}),
        refunded("88120331", [back("gid-1001", "1")], [tender("tr_1", 4_033, payment_id="pi_3OaXyz2eZvKYlo2C1")]),
        captured("pi_3OaXyz2eZvKYlo2C2", 100),
    )
    assert len(state.facts) == 6
    assert len(encode_state(state)) <= OPEN_ORDER_BYTES_MAX


def test_a_state_of_an_unknown_order_holds_what_waits() -> None:
    state = state_after(captured("P1", 100))
    assert state.placement is None
    assert decode_state(encode_state(state)) == state


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"", "no JSON"),
        (b"[]", "format version None"),
        (b'{"p":1}', "format version None"),
        (b'{"v":3}', "format version 3, this program reads up to 2"),
    ],
)
def test_another_format_is_refused(value: bytes, message: str) -> None:
    with pytest.raises(UnknownStateFormat, match=message):
        decode_state(value)


def test_a_state_of_format_1_is_read_and_written_as_today() -> None:
    old = (Path(__file__).parent / "states" / "format-1.json").read_bytes()
    state = decode_state(old)
    assert decode_state(encode_state(state)) == state
    assert state.balances() == Balances(0, 2_290, 1_000, 0)
    assert [parked.code for parked in state.parked] == ["D11", "D19"]
    assert state.payments["P1"] == Payment("CARD", "stripe", None, 10_000, 290)
    assert state.lines["A"].shipped == (
        ShippedBlock(0, 2_000_000, Block(2_000_000, 1_000_000, (6_518, 148, 148, 6_666, 1_400)), 0, 2_500, "sales"),
    )
    after = decide(shipped("S2", {"A": "1"}), state, DEFAULT_POLICIES)
    assert [entry.entry_kind for entry in after.entries] == ["invoice", "apply", "cost"]


def test_a_field_that_an_older_state_lacks_takes_its_default() -> None:
    row = orjson.loads(encode_state(state_after(captured("P1", 100))))
    del row["k"][0][2]["gateway_reference"]
    parked = decode_state(orjson.dumps(row)).parked[0]
    assert parked.event == captured("P1", 100)
