"""Whatever the life of an order, the requests to QuickBooks are valid, and come to what the entries say, account by account.

Each request is held against the objects of python-quickbooks and against the table of the vendor's fields (tests/standins).
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from asiento.accounting.journal import JournalEntry
from sinks.connectors.quickbooks.ledger import KIND
from sinks.external.connections import Connection, Mode
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.http_calls import encoded
from sinks.mapping.examples import example_mapping
from sinks.planner.picture import OrderPicture
from sinks.planner.plan import plan_entry
from sinks.planner.settling import settle_order
from tests.contract.quickbooks_objects import unknown_fields
from tests.oracle.lives import PROFILES
from tests.standins.quickbooks_contract import problems, total_of
from tests.unit.sinks.journal import hashed
from tests.unit.sinks_planner.lived import entries_of

ENTRIES = 400
SOAK_ENTRIES = 5_000
MAPPING = example_mapping("quickbooks")
ITEMS = {rule.target.item: rule.target.account for rule in MAPPING.rules.rules if rule.target.item is not None}
RECEIVABLE = "84"
Sums = Counter[tuple[str, str]]


def orders(entries: int) -> Iterator[tuple[JournalEntry, ...]]:
    """Orders of every profile until there are so many entries."""
    first = int(os.environ.get("SEED", "0"))
    seed, left = first, entries
    while left > 0:
        for profile in PROFILES:
            found = entries_of(profile, seed)
            left -= len(found)
            yield found
        seed += 1


def planned(order: tuple[JournalEntry, ...], connection: Connection) -> Iterator[LedgerDocument]:
    """The documents of an order."""
    picture = OrderPicture()
    for entry in order:
        told = plan_entry(hashed(entry), picture, MAPPING, KIND.capabilities, connection)
        yield from told.documents
        picture = told.order
    yield from settle_order(picture, KIND.capabilities, connection).documents


def postings(name: str, resource: dict[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """What QuickBooks books for a resource."""
    if name == "JournalEntry":
        for line in resource["Line"]:
            detail = line["JournalEntryLineDetail"]
            assert ("Entity" in detail) is (detail["AccountRef"]["value"] == RECEIVABLE)
            yield detail["AccountRef"]["value"], line["Amount"] if detail["PostingType"] == "Debit" else -line["Amount"]
    elif name == "Payment":
        yield RECEIVABLE, -total_of(name, resource)
        yield resource.get("DepositToAccountRef", {}).get("value", ""), total_of(name, resource)
    else:
        side = 1 if name == "Invoice" else -1
        yield RECEIVABLE, side * total_of(name, resource)
        for line in resource["Line"]:
            yield ITEMS[line["SalesItemLineDetail"]["ItemRef"]["value"]], -side * line["Amount"]


def check(entries: int, mode: Mode) -> Counter[str]:
    """Renders so many entries; answers how many requests of each kind there were."""
    connection = Connection(name="qbo", kind="quickbooks", mode=mode)
    connector = KIND.make(KIND.sandbox(), None)
    seen: Counter[str] = Counter()
    there: Sums = Counter()
    expected: Sums = Counter()
    for order in orders(entries):
        for document in planned(order, connection):
            (request,) = connector.render([document], {})
            resource = json.loads(encoded(request.body), parse_float=Decimal)
            name = next(name for name in ("JournalEntry", "Invoice", "CreditMemo", "Payment") if f"/{name.lower()}?" in request.path)
            assert problems(name, resource) == [], document.reference
            assert unknown_fields(name, resource) == [], document.reference
            seen[name] += 1
            unit = 10**document.currency_exponent
            if document.kind is not DocumentKind.ALLOCATION:
                assert total_of(name, resource) * unit == document.total
            for account, amount in postings(name, resource):
                there[account, document.currency] += int(amount * unit)
        for entry in order:
            for posting in entry.postings:
                place = (MAPPING.target(entry, posting).account, entry.currency)
                expected[place] += posting.amount if posting.side == "DEBIT" else -posting.amount
    assert len({currency for _, currency in expected}) >= 4
    assert {place: amount for place, amount in there.items() if amount} == {place: amount for place, amount in expected.items() if amount}
    return seen


@pytest.mark.parametrize("mode", list(Mode))
def test_requests_are_valid_and_come_to_the_entries(mode: Mode) -> None:
    seen = check(ENTRIES, mode)
    assert sum(seen.values()) > ENTRIES * 0.9
    assert mode is Mode.JOURNALS or min(seen[name] for name in ("JournalEntry", "Invoice", "CreditMemo", "Payment")) > 3


@pytest.mark.soak
@pytest.mark.timeout(1_500)
@pytest.mark.parametrize("mode", list(Mode))
def test_many_requests_are_valid_and_come_to_the_entries(mode: Mode) -> None:
    assert sum(check(SOAK_ENTRIES, mode).values()) > SOAK_ENTRIES * 0.9


def test_the_checks_find_what_is_wrong() -> None:
    connector = KIND.make(KIND.sandbox(), None)
    document = next(iter(planned(entries_of("calm", 1), Connection(name="qbo", kind="quickbooks"))))
    good = json.loads(encoded(connector.render([document], {})[0].body), parse_float=Decimal)
    line = good["Line"][0]
    detail = line["JournalEntryLineDetail"]
    for bad in (
        {**good, "Lines": []},
        {**good, "Line": [{**line, "PostingType": "Debit"}]},
        {**good, "Line": [{**line, "JournalEntryLineDetail": {**detail, "AccountRef": "35"}}]},
        {**good, "Line": {"0": line}},
        {**good, "Id": "1"},
    ):
        assert problems("JournalEntry", bad), bad
        assert unknown_fields("JournalEntry", bad), bad
    for bad in (
        {**good, "TxnDate": "15/03/2026"},
        {**good, "Line": good["Line"][1:]},
        {**good, "Line": [{**line, "Amount": -1}, *good["Line"][1:]]},
        {**good, "Line": [{**line, "JournalEntryLineDetail": {**detail, "PostingType": "DEBIT"}}, *good["Line"][1:]]},
        {**good, "DocNumber": "x" * 22},
        {**good, "Line": []},
        {**good, "PrivateNote": 7},
    ):
        assert problems("JournalEntry", bad), bad
