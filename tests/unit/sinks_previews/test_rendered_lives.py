"""What is rendered of whole lives of orders with the example mapping: every entry is told, and comes to its sums in every account."""

import csv
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from json import loads
from typing import Any
from zipfile import ZipFile

import orjson
import pytest

from asiento.accounting.journal import JournalEntry
from asiento.accounting.money import CURRENCY_EXPONENTS
from sinks.connectors.catalogue import kind_of
from sinks.connectors.sap_s4hana.xml_text import read
from sinks.external.amounts import minor_units
from sinks.mapping.examples import example_mapping
from sinks.planner.rendering import Rendering
from tests.oracle.lives import PROFILES
from tests.unit.sinks.journal import hashed
from tests.unit.sinks_planner.lived import entries_of

SEEDS = range(2)
Lines = Iterator[tuple[str, int]]


def _odoo(call: dict[str, Any], exponent: int) -> Lines:
    for move in call["body"].get("vals_list", ()):
        for _, _, line in move["line_ids"]:
            yield line["account_id"], minor_units(line["debit"], exponent) - minor_units(line["credit"], exponent)


def _sap(call: dict[str, Any], exponent: int) -> Lines:
    for item in read(call["body"].encode()).iter("Item"):
        yield item.findtext("GLAccount") or "", minor_units(item.findtext("AmountInTransactionCurrency") or "", exponent)


def _fusion(call: dict[str, Any], exponent: int) -> Lines:
    with ZipFile(BytesIO(b64decode(call["body"]["DocumentContent"]))) as file:
        for row in csv.reader(StringIO(file.read("GlInterface.csv").decode())):
            yield row[10], minor_units(row[38] or f"-{row[39]}", exponent)


READERS: dict[str, Callable[[dict[str, Any], int], Lines]] = {"odoo": _odoo, "oracle_fusion": _fusion, "sap_s4hana": _sap}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", READERS)
def test_rendered_journals_come_to_the_sums_of_the_entries(name: str, profile: str) -> None:
    kind, mapping = kind_of(name), example_mapping(name)
    assert kind is not None
    entries = [entry for seed in SEEDS for entry in entries_of(profile, seed)]
    rendering = Rendering(connection=kind.sandbox(), mapping=mapping, connector=kind.make(kind.sandbox(), None), base_url="https://there")
    rendered = Counter[tuple[str, str]]()
    currencies = {entry.entry_id: entry.currency for entry in entries}
    for call in rendering.calls([hashed(entry) for entry in entries]):
        currency = currencies[call["entry_ids"][0]]
        shown = loads(orjson.dumps(call), parse_float=str)
        for account, amount in READERS[name](shown, CURRENCY_EXPONENTS[currency]):
            rendered[account, currency] += amount
    assert rendering.left_out == {}
    assert {place: amount for place, amount in rendered.items() if amount} == _sums(entries, mapping)


def _sums(entries: list[JournalEntry], mapping: Any) -> dict[tuple[str, str], int]:
    sums = Counter[tuple[str, str]]()
    for entry in entries:
        for posting in entry.postings:
            amount = posting.amount if posting.side == "DEBIT" else -posting.amount
            sums[mapping.target(entry, posting).account, entry.currency] += amount
    return {place: amount for place, amount in sums.items() if amount}
