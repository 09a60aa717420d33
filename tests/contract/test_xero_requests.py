"""What is rendered for Xero, of lives of orders in both modes: valid by Xero's own models, and equal to the entries in every account."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from json import loads
from typing import Any

import pytest
from xero_python.accounting.models import CurrencyCode

from asiento.accounting.journal import JournalEntry
from asiento.accounting.money import CURRENCY_EXPONENTS
from sinks.connectors.catalogue import kind_of
from sinks.connectors.xero.rendering import CURRENCIES_UNKNOWN
from sinks.external.connections import Connection, Mode
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.http_calls import encoded
from sinks.external.port import Request
from sinks.external.targets import Target
from sinks.planner.picture import OrderPicture
from sinks.planner.plan import plan_entry
from sinks.planner.settling import settle_order
from tests.oracle.lives import PROFILES
from tests.standins.xero_contract import request_problems
from tests.unit.sinks.journal import hashed
from tests.unit.sinks_planner.lived import entries_of, entry_sums
from tests.unit.sinks_planner.rules import Rules

LIVES = 25
"""Of each profile; `make soak-ledgers` sets more."""
TAX = "TAX-"
RULES = Rules(per_role=lambda role: Target(account=role, tax_code=f"{TAX}{role}" if role.startswith("tax_payable") else None))
Sums = Counter[tuple[str, str]]


def _connection(mode: Mode) -> Connection:
    kind = kind_of("xero")
    assert kind is not None
    return replace(kind.sandbox(), mode=mode)


def _planned(entries: Sequence[JournalEntry], connection: Connection) -> list[LedgerDocument]:
    kind = kind_of("xero")
    assert kind is not None
    order = OrderPicture()
    documents: list[LedgerDocument] = []
    for entry in entries:
        planned = plan_entry(hashed(entry), order, RULES, kind.capabilities, connection)
        order = planned.order
        documents += planned.documents
    settled = settle_order(order, kind.capabilities, connection)
    return [*documents, *settled.documents]


def _lives() -> Iterator[tuple[JournalEntry, ...]]:
    lives = int(os.environ.get("LEDGER_LIVES", LIVES))
    return (entries_of(profile, seed) for profile in PROFILES for seed in range(lives))


def _booked(request: Request, currencies: Mapping[str, str]) -> Sums:
    """What a call books, read from its body alone; payments name what they settle by our keys, `currencies` says theirs."""
    body = loads(encoded(request.body), parse_float=Decimal)
    (collection,) = body
    sums: Sums = Counter()
    for element in body[collection]:
        match collection:
            case "ManualJournals":
                currency = currencies[element["Narration"][-37:-1]]
                for line in element["JournalLines"]:
                    _move(sums, line["AccountCode"], currency, line["LineAmount"])
            case "Invoices" | "CreditNotes":
                _document(sums, element, 1 if collection == "Invoices" else -1)
            case "Payments":
                sign = 1 if "Invoice" in element else -1
                settled = element.get("Invoice", {}).get("InvoiceID") or element["CreditNote"]["CreditNoteID"]
                _move(sums, element["Account"]["Code"], currencies[settled], sign * element["Amount"])
                _move(sums, "accounts_receivable", currencies[settled], -sign * element["Amount"])
    return sums


def _document(sums: Sums, element: Mapping[str, Any], sign: int) -> None:
    currency = element["CurrencyCode"]
    for item in element["LineItems"]:
        tax = item.get("TaxAmount", 0)
        _move(sums, item["AccountCode"], currency, -sign * item["LineAmount"])
        _move(sums, item["TaxType"].removeprefix(TAX), currency, -sign * tax)
        _move(sums, "accounts_receivable", currency, sign * (item["LineAmount"] + tax))


def _moved(sums: Sums) -> dict[tuple[str, str], int]:
    return {place: amount for place, amount in sums.items() if amount}


def _move(sums: Sums, account: str, currency: str, amount: Decimal | int) -> None:
    minor = Decimal(amount).scaleb(CURRENCY_EXPONENTS[currency])
    assert minor == int(minor), f"{amount} {currency} has more decimals than the currency"
    sums[(account, currency)] += int(minor)


@pytest.mark.parametrize("mode", [Mode.JOURNALS, Mode.DOCUMENTS])
def test_every_request_is_valid_and_every_account_is_equal(mode: Mode) -> None:
    connection, kind = _connection(mode), kind_of("xero")
    assert kind is not None
    connector = kind.make(connection, None)
    kinds: Counter[DocumentKind] = Counter()
    currencies_seen: set[str] = set()
    for entries in _lives():
        documents = _planned(entries, connection)
        if mode is Mode.DOCUMENTS and CURRENCIES_UNKNOWN & {document.currency for document in documents}:
            continue
        requests = connector.render(documents, {})
        broken = [
            problem
            for request in requests
            for problem in request_problems(
                request.method, request.path, request.headers, loads(encoded(request.body), parse_float=Decimal)
            )
        ]
        assert broken == []
        currencies = {document.key: document.currency for document in documents}
        booked: Sums = Counter()
        for request in requests:
            booked.update(_booked(request, currencies))
        expected: Sums = Counter()
        for entry in entries:
            expected.update({(role, entry.currency): amount for role, amount in entry_sums([entry]).items()})
        assert _moved(booked) == _moved(expected)
        kinds.update(document.kind for document in documents)
        currencies_seen |= set(currencies.values())
    assert set(kinds) == ({DocumentKind.JOURNAL} if mode is Mode.JOURNALS else set(DocumentKind)), kinds
    assert {"JPY", "KWD"} <= currencies_seen
    print(f"{mode}: {kinds.total()} documents, {dict(kinds)}")  # noqa: T201


def test_a_document_in_a_currency_that_xero_does_not_list_has_no_form() -> None:
    connection, kind = _connection(Mode.DOCUMENTS), kind_of("xero")
    assert kind is not None
    unknown = [one for entries in _lives() for one in _planned(entries, connection) if one.currency in CURRENCIES_UNKNOWN]
    assert unknown
    for document in unknown:
        if document.kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
            with pytest.raises(ValueError, match="does not know the currency"):
                kind.make(connection, None).render([document], {})


def test_currencies_that_xero_does_not_list_are_known() -> None:
    listed = {member.value for member in CurrencyCode}
    assert set(CURRENCY_EXPONENTS) - listed == set(CURRENCIES_UNKNOWN)


@pytest.mark.parametrize(
    ("collection", "change", "problem"),
    [
        ("ManualJournals", {"Narative": "x"}, "unknown field"),
        ("ManualJournals", {"Status": "BOOKED"}, "status"),
        ("ManualJournals", {"Date": "15.06.2025"}, "a date is expected"),
        ("ManualJournals", {"JournalLines": [{"LineAmount": Decimal("1.00"), "AccountCode": "200"}]}, "add up"),
        ("ManualJournals", {"JournalLines": [{"LineAmount": "1.00", "AccountCode": "200"}]}, "a number is expected"),
        ("ManualJournals", {"Narration": None}, "null"),
        ("ManualJournals", {"LineAmountTypes": "none"}, "is none of LineAmountTypes"),
    ],
)
def test_the_oracle_can_refuse(collection: str, change: dict[str, Any], problem: str) -> None:
    element = {"Narration": "n", "Date": "2025-06-15", "Status": "POSTED", "JournalLines": [{"LineAmount": 0, "AccountCode": "200"}]}
    headers = {"Idempotency-Key": "k", "xero-tenant-id": "7d05a53d-613d-4eb2-a2fc-dcb6adb80b80"}
    path = f"/{collection}?summarizeErrors=false"
    assert request_problems("PUT", path, headers, {collection: [element]}) == []
    assert problem in "\n".join(request_problems("PUT", path, headers, {collection: [element | change]}))
