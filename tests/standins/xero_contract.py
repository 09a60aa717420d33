"""Xero's published contract as its own models state it: what a request's element breaks, field by field.

The models are those that Xero makes from its API description. They pass over what they do not know, so that unknown fields, types and
decimals are checked here, along the models' own tables.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from xero_python.accounting import models

COLLECTIONS: Final[Mapping[str, str]] = {
    "ManualJournals": "ManualJournal",
    "Invoices": "Invoice",
    "CreditNotes": "CreditNote",
    "Payments": "Payment",
    "Allocations": "Allocation",
}
"""The arrays of calls -> the model of their elements."""
UNIT_DECIMALS: Final = ("Invoices", "CreditNotes")
"""Paths that can be asked to read four decimals of unit amounts."""
TEXT_MAX: Final[Mapping[str, int]] = {"Reference": 255, "InvoiceNumber": 255, "CreditNoteNumber": 255, "Name": 255, "Description": 4000}
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "ManualJournal": ("Narration", "JournalLines", "Date", "Status"),
    "ManualJournalLine": ("LineAmount",),
    "Invoice": ("Type", "Contact", "Date", "DueDate", "LineItems", "Status"),
    "CreditNote": ("Type", "Contact", "Date", "LineItems", "Status"),
    "LineItem": ("Description", "Quantity", "UnitAmount"),
    "Payment": ("Account", "Date", "Amount"),
    "Allocation": ("Invoice", "Amount", "Date"),
}
"""What a document that is to be booked must have; nested documents are named by their id alone."""
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NAMED_BY_ID: Final[Mapping[str, str]] = {"Invoice": "InvoiceID", "CreditNote": "CreditNoteID"}


def request_problems(method: str, path: str, headers: Mapping[str, str], body: Any) -> list[str]:
    """What a rendered call breaks; `body` as JSON reads it, with Decimal for its numbers."""
    place, _, query = path.partition("?")
    collection = place.rsplit("/", 1)[-1]
    found = [] if method == "PUT" else [f"{method} {path}: documents are made by PUT"]
    if collection not in COLLECTIONS or (place != f"/{collection}" and not re.fullmatch(r"/CreditNotes/[0-9a-f-]{36}/Allocations", place)):
        return [*found, f"{path} is no path that takes documents"]
    if query not in ("", "summarizeErrors=false") and (query != "summarizeErrors=false&unitdp=4" or collection not in UNIT_DECIMALS):
        found.append(f"{path}: the query is not known")
    if not 1 <= len(headers.get("Idempotency-Key", "")) <= 128 or not _is_uuid(headers.get("xero-tenant-id", "")):
        found.append("the headers Idempotency-Key (at most 128) and xero-tenant-id are expected")
    if not isinstance(body, dict) or list(body) != [collection] or not isinstance(body[collection], list) or not body[collection]:
        return [*found, f"an object with the array {collection} is expected"]
    if len(body[collection]) > 50:
        found.append(f"{len(body[collection])} elements in one call")
    return found + [problem for element in body[collection] for problem in element_problems(collection, element)]


def element_problems(collection: str, element: Any) -> list[str]:
    """What one element breaks: unknown fields, types, enumerations, lengths, required fields, sums."""
    model = COLLECTIONS[collection]
    found = list(_problems(model, element, collection))
    if found:
        return found
    return [f"{collection}: {problem}" for problem in _sums(model, element)]


def _problems(model: str, values: Any, place: str) -> Iterator[str]:
    if not isinstance(values, dict):
        yield f"{place}: an object is expected"
        return
    kind = getattr(models, model)
    names = {shown: name for name, shown in kind.attribute_map.items()}
    for shown, value in values.items():
        if shown not in names:
            yield f"{place}.{shown}: unknown field of {model}"
        elif value is None:
            yield f"{place}.{shown}: null"
        else:
            yield from _value_problems(kind.openapi_types[names[shown]], shown, value, f"{place}.{shown}")
    identity = _NAMED_BY_ID.get(model)
    named = identity is not None and list(values) == [identity]
    yield from (f"{place}.{name}: required" for name in REQUIRED.get(model, ()) if name not in values and not named)
    if not named:
        yield from _refused_by_model(kind, names, values, place)


def _value_problems(kind: str, shown: str, value: Any, place: str) -> Iterator[str]:
    if kind.startswith("list["):
        if not isinstance(value, list):
            yield f"{place}: an array is expected"
            return
        for number, item in enumerate(value):
            yield from _value_problems(kind[5:-1], shown, item, f"{place}[{number}]")
    elif kind == "str":
        yield from _text_problems(shown, value, place)
    elif kind in ("float", "int"):
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or (isinstance(value, Decimal) and not value.is_finite()):
            yield f"{place}: a number is expected, not {value!r}"
    elif kind == "bool":
        if not isinstance(value, bool):
            yield f"{place}: true or false is expected"
    elif kind == "date[ms-format]":
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            yield f"{place}: a date is expected, not {value!r}"
    elif issubclass(getattr(models, kind), Enum):
        if value not in {member.value for member in getattr(models, kind)}:
            yield f"{place}: {value!r} is none of {kind}"
    else:
        yield from _problems(kind, value, place)


def _text_problems(shown: str, value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, str) or not value:
        yield f"{place}: a text is expected, not {value!r}"
    elif len(value) > TEXT_MAX.get(shown, 5000):
        yield f"{place}: {len(value)} characters"
    elif shown.endswith("ID") and not _is_uuid(value):
        yield f"{place}: an id is expected, not {value!r}"


def _refused_by_model(kind: Any, names: Mapping[str, str], values: Mapping[str, Any], place: str) -> Iterator[str]:
    try:
        kind(**{names[shown]: value for shown, value in values.items() if shown in names})
    except ValueError as problem:
        yield f"{place}: {problem}"


def _sums(model: str, element: Mapping[str, Any]) -> Iterator[str]:
    if model == "ManualJournal":
        total = sum((Decimal(line["LineAmount"]) for line in element["JournalLines"]), Decimal(0))
        if total:
            yield f"the lines add up to {total}"
    for number, item in enumerate(element.get("LineItems", ())):
        amount = Decimal(item["Quantity"]) * Decimal(item["UnitAmount"])
        if round(amount, 2) != round(Decimal(item["LineAmount"]), 2):
            yield f"line {number}: {item['Quantity']} x {item['UnitAmount']} is not {item['LineAmount']}"
        if Decimal(item["Quantity"]) < 0:
            yield f"line {number}: quantity below 0"


def rounded(element: Mapping[str, Any]) -> list[str]:
    """Amounts that Xero would round: what it refuses to keep is no part of its description."""
    return [
        f"{place}: {value} has more than two decimals"
        for place, value in _numbers(element)
        if value != round(value, 2) and not place.endswith("Quantity")
    ]


def _numbers(value: Any, place: str = "") -> Iterator[tuple[str, Decimal]]:
    if isinstance(value, Decimal):
        yield place, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _numbers(item, f"{place}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _numbers(item, f"{place}[{number}]")


def _is_uuid(value: str) -> bool:
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False
