"""QuickBooks' contract of the resources that are written: fields, types, words, required ones, and the rules that cross fields.

Written from the vendor's published names, apart from the connector, so that both must agree. `problems` finds nothing in a good request.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Json = Any
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True, slots=True)
class Is:
    """One field: `kind` text, decimal, date, bool, or the name of a type below; many = a list of it."""

    kind: str
    required: bool = False
    many: bool = False
    words: tuple[str, ...] = ()
    characters_max: int | None = None


_TRANSACTION = {
    "TxnDate": Is("date"),
    "CurrencyRef": Is("ReferenceType"),
    "ExchangeRate": Is("decimal"),
    "PrivateNote": Is("text", characters_max=4000),
    "DepartmentRef": Is("ReferenceType"),
    "LinkedTxn": Is("LinkedTxn", many=True),
    "TxnTaxDetail": Is("TxnTaxDetail"),
}
_NUMBERED = {**_TRANSACTION, "DocNumber": Is("text", characters_max=21)}
_SALE = {
    **_NUMBERED,
    "CustomerRef": Is("ReferenceType", required=True),
    "CustomerMemo": Is("MemoRef"),
    "DueDate": Is("date"),
    "GlobalTaxCalculation": Is("text", words=("TaxExcluded", "TaxInclusive", "NotApplicable")),
    "ApplyTaxAfterDiscount": Is("bool"),
    "PrintStatus": Is("text", words=("NotSet", "NeedToPrint", "PrintComplete")),
    "EmailStatus": Is("text", words=("NotSet", "NeedToSend", "EmailSent")),
    "Line": Is("SaleLine", required=True, many=True),
}

TYPES: Mapping[str, Mapping[str, Is]] = {
    "ReferenceType": {"value": Is("text", required=True), "name": Is("text"), "type": Is("text")},
    "MemoRef": {"value": Is("text", required=True)},
    "LinkedTxn": {
        "TxnId": Is("text", required=True),
        "TxnType": Is("text", required=True, words=("Invoice", "CreditMemo", "JournalEntry", "Expense", "Check", "CreditCardCredit")),
        "TxnLineId": Is("text"),
    },
    "EntityTypeRef": {
        "Type": Is("text", required=True, words=("Customer", "Vendor", "Employee")),
        "EntityRef": Is("ReferenceType", required=True),
    },
    "JournalEntryLineDetail": {
        "PostingType": Is("text", required=True, words=("Debit", "Credit")),
        "Entity": Is("EntityTypeRef"),
        "AccountRef": Is("ReferenceType", required=True),
        "ClassRef": Is("ReferenceType"),
        "DepartmentRef": Is("ReferenceType"),
        "TaxCodeRef": Is("ReferenceType"),
        "TaxApplicableOn": Is("text", words=("Sales", "Purchase")),
        "TaxAmount": Is("decimal"),
        "BillableStatus": Is("text", words=("Billable", "NotBillable", "HasBeenBilled")),
    },
    "JournalLine": {
        "Description": Is("text", characters_max=4000),
        "Amount": Is("decimal", required=True),
        "DetailType": Is("text", required=True, words=("JournalEntryLineDetail",)),
        "JournalEntryLineDetail": Is("JournalEntryLineDetail", required=True),
    },
    "SalesItemLineDetail": {
        "ItemRef": Is("ReferenceType", required=True),
        "ClassRef": Is("ReferenceType"),
        "UnitPrice": Is("decimal"),
        "Qty": Is("decimal"),
        "TaxCodeRef": Is("ReferenceType"),
        "ServiceDate": Is("date"),
    },
    "SaleLine": {
        "Description": Is("text", characters_max=4000),
        "Amount": Is("decimal", required=True),
        "DetailType": Is("text", required=True, words=("SalesItemLineDetail",)),
        "SalesItemLineDetail": Is("SalesItemLineDetail", required=True),
    },
    "TaxLineDetail": {
        "TaxRateRef": Is("ReferenceType", required=True),
        "PercentBased": Is("bool"),
        "TaxPercent": Is("decimal"),
        "NetAmountTaxable": Is("decimal"),
    },
    "TaxLine": {
        "Amount": Is("decimal", required=True),
        "DetailType": Is("text", required=True, words=("TaxLineDetail",)),
        "TaxLineDetail": Is("TaxLineDetail", required=True),
    },
    "TxnTaxDetail": {
        "TxnTaxCodeRef": Is("ReferenceType"),
        "TotalTax": Is("decimal"),
        "TaxLine": Is("TaxLine", many=True),
    },
    "PaymentLine": {"Amount": Is("decimal", required=True), "LinkedTxn": Is("LinkedTxn", required=True, many=True)},
    "JournalEntry": {**_NUMBERED, "Adjustment": Is("bool"), "Line": Is("JournalLine", required=True, many=True)},
    "Invoice": _SALE,
    "CreditMemo": {name: field for name, field in _SALE.items() if name != "DueDate"},
    "Payment": {
        **_TRANSACTION,
        "CustomerRef": Is("ReferenceType", required=True),
        "TotalAmt": Is("decimal", required=True),
        "PaymentRefNum": Is("text", characters_max=21),
        "PaymentMethodRef": Is("ReferenceType"),
        "DepositToAccountRef": Is("ReferenceType"),
        "ARAccountRef": Is("ReferenceType"),
        "Line": Is("PaymentLine", many=True),
    },
}
RESOURCES = ("JournalEntry", "Invoice", "CreditMemo", "Payment")


def problems(name: str, resource: Json) -> list[str]:
    """What is wrong with a resource that is to be created, each as `place: what`; numbers with decimals are Decimal."""
    found = list(_of_type(name, resource, name))
    return found or [f"{name}: {problem}" for problem in _crossing(name, resource)]


def _of_type(kind: str, value: Json, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: a {kind} is expected"
        return
    known = TYPES[kind]
    for name in value:
        if name not in known:
            yield f"{place}.{name}: unknown property"
    for name, field in known.items():
        if name not in value:
            if field.required:
                yield f"{place}.{name}: required"
        elif field.many:
            items = value[name]
            if not isinstance(items, list) or (field.required and not items):
                yield f"{place}.{name}: a list is expected"
            else:
                for number, item in enumerate(items):
                    yield from _value(field, item, f"{place}.{name}[{number}]")
        else:
            yield from _value(field, value[name], f"{place}.{name}")


def _value(field: Is, value: Json, place: str) -> Iterator[str]:
    match field.kind:
        case "text":
            good = isinstance(value, str) and bool(value) and not (field.words and value not in field.words)
            if good and field.characters_max is not None and len(value) > field.characters_max:
                yield f"{place}: longer than {field.characters_max}"
        case "decimal":
            good = isinstance(value, int | Decimal) and not isinstance(value, bool)
            if good and round(value, 7) != value:
                yield f"{place}: too many decimals"
        case "date":
            good = isinstance(value, str) and _DAY.fullmatch(value) is not None
        case "bool":
            good = isinstance(value, bool)
        case kind:
            yield from _of_type(kind, value, place)
            return
    if not good:
        yield f"{place}: {value!r} is no {field.kind} of {', '.join(field.words) or 'its form'}"


def _crossing(name: str, resource: Json) -> Iterator[str]:
    lines = resource.get("Line", ())
    match name:
        case "JournalEntry":
            sides = {"Debit": Decimal(0), "Credit": Decimal(0)}
            for line in lines:
                if line["Amount"] <= 0:
                    yield f"a line of {line['Amount']}"
                sides[line["JournalEntryLineDetail"]["PostingType"]] += line["Amount"]
            if sides["Debit"] != sides["Credit"]:
                yield f"debits {sides['Debit']}, credits {sides['Credit']}"
        case "Invoice" | "CreditMemo":
            for line in lines:
                detail = line["SalesItemLineDetail"]
                if "UnitPrice" in detail and round(detail["UnitPrice"] * detail.get("Qty", 1), 7) != line["Amount"]:
                    yield "Amount is not equal to UnitPrice * Qty"
            if total_of(name, resource) < 0:
                yield "a total below 0"
            rates = [line["TaxLineDetail"]["TaxRateRef"]["value"] for line in resource.get("TxnTaxDetail", {}).get("TaxLine", ())]
            if len(rates) != len(set(rates)):
                yield "a tax rate twice"
        case "Payment":
            owed, credited = (
                sum((line["Amount"] for line in lines if line["LinkedTxn"][0]["TxnType"] in kinds), Decimal(0))
                for kinds in (("Invoice",), ("CreditMemo",))
            )
            if owed - credited > resource["TotalAmt"]:
                yield f"applies {owed} of {resource['TotalAmt']} and {credited} credit"


def total_of(name: str, resource: Json) -> Decimal:
    """What a resource comes to."""
    if name == "Payment":
        return Decimal(resource["TotalAmt"])
    if name == "JournalEntry":
        debits = (line["Amount"] for line in resource["Line"] if line["JournalEntryLineDetail"]["PostingType"] == "Debit")
        return sum(debits, Decimal(0))
    taxes = Decimal(resource.get("TxnTaxDetail", {}).get("TotalTax", 0))
    return sum((line["Amount"] for line in resource["Line"]), Decimal(0)) + taxes
