"""One order told by five interfaces, late, twice and mixed: the books end alike, and every amount is in them once."""

from typing import Any

import pytest

from sources.platforms.amazon_sp_api.adapter import ADAPTER
from tests.unit.sources.amazon_payloads import (
    SOURCE,
    breakdown,
    encoded,
    events_of,
    financial_event,
    financial_item,
    item,
    order,
    page,
    row,
    settlement,
    transaction,
    tree,
)
from tests.unit.sources.deliveries import SEEDS, Delivery, booked, books_of, interleaved, play, shuffled

FIRST, SECOND, RELEASE, REFUND = (f"2026-03-{day}T08:30:15Z" for day in ("02", "03", "12", "15"))


def snapshot(first: int, second: int, status: str, updated: str, order_id: str) -> dict[str, Any]:
    tax = {"ITEM": "2.00", "SHIPPING": "0.30"}
    facilitator = {"tax": {"taxCollections": [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services, Inc."}]}}
    goods = (breakdown("ITEM", "20.00"), breakdown("SHIPPING", "3.00"), breakdown("TAX", "2.30", tax))
    return order(
        item("1", *goods, quantity=2, done=first, total="25.30", **facilitator),
        item("2", breakdown("ITEM", "5.00"), done=second, total="5.00"),
        total="30.30",
        status=status,
        updated=updated,
        order_id=order_id,
    )


def shipment_trees(principal: str, tax: str, fee: str, shipping: str = "") -> list[dict[str, Any]]:
    trees = [
        tree("ProductCharges", principal, tree("OurPricePrincipal", principal)),
        tree("Tax", tax, tree("OurPriceTax", tax)),
        tree("MarketplaceWithheldTax", f"-{tax}", tree("MarketplaceFacilitatorTax-Principal", f"-{tax}")),
        tree("AmazonFees", f"-{fee}", tree("Commission", f"-{fee}", tree("Base", f"-{fee}"))),
    ]
    return [*trees, tree("Shipping", shipping, tree("ShippingPrincipal", shipping))] if shipping else trees


def deferred(number: str, posted: str, trees: list[dict[str, Any]], order_id: str) -> list[dict[str, Any]]:
    """The three messages of one deferred transaction."""
    related = {"RELEASE_TRANSACTION_ID": f"{number}r"}
    return [
        transaction(number, posted, *trees, status="DEFERRED", order_id=order_id),
        transaction(number, posted, *trees, status="DEFERRED_RELEASED", related=related, order_id=order_id),
        transaction(f"{number}r", RELEASE, *trees, related={"DEFERRED_TRANSACTION_ID": number}, order_id=order_id),
    ]


def by_transactions(order_id: str) -> list[dict[str, Any]]:
    back = [
        tree("ProductCharges", "-10.00", tree("OurPricePrincipal", "-10.00")),
        tree("Tax", "-1.00", tree("OurPriceTax", "-1.00")),
        tree("MarketplaceWithheldTax", "1.00", tree("MarketplaceFacilitatorTax-Principal", "1.00")),
        tree("AmazonFees", "1.20", tree("Commission", "1.50"), tree("RefundCommission", "-0.30")),
    ]
    return [
        *deferred("t1", FIRST, shipment_trees("10.00", "1.00", "1.50", "3.30"), order_id),
        transaction("t2", SECOND, *shipment_trees("15.00", "1.00", "2.25"), order_id=order_id),
        transaction("t3", REFUND, *back, kind="Refund", order_id=order_id),
    ]


def by_finances(order_id: str) -> dict[str, Any]:
    first = financial_item(
        "SKU-1",
        {"Principal": "10.00", "Tax": "1.00", "ShippingCharge": "3.00", "ShippingTax": "0.30"},
        {"Commission": "-1.50"},
        {"MarketplaceFacilitatorTax-Principal": "-1.00"},
    )
    second = financial_item(
        "SKU-1", {"Principal": "10.00", "Tax": "1.00"}, {"Commission": "-1.50"}, {"MarketplaceFacilitatorTax-Principal": "-1.00"}
    )
    third = financial_item("SKU-2", {"Principal": "5.00"}, {"Commission": "-0.75"})
    back = financial_item(
        "SKU-1",
        {"Principal": "-10.00", "Tax": "-1.00"},
        {"Commission": "1.50", "RefundCommission": "-0.30"},
        {"MarketplaceFacilitatorTax-Principal": "1.00"},
        adjusted=True,
    )
    return page(
        ShipmentEventList=[
            financial_event(RELEASE, first, order_id=order_id),
            financial_event(SECOND, second, third, order_id=order_id),
        ],
        RefundEventList=[financial_event(REFUND, back, order_id=order_id, items_name="ShipmentItemAdjustmentList")],
    )


def by_settlement(order_id: str) -> bytes:
    def rows(posted: str, sku: str, what: str, *amounts: tuple[str, str, str]) -> list[dict[str, str]]:
        return [
            row(kind, name, amount, posted, what=what, order_id=order_id, sku=sku, quantity_purchased="1") for kind, name, amount in amounts
        ]

    withheld = ("ItemWithheldTax", "MarketplaceFacilitatorTax-Principal")
    goods = (("ItemPrice", "Principal", "10.00"), ("ItemPrice", "Tax", "1.00"), (*withheld, "-1.00"), ("ItemFees", "Commission", "-1.50"))
    back = (("ItemPrice", "Principal", "-10.00"), ("ItemPrice", "Tax", "-1.00"), (*withheld, "1.00"))
    fees_back = (("ItemFees", "Commission", "1.50"), ("ItemFees", "RefundCommission", "-0.30"))
    return settlement(
        "15.75",
        *rows(RELEASE, "SKU-1", "Order", *goods, ("ItemPrice", "Shipping", "3.00"), ("ItemPrice", "ShippingTax", "0.30")),
        *rows(SECOND, "SKU-1", "Order", *goods),
        *rows(SECOND, "SKU-2", "Order", ("ItemPrice", "Principal", "5.00"), ("ItemFees", "Commission", "-0.75")),
        *rows(REFUND, "SKU-1", "Refund", *back, *fees_back),
    )


def snapshots(order_id: str) -> list[dict[str, Any]]:
    return [
        snapshot(0, 0, "UNSHIPPED", "2026-03-01T10:00:00Z", order_id),
        snapshot(1, 0, "PARTIALLY_SHIPPED", "2026-03-02T10:00:00Z", order_id),
        snapshot(2, 1, "SHIPPED", "2026-03-03T10:00:00Z", order_id),
    ]


def life(order_id: str, *ways: str) -> list[Delivery]:
    payloads: list[Any] = snapshots(order_id)
    payloads += by_transactions(order_id) if "transactions" in ways else []
    payloads += [by_finances(order_id)] if "finances" in ways else []
    payloads += [by_settlement(order_id)] if "settlement" in ways else []
    return [Delivery("any", encoded(payload)) for payload in payloads]


EXPECTED = {
    "facilitator_tax_clearing:amazon": -130,
    "marketplace_clearing:amazon": 3030 - 1100 - 375 - 30 + 150,
    "marketplace_fees:Commission": 375 - 150,
    "marketplace_fees:RefundCommission": 30,
    "revenue:sales": -2500,
    "sales_returns:sales": 1000,
    "shipping_revenue": -300,
}
WAYS = (("transactions",), ("finances",), ("settlement",), ("transactions", "finances", "settlement"))


@pytest.mark.parametrize("ways", WAYS, ids="+".join)
def test_a_life_in_order(ways: tuple[str, ...]) -> None:
    played = play(ADAPTER, life("1", *ways), source=SOURCE)
    assert played.problems == []
    assert booked(played.events) == {f"acme:{SOURCE}:1": EXPECTED}


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_ends_alike(seed: int) -> None:
    lives = [life(number, *ways) for number, ways in zip("1234", WAYS, strict=True)]
    deliveries = shuffled(lives, seed) if seed % 2 else interleaved(lives, seed)
    played = play(ADAPTER, deliveries, source=SOURCE)
    assert played.problems == []
    assert booked(played.events) == {f"acme:{SOURCE}:{number}": EXPECTED for number in "1234"}
    assert play(ADAPTER, deliveries, source=SOURCE).events == played.events
    assert play(ADAPTER, deliveries, source=SOURCE, memory=played.memory).events == []


def test_without_a_memory_finances_and_settlement_still_meet() -> None:
    """The books take a capture, a fee and a refund once: both files give them the same natural ids."""
    events = [event for payload in (snapshots("1")[2], by_finances("1"), by_settlement("1")) for event in events_of(payload)]
    balances = books_of(events)
    assert balances.refused == balances.waiting == []
    (found,) = balances.balances.values()
    assert {name: found[name] for name in found if name.startswith("marketplace_")} == {
        name: amount for name, amount in EXPECTED.items() if name.startswith("marketplace_")
    }


def test_a_transaction_that_is_released_under_its_own_id_is_told_once_per_status_and_booked_once() -> None:
    trees = shipment_trees("10.00", "1.00", "1.50")
    events = [
        event
        for status, posted in (("DEFERRED", FIRST), ("RELEASED", RELEASE))
        for event in events_of(transaction("t9", posted, *trees, status=status, order_id="1"))
    ]
    assert [event["business_key"] for event in events if event["type"] == "PaymentCaptured"] == [
        "capture:shipment-t9:DEFERRED",
        "capture:shipment-t9:RELEASED",
    ]
    books = books_of([*events_of(snapshots("1")[2]), *events])
    assert (books.refused, books.waiting) == ([], [])
    (found,) = books.balances.values()
    assert found["marketplace_clearing:amazon"] == 1100 - 150
