"""Movements of money: signs, trees, control totals, and the spellings of settlement files."""

from typing import Any

import pytest

from sources.platforms.amazon_sp_api.payouts import read_event_group
from sources.platforms.door import Judged
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node
from tests.unit.sources.amazon_payloads import (
    breakdown,
    events_of,
    financial_event,
    financial_item,
    item,
    order,
    page,
    problem_of,
    read,
    row,
    settlement,
    transaction,
    tree,
)

POSTED = "2026-03-02T08:30:15Z"


def figures(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(event.get("kind", event["type"]), event["amount"]) for event in events]


def test_a_shipment_is_a_capture_of_what_the_buyer_paid_and_its_fees() -> None:
    charges = {"Principal": "20.00", "Tax": "1.60", "ShippingCharge": "3.00"}
    goods = financial_item(
        "SKU-1",
        charges,
        {"Commission": "-3.00", "FBAPerUnitFulfillmentFee": "-2.50"},
        {"MarketplaceFacilitatorTax-Principal": "-1.60"},
        promotions=["-1.00"],
    )
    answers = read(page(ShipmentEventList=[financial_event(POSTED, goods)]))
    assert isinstance(answers[0], Judged)
    assert figures(list(answers[0].events)) == [("PaymentCaptured", 2360), ("Commission", 300), ("FBAPerUnitFulfillmentFee", 250)]
    assert "taxes of 1.60 USD" in answers[0].notices[0]
    assert all(event["account_kind"] == "MARKETPLACE" and not event["estimate"] for event in answers[0].events[1:])


def test_positive_fees_say_that_signs_mean_nothing() -> None:
    goods = financial_item("SKU-1", {"Principal": "20.00"}, {"Commission": "3.00"})
    assert problem_of(page(ShipmentEventList=[financial_event(POSTED, goods)])).code == "hold_discrepancy"


def test_a_refund_the_wrong_way_round_is_held() -> None:
    goods = financial_item("SKU-1", {"Principal": "20.00"}, {}, adjusted=True)
    event = financial_event(POSTED, goods, items_name="ShipmentItemAdjustmentList")
    assert problem_of(page(RefundEventList=[event])).code == "hold_discrepancy"


def test_lists_without_orders_are_kept_and_unknown_ones_held() -> None:
    adjustment = {"AdjustmentType": "FBAInventoryReimbursement", "PostedDate": POSTED}
    assert isinstance(read(page(AdjustmentEventList=[adjustment]))[0], Nothing)
    assert problem_of(page(NewestEventList=[adjustment], AdjustmentEventList=[adjustment])).pointer.endswith("NewestEventList/0")


@pytest.mark.parametrize("status", ["Released", None, "DEFERRED", "DEFERRED_RELEASED"])
def test_fees_of_a_transaction_are_whole_whatever_they_are_made_of(status: str | None) -> None:
    trees = (
        tree("ProductCharges", "320", tree("OurPricePrincipal", "320", currency="SEK"), currency="SEK"),
        tree(
            "AmazonFees",
            "-94.54",
            tree("Commission", "-49", tree("Base", "-39.2", currency="SEK"), tree("Tax", "-9.8", currency="SEK"), currency="SEK"),
            tree("FBAPerUnitFulfillmentFee", "-45.54", currency="SEK"),
            currency="SEK",
        ),
    )
    events = events_of(transaction("t1", POSTED, *trees, status=status))
    assert figures(events) == [("PaymentCaptured", 32000), ("Commission", 4900), ("FBAPerUnitFulfillmentFee", 4554)]


@pytest.mark.parametrize(
    "trees",
    [
        (tree("ProductCharges", "10.00", tree("OurPricePrincipal", "9.99")),),
        (tree("ProductCharges", "9.00"),),
    ],
    ids=["a level below", "the top"],
)
def test_every_level_of_a_tree_adds_up(trees: tuple[dict[str, Any], ...]) -> None:
    problem = problem_of(transaction("t1", POSTED, *trees, total="10.00"))
    assert problem.code == "hold_discrepancy"
    assert "difference" in problem.message


def test_a_total_without_breakdowns_is_fetched_again_and_a_transfer_kept() -> None:
    assert problem_of(transaction("t1", POSTED, total="10.00")).code == "refetch"
    assert isinstance(read(transaction("t2", POSTED, tree("FundTransfer", "10.00"), kind="Transfer", order_id=None))[0], Nothing)


def test_a_refund_names_the_units_whose_whole_price_went_back() -> None:
    goods = item("1", breakdown("ITEM", "20.00"), breakdown("SHIPPING", "3.00"), quantity=2, done=2, total="23.00")
    (answer,) = read(order(goods, total="23.00", status="SHIPPED"), None)
    assert isinstance(answer, Judged)
    trees = (
        tree("ProductCharges", "-10.00", tree("OurPricePrincipal", "-10.00")),
        tree("Shipping", "-3.00", tree("ShippingPrincipal", "-3.00")),
    )
    (refund,) = events_of(transaction("t1", POSTED, *trees, kind="Refund"), answer.snapshot)
    assert refund["lines"] == [{"line_id": "1", "quantity": "1", "scope": "SHIPPED"}]
    assert [(each["kind"], each["line_id"], each["amount"]) for each in refund["adjustments"]] == [("CHARGE", "shipping:1", 300)]
    assert refund["tenders"][0]["amount"] == 1300
    part = tree("ProductCharges", "-4.00", tree("OurPricePrincipal", "-4.00"))
    (concession,) = events_of(transaction("t2", POSTED, part, kind="Refund"), answer.snapshot)
    assert (concession["lines"], concession["adjustments"]) == ([], [])


GOODS = row("ItemPrice", "Principal", "1,234.50", "2026-03-02T08:30:15+00:00")
FEE = row("ItemFees", "Commission", "-34.50", "2026-03-02T08:30:15+00:00")


def test_a_whole_settlement_file_is_released() -> None:
    assert figures(events_of(settlement("1,200.00", GOODS, FEE))) == [("PaymentCaptured", 123450), ("Commission", 3450)]


@pytest.mark.parametrize(
    "posted", ["02.03.2026 08:30:15 UTC", "02/03/26 08:30:15 UTC", "2026-03-02 08:30:15 UTC", "2026-03-02T09:30:15+01:00"]
)
def test_decimal_commas_and_dates_of_any_marketplace(posted: str) -> None:
    rows = (row("ItemPrice", "Principal", "1.234,50", posted), row("ItemFees", "Commission", "-34,50", posted))
    events = events_of(settlement("1.200,00", *rows, currency="EUR"))
    assert figures(events) == [("PaymentCaptured", 123450), ("Commission", 3450)]
    assert {event["occurred_at"] for event in events} == {"2026-03-02T08:30:15Z"}


def test_nothing_of_a_file_whose_total_fails_is_released() -> None:
    problem = problem_of(settlement("1200.01", GOODS, FEE))
    assert (problem.code, problem.pointer) == ("hold_discrepancy", "/rows/0/total-amount")
    assert "difference 0.01" in problem.message
    assert problem_of(settlement("", GOODS, FEE)).code == "hold_discrepancy"


def test_both_ways_of_writing_decimals_in_one_file_are_malformed() -> None:
    assert problem_of(settlement("1200,00", row("ItemPrice", "Principal", "1200.00", POSTED))).code == "reject_malformed"


def test_rows_without_an_order_are_kept() -> None:
    storage = row("other-transaction", "Storage Fee", "-5.00", POSTED, what="other-transaction", order_id="")
    assert isinstance(read(settlement("-5.00", storage))[0], Nothing)


def test_a_group_converted_into_another_currency_may_change_its_figure() -> None:
    def total(currency: str, amount: int) -> dict[str, Any]:
        return {"CurrencyCode": currency, "CurrencyAmount": amount}

    read_event_group(Node({"OriginalTotal": total("CAD", 1), "ConvertedTotal": total("USD", 2)}, ""))
    with pytest.raises(Unjudged):
        read_event_group(Node({"OriginalTotal": total("USD", 1), "ConvertedTotal": total("USD", 2)}, ""))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda body: body,
        lambda body: {"Records": [{"body": body}]},
        lambda body: {"detail-type": "ORDER_CHANGE", "detail": body},
        lambda body: {"payload": body},
    ],
)
def test_a_notification_points_at_its_order_in_any_envelope(wrap: Any) -> None:
    inner = {"NotificationType": "ORDER_CHANGE", "Payload": {"OrderChangeNotification": {"AmazonOrderId": "1-2-3"}}}
    wrapped = wrap(inner)
    if "Records" in wrapped:
        wrapped["Records"][0]["body"] = (
            '{"NotificationType": "ORDER_CHANGE", "Payload": {"OrderChangeNotification": {"AmazonOrderId": "1-2-3"}}}'
        )
    problem = problem_of(wrapped)
    assert problem.code == "refetch"
    assert problem.fetch is not None
    assert (problem.fetch.topic, problem.fetch.resource) == ("getOrder", "orders/1-2-3")
