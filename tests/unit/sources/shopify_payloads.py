"""Shopify payloads for tests, small and complete; change what a test is about with keyword arguments."""

import json
from collections.abc import Mapping
from typing import Any

from sources.platforms.connection import connection_from_mapping
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import EventTwin, Nothing, Problem
from sources.platforms.shopify.adapter import ADAPTER
from sources.platforms.snapshot import EMPTY, Snapshot

Payload = dict[str, Any]
AT = "2026-03-01T10:00:00+01:00"


def bag(amount: str, currency: str = "USD", *, shop: tuple[str, str] | None = None) -> Payload:
    """A money set; `shop` = (amount, currency) where the shop's money is another."""
    shop_amount, shop_currency = shop or (amount, currency)
    return {
        "shop_money": {"amount": shop_amount, "currency_code": shop_currency},
        "presentment_money": {"amount": amount, "currency_code": currency},
    }


def tax_line(price: str, rate: float = 0.1, title: str = "Sales Tax", **fields: Any) -> Payload:
    """One tax line."""
    return {"price": price, "rate": rate, "title": title, "channel_liable": False, **fields}


def item(identity: int = 1, price: str = "100.00", quantity: int = 1, **fields: Any) -> Payload:
    """One line item of goods from the catalogue, without tax."""
    base: Payload = {"id": identity, "price": price, "quantity": quantity, "sku": f"SKU-{identity}", "title": "Mug", "product_id": 9}
    return base | {"requires_shipping": True, "gift_card": False, "tax_lines": [], "discount_allocations": []} | fields


def order(*items: Payload, total: str, **fields: Any) -> Payload:
    """An order in USD, shipped to California, tax not included."""
    address = {"country_code": "US", "province_code": "CA", "zip": "90210"}
    base: Payload = {"id": 500, "created_at": AT, "currency": "USD", "taxes_included": False, "test": False, "total_price": total}
    return base | {"line_items": list(items), "shipping_address": address, "shipping_lines": []} | fields


def transaction(amount: str = "100.00", **fields: Any) -> Payload:
    """A successful capture by card."""
    base: Payload = {"id": 70, "order_id": 500, "kind": "capture", "status": "success", "gateway": "shopify_payments", "test": False}
    return base | {"amount": amount, "currency": "USD", "created_at": AT, "parent_id": 69} | fields


def refund(*items: Payload, transactions: list[Payload], **fields: Any) -> Payload:
    """A refund of these refund_line_items by these transactions."""
    base: Payload = {"id": 80, "order_id": 500, "created_at": AT, "refund_line_items": list(items), "transactions": transactions}
    return base | {"order_adjustments": [], "refund_shipping_lines": []} | fields


def refunded_item(
    subtotal: object, total_tax: object = 0, quantity: int = 1, line: int = 1, restock: str = "return", **fields: Any
) -> Payload:
    """One refund_line_item."""
    return {"line_item_id": line, "quantity": quantity, "restock_type": restock, "subtotal": subtotal, "total_tax": total_tax, **fields}


def paid_back(amount: str, identity: int = 90, **fields: Any) -> Payload:
    """A refund transaction that succeeded."""
    return transaction(amount) | {"id": identity, "kind": "refund", "parent_id": 70} | fields


def fulfillment(*items: Payload, **fields: Any) -> Payload:
    """A successful fulfilment of these line items."""
    return {"id": 60, "order_id": 500, "status": "success", "created_at": AT, "line_items": list(items), **fields}


def read_all(
    topic: str, payload: Payload | list[Payload] | bytes, *, connection: Payload | None = None, memory: Snapshot | None = None
) -> tuple[Judged | Nothing | Problem, ...]:
    """Normalize one payload; with `memory` every object in it is remembered as that."""
    context = Context(tenant="acme", source="shopify:main", connection=connection_from_mapping(connection or {}))
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return normalize(ADAPTER, body, topic, context, None if memory is None else lambda _: memory)


def read(
    topic: str, payload: Payload | list[Payload] | bytes, *, connection: Payload | None = None, memory: Snapshot | None = None
) -> Judged | Nothing | Problem:
    """Normalize one payload of one object."""
    (answer,) = read_all(topic, payload, connection=connection, memory=memory)
    return answer


def judged(topic: str, payload: Payload, *, connection: Payload | None = None, memory: Snapshot | None = None) -> Judged:
    """What came of a payload that is neither nothing nor a problem."""
    answer = read(topic, payload, connection=connection, memory=memory)
    assert isinstance(answer, Judged), answer
    return answer


def event(topic: str, payload: Payload, *, connection: Payload | None = None, memory: Snapshot | None = None) -> EventTwin:
    """The only event of a payload."""
    (found,) = judged(topic, payload, connection=connection, memory=memory).events
    return found


def memory_of(payload: Payload, connection: Payload | None = None) -> Snapshot:
    """What is remembered after this order payload."""
    return judged("orders/create", payload, connection=connection, memory=EMPTY).snapshot


def read_with(topic: str, payload: Payload, memory: Mapping[str, Snapshot] | None) -> tuple[Judged | Nothing | Problem, ...]:
    """Normalize one payload with what is remembered of each object; None: by itself."""
    context = Context(tenant="acme", source="shopify:main", connection=connection_from_mapping({}))
    recall = None if memory is None else lambda resource: memory.get(resource, EMPTY)
    return normalize(ADAPTER, json.dumps(payload).encode(), topic, context, recall)
