"""Hypothesis strategies for whole valid events of every type, as JSON objects."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
idents = st.text("abcXYZ019-_.é", min_size=1, max_size=10)
money = st.integers(0, 10**12)
flags = st.booleans()


@st.composite
def decimals(draw: st.DrawFn, places_max: int = 6, whole_max: int = 10**6) -> str:
    """0 or more, written in any of its spellings: trailing zeros stay."""
    whole, places = draw(st.integers(0, whole_max)), draw(st.integers(0, places_max))
    return f"{whole}.{draw(st.integers(0, 10**places - 1)):0{places}d}" if places else str(whole)


quantities = decimals().filter(lambda text: any(digit in "123456789" for digit in text))


@st.composite
def times(draw: st.DrawFn) -> str:
    """RFC 3339 with any offset and fraction."""
    offset = timedelta(minutes=draw(st.integers(-14 * 60, 14 * 60)))
    moment = datetime(1971, 1, 1, tzinfo=UTC) + timedelta(microseconds=draw(st.integers(0, 228 * 365 * 86_400 * 10**6)))
    text = (moment + offset).replace(tzinfo=None).isoformat()
    minutes = int(offset.total_seconds() // 60)
    return f"{text}{'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def record(required: dict[str, Any], optional: dict[str, Any] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """An object; optional fields are absent, null or there."""
    nullable = {name: st.none() | strategy for name, strategy in (optional or {}).items()}
    return st.fixed_dictionaries(required, optional=nullable)


parties = st.sampled_from(["SELLER", "MARKETPLACE"])
tenders = st.sampled_from(
    ["CARD", "WALLET", "BANK_TRANSFER", "CASH", "GIFT_CARD", "STORE_CREDIT", "MARKETPLACE", "CASH_ON_DELIVERY", "OTHER"]
)
places = record({"country": idents}, {"region": idents, "postal_prefix": idents})
taxes = record(
    {
        "jurisdiction": idents,
        "type": idents,
        "code": idents,
        "rate": decimals(whole_max=999),
        "base": money,
        "amount": money,
        "included": flags,
        "liable_party": parties,
    }
)
credit_taxes = record({"jurisdiction": idents, "type": idents, "code": idents, "amount": money, "liable_party": parties})
lines = record(
    {
        "line_id": idents,
        "kind": st.sampled_from(["GOODS", "SERVICE", "GIFT_CARD", "SHIPPING", "FEE", "TIP", "DUTY", "DEPOSIT", "ROUNDING"]),
        "quantity": quantities,
        "unit_price": decimals(),
        "gross": st.integers(-(10**12), 10**12),
        "discount": money,
        "taxes": st.lists(taxes, max_size=3),
    },
    {
        "parent_line_id": idents,
        "sku": idents,
        "description": st.just("") | words,
        "order_discount": money,
        "revenue_category": idents,
        "unit_cost": decimals(whole_max=10_000),
        "product_tax_code": idents,
        "unit_code": idents,
        "tax_exemption": idents,
    },
)
envelope_required: dict[str, Any] = {
    "event_id": st.uuids().map(str) | st.uuids().map(lambda value: str(value).upper()),
    "tenant": idents,
    "source": st.builds("{}:{}".format, idents, idents),
    "order_id": st.builds("{}:{}".format, idents, idents) | idents,
    "business_key": idents,
    "occurred_at": times(),
    "received_at": times(),
    "test_mode": flags,
    "currency": st.sampled_from(["EUR", "JPY", "KWD", "???"]),
    "currency_exponent": st.integers(-1, 5),
}
envelope_optional: dict[str, Any] = {
    "source_event_id": idents,
    "correlation_id": idents,
    "causation_id": idents,
    "source_sequence": st.integers(1, 2**63 - 1),
    "source_version": st.integers(-(2**63), 2**63 - 1),
    "fx": record({"book_currency": idents, "rate": decimals(), "rate_date": st.dates().map(str), "rate_source": idents}),
}


def event(name: str, required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An event: envelope and own fields."""
    return record({"type": st.just(name), **envelope_required, **required}, {**envelope_optional, **optional})


placed = event(
    "OrderPlaced",
    {
        "legal_entity": idents,
        "channel": idents,
        "terms": st.sampled_from(["PREPAID", "ON_DELIVERY", "NET"]),
        "prices_include_tax": flags,
        "lines": st.lists(lines, max_size=4),
        "order_discounts": st.lists(record({"code": idents, "amount": money}, {"funded_by": parties}), max_size=2),
        "total": money,
    },
    {
        "store": idents,
        "customer_ref": idents,
        "due_days": st.integers(0, 365),
        "ship_to": places,
        "document_fields": st.dictionaries(idents, st.just("") | idents, max_size=3),
    },
)
captured = event(
    "PaymentCaptured",
    {"payment_id": idents, "tender": tenders, "gateway": idents, "amount": money},
    {"parent_payment_id": idents, "gateway_reference": idents, "fee": money, "store": idents},
)
shipped = event(
    "ShipmentDispatched",
    {
        "shipment_id": idents,
        "lines": st.lists(record({"line_id": idents, "quantity": quantities}, {"unit_cost": decimals(whole_max=10_000)}), max_size=4),
    },
    {"warehouse": idents, "ship_from": places, "ship_to": places},
)
cancelled = event(
    "OrderCancelled",
    {"lines": st.lists(record({"line_id": idents, "quantity": quantities}), max_size=4), "cancel_charges": flags},
    {"reason": st.just("") | words.filter(lambda text: not any(map(str.isdecimal, text)))},
)
refunded = event(
    "RefundIssued",
    {
        "refund_id": idents,
        "lines": st.lists(
            record(
                {"line_id": idents, "quantity": quantities, "scope": st.sampled_from(["SHIPPED", "UNSHIPPED", "AUTO"])},
                {"shipment_id": idents, "net": money, "taxes": st.lists(credit_taxes, max_size=2)},
            ),
            max_size=3,
        ),
        "adjustments": st.lists(
            record(
                {
                    "kind": st.sampled_from(["CHARGE", "GOODWILL", "RETURN_FEE", "TAX"]),
                    "amount": money,
                    "taxes": st.lists(credit_taxes, max_size=2),
                },
                {"line_id": idents},
            ),
            max_size=2,
        ),
        "tenders": st.lists(
            record(
                {
                    "tender_id": idents,
                    "tender": tenders,
                    "gateway": idents,
                    "amount": money,
                    "status": st.sampled_from(["PENDING", "SUCCEEDED", "FAILED"]),
                },
                {"payment_id": idents, "gateway_reference": idents},
            ),
            max_size=3,
        ),
        "allow_over_refund": flags,
    },
    {"return_id": idents, "reason_code": st.just("") | idents},
)
texts = st.just("") | words.filter(lambda text: not any(map(str.isdecimal, text)))
uuids = st.uuids().map(str)
returned = event(
    "ReturnReceived",
    {
        "return_id": idents,
        "lines": st.lists(
            record(
                {"line_id": idents, "quantity": quantities, "disposition": st.sampled_from(["RESTOCK", "SCRAP", "UNKNOWN"])},
                {"shipment_id": idents},
            ),
            max_size=3,
        ),
    },
    {"warehouse": idents},
)
fee_charged = event(
    "FeeCharged",
    {
        "fee_id": idents,
        "kind": idents,
        "amount": money,
        "account_kind": st.sampled_from(["PSP", "MARKETPLACE", "CARRIER"]),
        "gateway": idents,
        "estimate": flags,
    },
    {"tax": taxes, "payment_id": idents},
)
adjusted = event(
    "ReceivableAdjusted",
    {
        "adjustment_id": idents,
        "kind": st.sampled_from(["EARLY_PAYMENT_DISCOUNT", "WRITE_OFF", "RECOVERY", "SMALL_DIFFERENCE", "WITHHOLDING"]),
        "amount": money,
        "taxes": st.lists(taxes, max_size=2),
        "jurisdiction": idents,
    },
    {"approved_by": idents},
)
corrected = event("EventCorrected", {"supersedes_event_id": uuids}, {"replacement": captured | shipped | returned | fee_charged | adjusted})
edited = event(
    "OrderEdited",
    {
        "order_revision": st.integers(-(2**31), 2**31 - 1),
        "lines": st.lists(lines, max_size=3),
        "order_discounts": st.lists(record({"code": idents, "amount": money}, {"funded_by": parties}), max_size=2),
        "total": money,
    },
    {"reason": texts},
)
exchanged = event(
    "ExchangeCreated", {"exchange_id": idents, "lines": st.lists(lines, max_size=3), "total_added": money}, {"return_id": idents}
)
payment_news = st.one_of(
    [event(name, {"payment_id": idents, "amount": money}, {}) for name in ("PaymentAuthorized", "PaymentVoided", "PaymentFailed")]
)
payment_reversed = event("PaymentReversed", {"payment_id": idents, "amount": money}, {"reason": texts})
shipment_news = st.one_of([event(name, {"shipment_id": idents}, {}) for name in ("ShipmentDelivered", "ShipmentCancelled")])
disputed = event(
    "ChargebackOpened",
    {"dispute_id": idents, "payment_id": idents, "gateway": idents, "amount": money, "fee": money},
    {"gateway_reference": idents},
)
dispute_closed = event(
    "ChargebackClosed",
    {"dispute_id": idents, "outcome": st.sampled_from(["WON", "LOST", "PARTIAL"]), "amount_won": money, "fee_returned": money},
    {},
)
journal = event(
    "JournalPosted",
    {
        "journal_id": idents,
        "postings": st.lists(record({"account": idents, "side": st.sampled_from(["DEBIT", "CREDIT"]), "amount": money}), max_size=3),
        "reason": texts,
        "approved_by": idents,
    },
    {"clears_entry_id": uuids},
)
deadline = event(
    "DeadlinePassed",
    {"kind": st.sampled_from(["PARKED", "UNPAID", "UNSHIPPED", "UNREFUNDED"]), "due_at": times()},
    {"about_event_id": uuids},
)
first_events = placed | captured | shipped | cancelled | refunded
goods_events = returned | shipment_news | edited | exchanged | corrected
money_events = fee_charged | adjusted | payment_news | payment_reversed | disputed | dispute_closed | journal | deadline
events = first_events | goods_events | money_events
