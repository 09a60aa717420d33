"""What QuickBooks holds, as it is compared: its resources reduced to key, date, currency, total and postings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from asiento.accounting.money import CURRENCY_EXPONENTS
from sinks.connectors.quickbooks.marks import key_in
from sinks.external.amounts import minor_units
from sinks.external.documents import DocumentKind
from sinks.external.port import RemoteAccount, RemoteDocument, RemoteLine

RECEIVABLE: Final = "Accounts Receivable"
_VOIDED: Final = "voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What lines of sales do not say themselves: the account of an item, the one account of receivables of a currency."""

    item_accounts: Mapping[str, str] = field(default_factory=dict)
    receivables: Mapping[str, str] = field(default_factory=dict)


def chart_of(accounts: Iterable[RemoteAccount], items: Iterable[Mapping[str, Any]], home_currency: str) -> Chart:
    """The chart of these accounts and items; a currency with several accounts of receivables has none that is certain."""
    receivables: dict[str, set[str]] = {}
    for account in accounts:
        if account.active and account_type(account) == RECEIVABLE:
            receivables.setdefault(account.currency or home_currency, set()).add(account.code)
    return Chart(
        item_accounts={str(item["Id"]): code for item in items if (code := reference_in(item, "IncomeAccountRef")) is not None},
        receivables={currency: codes.pop() for currency, codes in receivables.items() if len(codes) == 1},
    )


def account_in(resource: Mapping[str, Any]) -> RemoteAccount:
    """An account; its kind is `type/subtype` in the vendor's words."""
    return RemoteAccount(
        code=str(resource["Id"]),
        name=str(resource.get("FullyQualifiedName") or resource.get("Name") or ""),
        kind=f"{resource.get('AccountType', '')}/{resource.get('AccountSubType', '')}",
        active=resource.get("Active", True) is not False,
        currency=reference_in(resource, "CurrencyRef"),
    )


def account_type(account: RemoteAccount) -> str:
    """The vendor's type of an account: `Bank`."""
    return account.kind.partition("/")[0]


def account_subtype(account: RemoteAccount) -> str:
    """The vendor's subtype of an account: `Checking`."""
    return account.kind.partition("/")[2]


def reference_in(resource: Mapping[str, Any], name: str) -> str | None:
    """The Id that a field of kind reference holds."""
    found = resource.get(name)
    return str(found["value"]) if isinstance(found, Mapping) and found.get("value") not in (None, "") else None


def remote_document(name: str, resource: Mapping[str, Any], home_currency: str, chart: Chart) -> RemoteDocument:
    """A resource of the API as it is compared; raises ValueError or KeyError where it has another form than the vendor documents."""
    currency = reference_in(resource, "CurrencyRef") or home_currency
    figures = _Figures(resource, currency, chart)
    kind, total, lines = figures.of(name)
    note = resource.get("PrivateNote")
    number = resource.get("PaymentRefNum") if name == "Payment" else resource.get("DocNumber")
    return RemoteDocument(
        remote_id=str(resource["Id"]),
        key=key_in(note),
        kind=kind.value,
        reference=str(note).partition(": ")[0] if key_in(note) else str(number or ""),
        date=str(resource["TxnDate"]),
        currency=currency,
        total=total,
        lines=lines,
        number=None if number in (None, "") else str(number),
        edited=_edited(resource),
        voided=total == 0 and isinstance(note, str) and note.lower().startswith(_VOIDED),
    )


def _edited(resource: Mapping[str, Any]) -> bool:
    """Whether somebody changed it: QuickBooks counts changes, but what is linked to a payment is counted up by that as well."""
    times = resource.get("MetaData") or {}
    changed = str(resource.get("SyncToken", "0")) != "0" and times.get("LastUpdatedTime") != times.get("CreateTime")
    linked = bool(resource.get("LinkedTxn")) or _open_differs(resource)
    return changed and not linked


def _open_differs(resource: Mapping[str, Any]) -> bool:
    balance = resource.get("RemainingCredit", resource.get("Balance"))
    return balance is not None and str(balance).rstrip("0").rstrip(".") != str(resource.get("TotalAmt")).rstrip("0").rstrip(".")


class _Figures:
    """Total and postings of one resource."""

    def __init__(self, resource: Mapping[str, Any], currency: str, chart: Chart) -> None:
        self._resource = resource
        self._exponent = CURRENCY_EXPONENTS.get(currency, 2)
        self._chart = chart
        self._receivable = chart.receivables.get(currency)

    def of(self, name: str) -> tuple[DocumentKind, int, tuple[RemoteLine, ...]]:
        match name:
            case "JournalEntry":
                return self._journal()
            case "Invoice":
                return (DocumentKind.INVOICE, *self._sale(1))
            case "CreditMemo":
                return (DocumentKind.CREDIT_NOTE, *self._sale(-1))
            case "Payment":
                return self._payment()
        raise ValueError(f"{name} is not read")

    def _journal(self) -> tuple[DocumentKind, int, tuple[RemoteLine, ...]]:
        postings = []
        for line in self._resource.get("Line", ()):
            detail = line.get("JournalEntryLineDetail")
            if detail is not None:
                amount = self._amount(line.get("Amount", 0))
                postings.append((str(detail["AccountRef"]["value"]), amount if detail["PostingType"] == "Debit" else -amount))
        return DocumentKind.JOURNAL, sum(amount for _, amount in postings if amount > 0), _summed(postings)

    def _sale(self, side: int) -> tuple[int, tuple[RemoteLine, ...]]:
        total = self._amount(self._resource.get("TotalAmt", 0))
        tax = (self._resource.get("TxnTaxDetail") or {}).get("TotalTax", 0)
        postings: list[tuple[str | None, int]] = [(self._receivable, side * total)]
        for line in self._resource.get("Line", ()):
            detail = line.get("SalesItemLineDetail")
            if detail is not None:
                account = reference_in(detail, "ItemAccountRef") or self._chart.item_accounts.get(reference_in(detail, "ItemRef") or "")
                postings.append((account, -side * self._amount(line.get("Amount", 0))))
        known = [(account, amount) for account, amount in postings if account is not None]
        whole = len(known) == len(postings) and sum(amount for _, amount in known) == 0 and self._amount(tax) == 0
        return total, _summed(known) if whole else ()

    def _payment(self) -> tuple[DocumentKind, int, tuple[RemoteLine, ...]]:
        total = self._amount(self._resource.get("TotalAmt", 0))
        if total == 0:
            linked = [line for line in self._resource.get("Line", ()) if _links_to(line, "Invoice")]
            kind = DocumentKind.ALLOCATION if linked else DocumentKind.PAYMENT
            return kind, sum(self._amount(line.get("Amount", 0)) for line in linked), ()
        receivable = reference_in(self._resource, "ARAccountRef") or self._receivable
        account = reference_in(self._resource, "DepositToAccountRef")
        if receivable is None or account is None:
            return DocumentKind.PAYMENT, total, ()
        return DocumentKind.PAYMENT, total, _summed([(account, total), (receivable, -total)])

    def _amount(self, value: Any) -> int:
        return minor_units(value, self._exponent)


def _links_to(line: Mapping[str, Any], kind: str) -> bool:
    return any(link.get("TxnType") == kind for link in line.get("LinkedTxn", ()))


def _summed(postings: Iterable[tuple[str, int]]) -> tuple[RemoteLine, ...]:
    sums: dict[str, int] = {}
    for account, amount in postings:
        sums[account] = sums.get(account, 0) + amount
    return tuple(RemoteLine(account=account, amount=amount) for account, amount in sorted(sums.items()) if amount)
