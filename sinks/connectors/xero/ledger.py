"""Xero as a ledger outside: its capabilities, and the port on top of its wire."""

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.runtime.settings import SettingsError
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.xero import refusals
from sinks.connectors.xero.answers import by_document, posted
from sinks.connectors.xero.chart import account_problem
from sinks.connectors.xero.client import BASE_URL, XeroCalls
from sinks.connectors.xero.organization import Organization
from sinks.connectors.xero.rendering import COLLECTIONS, DOCUMENTS_MAX, UUID, Call, calls, element, rounding
from sinks.external.access import Access, OAuth
from sinks.external.capabilities import AccountUse, BatchAnswers, CallLimits, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.http_calls import Answer
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, RemoteIds, Request
from sinks.external.results import CallFailed, NotSent, Posted, PostResult, QuotaSpent, Refusal, Refused, Uncertain, Unknown, unanswered

TOKEN_URL: Final = "https://identity.xero.com/connect/token"  # noqa: S105
JOURNAL_LINES_MAX: Final = 300
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


class XeroLedger:
    """One organization of Xero."""

    capabilities = CAPABILITIES

    def __init__(self, wire: XeroCalls, tenant_id: str, base_currency: str | None) -> None:
        self._wire = wire
        self._tenant_id = tenant_id
        self._base_currency = base_currency
        self._organization = Organization(wire, base_currency)

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
        base_currency = await self._organization.currency() if journals else None
        forms = {document.key: _form(document, remote_ids, base_currency) for document in documents}
        results: dict[str, PostResult] = {key: form for key, form in forms.items() if isinstance(form, Refused)}
        pairs = [(document, form) for document in documents if not isinstance(form := forms[document.key], Refused)]
        waiting = deque([pairs])
        while waiting:
            for call in calls(waiting.popleft(), remote_ids, self._tenant_id):
                try:
                    found = await self._sent(call)
                except CallFailed as problem:
                    if not any(document.key in results for document, _ in pairs):
                        raise
                    unsent = [document for document, _ in pairs if document.key not in results]
                    return _ordered(documents, results | {document.key: unanswered(problem) for document in unsent})
                if found is None:
                    waiting += _halves(call, pairs)
                else:
                    results |= found
        return _ordered(documents, results)

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """Look a document up by its key."""
        return await self._organization.find(document)

    async def accounts(self) -> Sequence[RemoteAccount]:
        """The chart of accounts."""
        return await self._organization.accounts()

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """What the lock dates of the organization close."""
        return await self._organization.closed_periods()

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """Balances at the end of a day, in the organization's currency."""
        return await self._organization.balances(as_of)

    def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        """Journals, invoices, credit notes and payments dated in these days."""
        return self._organization.documents(first, last)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._wire.close()

    async def _sent(self, call: Call) -> dict[str, PostResult] | None:
        """The answers of one call; None where it was refused as a whole for what one of several documents may have done."""
        answer = await self._wire.write(call.request)
        elements, fault = _elements(answer, call)
        if answer.status == 400 and not elements and len(call.documents) > 1:
            return None
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
            found = refusals.refused(texts, code)
        except refusals.NumberTaken as taken:
            return await self._number_taken(document, code, str(taken))
        if isinstance(found, Refused) and found.refusal is Refusal.MAPPING and found.about in texts and document.account:
            return replace(found, about=document.account)
        return found

    async def _number_taken(self, document: LedgerDocument, code: str, words: str) -> PostResult:
        """The number stands there: by an earlier try of ours, or by somebody's document."""
        try:
            found = await self._organization.find(document)
        except CallFailed as problem:
            return unanswered(problem)
        return found or Refused(refusal=Refusal.CONFLICT, code=code, message=words, about=document.reference)


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


def _halves(call: Call, pairs: Sequence[tuple[LedgerDocument, dict[str, Any]]]) -> list[list[tuple[LedgerDocument, dict[str, Any]]]]:
    """The documents of a call, to be sent in two."""
    own = [pair for pair in pairs if pair[0] in call.documents]
    return [own[: len(own) // 2], own[len(own) // 2 :]]


def _ordered(documents: Sequence[LedgerDocument], results: Mapping[str, PostResult]) -> list[PostResult]:
    return [results[document.key] for document in documents]


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
    "token_url": f"where tokens are renewed; unset: {TOKEN_URL}",
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
    base_url=BASE_URL,
)
