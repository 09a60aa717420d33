"""WooCommerce refunds: stubs in the order, objects of their own, with lines and without, before and after the goods left."""

from typing import Any

import pytest

from sources.platforms.door import Judged
from tests.unit.sources.deliveries import SEEDS
from tests.unit.sources.shop_lives import (
    Delivery,
    Payload,
    booked,
    books_of,
    judged,
    of_type,
    problem,
    shuffled,
    tell,
)
from tests.unit.sources.woocommerce_payloads import completed, fee, item, order, refund, refunded, shipping, stub, tax_line

SHOP = "woocommerce"
KEY = "acme:woocommerce:main:700"

MUG = item(11, "40.00", "8.40", quantity=2)
JAR = item(12, "10.00", "2.10")
FREIGHT = shipping("5.00", "1.05")
PAID = order(MUG, JAR, total="66.55", shipping_lines=[FREIGHT], tax_lines=[tax_line("10.50", "1.05")])
ONE_MUG = refunded(MUG, total="-20.00", total_tax="-4.20", taxes=[{"id": 3, "total": "-4.2"}])
BACK = refund(ONE_MUG, amount="24.20")
SENT = completed(PAID)
SENT_AND_BACK = completed(PAID, "2026-03-03T12:30:00", refunds=[stub(800, "-24.20")])
LIFE: list[Delivery] = [("order.created", PAID), ("order.updated", SENT), ("order.updated", SENT_AND_BACK), ("refunds", BACK)]


def test_a_refund_of_units_is_told_once_with_its_taxes() -> None:
    told = tell(SHOP, LIFE)
    assert [event["type"] for event in told.events] == ["OrderPlaced", "PaymentCaptured", "ShipmentDispatched", "RefundIssued"]
    event = told.events[-1]
    tax = {"jurisdiction": "ES", "type": "VAT", "code": "ES-IVA-1", "amount": 420, "liable_party": "SELLER"}
    assert event["lines"] == [{"line_id": "11", "quantity": "1", "scope": "SHIPPED", "net": 2000, "taxes": [tax]}]
    expected = {"tender_id": "800", "payment_id": "700", "tender": "CARD", "gateway": "stripe", "amount": 2420, "status": "SUCCEEDED"}
    assert (event["tenders"], event["allow_over_refund"]) == ([expected], False)
    balances = booked(told.events)[KEY]
    assert balances == {
        "psp_clearing:stripe": 4235,
        "revenue:sales": -5000,
        "sales_returns:sales": 2000,
        "shipping_revenue": -500,
        "tax_payable:ES:VAT": -735,
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_ends_in_the_same_books(seed: int) -> None:
    other = [(topic, payload | {"id": payload["id"] + 1} if topic != "refunds" else moved(payload)) for topic, payload in LIFE]
    deliveries = shuffled([*LIFE, *other], seed)
    told = tell(SHOP, deliveries)
    expected = booked(tell(SHOP, LIFE).events)[KEY]
    assert booked(told.events) == {KEY: expected, "acme:woocommerce:main:701": expected}
    assert tell(SHOP, deliveries).events == told.events
    assert tell(SHOP, deliveries, memory=told.memory).events == []


def moved(payload: Payload) -> Payload:
    """The refund for the order beside it."""
    return payload | {"_links": {"up": [{"href": "https://shop.example/wp-json/wc/v3/orders/701"}]}}


def test_a_refund_that_is_newer_than_its_order_asks_for_the_order() -> None:
    told = tell(SHOP, [("", PAID), ("refunds", BACK)])
    answer = told.answers[-1]
    assert isinstance(answer, Judged)
    assert ([*answer.events], [fetch.resource for fetch in answer.fetches]) == ([], ["orders/700"])
    later = tell(SHOP, [("", SENT_AND_BACK)], memory=told.memory)
    assert [event["type"] for event in later.events] == ["ShipmentDispatched", "RefundIssued"]


def test_units_refunded_before_the_goods_left_are_not_shipped() -> None:
    early = BACK | {"date_created_gmt": "2026-03-01T20:00:00"}
    listed = {"refunds": [stub(800, "-24.20")]}
    life: list[Delivery] = [
        ("", PAID),
        ("", PAID | listed | {"date_modified_gmt": "2026-03-01T20:00:01"}),
        ("orders/700/refunds", [early]),
        ("", SENT | listed),
    ]
    told = tell(SHOP, life)
    assert of_type(told.events, "RefundIssued")[0]["lines"] == [{"line_id": "11", "quantity": "1", "scope": "UNSHIPPED"}]
    assert of_type(told.events, "ShipmentDispatched")[0]["lines"] == [
        {"line_id": "11", "quantity": "1"},
        {"line_id": "12", "quantity": "1"},
    ]
    balances = booked(told.events)[KEY]
    assert (balances["psp_clearing:stripe"], balances["revenue:sales"], balances.get("accounts_receivable")) == (4235, -3000, None)
    for seed in range(20):
        assert booked(tell(SHOP, shuffled(life, seed)).events)[KEY] == balances


def test_a_refund_by_amount_is_an_allowance_with_its_share_of_the_taxes() -> None:
    by_hand = refund(amount="13.31", refunded_payment=False)
    told = tell(SHOP, [("", PAID), ("", completed(PAID, "2026-03-03T12:30:00", refunds=[stub(800, "-13.31")])), ("", by_hand)])
    event = told.events[-1]
    assert (event["lines"], event["adjustments"], event["allow_over_refund"]) == ([], [], True)
    balances = booked(told.events)[KEY]
    assert (balances["sales_allowances"], balances["tax_payable:ES:VAT"]) == (1100, -1155 + 231)


def test_shipping_fees_and_an_amount_without_units_come_back() -> None:
    paid = order(MUG, total="56.87", shipping_lines=[FREIGHT], fee_lines=[fee("2.00", "0.42")], tax_lines=[tax_line("8.82", "1.05")])
    back = refund(
        refunded(MUG, 0, total="-3.00", total_tax="-0.63"),
        amount="12.10",
        shipping_lines=[refunded(FREIGHT)],
        fee_lines=[refunded(fee("2.00", "0.42"))],
    )
    for payload in back["shipping_lines"] + back["fee_lines"]:
        del payload["quantity"]
    sent = completed(paid, "2026-03-03T12:30:00", refunds=[stub(800, "-12.10")])
    told = tell(SHOP, [("", sent), ("", back)])
    kinds = [(each["kind"], each["line_id"], each["amount"], each["taxes"][0]["amount"]) for each in told.events[-1]["adjustments"]]
    assert kinds == [("GOODWILL", "11", 300, 63), ("CHARGE", "21", 500, 105), ("CHARGE", "31", 200, 42)]
    assert booked(told.events)[KEY]["psp_clearing:stripe"] == 5687 - 1210


def test_positive_lines_mean_the_same() -> None:
    positive = ONE_MUG | {"quantity": 1, "total": "20.00", "total_tax": "4.20", "taxes": [{"id": 3, "total": "4.20"}]}
    told = tell(SHOP, [*LIFE[:3], ("", refund(positive, amount="24.20"))])
    assert told.events[-1]["lines"] == tell(SHOP, LIFE).events[-1]["lines"]


def test_an_older_version_names_no_original_its_product_does() -> None:
    nameless = {name: value for name, value in ONE_MUG.items() if name != "meta_data"}
    told = tell(SHOP, [*LIFE[:3], ("", refund(nameless, amount="24.20"))])
    assert told.events[-1]["lines"][0]["line_id"] == "11"


def test_a_whole_refund_of_an_order_that_never_left_cancels_it() -> None:
    gone = PAID | {"status": "refunded", "date_modified_gmt": "2026-03-04T00:00:00", "refunds": [stub(800, "-66.55")]}
    told = tell(SHOP, [("", PAID), ("", gone), ("", refund(amount="66.55"))])
    assert [event["type"] for event in told.events] == ["OrderPlaced", "PaymentCaptured", "OrderCancelled", "RefundIssued"]
    assert booked(told.events) == {KEY: {}}


def test_a_refund_of_an_unpaid_order_is_told_too() -> None:
    unpaid = completed(PAID, date_paid_gmt=None, refunds=[stub(800, "-10.00")])
    events = judged(SHOP, unpaid).events
    assert [event["type"] for event in events] == ["OrderPlaced", "ShipmentDispatched", "RefundIssued"]
    balances = booked(events)[KEY]
    assert balances["psp_clearing:stripe"] == -1000


def test_the_discount_of_a_negative_fee_goes_back_too() -> None:
    paid = order(item(11, "50.00"), total="45.00", fee_lines=[fee("-5.00")])
    back = refund(refunded(item(11, "50.00")), amount="45.00", fee_lines=[refunded(fee("-5.00")) | {"total": "5.00"}])
    told = tell(SHOP, [("", completed(paid, "2026-03-03T12:30:00", refunds=[stub(800, "-45.00")])), ("", back)])
    assert told.events[-1]["lines"][0]["net"] == 4500
    assert not booked(told.events)[KEY].get("psp_clearing:stripe")


def test_a_refund_read_by_itself() -> None:
    event = judged(SHOP, BACK | {"tax_lines": [tax_line("-4.20")]}, default_currency="EUR").events[0]
    assert event["order_id"] == "700"
    assert event["lines"][0] | {"taxes": []} == {"line_id": "11", "quantity": "1", "scope": "AUTO", "net": 2000, "taxes": []}
    assert event["lines"][0]["taxes"][0]["code"] == "ES-IVA-1"
    assert problem(SHOP, BACK).pointer == "/amount"


def test_the_order_of_a_refund_is_found_in_what_was_asked_for() -> None:
    nameless = {name: value for name, value in BACK.items() if name != "_links"}
    assert judged(SHOP, [nameless], "none (GET orders/700/refunds)", default_currency="EUR").resource == "700"
    assert judged(SHOP, nameless | {"parent_id": 700}, default_currency="EUR").resource == "700"
    assert problem(SHOP, nameless).code == "refetch"


@pytest.mark.parametrize("amount", ["24.19", "10.00"])
def test_lines_worth_more_than_what_was_paid_back_are_held(amount: str) -> None:
    answer = problem(SHOP, BACK | {"amount": amount}, default_currency="EUR")
    assert (answer.code, answer.pointer) == ("hold_discrepancy", "/amount")
    assert f"stated {amount}, computed 24.20" in answer.message


def test_more_paid_back_than_the_lines_are_worth_is_noticed() -> None:
    result = judged(SHOP, BACK | {"amount": "30.00"}, default_currency="EUR")
    assert result.events[0]["tenders"][0]["amount"] == 3000
    assert any("more was refunded" in notice for notice in result.notices)


def test_what_a_refund_waits_for_is_asked_for() -> None:
    first = tell(SHOP, [("", BACK)])
    assert first.events == []
    told = tell(SHOP, [("", SENT_AND_BACK)])
    assert [fetch.resource for fetch in answer_of(told).fetches] == ["order_refunds/700"]
    assert [event["type"] for event in told.events] == ["OrderPlaced", "PaymentCaptured"]


def answer_of(told: Any) -> Any:
    return told.answers[-1]


def test_a_refund_that_is_not_listed_any_more_is_noticed() -> None:
    later = SENT | {"date_modified_gmt": "2026-03-09T00:00:00"}
    told = tell(SHOP, [*LIFE, ("", later)])
    assert any("deleted" in notice for notice in answer_of(told).notices)
    assert books_of(told.events).unposted == []
