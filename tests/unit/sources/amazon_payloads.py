"""Payloads in Amazon's shapes, written for tests; amounts are decimal texts in major units."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson

from schemas.events import event_from_json
from sources.platforms.amazon_sp_api.adapter import ADAPTER
from sources.platforms.connection import DEFAULT_CONNECTION, Connection
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import Nothing, Problem
from sources.platforms.snapshot import EMPTY, Snapshot

SOURCE = "amazon-sp-api:main"
ORDER = "111-2223334-5556667"


def money(amount: str, currency: str = "USD") -> dict[str, str]:
    return {"amount": amount, "currencyCode": currency}


def breakdown(kind: str, amount: str, details: dict[str, str] | None = None, currency: str = "USD") -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind, "subtotal": money(amount, currency)}
    if details:
        found["detailedBreakdowns"] = [{"subtype": name, "value": money(value, currency)} for name, value in details.items()]
    return found


def item(
    number: str, *breakdowns: dict[str, Any], quantity: int = 1, done: int = 0, total: str | None = None, **more: Any
) -> dict[str, Any]:
    """An order item; `done`: units fulfilled."""
    proceeds: dict[str, Any] = {"breakdowns": list(breakdowns)}
    if total is not None:
        proceeds["proceedsTotal"] = money(total, breakdowns[0]["subtotal"]["currencyCode"])
    return {
        "orderItemId": number,
        "quantityOrdered": quantity,
        "product": {"asin": "B000000001", "title": f"Thing {number}", "sellerSku": f"SKU-{number}"},
        "proceeds": proceeds,
        "fulfillment": {"quantityFulfilled": done, "quantityUnfulfilled": quantity - done},
    } | more


def order(
    *items: dict[str, Any],
    total: str | None = None,
    status: str = "UNSHIPPED",
    updated: str = "2026-03-01T10:00:00Z",
    order_id: str = ORDER,
    breakdowns: Sequence[dict[str, Any]] = (),
    payments: Sequence[str] = (),
    **more: Any,
) -> dict[str, Any]:
    currency = items[0]["proceeds"]["breakdowns"][0]["subtotal"]["currencyCode"] if items else "USD"
    found: dict[str, Any] = {
        "orderId": order_id,
        "createdTime": "2026-03-01T09:00:00Z",
        "lastUpdatedTime": updated,
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER", "marketplaceName": "Amazon.com"},
        "buyer": {"buyerName": "Canary Person", "buyerEmail": "canary@example.com"},
        "recipient": {"deliveryAddress": {"name": "Canary Person", "stateOrRegion": "WA", "postalCode": "98101", "countryCode": "US"}},
        "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": "AMAZON"},
        "orderItems": list(items),
        "proceeds": {"breakdowns": list(breakdowns)},
    }
    if total is not None:
        found["proceeds"]["grandTotal"] = money(total, currency)
    if payments:
        found["payment"] = {"paymentExecutions": [{"paymentMethod": "Pix", "paymentAmount": money(each, currency)} for each in payments]}
    return found | more


def currency_amount(amount: str, currency: str = "USD") -> dict[str, Any]:
    """As Finances v0 states it: a JSON number."""
    return {"CurrencyCode": currency, "CurrencyAmount": Decimal(amount)}


def financial_event(
    posted: str, *items: dict[str, Any], order_id: str = ORDER, items_name: str = "ShipmentItemList", **more: Any
) -> dict[str, Any]:
    return {"AmazonOrderId": order_id, "PostedDate": posted, "MarketplaceName": "Amazon.com", items_name: list(items)} | more


def financial_item(
    sku: str,
    charges: dict[str, str],
    fees: dict[str, str],
    withheld: dict[str, str] | None = None,
    *,
    promotions: Sequence[str] = (),
    quantity: int = 1,
    adjusted: bool = False,
) -> dict[str, Any]:
    """An item of a shipment or, `adjusted`, of a refund event."""
    middle = "Adjustment" if adjusted else ""
    found: dict[str, Any] = {
        "SellerSKU": sku,
        "QuantityShipped": quantity,
        f"ItemCharge{middle}List": [{"ChargeType": name, "ChargeAmount": currency_amount(value)} for name, value in charges.items()],
        f"ItemFee{middle}List": [{"FeeType": name, "FeeAmount": currency_amount(value)} for name, value in fees.items()],
    }
    if withheld:
        taxes = [{"ChargeType": name, "ChargeAmount": currency_amount(value)} for name, value in withheld.items()]
        found["ItemTaxWithheldList"] = [{"TaxCollectionModel": "MarketplaceFacilitator", "TaxesWithheld": taxes}]
    if promotions:
        found[f"Promotion{middle}List"] = [{"PromotionType": "PromotionAmount", "PromotionAmount": currency_amount(p)} for p in promotions]
    return found


def page(**lists: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"payload": {"FinancialEvents": {name: list(events) for name, events in lists.items()}}}


def tree(name: str, amount: str, *children: dict[str, Any], currency: str = "USD") -> dict[str, Any]:
    return {
        "breakdownType": name,
        "breakdownAmount": {"currencyAmount": Decimal(amount), "currencyCode": currency},
        "breakdowns": list(children),
    }


def transaction(
    number: str,
    posted: str,
    *trees: dict[str, Any],
    kind: str = "Shipment",
    status: str | None = "RELEASED",
    sku: str = "SKU-1",
    quantity: int = 1,
    order_id: str | None = ORDER,
    total: str | None = None,
    related: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A transaction of one item."""
    amount = Decimal(total) if total is not None else sum((each["breakdownAmount"]["currencyAmount"] for each in trees), Decimal(0))
    identifiers = {"ORDER_ID": order_id} if order_id else {}
    money_of_it = {"currencyAmount": amount, "currencyCode": trees[0]["breakdownAmount"]["currencyCode"] if trees else "USD"}
    return {
        "relatedIdentifiers": [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value} for name, value in (identifiers | (related or {})).items()
        ],
        "transactionType": kind,
        "transactionId": number,
        "transactionStatus": status,
        "postedDate": posted,
        "totalAmount": money_of_it,
        "items": [
            {
                "totalAmount": money_of_it,
                "breakdowns": list(trees),
                "contexts": [{"contextType": "ProductContext", "sku": sku, "quantityShipped": quantity}],
            }
        ],
    }


COLUMNS = (
    *("settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency", "transaction-type"),
    *("order-id", "amount-type", "amount-description", "amount", "posted-date", "posted-date-time", "order-item-code", "sku"),
    "quantity-purchased",
)


def settlement(total: str, *rows: dict[str, str], currency: str = "USD") -> bytes:
    """A settlement report of the second generation."""
    summary = {"settlement-id": "77", "total-amount": total, "currency": currency, "deposit-date": "2026-03-20T00:00:00+00:00"}
    lines = [COLUMNS, *([row.get(name, "") for name in COLUMNS] for row in (summary, *({"settlement-id": "77"} | row for row in rows)))]
    return "\n".join("\t".join(line) for line in lines).encode()


def row(kind: str, name: str, amount: str, posted: str, *, what: str = "Order", order_id: str = ORDER, **more: str) -> dict[str, str]:
    found = {"transaction-type": what, "order-id": order_id, "amount-type": kind, "amount-description": name, "amount": amount}
    return found | {"posted-date-time": posted} | {key.replace("_", "-"): value for key, value in more.items()}


def encoded(payload: Any) -> bytes:
    """Bytes of a payload with exact decimals as JSON numbers."""
    if isinstance(payload, bytes):
        return payload
    return orjson.dumps(payload, default=lambda value: orjson.Fragment(str(value)))


def read(
    payload: Any,
    memory: Snapshot | None = None,
    connection: Connection = DEFAULT_CONNECTION,
) -> list[Judged | Nothing | Problem]:
    """What the adapter answers; with `memory` as the snapshot of every object."""
    context = Context(tenant="acme", source=SOURCE, connection=connection)
    recall = (lambda _: memory) if memory is not None else None
    answers = list(normalize(ADAPTER, encoded(payload), "any topic", context, recall))
    for answer in answers:
        for event in answer.events if isinstance(answer, Judged) else ():
            event_from_json(event)
    return answers


def events_of(payload: Any, memory: Snapshot | None = None, connection: Connection = DEFAULT_CONNECTION) -> list[dict[str, Any]]:
    """All events of a payload that holds no problem."""
    answers = read(payload, memory, connection)
    assert not [answer for answer in answers if isinstance(answer, Problem)], answers
    return [event for answer in answers if isinstance(answer, Judged) for event in answer.events]


def problem_of(payload: Any, memory: Snapshot | None = EMPTY) -> Problem:
    """The only problem of a payload."""
    (problem,) = [answer for answer in read(payload, memory) if isinstance(answer, Problem)]
    assert "Canary" not in problem.message
    return problem
