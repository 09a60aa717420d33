"""Xero as a ledger outside: its capabilities, and the port on top of its wire."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.runtime.settings import SettingsError
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.xero import refusals
from sinks.connectors.xero.answers import Reading, amount, by_document, day, key_of, posted
from sinks.connectors.xero.chart import DEBTORS, RETAINED_EARNINGS, SALES_TAX, Chart, account_problem, trial_balance
from sinks.connectors.xero.client import BASE_URL, PAGE_DOCUMENTS, XeroCalls
from sinks.connectors.xero.rendering import COLLECTIONS, DOCUMENTS_MAX, UUID, Call, calls, element, rounding
from sinks.external.access import Access, OAuth
from sinks.external.capabilities import AccountUse, BatchAnswers, CallLimits, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.http_calls import Answer
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, RemoteIds, Request
from sinks.external.results import CallFailed, NotSent, Posted, PostResult, QuotaSpent, Refusal, Refused, Uncertain, Unknown

TOKEN_URL: Final = "https://identity.xero.com/connect/token"  # noqa: S105
JOURNAL_LINES_MAX: Final = 300
FINANCIAL_YEARS_MAX: Final = 20
PLAN_WAIT_SECONDS: Final = 86_400
_NO_TENANT: Final = "00000000-0000-0000-0000-000000000000"
_BATCHED: Final = frozenset(DocumentKind) - {DocumentKind.ALLOCATION}

CAPABILITIES: Final = Capabilities(
    kind="xero",
    name="Xero",
    grade=Grade.B,
    documents=frozenset(DocumentKind),
    findable=frozenset(DocumentKind),
    repeat=Repeat.BOOKS_AGAIN,
    journal_receivable=False,
    batch_documents_max=DOCUMENTS_MAX,
    batch_answers=BatchAnswers.EACH,
    batch_kinds=_BATCHED,
    journal_lines_max=JOURNAL_LINES_MAX,
    reads_periods=True,
    reads_balances=True,
    reads_documents=True,
    limits=CallLimits(per_minute=60, per_day=5000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Organization:
    currency: str
    closed: tuple[ClosedPeriod, ...]
    year_end: tuple[int, int]
    """Month and day on which its financial year ends."""


class XeroLedger:
    """One organization of Xero."""

    capabilities = CAPABILITIES

    def __init__(self, wire: XeroCalls, tenant_id: str, base_currency: str | None) -> None:
        self._wire = wire
        self._tenant_id = tenant_id
        self._base_currency = base_currency
        self._asked_currency: str | None = None

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:
        """The calls that would post these documents; raises ValueError where Xero has no form for one."""
        pairs = [(document, element(document, remote_ids, self._base_currency)) for document in documents]
        return [call.request for call in calls(pairs, remote_ids, self._tenant_id)]

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """Why Xero does not take an account of this kind for this use."""
        return account_problem(account, use)

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        """Send documents. Raises `CallFailed` where the first call failed; what a later call leaves open is `Unknown`."""
        journals = any(document.kind is DocumentKind.JOURNAL for document in documents)
        base_currency = await self._know_currency() if journals else None
        results: dict[str, PostResult] = {}
        pairs = []
        for document in documents:
            form = _form(document, remote_ids, base_currency)
            if isinstance(form, Refused):
                results[document.key] = form
            else:
                pairs.append((document, form))
        failure: CallFailed | None = None
        for place, call in enumerate(calls(pairs, remote_ids, self._tenant_id)):
            try:
                results |= await self._sent(call) if failure is None else {}
            except CallFailed as problem:
                if place == 0:
                    raise
                failure = problem
            if failure is not None:
                results |= {document.key: Unknown(reason=str(failure)) for document in call.documents}
        return [results[document.key] for document in documents]

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
        return (await self._organization()).closed

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """Balances at the end of a day in the organization's currency, income and expenses since ever.

        Xero's trial balance shows income and expenses since the start of the financial year and what they came to before in
        retained earnings; both are put back as they were booked.
        """
        chart, organization = await self._chart(), await self._organization()
        codes, currency, yearly = chart.codes(), organization.currency, chart.yearly()
        retained = chart.system(RETAINED_EARNINGS)
        balances = await self._trial_balance(as_of, codes, currency)
        before = 0
        for end in _year_ends(as_of, organization.year_end):
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
        reading = Reading(await self._know_currency(), chart.codes(), chart.system(DEBTORS), chart.system(SALES_TAX))
        for kind in (DocumentKind.JOURNAL, DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE, DocumentKind.PAYMENT):
            seen: set[str] = set()
            async for held in self._pages(COLLECTIONS[kind], where):
                found = _read(reading, held, kind)
                if found.remote_id not in seen:
                    seen.add(found.remote_id)
                    yield found

    async def close(self) -> None:
        """Let go of the connection."""
        await self._wire.close()

    async def _sent(self, call: Call) -> dict[str, PostResult]:
        answer = await self._wire.write(call.request)
        elements, fault = _elements(answer, call)
        found = by_document(call.documents, elements)
        results: dict[str, PostResult] = {}
        limits: list[str] = []
        for document in call.documents:
            try:
                if document.key in found:
                    results[document.key] = await self._result(document, found[document.key], answer)
                elif fault is not None and not elements:
                    results[document.key] = await self._judged(document, [fault], answer)
                else:
                    results[document.key] = Unknown(reason="Xero's answer says nothing about this document")
            except refusals.PlanLimit as limit:
                limits.append(str(limit))
                results[document.key] = Unknown(reason=str(limit))
        if limits and not any(isinstance(result, Posted) for result in results.values()):
            raise QuotaSpent(f"the organization's plan takes no more documents now: {limits[0]}", PLAN_WAIT_SECONDS)
        return results

    async def _result(self, document: LedgerDocument, held: Mapping[str, Any], answer: Answer) -> PostResult:
        texts = refusals.messages(held)
        failed = texts or held.get("StatusAttributeString") == "ERROR" or held.get("HasErrors") is True
        if failed or answer.status != 200:
            return await self._judged(document, texts, answer)
        return posted(document, held) or Unknown(reason="Xero's answer has no id for this document")

    async def _judged(self, document: LedgerDocument, texts: Sequence[str], answer: Answer) -> PostResult:
        code = str(answer.status)
        if answer.status == 404:
            return Refused(refusal=Refusal.DEPENDENCY, code=code, message=f"Xero does not know its credit note: {'; '.join(texts)}")
        try:
            return refusals.refused(texts, code)
        except refusals.NumberTaken as taken:
            return await self._number_taken(document, code, str(taken))

    async def _number_taken(self, document: LedgerDocument, code: str, words: str) -> PostResult:
        """The number stands there: by an earlier try of ours, or by somebody's document."""
        try:
            found = await self.find(document)
        except CallFailed as problem:
            return Unknown(reason=str(problem))
        return found or Refused(refusal=Refusal.CONFLICT, code=code, message=words, about=document.reference)

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

    async def _know_currency(self) -> str:
        if self._base_currency is not None:
            return self._base_currency
        if self._asked_currency is None:
            self._asked_currency = (await self._organization()).currency
        return self._asked_currency

    async def _organization(self) -> _Organization:
        rows = (await self._wire.read("/Organisation")).get("Organisations") or [{}]
        row = rows[0]
        named = (("PeriodLockDate", "period lock date"), ("EndOfYearLockDate", "end of year lock date"))
        return _Organization(
            currency=str(row.get("BaseCurrency") or self._base_currency or ""),
            closed=tuple(ClosedPeriod(start=None, end=day(row[field]), name=name) for field, name in named if row.get(field)),
            year_end=(int(row.get("FinancialYearEndMonth") or 12), int(row.get("FinancialYearEndDay") or 31)),
        )

    async def _trial_balance(self, as_of: str, codes: Mapping[str, str], currency: str) -> dict[str, int]:
        return trial_balance(await self._wire.read("/Reports/TrialBalance", {"date": as_of}), codes, currency)


def _elements(answer: Answer, call: Call) -> tuple[list[Any], str | None]:
    """The elements of an answer, and what it says as a whole where it says something. Raises `CallFailed` where that is no answer."""
    kind = call.documents[0].kind
    if answer.status == 409:
        raise Uncertain(f"Xero answers 409, the same call is still being worked on: {answer.words()}")
    if answer.status == 404 and kind is not DocumentKind.ALLOCATION:
        raise NotSent(f"Xero answers 404 to {call.request.path}: check base_url, which ends in /api.xro/2.0")
    try:
        body = answer.json()
    except Uncertain:
        if answer.status == 200:
            raise
        return [], answer.words()
    if not isinstance(body, dict):
        raise Uncertain(f"Xero answers {answer.status} with {type(body).__name__} instead of an object: {answer.words()}")
    elements = body.get(COLLECTIONS[kind]) or body.get("Elements")
    if isinstance(elements, list) and elements:
        return elements, None
    return [], str(body.get("Message") or body.get("Detail") or answer.words())


def _form(document: LedgerDocument, remote_ids: RemoteIds, base_currency: str | None) -> dict[str, Any] | Refused:
    """A document as it is sent, or why it cannot be."""
    for settled in (document.settles, document.source):
        if settled is not None and settled.key not in remote_ids:
            message = f"document {document.reference}: {settled.reference} does not stand in Xero, so it cannot be settled"
            return Refused(refusal=Refusal.DEPENDENCY, code="not_there", message=message, about=settled.reference)
    try:
        form = element(document, remote_ids, base_currency)
    except ValueError as problem:
        return Refused(refusal=Refusal.INVALID, code="no_form", message=str(problem))
    rounded = rounding(document)
    return form if rounded is None else Refused(refusal=Refusal.INVALID, code="rounded", message=rounded)


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


def make(connection: Connection, access: Access | None) -> XeroLedger:
    """A connector; no call goes out yet. Raises `SettingsError` for options that are not Xero's, or that it needs."""
    place = f"connections.{connection.name}.options"
    unknown = sorted(set(connection.options) - set(OPTIONS))
    if unknown:
        raise SettingsError(f"{place}.{unknown[0]} is no option of Xero; there are {', '.join(OPTIONS)}")
    tenant_id, base_currency = connection.options.get("tenant_id", ""), connection.options.get("base_currency")
    if not UUID.fullmatch(tenant_id):
        raise SettingsError(f"{place}.tenant_id: the id of the organization is expected, 36 characters, as `GET /connections` shows it")
    if base_currency is not None and base_currency not in CURRENCY_EXPONENTS:
        raise SettingsError(f"{place}.base_currency: a currency code like EUR is expected, not {base_currency}")
    return XeroLedger(XeroCalls(connection.base_url or BASE_URL, tenant_id, access), tenant_id, base_currency)


def _sandbox() -> Connection:
    return Connection(name="xero-sandbox", kind="xero", options={"tenant_id": _NO_TENANT})


OPTIONS: Final[Mapping[str, str]] = {
    "tenant_id": "id of the organization that is booked to",
    "base_currency": "currency of the organization; unset: Xero is asked before the first journal",
}

KIND: Final = ConnectorKind(
    capabilities=CAPABILITIES,
    make=make,
    options=OPTIONS,
    needed=frozenset({"tenant_id"}),
    secrets={
        "client_id": "client id of the app at Xero",
        "client_secret": "its client secret",
        "refresh_token": "the first refresh token, of the user who connected the organization",
        "token_key": "own key file",
    },
    sandbox=_sandbox,
    oauth=OAuth(token_url=TOKEN_URL, rotates=True),
)
