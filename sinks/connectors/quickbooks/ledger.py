"""The connector of QuickBooks Online."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from asiento.accounting.money import CURRENCY_EXPONENTS
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.quickbooks.client import HEADERS, CutOff, QuickBooksClient, query_string, quoted
from sinks.connectors.quickbooks.company import NEEDED, OPTIONS, Company, company_of
from sinks.connectors.quickbooks.faults import DUPLICATE, failure_of, fault_in, refusal_of
from sinks.connectors.quickbooks.marks import batch_request_id_of, number_of, request_id_of
from sinks.connectors.quickbooks.reading import (
    RECEIVABLE,
    Chart,
    account_in,
    account_subtype,
    account_type,
    chart_of,
    remote_document,
)
from sinks.connectors.quickbooks.rendering import RESOURCES, finer_than_kept, resource_of
from sinks.connectors.quickbooks.trial_balance import fiscal_years, report_amounts, since_ever
from sinks.external.access import Access, OAuth
from sinks.external.capabilities import AccountUse, BatchAnswers, CallLimits, Capabilities, Grade, Repeat
from sinks.external.connections import Connection, Mode
from sinks.external.documents import DIRECT_KINDS, LedgerDocument
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, RemoteIds, Request
from sinks.external.results import AuthRefused, CallFailed, Posted, PostResult, Refusal, Refused, Uncertain, Unknown, unanswered

BASE_URL: Final = "https://quickbooks.api.intuit.com"
AUTHORIZED_AT: Final = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
BATCH_DOCUMENTS_MAX: Final = 10
"""Intuit names 30 on one page and 10 on another; with 40 batches a minute 10 stay below 500 documents a minute."""
PAGE_RESOURCES_MAX: Final = 1000
PAGE_RESOURCES_MIN: Final = 50
READ: Final = ("JournalEntry", "Invoice", "CreditMemo", "Payment")
WITHOUT_JOURNALS: Final = frozenset({"GlobalTaxPayable", "GlobalTaxSuspense"})
WITHOUT_ITEMS: Final = frozenset({"Bank", "Credit Card", RECEIVABLE, "Accounts Payable"})
DEPOSITED_ROLES: Final = frozenset({"psp_clearing", "marketplace_clearing", "carrier_clearing", "bank_clearing", "cash"})
"""Roles of money, whose accounts are of a type that payments are deposited to; others are not, or not as a rule."""
DEPOSITED_TO: Final = frozenset({"Bank", "Other Current Asset"})

CAPABILITIES: Final = Capabilities(
    kind="quickbooks",
    name="QuickBooks Online",
    grade=Grade.B,
    documents=frozenset(RESOURCES),
    findable=frozenset(RESOURCES),
    repeat=Repeat.BOOKS_AGAIN,
    journal_contact=True,
    payment_roles=DEPOSITED_ROLES,
    lines_need_items=True,
    batch_documents_max=BATCH_DOCUMENTS_MAX,
    batch_answers=BatchAnswers.EACH,
    batch_kinds=frozenset(RESOURCES),
    reads_periods=True,
    reads_balances=True,
    reads_documents=True,
    limits=CallLimits(per_second=10, per_minute=40),
)
"""repeat: `requestid` is sent, but how long it is remembered is not documented: every document is looked up before it is sent again.
limits: of batches, the narrowest."""


class QuickBooksLedger:
    """One company of QuickBooks Online; see the port for what its members promise."""

    def __init__(self, connection: Connection, access: Access | None) -> None:
        self._company = company_of(connection)
        self._client = QuickBooksClient(connection.base_url or BASE_URL, access)
        self._in_documents = connection.mode is Mode.DOCUMENTS
        self._is_the_company = False

    @property
    def capabilities(self) -> Capabilities:
        """Balances are in home currency only, so that a company with several shows none that could be compared."""
        return replace(CAPABILITIES, reads_balances=not self._company.multicurrency)

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:
        """One call a document, or batches of what stands together and is of one kind."""
        groups: list[list[LedgerDocument]] = []
        for document in documents:
            if groups and groups[-1][0].kind is document.kind and len(groups[-1]) < BATCH_DOCUMENTS_MAX:
                groups[-1].append(document)
            else:
                groups.append([document])
        return [_request(self._company, [(one, resource_of(one, self._company, remote_ids)) for one in group]) for group in groups]

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """By the account's type; what only the company's tax settings decide is not known here."""
        kind, name = account_type(account), f"{account.code} {account.name}"
        match use:
            case AccountUse.JOURNAL_LINE:
                if account_subtype(account) in WITHOUT_JOURNALS:
                    return f"{name} is kept by QuickBooks' own tax calculation: use a liability account of your own"
                if kind == "Accounts Payable":
                    return f"{name} is of payables, where QuickBooks wants a vendor on every line: use another liability account"
            case AccountUse.DOCUMENT_LINE:
                if kind in WITHOUT_ITEMS:
                    return f"{name} is of type {kind}, which no item of QuickBooks books to"
            case AccountUse.RECEIVABLE:
                if kind != RECEIVABLE:
                    return f"{name} is of type {kind}: invoices of QuickBooks book to {RECEIVABLE}"
            case AccountUse.PAYMENT:
                if kind not in DEPOSITED_TO:
                    return f"{name} is of type {kind}: payments of QuickBooks are deposited to Bank or Other Current Asset only"
        return None

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        """One call for all that may be sent, and one before the first for the company's settings; a number that is taken is looked up."""
        sent, results = self._sendable(documents, remote_ids)
        if sent and not self._is_the_company:
            await self.closed_periods()
        if sent:
            answer = await self._client.post(_request(self._company, sent))
            items = _items(answer, len(sent))
            for (document, _), item in zip(sent, items, strict=True):
                results[document.key] = await self._result(document, item, alone=len(sent) == 1)
        return [results[document.key] for document in documents]

    def _sendable(
        self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds
    ) -> tuple[list[tuple[LedgerDocument, dict[str, Any]]], dict[str, PostResult]]:
        sent: list[tuple[LedgerDocument, dict[str, Any]]] = []
        results: dict[str, PostResult] = {}
        for document in documents:
            try:
                resource = resource_of(document, self._company, remote_ids)
            except ValueError as problem:
                results[document.key] = Refused(refusal=Refusal.INVALID, code="form", message=str(problem))
                continue
            if problem_found := finer_than_kept(document):
                results[document.key] = Refused(refusal=Refusal.INVALID, code="decimals", message=problem_found)
            else:
                sent.append((document, resource))
        return sent, results

    async def _result(self, document: LedgerDocument, item: Any, *, alone: bool) -> PostResult:
        fault = fault_in(item)
        if fault is not None:
            failure = failure_of(fault, writes=True)
            if failure is not None:
                return unanswered(failure)
            refusal = refusal_of(fault, settles=document.kind not in DIRECT_KINDS)
            return await self._of_that_number(document, refusal) if fault.code == DUPLICATE else refusal
        resource = item.get(RESOURCES[document.kind]) if isinstance(item, Mapping) else None
        if not isinstance(resource, Mapping) or "Id" not in resource:
            reason = f"QuickBooks' answer names no {RESOURCES[document.kind]} for {document.reference}"
            if alone:
                raise Uncertain(reason)
            return Unknown(reason=reason)
        return self._judged(document, resource)

    async def _of_that_number(self, document: LedgerDocument, refusal: Refused) -> PostResult:
        """What stands there under a number that is taken. A look-up that fails says nothing, of the others of the batch neither."""
        try:
            return await self.find(document) or refusal
        except CallFailed as failure:
            return Unknown(reason=f"{refusal.message}; the look-up failed: {failure}", failure=failure)

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """By its number, then by the key in its note: a number alone may have been typed by somebody."""
        name = RESOURCES[document.kind]
        field = "PaymentRefNum" if name == "Payment" else "DocNumber"
        found = await self._query(name, f"{field} = {quoted(number_of(document.key))}")
        ours = [one for one in found if remote_document(name, one, self._company.home_currency, Chart()).key in (document.key, None)]
        if not ours:
            return None
        judged = self._judged(document, ours[0])
        return replace(judged, earlier=True) if isinstance(judged, Posted) else judged

    def _judged(self, document: LedgerDocument, resource: Mapping[str, Any]) -> Posted | Refused:
        """What stands there, compared with what was sent."""
        name = RESOURCES[document.kind]
        there = remote_document(name, resource, self._company.home_currency, Chart())
        if (there.date, there.currency, there.total) != (document.date, document.currency, document.total):
            return Refused(
                refusal=Refusal.CONFLICT,
                code="content",
                message=f"{name} {there.remote_id} ({there.number}) stands there under this key with {there.total} minor units of "
                f"{there.currency} on {there.date}, not {document.total} of {document.currency} on {document.date}",
                about=there.remote_id,
            )
        return Posted(remote_id=there.remote_id, number=there.number)

    async def accounts(self) -> Sequence[RemoteAccount]:
        """All, those that are not active included."""
        return [account_in(one) for one in await self._query("Account", "Active in (true, false)")]

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """All days up to the closing date; raises `AuthRefused` where the company is not set up as the connection needs it."""
        preferences = (await self._query("Preferences") or [{}])[0]
        self._check_currencies(preferences.get("CurrencyPrefs") or {})
        self._check_numbers(preferences.get("SalesFormsPrefs") or {})
        self._is_the_company = True
        closed = (preferences.get("AccountingInfoPrefs") or {}).get("BookCloseDate")
        return [ClosedPeriod(start=None, end=str(closed)[:10], name=f"books closed up to {str(closed)[:10]}")] if closed else []

    def _check_currencies(self, preferences: Mapping[str, Any]) -> None:
        home = (preferences.get("HomeCurrency") or {}).get("value", self._company.home_currency)
        several = preferences.get("MultiCurrencyEnabled", self._company.multicurrency)
        if home != self._company.home_currency or several is not self._company.multicurrency:
            raise AuthRefused(
                f"company {self._company.realm_id} keeps its books in {home}, Multicurrency {'on' if several else 'off'}: "
                "put that into the options home_currency and multicurrency of the connection"
            )

    def _check_numbers(self, preferences: Mapping[str, Any]) -> None:
        """Invoices are found by their numbers, and keep those they are sent with only where the company lets them."""
        if self._in_documents and preferences.get("CustomTxnNumbers") is False:
            raise AuthRefused(
                f"company {self._company.realm_id} numbers its invoices by itself: switch on Custom transaction numbers there "
                "(Account and settings, Sales, Sales form content)"
            )

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """From the trial balances of all fiscal years, accrual basis; one call a year."""
        company = (await self._query("CompanyInfo") or [{}])[0]
        currency = self._company.home_currency
        reports = []
        for first, last in fiscal_years(company, as_of):
            path = self._company.path("reports/TrialBalance")
            report = await self._client.get(path, start_date=first, end_date=last, accounting_method="Accrual")
            reports.append(report_amounts(report, CURRENCY_EXPONENTS[currency]))
        return {(account, currency): amount for account, amount in since_ever(reports, await self.accounts()).items()}

    async def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        """Journal entries, invoices, credit memos and payments; other kinds of documents are not ours."""
        home = self._company.home_currency
        items = await self._query("Item", "Active in (true, false)")
        chart = chart_of(await self.accounts(), items, home)
        for name in READ:
            seen: set[str] = set()
            async for resource in self._paged(name, f"TxnDate >= {quoted(first)} and TxnDate <= {quoted(last)} orderby Id"):
                found = remote_document(name, resource, home, chart)
                if found.remote_id not in seen:
                    seen.add(found.remote_id)
                    yield found

    async def _query(self, name: str, condition: str | None = None) -> list[Mapping[str, Any]]:
        return [resource async for resource in self._paged(name, condition)]

    async def _paged(self, name: str, condition: str | None = None) -> AsyncIterator[Mapping[str, Any]]:
        """All resources for which a condition holds; pages become smaller where an answer is too long."""
        query = f"select * from {name}" + (f" where {condition}" if condition else "")  # noqa: S608 - the vendor's own language, texts quoted
        start, size = 1, PAGE_RESOURCES_MAX
        while True:
            try:
                answer = await self._client.get(self._company.path("query"), query=f"{query} startposition {start} maxresults {size}")
            except CutOff:
                if size <= PAGE_RESOURCES_MIN:
                    raise
                size //= 4
                continue
            found = (answer.get("QueryResponse") or {}).get(name, ())
            for resource in found:
                yield resource
            if len(found) < size:
                return
            start += len(found)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.close()


def _request(company: Company, sent: Sequence[tuple[LedgerDocument, dict[str, Any]]]) -> Request:
    if len(sent) == 1:
        ((document, resource),) = sent
        path = f"{company.path(RESOURCES[document.kind].lower())}?{query_string({'requestid': request_id_of(document)})}"
        return Request(method="POST", path=path, body=resource, headers=HEADERS)
    items = [
        {"bId": str(number), "operation": "create", RESOURCES[document.kind]: resource}
        for number, (document, resource) in enumerate(sent, 1)
    ]
    request_id = batch_request_id_of([request_id_of(document) for document, _ in sent])
    path = f"{company.path('batch')}?{query_string({'requestid': request_id})}"
    return Request(method="POST", path=path, body={"BatchItemRequest": items}, headers=HEADERS)


def _items(answer: Any, count: int) -> list[Any]:
    """The answers in the order of what was sent; None where there is none."""
    if count == 1:
        return [answer]
    found = answer.get("BatchItemResponse") if isinstance(answer, Mapping) else None
    by_id = {str(item.get("bId")): item for item in found or () if isinstance(item, Mapping)}
    return [by_id.get(str(number)) for number in range(1, count + 1)]


def _sandbox() -> Connection:
    return Connection(
        name="quickbooks",
        kind="quickbooks",
        options={"realm_id": "4620816365000000000", "home_currency": "USD", "multicurrency": "yes"},
    )


KIND: Final = ConnectorKind(
    capabilities=CAPABILITIES,
    make=QuickBooksLedger,
    options=OPTIONS,
    needed=NEEDED,
    secrets={
        "client_id": "Client ID of the app at developer.intuit.com",
        "client_secret": "Client Secret of the app",
        "refresh_token": "first refresh token, of the user who connected the company",
        "token_key": "own key that kept tokens are sealed with: 32 random bytes in URL-safe base64",
    },
    sandbox=_sandbox,
    oauth=OAuth(token_url=AUTHORIZED_AT, rotates=True),
    base_url=BASE_URL,
)
