"""Public WooCommerce payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

from decimal import Decimal
from typing import Any

import pytest

from sources.platforms.door import Judged
from tests.contract.corpus import corpus_entries, require_corpus
from tests.contract.corpus_shops import (
    UNITS,
    Entry,
    answers_of,
    check_conclusion,
    check_figures,
    events_of,
    major,
    net_of,
    taxes_of,
    total_of,
)
from tests.unit.sources.shop_lives import booked

ENTRIES = corpus_entries("woocommerce")
CONNECTION = {"time_zone": "America/Sao_Paulo", "default_currency": "USD"}
"""What the shop of these payloads would have set: the oldest versions state local times, and refunds no currency."""


def of_folder(folder: str) -> list[Entry]:
    return [entry for entry in ENTRIES if entry["file"].split("/")[1] == folder]


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert {entry["file"].split("/")[1] for entry in ENTRIES} == {"orders", "refunds"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: Entry) -> None:
    check_conclusion(entry, answers_of(entry, **CONNECTION))


@pytest.mark.parametrize("entry", of_folder("orders"), ids=lambda entry: entry["file"])
def test_order_figures(entry: Entry) -> None:
    events = events_of(answers_of(entry, **CONNECTION))
    order = events[0]
    assert order["type"] == "OrderPlaced"
    goods = [line for line in order["lines"] if line["kind"] in UNITS]
    shipping = [line for line in order["lines"] if line["kind"] == "SHIPPING"]
    fees = [line for line in order["lines"] if line["kind"] == "FEE"]
    captured, refunds = total_of(events, "PaymentCaptured"), [event for event in events if event["type"] == "RefundIssued"]
    back = sum((major(event, tender["amount"]) for event in refunds for tender in event["tenders"]), Decimal(0))
    assert order["prices_include_tax"] is False, "the discount below is net of tax only then"
    status = entry["expect"]["status"]
    assert [event["type"] for event in events].count("ShipmentDispatched") == (status == "completed")
    found: dict[str, Any] = {
        "order_id": order["order_id"],
        "status": status,
        "prices_include_tax": False,
        "goods_before_discount": major(order, sum(line["gross"] for line in goods)),
        "discount": major(order, sum(line["discount"] + line.get("order_discount", 0) for line in goods)),
        "goods_net": major(order, net_of(goods)),
        "shipping": major(order, net_of(shipping)),
        "shipping_tax": major(order, taxes_of(shipping)),
        "fees_charged_to_customer": major(order, net_of(fees)),
        "tax_total": major(order, taxes_of(order["lines"])),
        "total_computed": major(order, net_of(order["lines"]) + taxes_of(order["lines"])),
        "total_stated": major(order, order["total"]),
        "paid": captured > 0,
        "captured_payments": captured,
        "refunds": [
            {
                "refund_id": event["refund_id"],
                "amount": f"{major(event, event['tenders'][0]['amount'])}",
                "lines": "not in this payload: fetch orders/{id}/refunds",
            }
            for event in refunds
        ],
        "refunded_total": back,
        "net_after_refunds": major(order, order["total"]) - back,
        "payment_fees": "not in this payload",
        "test": "not stated",
    }
    assert total_of(events, "FeeCharged") == 0
    check_figures(entry, found)


@pytest.mark.parametrize("entry", of_folder("orders"), ids=lambda entry: entry["file"])
def test_order_books(entry: Entry) -> None:
    """Money in the bank less what went back; what was shipped is owed less what was paid; nothing is left waiting."""
    events, expect = events_of(answers_of(entry, **CONNECTION)), entry["expect"]
    (balances,) = booked(events).values()
    shipped = expect["status"] == "completed"
    total, captured, back = (Decimal(expect[name]) for name in ("total_stated", "captured_payments", "refunded_total"))
    money = major(events[0], balances.get("bank_clearing:bacs", 0))
    assert money == captured - back
    sales = -sum(amount for name, amount in balances.items() if name.startswith(("revenue", "shipping", "tax_", "sales_allow")))
    assert major(events[0], sales) == (Decimal(expect["net_after_refunds"]) if shipped else 0)
    assert major(events[0], balances.get("accounts_receivable", 0)) == (total - captured if shipped else 0)
    assert major(events[0], -balances.get("contract_liability", 0)) == (0 if shipped else captured)


@pytest.mark.parametrize("entry", of_folder("refunds"), ids=lambda entry: entry["file"])
def test_refund_figures(entry: Entry) -> None:
    (answer,) = answers_of(entry, **CONNECTION)
    assert isinstance(answer, Judged)
    (event,) = answer.events
    (tender,) = event["tenders"]
    value = sum(item["amount"] + sum(tax["amount"] for tax in item["taxes"]) for item in event["adjustments"])
    found: dict[str, Any] = {
        "refund_id": event["refund_id"],
        "amount": major(event, tender["amount"]),
        "with_lines": bool(event["adjustments"]),
        "lines": [
            {
                "refund_line_id": line["refund_line_id"],
                "refunded_line_id": None,
                "quantity": "-1",
                "net": f"{major(event, item['amount'])}",
                "tax": f"{major(event, sum(tax['amount'] for tax in item['taxes'])):.2f}",
            }
            for line, item in zip(entry["expect"]["lines"], event["adjustments"], strict=True)
        ],
        "lines_value": major(event, value),
        "unallocated": major(event, tender["amount"] - value),
        "refunded_payment": event["allow_over_refund"] is False,
        "test": "not stated",
    }
    check_figures(entry, found)


def test_a_refund_after_its_order_names_the_line() -> None:
    """Refund 151 names no original: the order's only line of its product is it."""
    from tests.contract.corpus import CORPUS
    from tests.unit.sources.shop_lives import tell

    require_corpus()
    names = ("orders/116-api-v1.json", "refunds/151-api-v1.json", "refunds/150-api-v1-no-lines.json")
    deliveries = [("", (CORPUS / "woocommerce" / name).read_bytes()) for name in names]
    told = tell("woocommerce", deliveries, connection=CONNECTION)
    assert [event["type"] for event in told.events] == ["OrderPlaced", "PaymentCaptured"]
    listed = (CORPUS / "woocommerce" / names[0]).read_bytes().replace(b'"refunds": []', b'"refunds": [{"id": 150, "total": "-10.00"}]')
    later = tell("woocommerce", [("", listed)], connection=CONNECTION, memory=told.memory)
    assert [event["refund_id"] for event in later.events] == ["150"]


def test_a_snapshot_with_another_status_only_is_no_second_sale() -> None:
    from tests.contract.corpus import CORPUS
    from tests.unit.sources.shop_lives import tell

    require_corpus()
    names = ("727-processing.json", "727-completed.json", "727-processing.json", "727-completed.json")
    told = tell("woocommerce", [("order.updated", (CORPUS / "woocommerce/orders" / name).read_bytes()) for name in names])
    assert [event["type"] for event in told.events] == ["OrderPlaced", "PaymentCaptured", "ShipmentDispatched"]
