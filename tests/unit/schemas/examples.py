"""Events and entries that are right, for tests that make one thing wrong."""

from typing import Any

from asiento.accounting.journal import Document, DocumentLine, DocumentTax, DocumentTotals, JournalEntry, Posting

EVENT_ID = "1d9a6e0c-2f5b-5a53-9f0e-5d2b1c7a4e11"
OTHER_ID = "4b0f8d52-7c1e-5f3a-8a6d-0e9b2c3d4f55"
ENVELOPE: dict[str, Any] = {
    "event_id": EVENT_ID,
    "tenant": "acme",
    "source": "shopify:main",
    "order_id": "1001",
    "business_key": "order",
    "occurred_at": "2026-01-05T09:39:59Z",
    "received_at": "2026-01-05T09:40:00.000001Z",
    "test_mode": False,
    "currency": "EUR",
    "currency_exponent": 2,
}
TAX: dict[str, Any] = {
    "jurisdiction": "ES",
    "type": "VAT",
    "code": "IVA",
    "rate": "0.21",
    "base": 1000,
    "amount": 210,
    "included": False,
    "liable_party": "SELLER",
}
LINE: dict[str, Any] = {
    "line_id": "L1",
    "kind": "GOODS",
    "quantity": "2.5",
    "unit_price": "4",
    "gross": 1000,
    "discount": 0,
    "taxes": [TAX],
    "unit_cost": "1.25",
}


def placed(**changes: Any) -> dict[str, Any]:
    """An OrderPlaced; `None` takes a field out."""
    own = {
        "type": "OrderPlaced",
        "legal_entity": "ACME-1",
        "channel": "web",
        "terms": "PREPAID",
        "prices_include_tax": False,
        "lines": [LINE],
        "order_discounts": [],
        "total": 1210,
    }
    return _stated({**ENVELOPE, **own, **changes})


def captured(**changes: Any) -> dict[str, Any]:
    """A PaymentCaptured."""
    own = {
        "type": "PaymentCaptured",
        "business_key": "capture:p1",
        "payment_id": "p1",
        "tender": "CARD",
        "gateway": "stripe",
        "amount": 1210,
    }
    return _stated({**ENVELOPE, **own, **changes})


def shipped(**changes: Any) -> dict[str, Any]:
    """A ShipmentDispatched."""
    own = {
        "type": "ShipmentDispatched",
        "business_key": "shipment:s1",
        "shipment_id": "s1",
        "lines": [{"line_id": "L1", "quantity": "1"}],
    }
    return _stated({**ENVELOPE, **own, **changes})


def refunded(**changes: Any) -> dict[str, Any]:
    """A RefundIssued."""
    own = {
        "type": "RefundIssued",
        "business_key": "refund:r1:1",
        "refund_id": "r1",
        "lines": [{"line_id": "L1", "quantity": "1", "scope": "SHIPPED"}],
        "adjustments": [],
        "tenders": [{"tender_id": "t1", "payment_id": "p1", "tender": "CARD", "gateway": "stripe", "amount": 484, "status": "PENDING"}],
        "allow_over_refund": False,
    }
    return _stated({**ENVELOPE, **own, **changes})


def cancelled(**changes: Any) -> dict[str, Any]:
    """An OrderCancelled."""
    own = {"type": "OrderCancelled", "business_key": "cancel:1", "lines": [], "cancel_charges": True}
    return _stated({**ENVELOPE, **own, **changes})


def adjusted(**changes: Any) -> dict[str, Any]:
    """A ReceivableAdjusted: 1.00 not worth asking for."""
    event = {**ENVELOPE, "type": "ReceivableAdjusted", "business_key": "adjust:a1", "adjustment_id": "a1", "kind": "SMALL_DIFFERENCE"}
    return _stated({**event, "amount": 100, "taxes": [], **changes})


def correction(**changes: Any) -> dict[str, Any]:
    """An EventCorrected that puts a capture of 0.01 in the place of another event."""
    event = {**ENVELOPE, "type": "EventCorrected", "business_key": "correct:1", "supersedes_event_id": OTHER_ID}
    return _stated({**event, "replacement": captured(amount=1), **changes})


def delivered(**changes: Any) -> dict[str, Any]:
    """A ShipmentDelivered."""
    return _stated({**ENVELOPE, "type": "ShipmentDelivered", "business_key": "delivered:s1", "shipment_id": "s1", **changes})


def _stated(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if value is not None}


INVOICE = JournalEntry(
    entry_id=EVENT_ID,
    entry_kind="invoice",
    part="",
    entry_seq=3,
    tenant="acme",
    legal_entity="ACME-1",
    order_key="acme:shopify:main:1001",
    event_id=OTHER_ID,
    event_type="ShipmentDispatched",
    source="shopify:main",
    channel="web",
    occurred_at=1_767_605_999_000_001,
    business_date="2026-01-05",
    posting_date="2026-01-05",
    late=False,
    currency="EUR",
    currency_exponent=2,
    postings=(
        Posting(account="accounts_receivable", side="DEBIT", amount=1210, dimensions=(("channel", "web"), ("store", "centro"))),
        Posting(account="revenue:sales", side="CREDIT", amount=1000, dimensions=(("category", "sales"), ("channel", "web"))),
        Posting(account="tax_payable:ES:VAT", side="CREDIT", amount=210, dimensions=(("tax_code", "IVA"), ("tax_rate", "0.21"))),
    ),
    document=Document(
        kind="INVOICE",
        document_ref="invoice-acme-shopify:main-1001-1",
        refers_to=(),
        customer_ref="c-7",
        due_date="2026-02-04",
        lines=(
            DocumentLine(
                line_id="L1",
                sku="SKU-1",
                description="Café",
                quantity=2_500_000,
                unit_price="4",
                net=1000,
                discount=0,
                taxes=(DocumentTax(jurisdiction="ES", type="VAT", code="IVA", rate="0.21", amount=210, liable_party="SELLER"),),
            ),
        ),
        totals=DocumentTotals(net=1000, tax=210, gross=1210),
        fiscal=(("NIF", "B12345678"),),
    ),
    reverses=None,
    rule="post_shipment",
    policy_version=1,
    memo="Shipment s1",
)
