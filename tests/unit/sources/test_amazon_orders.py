"""Orders of Amazon, both versions: what they cost, what was shipped, cancelled and paid, and what is held."""

from typing import Any

import pytest

from sources.platforms.connection import connection_from_mapping
from sources.platforms.door import Judged
from sources.platforms.outcome import Nothing
from sources.platforms.snapshot import EMPTY, Snapshot
from tests.unit.sources.amazon_payloads import breakdown, events_of, item, money, order, problem_of, read
from tests.unit.sources.deliveries import booked


def placed(payload: Any) -> dict[str, Any]:
    (event,) = [event for event in events_of(payload) if event["type"] == "OrderPlaced"]
    return event


def after(*payloads: Any) -> tuple[list[dict[str, Any]], Snapshot]:
    """Events of payloads of one order, read one after the other, and its memory."""
    memory, events = EMPTY, list[dict[str, Any]]()
    for payload in payloads:
        for answer in read(payload, memory):
            assert isinstance(answer, Judged), answer
            events += answer.events
            memory = answer.snapshot
    return events, memory


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def test_discounts_and_taxes_go_to_the_part_that_their_details_name() -> None:
    payload = order(
        item(
            "1",
            breakdown("ITEM", "100.00"),
            breakdown("SHIPPING", "12.50"),
            breakdown("GIFT_WRAP", "3.33"),
            breakdown("DISCOUNT", "7.50", {"ITEM": "5.00", "SHIPPING": "2.50"}),
            breakdown("TAX", "10.80", {"ITEM": "9.50", "SHIPPING": "1.00", "GIFT_WRAP": "0.30"}),
            total="119.13",
            quantity=3,
        ),
        total="119.13",
    )
    lines = {line["kind"]: line for line in placed(payload)["lines"]}
    assert {kind: (line["gross"], line["discount"], sum(tax["amount"] for tax in line["taxes"])) for kind, line in lines.items()} == {
        "GOODS": (10000, 500, 950),
        "SHIPPING": (1250, 250, 100),
        "FEE": (333, 0, 30),
    }
    assert lines["GOODS"]["unit_price"] == "33.3333333333"
    assert lines["SHIPPING"]["line_id"] == "shipping:1"


@pytest.mark.parametrize("discount", ["-5.00", "5.00"])
def test_a_discount_counts_against_the_total_whatever_its_sign(discount: str) -> None:
    event = placed(order(item("1", breakdown("ITEM", "20.00"), breakdown("DISCOUNT", discount), total="15.00"), total="15.00"))
    assert (event["total"], event["lines"][0]["discount"]) == (1500, 500)


@pytest.mark.parametrize(("total", "included"), [("120.00", True), ("140.00", False)])
def test_the_total_says_whether_taxes_are_inside_the_prices(total: str, included: bool) -> None:
    payload = order(item("1", breakdown("ITEM", "120.00"), breakdown("TAX", "20.00"), total=total), total=total)
    event = placed(payload)
    assert event["prices_include_tax"] is included
    assert event["lines"][0]["taxes"][0]["included"] is included
    assert event["lines"][0]["taxes"][0]["base"] == (10000 if included else 12000)


def test_a_discounts_own_tax_is_taken_off_where_the_subtotal_shows_that() -> None:
    taxes = breakdown("TAX", "8.50", {"ITEM": "10.00", "DISCOUNT": "1.50"})
    event = placed(order(item("1", breakdown("ITEM", "100.00"), taxes, total="108.50"), total="108.50"))
    assert event["lines"][0]["taxes"][0]["amount"] == 850
    beside = breakdown("TAX", "10.00", {"ITEM": "10.00", "DISCOUNT": "1.50"})
    assert placed(order(item("1", breakdown("ITEM", "100.00"), beside, total="110.00"), total="110.00"))["total"] == 11000


def test_marketplace_taxes_never_become_our_payable() -> None:
    tax: dict[str, Any] = {"tax": {"taxCollections": [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon"}]}}
    payload = order(
        item("1", breakdown("ITEM", "10.00"), breakdown("TAX", "1.00"), done=1, total="11.00", **tax), total="11.00", status="SHIPPED"
    )
    (balances,) = booked(events_of(payload)).values()
    assert balances == {"accounts_receivable": 1100, "revenue:sales": -1000, "facilitator_tax_clearing:amazon": -100}


def test_a_tip_is_in_no_item_and_is_a_line_of_its_own() -> None:
    payload = order(
        item("1", breakdown("ITEM", "10.00"), total="10.00"),
        breakdowns=[breakdown("ITEM", "10.00"), breakdown("DELIVERY_TIP", "5.00")],
        total="15.00",
    )
    assert [(line["kind"], line["gross"]) for line in placed(payload)["lines"]] == [("GOODS", 1000), ("TIP", 500)]


@pytest.mark.parametrize(("currency", "amount", "minor"), [("JPY", "5980", 5980), ("TRY", "62.50", 6250), ("BRL", "299.90", 29990)])
def test_exponents_are_those_of_the_currency(currency: str, amount: str, minor: int) -> None:
    payload = order(item("1", breakdown("ITEM", amount, currency=currency), total=amount), total=amount)
    assert placed(payload)["total"] == minor


def test_sums_that_do_not_tie_are_held_with_their_figures() -> None:
    lone = item("1", breakdown("ITEM", "10.00"), total="10.00")
    for payload, pointer in (
        (order(lone, total="12.00"), "/proceeds/grandTotal"),
        (order(item("1", breakdown("ITEM", "10.00"), total="9.00")), "/orderItems/0/proceeds/proceedsTotal"),
        (order(lone, breakdowns=[breakdown("ITEM", "11.00")], total="10.00"), "/proceeds/breakdowns/0/subtotal"),
        (
            order(item("1", breakdown("ITEM", "9.00"), breakdown("TAX", "1.00", {"ITEM": "0.40"}))),
            "/orderItems/0/proceeds/breakdowns/1/subtotal",
        ),
    ):
        problem = problem_of(payload)
        assert (problem.code, problem.pointer) == ("hold_discrepancy", pointer)
        assert "difference" in problem.message


def test_two_currencies_are_held_and_a_fraction_of_a_yen_is_malformed() -> None:
    mixed = order(item("1", breakdown("ITEM", "10", currency="JPY")), item("2", breakdown("ITEM", "10.00", currency="GBP")))
    assert (problem_of(mixed).code, "JPY, GBP" in problem_of(mixed).message) == ("hold_discrepancy", True)
    assert problem_of(order(item("1", breakdown("ITEM", "10.50", currency="JPY")))).code == "reject_malformed"


def test_an_order_without_items_or_without_proceeds_is_fetched_again() -> None:
    problem = problem_of(order())
    assert problem.code == "refetch"
    assert problem.fetch is not None
    assert problem.fetch.resource == "orders/111-2223334-5556667"
    bare = item("1", breakdown("ITEM", "1.00"))
    del bare["proceeds"]
    bare["product"]["price"] = {"unitPrice": money("10.00")}
    assert problem_of(order(item("2", breakdown("ITEM", "1.00")), bare)).code == "refetch"


@pytest.mark.parametrize("status", ["PENDING", "PENDING_AVAILABILITY"])
def test_a_pending_order_is_nothing(status: str) -> None:
    assert isinstance(read(order(item("1", breakdown("ITEM", "1.00")), status=status))[0], Nothing)


def test_an_order_that_was_sold_elsewhere_is_nothing() -> None:
    payload = order(item("1", breakdown("ITEM", "1.00"), done=1), salesChannel={"channelName": "NON_AMAZON"})
    assert isinstance(read(payload)[0], Nothing)


def test_units_that_left_are_told_as_differences_and_late_payloads_ship_nothing() -> None:
    def state(done: int, hour: int) -> dict[str, Any]:
        goods = item("1", breakdown("ITEM", "30.00"), quantity=3, done=done, total="30.00")
        return order(goods, total="30.00", status="PARTIALLY_SHIPPED", updated=f"2026-03-02T{hour}:00:00Z")

    events, memory = after(state(0, 10), state(1, 11), state(3, 12), state(1, 11), state(3, 12))
    shipped = [event["lines"][0]["quantity"] for event in events if event["type"] == "ShipmentDispatched"]
    assert shipped == ["1", "2"]
    assert types(after(state(3, 12), state(1, 11))[0]) == ["OrderPlaced", "ShipmentDispatched"]
    assert read(state(3, 12), memory)[0].events == ()  # type: ignore[union-attr]


def test_an_executed_cancellation_takes_the_units_that_nobody_will_ship() -> None:
    gone: dict[str, Any] = {
        "cancellation": {"cancellationExecution": {"cancelledBy": "BUYER"}},
        "fulfillment": {"quantityFulfilled": 1, "quantityUnfulfilled": 0},
    }
    payload = order(item("1", breakdown("ITEM", "30.00"), quantity=3, total="30.00", **gone), total="30.00", status="PARTIALLY_SHIPPED")
    events, _ = after(payload, payload)
    assert types(events) == ["OrderPlaced", "ShipmentDispatched", "OrderCancelled"]
    assert events[2]["lines"] == [{"line_id": "1", "quantity": "2"}]


def test_a_request_to_cancel_is_no_cancellation() -> None:
    asked: dict[str, Any] = {"cancellation": {"cancellationRequest": {"requester": "BUYER", "cancelReason": "Canary"}}}
    payload = order(item("1", breakdown("ITEM", "30.00"), total="30.00", **asked), total="30.00")
    assert types(events_of(payload)) == ["OrderPlaced"]


def test_a_cancelled_order_closes_what_was_told_and_is_nothing_where_nothing_was() -> None:
    alive = order(item("1", breakdown("ITEM", "30.00"), total="30.00"), total="30.00")
    dead = order(item("1", breakdown("ITEM", "30.00"), total="30.00"), total="30.00", status="CANCELLED", updated="2026-03-02T10:00:00Z")
    bare = {name: value for name, value in dead.items() if name != "proceeds"}
    for last in (dead, bare):
        events, _ = after(alive, last, last, alive)
        assert types(events) == ["OrderPlaced", "OrderCancelled"]
        assert events[1]["lines"] == []
    assert after(bare, alive)[0] == []


def test_payment_executions_are_captures_of_the_marketplace() -> None:
    payload = order(item("1", breakdown("ITEM", "30.00"), total="30.00"), total="30.00", payments=["10.00", "20.00"])
    events, _ = after(payload, payload)
    captures = [event for event in events if event["type"] == "PaymentCaptured"]
    assert [(event["payment_id"], event["tender"], event["amount"]) for event in captures] == [
        ("execution-1", "MARKETPLACE", 1000),
        ("execution-2", "MARKETPLACE", 2000),
    ]


def test_no_person_passes() -> None:
    payload = order(item("1", breakdown("ITEM", "30.00"), done=1, total="30.00"), total="30.00", status="SHIPPED")
    events, memory = after(payload)
    assert "anary" not in f"{events}{memory}"
    assert "98101" not in f"{events}{memory}"
    assert events[0]["ship_to"] == {"country": "US", "region": "WA", "postal_prefix": "981"}


def test_entities_and_channels_go_by_marketplace() -> None:
    settings = {"locations": {"ATVPDKIKX0DER": {"name": "us", "legal_entity": "US01"}}, "channels": {"ATVPDKIKX0DER": "amazon-us"}}
    event = events_of(order(item("1", breakdown("ITEM", "1.00"))), connection=connection_from_mapping(settings))[0]
    assert (event["legal_entity"], event["store"], event["channel"]) == ("US01", "us", "amazon-us")


def v0_item(number: str = "1", quantity: int = 1, **amounts: str) -> dict[str, Any]:
    found: dict[str, Any] = {"OrderItemId": number, "SellerSKU": f"SKU-{number}", "Title": "Thing", "QuantityOrdered": quantity}
    return found | {name: {"CurrencyCode": "USD", "Amount": amount} for name, amount in amounts.items()}


def v0(*items: dict[str, Any], **header: Any) -> dict[str, Any]:
    return {"payload": {"AmazonOrderId": "111-2223334-5556667", "OrderItems": list(items)} | header}


def test_v0_items_carry_discounts_taxes_gift_wrap_and_cash_on_delivery_fees() -> None:
    goods = v0_item(
        ItemPrice="20.00", ItemTax="2.00", PromotionDiscount="5.00", PromotionDiscountTax="0.50", CODFee="3.00", CODFeeDiscount="1.00"
    )
    goods |= v0_item(ShippingPrice="4.00", ShippingTax="0.40", ShippingDiscount="4.00", ShippingDiscountTax="0.40")
    goods["BuyerInfo"] = {"GiftWrapPrice": {"CurrencyCode": "USD", "Amount": "1.00"}, "GiftMessageText": "Canary"}
    goods["TaxCollection"] = {"Model": "MarketplaceFacilitator"}
    event = placed(v0(goods))
    assert event["total"] == 2000 - 500 + 150 + 100 + 200
    tax = event["lines"][0]["taxes"][0]
    assert (tax["amount"], tax["included"], tax["liable_party"]) == (150, False, "MARKETPLACE")
    assert [line["line_id"] for line in event["lines"]] == ["1", "shipping:1", "gift_wrap:1", "cod_fee:1"]


@pytest.mark.parametrize(("total", "included"), [("22.00", False), ("20.00", True)])
def test_a_merged_header_ties_its_total_either_way(total: str, included: bool) -> None:
    stated = {"CurrencyCode": "USD", "Amount": total}
    payload = v0(
        v0_item(ItemPrice="20.00", ItemTax="2.00"),
        OrderStatus="Unshipped",
        PurchaseDate="2026-03-01T09:00:00Z",
        LastUpdateDate="2026-03-01T10:00:00Z",
        OrderTotal=stated,
    )
    assert placed(payload)["prices_include_tax"] is included
    payload["payload"]["OrderTotal"] = stated | {"Amount": "21.00"}
    assert problem_of(payload).code == "hold_discrepancy"


def test_a_page_of_items_with_more_to_come_is_fetched_whole() -> None:
    problem = problem_of(v0(v0_item(ItemPrice="1.00"), NextToken="abc"))
    assert (problem.code, problem.pointer) == ("refetch", "/payload/NextToken")


def test_a_header_asks_for_its_items_and_checks_its_payments() -> None:
    header: dict[str, Any] = {"AmazonOrderId": "1", "OrderStatus": "Shipped", "PurchaseDate": "2026-03-01T09:00:00Z"}
    problem = problem_of({"payload": header})
    assert problem.code == "refetch"
    assert problem.fetch is not None
    assert problem.fetch.topic == "getOrderItems"
    header["OrderTotal"] = {"CurrencyCode": "USD", "Amount": "12.00"}
    header["PaymentExecutionDetail"] = [{"PaymentMethod": "GC", "Payment": {"CurrencyCode": "USD", "Amount": "11.00"}}]
    assert problem_of({"payload": header}).code == "hold_discrepancy"


def test_lists_and_identifiers_of_any_size() -> None:
    many = {"orders": [order(item("9007199254740993123", breakdown("ITEM", "1.00")), order_id=f"1-{number}") for number in range(3)]}
    events = events_of(many)
    assert [event["order_id"] for event in events] == ["1-0", "1-1", "1-2"]
    assert events[0]["lines"][0]["line_id"] == "9007199254740993123"
