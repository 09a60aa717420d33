"""Public Shopify payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from asiento.accounting.money import major_units_text
from sources.platforms.catalogue import adapter_of
from sources.platforms.outcome import EventTwin, Nothing, Problem
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.contract.corpus_shops import EMITTING, PROBLEMS, UNITS, answers_of, events_of, notices_of, taxes_of
from tests.unit.sources.deliveries import books_of

ENTRIES = corpus_entries("shopify")
FOLDERS = {
    *("disputes", "draft_orders", "fulfillments", "gift_card_adjustments", "order_transactions", "orders", "payouts", "privacy"),
    *("refunds", "returns", "tender_transactions"),
}
KEPT = "kept for settlements"
KEPT_FOLDERS = {"gift_card_adjustments", "payouts"}
"""Folders with payloads that the corpus posts and the contract has no events of yet."""
Found = Callable[["Read", Any], bool]
"""Whether what was told agrees with a figure of `expect`."""


class Read:
    """One file as it was read: what every figure of its `expect` block is compared with."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.entry, self.expect = entry, entry["expect"]
        self.answers = answers_of(entry)
        self.events = events_of(self.answers)
        self.problems = [answer for answer in self.answers if isinstance(answer, Problem)]
        reasons = [answer.reason for answer in self.answers if isinstance(answer, Nothing)]
        self.said = [*notices_of(self.answers), *reasons, *(problem.message for problem in self.problems)]

    def all_of(self, event_type: str) -> list[EventTwin]:
        return [event for event in self.events if event["type"] == event_type]

    def text(self, amount: int) -> str:
        return major_units_text(amount, next(event["currency_exponent"] for event in self.events if "currency_exponent" in event))

    def says(self, words: str) -> bool:
        return any(words in sentence for sentence in self.said)

    def lines(self, *kinds: str) -> list[dict[str, Any]]:
        return [line for event in self.all_of("OrderPlaced") for line in event["lines"] if line["kind"] in kinds]


def tells(fact: Callable[[Read], Any]) -> Found:
    """A figure of an event; of what is held or nothing, no event may say anything."""
    return lambda read, stated: not read.events or bool(fact(read) == stated)


def first(name: str) -> Found:
    """A field of the first event; of what is held or nothing the order or object that it is kept under is looked at nowhere."""
    return tells(lambda read: read.events[0][name])


def amount(name: str, event_type: str) -> Found:
    return tells(lambda read: read.text(sum(event[name] for event in read.all_of(event_type))))


def says(words: str) -> Found:
    """The sentence states the figure."""
    return lambda read, stated: read.says(words.format(stated))


def told_or_said(found: Found, words: str) -> Found:
    return lambda read, stated: found(read, stated) if read.events else read.says(words.format(stated))


def nothing_told(*event_types: str) -> Found:
    return lambda read, stated: str(stated).startswith("not in this payload") and not any(map(read.all_of, event_types))


def _discount(read: Read) -> str:
    (placed,) = read.all_of("OrderPlaced")
    shares = sum(line.get("order_discount", 0) for line in placed["lines"])
    own = sum(line["discount"] for line in placed["lines"])
    return read.text(own + max(shares, sum(discount["amount"] for discount in placed["order_discounts"])))


def _refund_agrees(read: Read, refund: Mapping[str, Any]) -> bool:
    """One refund inside an order, or the refund itself: told as stated, or named with its difference."""
    told = [event for event in read.all_of("RefundIssued") if event["refund_id"] == refund["refund_id"]]
    if refund["conclusion"] not in EMITTING:
        return told == [] and read.says(f"refund {refund['refund_id']}: stated {refund['money_refunded']}")
    reported = read.says(f"refund {refund['refund_id']}: stated") is (Decimal(refund["money_minus_calculated"]) != 0)
    return reported and len(told) == 1 and told[0]["test_mode"] is refund["test"] and all(_refund_figures(read, told[0], refund))


def _refund_figures(read: Read, told: EventTwin, refund: Mapping[str, Any]) -> list[bool]:
    money = {
        status: read.text(sum(tender["amount"] for tender in told["tenders"] if tender["status"] == status))
        for status in ("SUCCEEDED", "PENDING")
    }
    return [
        money == {"SUCCEEDED": refund["money_refunded"], "PENDING": refund["money_pending"]},
        money["SUCCEEDED"] == refund["money_refunded_test" if told["test_mode"] else "money_refunded_live"],
        [(line["line_id"], line["quantity"]) for line in told["lines"]]
        == [(line["line_item_id"], line["quantity"]) for line in refund["lines"]],
        [(tender["tender_id"], tender["gateway"], read.text(tender["amount"])) for tender in told["tenders"]]
        == [(item["id"], item["gateway"], item["amount"]) for item in refund["transactions"]],
        refund["with_lines"] is bool(told["lines"]),
    ]


def _lines_of_refund(read: Read, stated: list[dict[str, str]]) -> bool:
    return not read.events or [line["line_id"] for line in read.events[0]["lines"]] == [line["line_item_id"] for line in stated]


def _discrepancies(read: Read, stated: list[str]) -> bool:
    """Each with its three figures; of a payload that is held the first is stated, and of one that is nothing none is."""
    conclusion = read.expect["conclusion"]
    if conclusion == "post_nothing" and read.entry["kind"] != "payout":
        return not read.events and not read.problems
    figures = [
        [word.strip(",:.") for word in sentence.split() if word.strip(",:.").lstrip("-").replace(".", "").isdigit()] for sentence in stated
    ]
    found = [any(all(figure in sentence for figure in each) for sentence in read.said) for each in figures]
    return found[0] and (conclusion in PROBLEMS or all(found))


def _shipped(read: Read, stated: list[dict[str, str]]) -> bool:
    told = [(line["line_id"], line["quantity"]) for event in read.all_of("ShipmentDispatched") for line in event["lines"]]
    if read.entry["kind"] == "order snapshot":
        return all(shipment["status"] == "failure" for shipment in stated) and not told
    return told == [(line["line_item_id"], line["quantity"]) for line in stated] if read.events else not told


def _dispute_status(read: Read, status: str) -> bool:
    closed = {"won": ["WON"], "lost": ["LOST"]}.get(status, [])
    return len(read.all_of("ChargebackOpened")) == 1 and [event["outcome"] for event in read.all_of("ChargebackClosed")] == closed


def _current_total(read: Read, stated: str) -> bool:
    """The total less what the refunds inside are worth, or named where that is another figure."""
    worth = sum(Decimal(refund["calculated_refund"]) for refund in read.expect["refunds"])
    disagrees = Decimal(read.expect["total_stated"]) - worth != Decimal(stated)
    return not read.events or read.says(f"current total: stated {stated} ") is disagrees


def _kept_rows(read: Read) -> list[dict[str, Decimal]]:
    """Figures of rows that are kept, out of the sentences about them."""
    sentences = [sentence for sentence in read.said if sentence.startswith("a balance transaction (")]
    words = [sentence.split("(")[1].split(")")[0].replace(",", "").split() for sentence in sentences]
    return [dict(zip(row[0:6:2], map(Decimal, row[1:6:2]), strict=True)) for row in words]


def _sum_of_rows(name: str) -> Found:
    """Of rows that are kept the sentence says it; of the others the fee is told, and the file says the rest."""

    def found(read: Read, stated: str) -> bool:
        page = json.loads((CORPUS / read.entry["file"]).read_text(encoding="utf-8"))["transactions"]
        fees = {event["fee_id"]: Decimal(read.text(event["amount"])) for event in read.all_of("FeeCharged")}
        told = [row for row in page if str(row["id"]) in fees]
        kept = _kept_rows(read)
        assert len(kept) + len(told) == len(page)
        assert all(row["type"] == "charge" and Decimal(row["fee"]) == fees[str(row["id"])] for row in told)
        return sum((row[name] for row in kept), Decimal(0)) + sum(Decimal(row[name]) for row in told) == Decimal(stated)

    return found


def _shipment_status(read: Read, stated: str) -> bool:
    return bool(read.events) if stated == "success" else read.says(f"fulfilment with status {stated}:")


def nowhere(_: Read, __: object) -> bool:
    """A figure without a place in the contract: a number for people, a status of payments, a name of a status."""
    return True


def _order_id(read: Read, stated: str) -> bool:
    adapter = adapter_of("shopify")
    assert adapter is not None
    parts = adapter.open(adapter.parse((CORPUS / read.entry["file"]).read_bytes()), read.entry["arrives_as"]["topic"])
    return all(event["order_id"] == stated for event in read.events) and (not read.events or parts[0].resource == stated)


ORDERS: Mapping[str, Found] = {
    "order_number": nowhere,
    "financial_status": nowhere,
    "outstanding_stated": nowhere,
    "cancelled": lambda read, stated: not read.events or bool(read.all_of("OrderCancelled")) is stated,
    "prices_include_tax": first("prices_include_tax"),
    "lines": tells(lambda read: len(read.lines(*UNITS))),
    "goods_gross": told_or_said(tells(lambda read: read.text(sum(line["gross"] for line in read.lines(*UNITS)))), "order total"),
    "discount": tells(_discount),
    "shipping_net_of_discount": tells(lambda read: read.text(sum(line["gross"] - line["discount"] for line in read.lines("SHIPPING")))),
    "tax_total": tells(lambda read: read.text(taxes_of(read.all_of("OrderPlaced")[0]["lines"]))),
    "tip": tells(lambda read: read.text(sum(line["gross"] for line in read.lines("TIP")))),
    "total_computed": told_or_said(tells(lambda read: read.text(read.events[0]["total"])), "computed {}"),
    "total_stated": told_or_said(tells(lambda read: read.text(read.events[0]["total"])), "stated {} "),
    "current_total_stated": _current_total,
    "refunds": lambda read, stated: all(_refund_agrees(read, refund) for refund in stated),
    "captured_payments": nothing_told("PaymentCaptured"),
    "fees": nothing_told("FeeCharged"),
    "fulfilments": _shipped,
}
MONEY_BACK = tells(lambda read: _money(read, "SUCCEEDED"))
REFUNDS: Mapping[str, Found] = {
    "refund_id": lambda read, stated: read.events[0]["refund_id"] == stated if read.events else read.says(f"refund {stated}") or True,
    "with_lines": tells(lambda read: bool(read.events[0]["lines"])),
    "lines": _lines_of_refund,
    "line_value": tells(lambda read: read.text(sum(line["net"] for line in read.events[0]["lines"]))),
    "line_tax": tells(lambda read: read.text(taxes_of([line for line in read.events[0]["lines"] if "taxes" in line]))),
    "adjustments": tells(lambda read: [_stated(read, item) for item in read.events[0]["adjustments"]]),
    "calculated_refund": told_or_said(MONEY_BACK, "computed {}"),
    "money_refunded": told_or_said(MONEY_BACK, "stated {} "),
    "money_pending": tells(lambda read: _money(read, "PENDING")),
    "money_minus_calculated": lambda read, stated: Decimal(stated) == 0 or read.says(f"difference {stated}"),
    "transactions": tells(lambda read: [_transaction(read, tender) for tender in read.events[0]["tenders"]]),
    "money_refunded_live": tells(lambda read: _money(read, "SUCCEEDED") if not read.events[0]["test_mode"] else "0.00"),
    "money_refunded_test": tells(lambda read: _money(read, "SUCCEEDED") if read.events[0]["test_mode"] else "0.00"),
    "shipping_refunded": tells(
        lambda read: read.text(sum(item["amount"] for item in read.events[0]["adjustments"] if item["kind"] == "CHARGE"))
    ),
    "shipping": nowhere,
    "suggested_amount": nowhere,
}
TRANSACTIONS: Mapping[str, Found] = {
    "fact": lambda read, stated: bool(read.all_of("PaymentCaptured")) is (stated == "payment captured"),
    "transaction_id": first("payment_id"),
    "parent_transaction_id": first("parent_payment_id"),
    "amount": amount("amount", "PaymentCaptured"),
    "status": lambda _, stated: stated == "success",
    "gateway": first("gateway"),
}
FIGURES: Mapping[str, Mapping[str, Found]] = {
    "orders": ORDERS,
    "refunds": REFUNDS,
    "order_transactions": TRANSACTIONS,
    "fulfillments": {"fulfilment_id": first("shipment_id"), "status": _shipment_status, "lines": _shipped},
    "disputes": {
        "dispute_id": tells(lambda read: {event["dispute_id"] for event in read.events} and read.events[0]["dispute_id"]),
        "type": lambda read, stated: bool(read.events) is (stated == "chargeback"),
        "status": _dispute_status,
        "amount": amount("amount", "ChargebackOpened"),
        "fee": lambda read, stated: stated == "not in this payload" and all(event.get("fee", 0) == 0 for event in read.events),
    },
    "draft_orders": dict.fromkeys(("draft_id", "status", "total_stated", "total_computed"), nowhere),
    "tender_transactions": dict.fromkeys(("tender_transaction_id", "amount", "direction", "payment_method"), nowhere),
    "gift_card_adjustments": {
        **dict.fromkeys(("gift_card_id", "adjustment_id"), nowhere),
        "liability_change": lambda read, _: read.says(KEPT),
    },
    "payouts": {
        **dict.fromkeys(("payout_id", "date", "transaction_id", "type", "source_type", "payout_status", "by_type", "by_payout"), nowhere),
        "status": says("a payout that is {}"),
        "amount": says("amount {}"),
        "summary_gross": says("gross {}"),
        "summary_fees": says("fees {} "),
        "gross": says("amount {},"),
        "fee": says("fee {},"),
        "net": says("net {} "),
        "rows": lambda read, stated: len(read.answers) == stated,
        "sum_gross": _sum_of_rows("amount"),
        "sum_fees": _sum_of_rows("fee"),
        "sum_net": _sum_of_rows("net"),
        "rows_where_amount_minus_fee_is_not_net": lambda read, stated: (
            [sentence.split()[4].rstrip(":") for sentence in read.said if sentence.startswith("net of balance transaction")] == stated
        ),
    },
    "privacy": {},
    "returns": {},
}
"""Folder -> figure of `expect` -> whether the events or the sentences agree with it."""
EVERYWHERE: Mapping[str, Found] = {
    "order_id": _order_id,
    "test": lambda read, stated: stated == "not stated" or all(event["test_mode"] is stated for event in read.events[:1]),
    "discrepancies": _discrepancies,
}
NOT_FIGURES = {"conclusion", "reason", "if_live"}


def _money(read: Read, status: str) -> str:
    return read.text(sum(tender["amount"] for tender in read.events[0]["tenders"] if tender["status"] == status))


def _stated(read: Read, item: dict[str, Any]) -> dict[str, str]:
    kind = "shipping_refund" if item["kind"] == "CHARGE" else "refund_discrepancy"
    return {"kind": kind, "amount": read.text(-item["amount"]), "tax": read.text(taxes_of([item]))}


def _transaction(read: Read, tender: dict[str, Any]) -> dict[str, Any]:
    status = {"SUCCEEDED": "success", "PENDING": "pending", "FAILED": "failure"}[tender["status"]]
    return {
        "id": tender["tender_id"],
        "gateway": tender["gateway"],
        "status": status,
        "amount": read.text(tender["amount"]),
        "test": read.events[0]["test_mode"],
    }


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert {_folder(entry) for entry in ENTRIES} == FOLDERS == FIGURES.keys()
    assert len(ENTRIES) >= 33


def _folder(entry: dict[str, Any]) -> str:
    return str(entry["file"].split("/")[1])


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: dict[str, Any]) -> None:
    read, conclusion = Read(entry), entry["expect"]["conclusion"]
    if conclusion in PROBLEMS:
        assert [problem.code for problem in read.problems] == [conclusion]
        assert read.events == []
        return
    assert read.problems == []
    if conclusion == "post_nothing" or (_folder(entry) in KEPT_FOLDERS and not read.events):
        assert read.events == []
        assert read.said
        assert conclusion == "post_nothing" or read.says(KEPT)
        return
    assert conclusion in EMITTING
    assert read.events[0]["test_mode"] is (conclusion == "test_do_not_post")
    assert {event["currency"] for event in read.events if "currency" in event} <= {entry["currency"]}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_every_figure(entry: dict[str, Any]) -> None:
    read, compared = Read(entry), {**EVERYWHERE, **FIGURES[_folder(entry)]}
    for name, stated in entry["expect"].items():
        if name not in NOT_FIGURES:
            assert name in compared, f"{name} is a figure that nothing here compares"
            assert compared[name](read, stated), (name, stated, read.events, read.said)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_the_same_payload_gives_the_same_answer(entry: dict[str, Any]) -> None:
    assert answers_of(entry) == answers_of(entry)


@pytest.mark.parametrize(
    "entry", [entry for entry in ENTRIES if entry["expect"]["conclusion"] == "hold_discrepancy"], ids=lambda entry: entry["file"]
)
def test_a_held_payload_names_the_difference(entry: dict[str, Any]) -> None:
    primary = next(check for check in entry["balance"]["checks"] if check["primary"])
    assert f"difference {primary['difference']}" in Read(entry).problems[0].message


def _as_it_is_shipped(placed: EventTwin) -> EventTwin:
    """All units of an order in one parcel, so that there is something in the books to compare."""
    units = [{"line_id": line["line_id"], "quantity": line["quantity"]} for line in placed["lines"] if line["kind"] in UNITS]
    envelope = {name: placed[name] for name in ("tenant", "source", "order_id", "occurred_at", "received_at", "test_mode")}
    named = {"type": "ShipmentDispatched", "event_id": "00000000-0000-5000-8000-000000000001", "business_key": "shipment:1"}
    return envelope | named | {"shipment_id": "1", "lines": units}


def emitted_events() -> list[EventTwin]:
    """All events of the corpus in file order, for tests that send them through a broker; empty where it is absent."""
    return [event for entry in ENTRIES if _folder(entry) in _SHOP for event in events_of(answers_of(entry))]


_SHOP = {"orders", "order_transactions", "fulfillments", "refunds"}


@pytest.mark.parametrize(
    "entry",
    [entry for entry in ENTRIES if _folder(entry) == "orders" and entry["expect"]["conclusion"].startswith("post")],
    ids=lambda entry: entry["file"],
)
def test_books_of_an_order_agree_with_the_payload(entry: dict[str, Any]) -> None:
    """Its units handed over, the customer owes the total and the accounts hold the figures of the payload."""
    read, expect = Read(entry), entry["expect"]
    (placed,) = read.all_of("OrderPlaced")
    books = books_of([placed, _as_it_is_shipped(placed)])
    assert (books.waiting, books.refused) == ([], [])
    (balances,) = books.balances.values()

    def booked(name: str) -> Decimal:
        found = sum(amount for account, amount in balances.items() if account.startswith(name))
        return Decimal(found).scaleb(-placed["currency_exponent"])

    assert booked("accounts_receivable") == Decimal(expect["total_stated"])
    assert -booked("revenue:") == Decimal(expect["goods_gross"])
    assert booked("sales_discounts") == Decimal(expect["discount"])
    assert -booked("shipping_revenue") == Decimal(expect["shipping_net_of_discount"])
    assert -booked("tax_payable") == Decimal(expect["tax_total"])
    assert -booked("tips_payable") == Decimal(expect["tip"])


@pytest.mark.parametrize(
    "entry", [entry for entry in ENTRIES if entry["expect"]["conclusion"] == "test_do_not_post"], ids=lambda entry: entry["file"]
)
def test_nothing_of_a_test_is_booked(entry: dict[str, Any]) -> None:
    assert not any(books_of(Read(entry).events).balances.values())
