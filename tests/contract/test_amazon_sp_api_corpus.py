"""Public Amazon payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from asiento.accounting.money import major_units_text
from sources.platforms.amazon_sp_api.adapter import ADAPTER
from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import Nothing, Problem
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.unit.sources.deliveries import books_of

ENTRIES = corpus_entries("amazon-sp-api")
EMITTING = {"post", "post_and_report_discrepancy"}
KEPT_FOR_SETTLEMENTS = {"payout"}
"""Kinds that the corpus posts and the contract has no events of yet."""


class Read:
    """One file as it was read: what every figure of its `expect` block is compared with."""

    def __init__(self, entry: dict[str, Any]) -> None:
        context = Context(tenant="acme", source="amazon-sp-api:main", connection=DEFAULT_CONNECTION)
        self.entry = entry
        (self.answer,) = normalize(ADAPTER, (CORPUS / entry["file"]).read_bytes(), entry["arrives_as"]["topic"], context)
        self.events = list(self.answer.events) if isinstance(self.answer, Judged) else []
        self.message = self.answer.message if isinstance(self.answer, Problem) else ""
        self.notices = " | ".join(self.answer.notices) if isinstance(self.answer, Judged) else ""
        self.reason = self.answer.reason if isinstance(self.answer, Nothing) else ""

    def all_of(self, event_type: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == event_type]

    def text(self, amount: int) -> str:
        return major_units_text(amount, self.events[0]["currency_exponent"])

    def lines(self, *kinds: str) -> list[dict[str, Any]]:
        return [line for event in self.all_of("OrderPlaced") for line in event["lines"] if line["kind"] in kinds]

    def gross(self, *kinds: str) -> str:
        return self.text(sum(line["gross"] for line in self.lines(*kinds)))

    def tax(self) -> str:
        return self.text(sum(tax["amount"] for event in self.all_of("OrderPlaced") for line in event["lines"] for tax in line["taxes"]))


def held(check: str) -> Callable[[Read, Any], bool]:
    """The figure belongs to a payload that is held: its message must say what the check says."""
    return lambda read, _: check in read.message


def tells(fact: Callable[[Read], Any]) -> Callable[[Read, Any], bool]:
    return lambda read, stated: bool(fact(read) == stated)


def _nothing_told(event_type: str) -> Callable[[Read, Any], bool]:
    return lambda read, stated: (stated == [] or stated.startswith(("none", "not in"))) and not read.all_of(event_type)


def _components(read: Read, stated: dict[str, str]) -> bool:
    if read.entry["expect"]["conclusion"] == "hold_discrepancy":
        return "currencies" in read.message
    found = {
        "ItemPrice": read.gross("GOODS"),
        "ShippingPrice": read.gross("SHIPPING"),
        "ItemTax": read.tax(),
        **dict.fromkeys(("ShippingTax", "ShippingDiscountTax", "PromotionDiscountTax"), "0.00"),
        "ShippingDiscount": read.text(sum(line["discount"] for line in read.lines("SHIPPING"))),
        "PromotionDiscount": read.text(sum(line["discount"] for line in read.lines("GOODS"))),
    }
    return found == stated


def _sum_by_currency(read: Read, stated: dict[str, str]) -> bool:
    if len(stated) > 1:
        return all(currency in read.message for currency in stated)
    (placed,) = read.all_of("OrderPlaced")
    return {placed["currency"]: read.text(placed["total"])} == stated


def _event_lists(read: Read, stated: dict[str, dict[str, int]]) -> bool:
    return all(f"{name} {count['events']} events {count['amounts']} amounts" in read.message for name, count in stated.items())


def _taxes_by(read: Read, stated: list[dict[str, str]]) -> bool:
    return all(each["model"] == "MARKETPLACE_FACILITATOR" for each in stated) and "paid by the marketplace" in read.notices


def _shipped(read: Read, status: str) -> bool:
    units = sum(int(line["quantity"]) for event in read.all_of("ShipmentDispatched") for line in event["lines"])
    ordered = sum(int(line["quantity"]) for line in read.lines("GOODS"))
    return units == {"SHIPPED": ordered, "UNSHIPPED": 0}[status]


SAID_AS = {"cancellation": "executed cancellation", "differ": "difference", "more than one currency": "currencies", "equal": "alike"}
"""Word of the corpus -> word of the message or notice."""


def _discrepancies(read: Read, stated: list[str]) -> bool:
    """Of several of one payload the message names the first that stops it."""
    found = [any(word in said and ours in read.message + read.notices for word, ours in SAID_AS.items()) for said in stated]
    return any(found) and (all(found) or bool(read.message))


def _fees(read: Read, stated: str) -> bool:
    return not read.all_of("FeeCharged") and stated.startswith(("not in this payload", "0.00"))


def _order_id(read: Read, stated: str | list[str]) -> bool:
    expected = stated if isinstance(stated, str) else stated[0]
    body = (CORPUS / read.entry["file"]).read_bytes()
    where = [event["order_id"] for event in read.events] or [ADAPTER.open(ADAPTER.parse(body), "")[0].resource]
    return set(where) == {expected}


COMPARED: dict[str, Callable[[Read, Any], bool]] = {
    "order_id": _order_id,
    "total_stated": lambda read, stated: (
        not read.events or read.text(read.all_of("OrderPlaced")[0]["total"]) == stated
        if read.entry["kind"] != "settlement report"
        else f"stated {stated}" in read.message
    ),
    "goods": tells(lambda read: read.gross("GOODS")),
    "shipping": tells(lambda read: read.gross("SHIPPING")),
    "tax_total": tells(Read.tax),
    "tip": tells(lambda read: read.gross("TIP")),
    "discount": lambda read, stated: stated.startswith("none") and not any(line["discount"] for line in read.lines("GOODS", "SHIPPING")),
    "payment_executions": lambda read, stated: isinstance(stated, list) or _nothing_told("PaymentCaptured")(read, stated),
    "refunds": _nothing_told("RefundIssued"),
    "fees": _fees,
    "fulfilment_status": _shipped,
    "tax_collected_by": _taxes_by,
    "seller_funded_points": lambda read, stated: f"worth {stated} " in read.notices,
    "items_with_cancellation_executed": lambda read, stated: (
        read.notices.count("executed cancellation") == len(stated) and not read.all_of("OrderCancelled")
    ),
    "discrepancies": _discrepancies,
    "components": _components,
    "sum_by_currency": _sum_by_currency,
    "order_total": lambda _, stated: stated.startswith("not in"),
    "buyer_requested_cancel": lambda read, stated: read.notices.count("a request") == len(stated) or bool(read.message),
    "event_lists": _event_lists,
    "transaction_id": lambda read, stated: stated in read.all_of("PaymentCaptured")[0]["payment_id"],
    "total": lambda read, stated: read.text(sum(event["amount"] for event in read.events)) == stated,
    "type": lambda read, _: [event["type"] for event in read.events] == ["PaymentCaptured"],
    "status": lambda read, stated: read.answer is not None and (not read.events or stated.upper() in read.events[0]["business_key"]),
    "amount": lambda read, stated: f"{stated} USD" in read.reason,
    "original_total": held("computed 10.34"),
    "converted_total": held("stated 39.43"),
    "net_of_rows": held("computed 26.99"),
    "rows": held("of 4 rows"),
}
"""Figure of `expect` -> whether the events, the notices or the message agree with it."""

NOT_FIGURES = {"conclusion", "reason", "test", "items"}
NOTHING_OF_IT_IS_TOLD = {
    *("business_order", "sold_by_amazon_business", "payout_id", "settlement_id", "group_id", "beginning_balance", "transfer_status"),
    *("quantity", "principal", "fba_fulfilment_fee", "deposit_date"),
}
"""Figures of payloads that are held, fetched again or kept for settlements, and marks without a place in the contract."""


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert len(ENTRIES) >= 16


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: dict[str, Any]) -> None:
    read, conclusion = Read(entry), entry["expect"]["conclusion"]
    if entry["kind"] in KEPT_FOR_SETTLEMENTS and conclusion == "post":
        assert "kept for settlements" in read.reason
    elif conclusion in EMITTING:
        assert read.events
        assert not any(event["test_mode"] for event in read.events)
        assert {event["currency"] for event in read.events if "currency" in event} == {entry["currency"]}
        assert bool(read.notices) or conclusion == "post"
    elif conclusion == "post_nothing":
        assert read.reason
    else:
        assert isinstance(read.answer, Problem)
        assert read.answer.code == conclusion
        assert read.answer.pointer.startswith("/")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_every_figure(entry: dict[str, Any]) -> None:
    read = Read(entry)
    for name, stated in entry["expect"].items():
        if name in NOT_FIGURES or (name in NOTHING_OF_IT_IS_TOLD and not read.events):
            continue
        assert name in COMPARED, f"{name} is a figure that nothing here compares"
        assert COMPARED[name](read, stated), (name, stated, read.events or read.message or read.reason, read.notices)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_the_same_payload_gives_the_same_answer(entry: dict[str, Any]) -> None:
    assert Read(entry).answer == Read(entry).answer


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry["kind"] == "order snapshot"], ids=lambda entry: entry["file"])
def test_books_of_an_order_agree_with_the_payload(entry: dict[str, Any]) -> None:
    read = Read(entry)
    books = books_of(read.events)
    assert (books.waiting, books.refused) == ([], [])
    expect, exponent = entry["expect"], read.events[0]["currency_exponent"]
    (balances,) = books.balances.values() or [{}]

    def minor(name: str) -> int:
        return int(Decimal(expect[name]).scaleb(exponent))

    if expect["fulfilment_status"] == "UNSHIPPED":
        assert balances == {}
        return
    taxes = {name: amount for name, amount in balances.items() if name.startswith(("tax_payable", "facilitator"))}
    assert balances["accounts_receivable"] == minor("total_stated")
    assert balances["revenue:sales"] == -(minor("goods") - (minor("tax_total") if read.events[0]["prices_include_tax"] else 0))
    assert -sum(taxes.values()) == minor("tax_total")
    assert -balances.get("tips_payable", 0) == minor("tip")
    assert not any(name.startswith("tax_payable") for name in taxes if "tax_collected_by" in expect)
