"""What the books say after a public payload is what its own figures say, reckoned from the manifest alone and not by an adapter.

Signs are those of the books: debit above zero. An order's payload is judged twice: as it is, and once everything that it left open is
shipped. A payload of a payment has no order of its own: one is made around it here, of a thousand units of money, shipped and paid, and
what the payload moved is compared.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from sources.platforms.catalogue import adapter_of
from sources.platforms.connection import connection_from_mapping
from sources.platforms.outcome import EventTwin
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.contract.corpus_shops import EMITTING, Entry, answers_of, events_of
from tests.order_making import event_json, line
from tests.unit.sources.deliveries import Delivery, booked, play

PLATFORMS = ("adyen", "amazon-sp-api", "commercetools", "mercado-pago", "mollie", "saleor", "square", "stripe", "sylius", "woocommerce")
CONNECTION = {"time_zone": "UTC", "default_currency": "USD", "country": "US"}
ENTRIES = [entry for platform in PLATFORMS for entry in corpus_entries(platform) if entry["expect"]["conclusion"] in EMITTING]
Figures: TypeAlias = Mapping[str, Decimal]
PARTS = {
    "accounts_receivable": "customer",
    "contract_liability": "customer",
    "refunds_payable": "customer",
    "psp_clearing": "money",
    "bank_clearing": "money",
    "marketplace_clearing": "money",
    "cash": "money",
    "revenue": "goods",
    "sales_discounts": "goods",
    "sales_returns": "goods",
    "sales_allowances": "allowances",
    "shipping_revenue": "shipping",
    "other_revenue": "fees of the customer",
    "tips_payable": "tips",
    "tax_payable": "taxes",
    "facilitator_tax_clearing": "taxes",
    "psp_fees": "fees",
    "dispute_fees": "fees",
    "dispute_receivable": "disputed",
}
"""Account without its qualifier -> what it is a part of; an account that is not named here has no place in these books."""
KEPT_FOR_SETTLEMENTS = {
    "adyen/balance_platform/transaction-created-7000-eur.json",
    "adyen/webhooks/paidout-reversed.json",
    "amazon-sp-api/payouts/11888387941-paid.json",
    "square/events/gift-card-activated.json",
    "square/events/payout-paid-eur.json",
    "square/payouts/payout-entries.json",
}
NOTHING_IF_LIVE = {entry["file"] for entry in ENTRIES if entry["expect"].get("if_live") == "post_nothing"} | {
    "stripe/transfers/transfer.json"
}


def read(entry: Entry) -> list[EventTwin]:
    """The events of one file, those of test mode as if they were live."""
    return [event | {"test_mode": False} for event in events_of(answers_of(entry, **CONNECTION))]


def figures(events: list[EventTwin], exponent: int) -> Figures:
    """Part -> major units, zeros left out; every event was posted, and none of the money is in suspense."""
    found: Counter[str] = Counter()
    for accounts in booked(events).values():
        for account, amount in accounts.items():
            found[PARTS[account.split(":")[0]]] += amount
    return {name: Decimal(amount).scaleb(-exponent) for name, amount in found.items() if amount}


def shipped(events: list[EventTwin]) -> list[EventTwin]:
    """The events, and a shipment of every unit that none of them shipped."""
    order = next(event for event in events if event["type"] == "OrderPlaced")
    units = {each["line_id"]: Decimal(each["quantity"]) for each in order["lines"] if each["kind"] in {"GOODS", "SERVICE", "GIFT_CARD"}}
    for event in events:
        for each in event["lines"] if event["type"] == "ShipmentDispatched" else ():
            units[each["line_id"]] -= Decimal(each["quantity"])
    rest = [{"line_id": line_id, "quantity": str(count)} for line_id, count in units.items() if count]
    return [*events, _beside(order, "ShipmentDispatched", "rest", shipment_id="rest", lines=rest)] if rest else events


def _beside(event: EventTwin, kind: str, label: str, **fields: Any) -> EventTwin:
    """An event of the same order."""
    known = {name: event[name] for name in ("tenant", "source", "order_id", "currency", "currency_exponent") if name in event}
    return event_json(kind, label, order_id=event["order_id"]) | known | fields


def around(events: list[EventTwin], worth: int = 100_000) -> list[EventTwin]:
    """An order of so many minor units, shipped and paid with the payments that the events name and do not capture themselves."""
    first = next(event for event in events if "currency" in event)
    named = {event.get("payment_id") for event in events if event["type"] != "PaymentCaptured"}
    named |= {tender.get("payment_id") for event in events for tender in event.get("tenders", ())}
    named -= {event["payment_id"] for event in events if event["type"] == "PaymentCaptured"} | {None}
    gateway = first.get("gateway", "bacs")
    placed = _beside(first, "OrderPlaced", "order", legal_entity="acme", channel="web", terms="PREPAID", prices_include_tax=False)
    placed |= {"lines": [line("1", worth)], "order_discounts": [], "total": worth}
    paid = [
        _beside(first, "PaymentCaptured", name, payment_id=name, tender="CARD", gateway=gateway, amount=worth)
        for name in sorted(filter(None, named))
    ]
    return shipped([placed, *paid])


def moved(events: list[EventTwin]) -> Figures:
    """What the events of a payment moved in the books of the order made around them."""
    exponent = next(event["currency_exponent"] for event in events if "currency" in event)
    before = around(events)
    then, now = figures(before, exponent), figures([*before, *events], exponent)
    return _without_zeros({name: now.get(name, Decimal(0)) - then.get(name, Decimal(0)) for name in {*then, *now}})


def _without_zeros(found: Mapping[str, Decimal]) -> Figures:
    return {name: amount for name, amount in found.items() if amount}


def amount_of(stated: Any) -> Decimal:
    """A figure of the manifest; a sentence in its place says that the payload has none."""
    text = str(stated).split(" ")[0]
    return Decimal(text) if text.replace(".", "", 1).isdigit() else Decimal(0)


class Order:
    """An order's own figures, and the books that follow from them."""

    def __init__(self, expect: Mapping[str, Any], platform: str) -> None:
        def figure(*names: str) -> Decimal:
            return next((amount_of(expect[name]) for name in names if name in expect), Decimal(0))

        components = {name: amount_of(text) for name, text in expect.get("components", {}).items()}
        self.discount = figure("discount") if platform in {"square", "sylius"} else Decimal(0)
        self.goods = figure("goods_net", "goods", "goods_gross") - self.discount + components.get("ItemPrice", Decimal(0))
        self.shipping = figure("shipping") + components.get("ShippingPrice", Decimal(0))
        self.fees, self.tips = figure("fees_charged_to_customer", "service_charges"), figure("tip")
        self.taxes = figure("tax_total")
        payments = expect.get("captured_payments", "0")
        listed = [amount_of(payment["amount"]) for payment in payments] if isinstance(payments, list) else [amount_of(payments)]
        self.captured, self.refunded = sum(listed, Decimal(0)), figure("refunded_total")
        self.shipped = {expect.get("fulfilment_status"), expect.get("status"), expect.get("state")} & {"SHIPPED", "completed", "COMPLETED"}

    @property
    def now(self) -> Figures:
        """As the payload shows it: revenue and taxes only of what was shipped."""
        if self.shipped:
            return self.in_the_end
        money = self.captured - self.refunded
        return _without_zeros({"money": money, "customer": -money})

    @property
    def in_the_end(self) -> Figures:
        """Once all is shipped: what is sold less what is paid is owed; a refund is money back and an allowance."""
        sold = {"goods": -self.goods, "shipping": -self.shipping, "fees of the customer": -self.fees, "tips": -self.tips}
        sold |= {"taxes": -self.taxes, "money": self.captured - self.refunded, "allowances": self.refunded}
        return _without_zeros(sold | {"customer": -sum(sold.values(), Decimal(0))})


def _refund(amount: str, fee: str = "0") -> Figures:
    """Money back without an order's lines: an allowance. `fee` above zero is charged, below it came back."""
    back, withheld = Decimal(amount), Decimal(fee)
    return {"money": -back - withheld, "allowances": back, "fees": withheld}


def _capture(amount: str, fee: str = "0") -> Figures:
    came, withheld = Decimal(amount), Decimal(fee)
    return {"money": came - withheld, "customer": -came, "fees": withheld}


def _dispute(amount: str, fee: str = "0") -> Figures:
    gone, withheld = Decimal(amount), Decimal(fee)
    return {"money": -gone - withheld, "disputed": gone, "fees": withheld}


MOVED: dict[tuple[str, str], Callable[[Mapping[str, Any]], Figures]] = {
    ("adyen", "CAPTURE"): lambda expect: _capture(expect["amount"]),
    ("adyen", "CHARGEBACK"): lambda expect: _dispute(expect["amount"]),
    ("amazon-sp-api", "finances"): lambda expect: _capture(expect["total"], expect["fees"].split(" ")[0]),
    ("mercado-pago", "chargebacks"): lambda expect: _dispute(expect["amount"]),
    ("mercado-pago", "orders"): lambda expect: _refund(expect["amount"]),
    ("mercado-pago", "refunds"): lambda expect: _refund(expect["amount"]),
    ("mollie", "balance_transactions"): lambda expect: _refund(expect["initial"][1:], expect["deductions"][1:]),
    ("mollie", "captures"): lambda expect: _capture(expect["amount"]),
    ("mollie", "chargebacks"): lambda expect: {} if expect["reversed"] else _dispute(expect["amount"]),
    ("square", "payments"): lambda expect: _capture(expect["total"], expect["application_fee"]),
    ("square", "events"): lambda expect: _dispute(expect["amount"]),
    ("square", "refunds"): lambda expect: _refund(expect["amount"], f"-{expect['fee_returned']}"),
    ("stripe", "balance_transactions"): lambda expect: _capture(expect["gross"], expect["fee"]),
    ("stripe", "disputes"): lambda expect: _dispute(expect["withdrawn"], expect["fees"]),
    ("stripe", "refunds"): lambda expect: _refund(expect["amount"]),
    ("woocommerce", "refunds"): lambda expect: _refund(expect["amount"]),
}
"""(platform, folder or event code) -> what the payload says that was moved."""


def _kind(entry: Entry) -> tuple[str, str]:
    return entry["platform"], entry["expect"].get("event_code") or entry["file"].split("/")[1]


ORDERS = [entry for entry in ENTRIES if entry["file"].split("/")[1] in {"orders", "orders-v0", "imports"} and _kind(entry) not in MOVED]
PAYMENTS = [entry for entry in ENTRIES if _kind(entry) in MOVED and entry["file"] not in NOTHING_IF_LIVE | KEPT_FOR_SETTLEMENTS]
GOODS_MOVED = [entry for entry in ENTRIES if _kind(entry) == ("mollie", "shipments")]


def test_every_file_with_events_is_looked_at() -> None:
    require_corpus()
    looked_at = {entry["file"] for entry in [*ORDERS, *PAYMENTS, *GOODS_MOVED]} | NOTHING_IF_LIVE | KEPT_FOR_SETTLEMENTS
    assert {entry["file"] for entry in ENTRIES} == looked_at


@pytest.mark.parametrize("entry", ORDERS, ids=lambda entry: entry["file"])
def test_books_of_an_order(entry: Entry) -> None:
    events, own = read(entry), Order(entry["expect"], entry["platform"])
    exponent = events[0]["currency_exponent"]
    assert figures(events, exponent) == own.now
    assert figures(shipped(events), exponent) == own.in_the_end


@pytest.mark.parametrize("entry", PAYMENTS, ids=lambda entry: entry["file"])
def test_what_a_payment_moves(entry: Entry) -> None:
    assert moved(read(entry)) == _without_zeros(MOVED[_kind(entry)](entry["expect"]))


@pytest.mark.parametrize("entry", GOODS_MOVED, ids=lambda entry: entry["file"])
def test_what_a_shipment_invoices(entry: Entry) -> None:
    """Of an order with the lines and taxes that the payload states; the shipment's value is invoiced, its taxes among it."""
    (event,) = read(entry)
    rows = [(row["line"], row["quantity"], Decimal(row["gross"]), Decimal(row["vat"])) for row in entry["expect"]["lines"]]
    money = {"currency": "EUR", "currency_exponent": 2}
    placed = _beside(event, "OrderPlaced", "order", legal_entity="acme", channel="web", terms="PREPAID", prices_include_tax=True) | money
    taxed = {"jurisdiction": "NL", "type": "VAT", "code": "VAT", "rate": "0.21", "included": True, "liable_party": "SELLER"}
    placed |= {
        "lines": [
            line(name, int(gross * 100), count) | {"taxes": [taxed | {"base": int((gross - vat) * 100), "amount": int(vat * 100)}]}
            for name, count, gross, vat in rows
        ],
        "order_discounts": [],
        "total": int(Decimal(entry["expect"]["value"]) * 100),
    }
    value, vat = Decimal(entry["expect"]["value"]), Decimal(entry["expect"]["vat"])
    assert figures([placed, event], 2) == {"customer": value, "goods": vat - value, "taxes": -vat}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_what_moves_no_money_and_what_is_test_data_stay_out_of_the_books(entry: Entry) -> None:
    if entry["file"] in NOTHING_IF_LIVE | KEPT_FOR_SETTLEMENTS:
        assert read(entry) == []
    elif entry["expect"]["conclusion"] == "test_do_not_post":
        told = events_of(answers_of(entry, **CONNECTION))
        assert told
        assert not any(booked(told).values())


LIVES = {
    "an order, then completed": (["orders/727-processing.json", "orders/727-completed.json"], {}),
    "a refund that the order lists too": (["orders/723-two-refunds.json", "refunds/726-no-lines.json"], {"724": "9.00"}),
}
"""Files of one order at WooCommerce, and the refunds of it that have no file: their amounts, as the order states them."""


@pytest.mark.parametrize("life", LIVES)
def test_books_of_files_of_one_order(life: str) -> None:
    """Each refund counts once, whether the order states it or its own payload; the order is the one that its last payload shows.

    A refund from before the shipment credits no invoice yet, so what the customer owes is compared with the order's payload alone.
    """
    require_corpus()
    names, stated = LIVES[life]
    chosen = [next(entry for entry in ENTRIES if entry["file"] == f"woocommerce/{name}") for name in names]
    order = [entry["expect"] for entry in chosen if "total_stated" in entry["expect"]][-1]
    refunds = {entry["expect"]["refund_id"]: entry["expect"]["amount"] for entry in chosen if "refund_id" in entry["expect"]} | stated
    deliveries = [Delivery(entry["arrives_as"]["topic"], (CORPUS / entry["file"]).read_bytes()) for entry in chosen]
    for refund_id, amount in stated.items():
        written = {"id": int(refund_id), "amount": amount, "date_created_gmt": "2017-03-21T20:00:00", "line_items": []}
        deliveries.append(Delivery(f"orders/{order['order_id']}/refunds", written))
    adapter = adapter_of("woocommerce")
    assert adapter is not None
    played = play(adapter, deliveries, source="woocommerce:main", connection=connection_from_mapping(CONNECTION))
    told = {event["refund_id"] for event in played.events if event["type"] == "RefundIssued"}
    listed = {refund["refund_id"] for refund in order["refunds"]}
    assert played.problems == []
    assert told == refunds.keys() == listed
    back = sum((amount_of(refunds[refund_id]) for refund_id in told), Decimal(0))
    own = Order(order | {"refunded_total": str(back)}, "woocommerce").now
    found = figures(played.events, 2)
    for part in ("money", "goods", "shipping", "taxes"):
        assert found.get(part, Decimal(0)) == own.get(part, Decimal(0))
