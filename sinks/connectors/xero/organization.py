"""One organization of Xero, read: its settings, its chart and balances, its documents by key and by day."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sinks.connectors.xero.answers import Reading, amount, day, key_of, posted
from sinks.connectors.xero.chart import DEBTORS, RETAINED_EARNINGS, SALES_TAX, Chart, trial_balance
from sinks.connectors.xero.client import PAGE_DOCUMENTS, XeroCalls
from sinks.connectors.xero.rendering import COLLECTIONS
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument
from sinks.external.results import Posted, Refusal, Refused

FINANCIAL_YEARS_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    currency: str
    closed: tuple[ClosedPeriod, ...]
    year_end: tuple[int, int]
    """Month and day on which its financial year ends."""


class Organization:
    """Reads one organization; `base_currency` None = it is asked for when it is needed. Every call may raise `CallFailed`."""

    def __init__(self, wire: XeroCalls, base_currency: str | None) -> None:
        self._wire = wire
        self._currency = base_currency

    async def currency(self) -> str:
        """The currency of its books."""
        if self._currency is None:
            self._currency = (await self._settings()).currency
        return self._currency

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """Look a document up by its key. One that somebody voided there stands: it was booked, and is not booked again."""
        if document.kind is DocumentKind.ALLOCATION:
            return await self._find_allocation(document)
        where = f'Reference=="{document.key}"'
        if document.kind is DocumentKind.JOURNAL:
            where = f"Date=={_date_words(document.date)}"
        reading = Reading(document.currency, {}, None, None)
        async for held in self._pages(COLLECTIONS[document.kind], where):
            if key_of(held) == document.key:
                return _same(document, held, _read(reading, held, document.kind))
        return None

    async def accounts(self) -> Sequence[RemoteAccount]:
        """The chart of accounts."""
        return list((await self._chart()).accounts())

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """What the lock dates of the organization close."""
        return (await self._settings()).closed

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """Balances at the end of a day in the organization's currency, income and expenses since ever.

        Xero's trial balance shows income and expenses since the start of the financial year and what they came to before in
        retained earnings; both are put back as they were booked.
        """
        chart, settings = await self._chart(), await self._settings()
        codes, currency, yearly = chart.codes(), settings.currency, chart.yearly()
        retained = chart.system(RETAINED_EARNINGS)
        balances = await self._trial_balance(as_of, codes, currency)
        before = 0
        for end in _year_ends(as_of, settings.year_end):
            earlier = await self._trial_balance(end, codes, currency)
            moved = {code: value for code, value in earlier.items() if value and code in yearly}
            if not any(earlier.values()):
                break
            for code, value in moved.items():
                balances[code] = balances.get(code, 0) + value
                before += value
        if retained is not None and before:
            balances[retained] = balances.get(retained, 0) - before
        return {(code, currency): value for code, value in balances.items() if value}

    async def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        """Journals, invoices, credit notes and payments dated in these days; allocations post nothing and are not among them."""
        where = f"Date>={_date_words(first)} AND Date<={_date_words(last)}"
        chart = await self._chart()
        reading = Reading(await self.currency(), chart.codes(), chart.system(DEBTORS), chart.system(SALES_TAX))
        for kind in (DocumentKind.JOURNAL, DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE, DocumentKind.PAYMENT):
            seen: set[str] = set()
            async for held in self._pages(COLLECTIONS[kind], where):
                found = _read(reading, held, kind)
                if found.remote_id not in seen:
                    seen.add(found.remote_id)
                    yield found

    async def _find_allocation(self, document: LedgerDocument) -> Posted | None:
        source, settles = document.source, document.settles
        if source is None or settles is None:
            return None
        answer = await self._wire.read("/CreditNotes", {"where": f'Reference=="{source.key}"', "page": "1"})
        for note in answer.get("CreditNotes") or ():
            for held in note.get("Allocations") or ():
                invoice, booked = held.get("Invoice") or {}, amount(held.get("Amount"), document.currency)
                same = invoice.get("InvoiceNumber") == settles.reference and booked == document.total
                if same and not held.get("IsDeleted") and day(held.get("Date")) == document.date:
                    return posted(document, held, earlier=True)
        return None

    async def _pages(self, collection: str, where: str) -> AsyncIterator[Mapping[str, Any]]:
        """Documents, last changed first: what is changed while pages are read moves to the front and hides nothing."""
        page = 0
        while True:
            page += 1
            query = {"where": where, "order": "UpdatedDateUTC DESC", "page": str(page), "pageSize": str(PAGE_DOCUMENTS)}
            held = (await self._wire.read(f"/{collection}", query)).get(collection) or []
            for one in held:
                yield one
            if len(held) < PAGE_DOCUMENTS:
                return

    async def _chart(self) -> Chart:
        rows = (await self._wire.read("/Accounts")).get("Accounts") or ()
        return Chart(tuple(row for row in rows if isinstance(row, dict)))

    async def _settings(self) -> _Settings:
        rows = (await self._wire.read("/Organisation")).get("Organisations") or [{}]
        row = rows[0]
        named = (("PeriodLockDate", "period lock date"), ("EndOfYearLockDate", "end of year lock date"))
        return _Settings(
            currency=str(row.get("BaseCurrency") or self._currency or ""),
            closed=tuple(ClosedPeriod(start=None, end=day(row[field]), name=name) for field, name in named if row.get(field)),
            year_end=(int(row.get("FinancialYearEndMonth") or 12), int(row.get("FinancialYearEndDay") or 31)),
        )

    async def _trial_balance(self, as_of: str, codes: Mapping[str, str], currency: str) -> dict[str, int]:
        return trial_balance(await self._wire.read("/Reports/TrialBalance", {"date": as_of}), codes, currency)


def _read(reading: Reading, held: Mapping[str, Any], kind: DocumentKind) -> RemoteDocument:
    match kind:
        case DocumentKind.JOURNAL:
            return reading.journal(held)
        case DocumentKind.INVOICE | DocumentKind.CREDIT_NOTE:
            return reading.document(held, kind)
        case _:
            return reading.payment(held)


def _same(document: LedgerDocument, held: Mapping[str, Any], found: RemoteDocument) -> Posted | Refused | None:
    """What stands under our key: ours, or another content. A voided one has lost its figures."""
    expected = (document.date, document.currency, document.total)
    there = (found.date, found.currency, found.total)
    if found.voided or there == expected:
        return posted(document, held, earlier=True)
    message = f"document {document.reference}: under its key stands {_words(there)} in Xero, to be booked is {_words(expected)}"
    return Refused(refusal=Refusal.CONFLICT, code="other_content", message=message, about=found.remote_id)


def _words(content: tuple[str, str, int]) -> str:
    on, currency, total = content
    return f"{total} minor units of {currency} on {on}"


def _date_words(iso: str) -> str:
    """A day in the language of Xero's filters."""
    year, month, number = iso.split("-")
    return f"DateTime({year}, {month}, {number})"


def _year_ends(as_of: str, year_end: tuple[int, int]) -> list[str]:
    """The ends of the financial years before the one that a day is in, latest first."""
    on, (month, number) = date.fromisoformat(as_of), year_end
    ends = (_year_end(year, month, number) for year in range(on.year, on.year - FINANCIAL_YEARS_MAX - 1, -1))
    return [end.isoformat() for end in ends if end < on][:FINANCIAL_YEARS_MAX]


def _year_end(year: int, month: int, number: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(following - timedelta(days=1), date(year, month, min(number, 28)) + timedelta(days=max(number - 28, 0)))
