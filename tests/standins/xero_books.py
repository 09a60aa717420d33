"""The books of Xero's stand-in: what Xero refuses in its own words, what it keeps, and what its reports add up to."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

from asiento.accounting.money import CURRENCY_EXPONENTS

NAMESPACE: Final = UUID("0f6c2f4e-7f0c-5f5e-9f3e-6a4a9b0c1d2e")
RECEIVABLE: Final = "610"
SALES_TAX: Final = "820"
RETAINED: Final = "960"
KIND_OF: Final = {"ManualJournals": "journal", "Invoices": "invoice", "CreditNotes": "credit_note", "Allocations": "allocation"}
_KEY: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def account(code: str, name: str, kind: str, **more: Any) -> dict[str, Any]:
    """A row of the chart as `GET /Accounts` shows it."""
    classes = {"BANK": "ASSET", "CURRENT": "ASSET", "CURRLIAB": "LIABILITY", "EQUITY": "EQUITY", "REVENUE": "REVENUE"}
    row = {"AccountID": str(uuid5(NAMESPACE, f"account {code}")), "Code": code, "Name": name, "Type": kind, "Status": "ACTIVE"}
    return row | {"Class": classes.get(kind, "EXPENSE"), "EnablePaymentsToAccount": False} | more


CHART: Final = (
    account("090", "Bank", "BANK", CurrencyCode="EUR", BankAccountType="BANK"),
    account("200", "Sales", "REVENUE"),
    account("205", "Returns", "REVENUE"),
    account("310", "Cost of goods", "DIRECTCOSTS"),
    account("400", "Fees", "EXPENSE"),
    account(RECEIVABLE, "Accounts receivable", "CURRENT", SystemAccount="DEBTORS"),
    account("620", "Card clearing", "CURRENT", EnablePaymentsToAccount=True),
    account("630", "Inventory", "CURRENT"),
    account("640", "Orders of customers", "CURRENT"),
    account("800", "Accounts payable", "CURRLIAB", SystemAccount="CREDITORS"),
    account(SALES_TAX, "Sales tax", "CURRLIAB", SystemAccount="GST"),
    account("830", "Prepaid by customers", "CURRLIAB", EnablePaymentsToAccount=True),
    account("840", "Owed to customers", "CURRLIAB", EnablePaymentsToAccount=True),
    account("850", "Taxes by hand", "CURRLIAB"),
    account("480", "Put away", "EXPENSE", Status="ARCHIVED"),
    account(RETAINED, "Retained earnings", "EQUITY", SystemAccount="RETAINEDEARNINGS"),
)


@dataclass(slots=True)
class Held:
    """A document in the books: `element` as Xero answers it, `open` what is still to be settled."""

    collection: str
    element: dict[str, Any]
    day: str
    key: str | None
    kind: str
    currency: str
    total: Decimal
    postings: list[tuple[str, Decimal]]
    open: Decimal = Decimal(0)

    @property
    def counts(self) -> bool:
        """Whether it is in the books."""
        return self.element.get("Status") not in ("VOIDED", "DELETED")

    @property
    def minor_units(self) -> int:
        """Its total."""
        return int(self.total.scaleb(CURRENCY_EXPONENTS[self.currency]))


@dataclass(slots=True)
class Books:
    """One organization."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=lambda: {row["Code"]: row for row in CHART})
    tax_types: set[str] = field(default_factory=lambda: {"NONE", "OUTPUT", "OUTPUT2", "EXEMPTOUTPUT"})
    currency: str = "EUR"
    period_lock: str | None = None
    year_end_lock: str | None = None
    held: list[Held] = field(default_factory=list)
    _clock_ms: int = 1_750_000_000_000
    _by_id: dict[str, Held] = field(default_factory=dict)
    _numbers: set[tuple[str, str]] = field(default_factory=set)

    def book(self, collection: str, element: Mapping[str, Any], credit_note_id: str | None = None) -> Held | list[str]:
        """Book one element of a call, or say what stands against it."""
        match collection:
            case "ManualJournals":
                against = [*self._day(element["Date"]), *self._lines(element["JournalLines"])]
                return against or self._keep(collection, element, self._journal(element))
            case "Invoices" | "CreditNotes":
                return list(self._against_document(collection, element)) or self._keep(
                    collection, element, self._document(collection, element)
                )
            case "Payments":
                return list(self._against_payment(element)) or self._keep(collection, element, self._payment(element))
            case _:
                return self._allocate(element, credit_note_id or "")

    def by_id(self, identity: str) -> Held | None:
        """A document by Xero's id."""
        return self._by_id.get(identity)

    def balances(self, as_of: str) -> dict[str, Decimal]:
        """Account -> balance as a trial balance shows it: income and expenses of the calendar year, the rest since ever."""
        year = as_of[:4]
        sums: dict[str, Decimal] = {}
        for held in self.held:
            if held.counts and held.day <= as_of:
                for code, amount in held.postings:
                    earlier = held.day[:4] < year and self.accounts[code]["Class"] in ("REVENUE", "EXPENSE")
                    place = RETAINED if earlier else code
                    sums[place] = sums.get(place, Decimal(0)) + amount
        return sums

    def changed(self) -> str:
        """The instant of the next change."""
        self._clock_ms += 1000
        return f"/Date({self._clock_ms}+0000)/"

    def _keep(self, collection: str, element: Mapping[str, Any], held: Held) -> Held:
        names = {"ManualJournals": "ManualJournalID", "Invoices": "InvoiceID", "CreditNotes": "CreditNoteID", "Payments": "PaymentID"}
        identity = str(uuid5(NAMESPACE, f"{collection} {len(self.held)}"))
        held.element = dict(element) | {names[collection]: identity, "UpdatedDateUTC": self.changed()} | held.element
        self._by_id[identity] = held
        self.held.append(held)
        return held

    def _day(self, day: str) -> Iterator[str]:
        for lock, name in ((self.period_lock, "period"), (self.year_end_lock, "end of year")):
            if lock is not None and day <= lock:
                shown = date.fromisoformat(lock).strftime("%d-%b-%Y")
                yield f"The document date cannot be before the {name} lock date, currently set at {shown}"

    def _lines(self, lines: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        for line in lines:
            row = self._account(line.get("AccountCode"), line.get("AccountID"))
            named = line.get("AccountCode") or line.get("AccountID")
            if row is None:
                yield f"Account code '{named}' is not a valid code for this document."
            elif row["Status"] != "ACTIVE":
                yield f"Account code '{named}' has been archived or has been deleted. Each line item must reference a valid account."
            elif row["Type"] == "BANK" or row.get("SystemAccount") in ("DEBTORS", "CREDITORS"):
                yield f"Account code '{named}' is not a valid code for this document."
            if line.get("TaxType", "NONE") not in self.tax_types:
                yield f"The TaxType code '{line['TaxType']}' does not exist or cannot be used for this type of transaction."

    def _account(self, code: str | None, identity: str | None = None) -> dict[str, Any] | None:
        if code is not None:
            return self.accounts.get(code)
        return next((row for row in self.accounts.values() if row["AccountID"] == identity), None)

    def _code(self, line: Mapping[str, Any]) -> str:
        row = self._account(line.get("AccountCode", line.get("Code")), line.get("AccountID"))
        return str(row["Code"]) if row else ""

    def _journal(self, element: Mapping[str, Any]) -> Held:
        postings = [(self._code(line), Decimal(line["LineAmount"])) for line in element["JournalLines"]]
        keys = _KEY.findall(element["Narration"])
        total = sum((amount for _, amount in postings if amount > 0), Decimal(0))
        return Held("ManualJournals", {}, element["Date"], keys[-1] if keys else None, "journal", self.currency, total, postings)

    def _against_document(self, collection: str, element: Mapping[str, Any]) -> Iterator[str]:
        number = _number(element)
        if (collection, number) in self._numbers:
            yield "Invoice # must be unique." if collection == "Invoices" else "Credit Note # must be unique."
        if element["Type"] != ("ACCREC" if collection == "Invoices" else "ACCRECCREDIT"):
            yield "Only documents of customers are expected here"
        if _sums(element)[2] < 0:
            yield "The document total must be greater than or equal to zero"
        yield from self._day(element["Date"])
        yield from self._lines(element["LineItems"])

    def _document(self, collection: str, element: Mapping[str, Any]) -> Held:
        net, tax, total = _sums(element)
        sign = Decimal(1 if collection == "Invoices" else -1)
        postings = [(self._code(item), -sign * Decimal(item["LineAmount"])) for item in element["LineItems"]]
        postings += [(SALES_TAX, -sign * tax), (RECEIVABLE, sign * total)]
        self._numbers.add((collection, _number(element)))
        shown: dict[str, Any] = {"SubTotal": net, "TotalTax": tax, "Total": total, "HasErrors": False}
        shown |= {"Contact": {"ContactID": str(uuid5(NAMESPACE, str(element["Contact"])))} | element["Contact"]}
        shown |= {"AmountDue": total, "Payments": []} if collection == "Invoices" else {"RemainingCredit": total, "Allocations": []}
        key = element.get("Reference")
        return Held(collection, shown, element["Date"], key, KIND_OF[collection], element["CurrencyCode"], total, postings, total)

    def _settled(self, element: Mapping[str, Any]) -> Held | None:
        named = element.get("Invoice") or element.get("CreditNote") or {}
        return self.by_id(str(named.get("InvoiceID") or named.get("CreditNoteID")))

    def _against_payment(self, element: Mapping[str, Any]) -> Iterator[str]:
        settled, row = self._settled(element), self._account(element["Account"].get("Code"), element["Account"].get("AccountID"))
        if row is None or row["Status"] != "ACTIVE":
            yield "Account could not be found"
        elif row["Type"] != "BANK" and not row["EnablePaymentsToAccount"]:
            yield "Account must be valid: it is no bank account and payments to it are not enabled"
        if settled is None or not settled.counts:
            yield "Invoice could not be found"
        elif Decimal(element["Amount"]) > settled.open:
            yield "Payment amount exceeds the amount outstanding on this document"
        elif Decimal(element["Amount"]) <= 0:
            yield "Amount must be greater than zero"
        yield from self._day(element["Date"])

    def _payment(self, element: Mapping[str, Any]) -> Held:
        settled, amount = self._settled(element), Decimal(element["Amount"])
        assert settled is not None
        sign, kind = (Decimal(1), "payment") if settled.kind == "invoice" else (Decimal(-1), "refund")
        settled.open -= amount
        settled.element["UpdatedDateUTC"] = self.changed()
        code = self._code(element["Account"])
        shown = {
            "Status": "AUTHORISED",
            "PaymentType": "ACCRECPAYMENT" if kind == "payment" else "ARCREDITPAYMENT",
            "Account": {"AccountID": self.accounts[code]["AccountID"], "Code": code},
            ("Invoice" if kind == "payment" else "CreditNote"): _brief(settled),
            "HasValidationErrors": False,
        }
        postings = [(code, sign * amount), (RECEIVABLE, -sign * amount)]
        return Held("Payments", shown, element["Date"], element.get("Reference"), kind, settled.currency, amount, postings)

    def _allocate(self, element: Mapping[str, Any], credit_note_id: str) -> Held | list[str]:
        note, invoice, amount = self.by_id(credit_note_id), self._settled(element), Decimal(element["Amount"])
        if note is None or invoice is None:
            return ["The credit note or the invoice could not be found"]
        if amount > note.open or amount > invoice.open:
            return ["The amount of the allocation exceeds the remaining credit or the amount outstanding"]
        note.open -= amount
        invoice.open -= amount
        identity = str(uuid5(NAMESPACE, f"allocation {credit_note_id} {len(note.element['Allocations'])}"))
        day = _milliseconds(element["Date"])
        shown = {"AllocationID": identity, "Amount": amount, "Date": day, "Invoice": _brief(invoice), "IsDeleted": False}
        note.element["Allocations"].append(shown)
        held = Held("Allocations", shown, element["Date"], f"{note.key}>{invoice.key}", "allocation", note.currency, amount, [])
        self.held.append(held)
        return held


def _sums(element: Mapping[str, Any]) -> tuple[Decimal, Decimal, Decimal]:
    net = sum((Decimal(item["LineAmount"]) for item in element["LineItems"]), Decimal(0))
    tax = sum((Decimal(item.get("TaxAmount", 0)) for item in element["LineItems"]), Decimal(0))
    return net, tax, net + tax


def _number(element: Mapping[str, Any]) -> str:
    return str(element.get("InvoiceNumber") or element.get("CreditNoteNumber"))


def _brief(held: Held) -> dict[str, Any]:
    names = ("InvoiceID", "InvoiceNumber", "CreditNoteID", "CreditNoteNumber", "CurrencyCode", "Type")
    return {name: held.element[name] for name in names if name in held.element}


def _milliseconds(day: str) -> str:
    return f"/Date({int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1000}+0000)/"


def shown(held: Held) -> dict[str, Any]:
    """A document as Xero answers it: its dates in milliseconds."""
    dates = {name: _milliseconds(held.element[name]) for name in ("Date", "DueDate") if re.match(r"\d{4}-", str(held.element.get(name)))}
    return held.element | dates
