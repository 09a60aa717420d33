"""The connector of Tryton, and what its kind is."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

from asiento.runtime.settings import SettingsError
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.tryton import reading
from sinks.connectors.tryton.chart import NEEDS_CUSTOMER, Chart, NotInBooks
from sinks.connectors.tryton.client import NotThere, TrytonClient, TrytonRefused, action_request, create_request
from sinks.connectors.tryton.drafts import COUNTS, DRAFT, Content, Draft, Drafts, content_of, remote_id
from sinks.connectors.tryton.naming import INVOICE_JOURNAL_DEFAULT, JOURNAL_DEFAULT, Naming
from sinks.connectors.tryton.refusals import conflict, not_in_books, refused
from sinks.connectors.tryton.rendering import INVOICE, INVOICE_KINDS, model_of, record_for
from sinks.connectors.tryton.values import Record, date_read, date_value
from sinks.external.access import Access
from sinks.external.capabilities import AccountUse, BatchAnswers, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DIRECT_KINDS, DocumentKind, LedgerDocument
from sinks.external.effects import effects
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, RemoteIds, Request
from sinks.external.results import CallFailed, Posted, PostResult, Refused, failure_in, unanswered

CAPABILITIES: Final = Capabilities(
    kind="tryton",
    name="Tryton",
    grade=Grade.A,
    documents=frozenset(DocumentKind),
    findable=frozenset(DocumentKind),
    repeat=Repeat.ANSWERS_FIRST,
    journal_contact=True,
    batch_documents_max=20,
    batch_answers=BatchAnswers.EACH,
    batch_kinds=frozenset(DocumentKind),
    journal_lines_max=500,
    reads_periods=True,
    reads_balances=True,
    reads_documents=True,
)
OPTIONS: Final = {
    "company": "number or name of the company that is booked to; not needed where the key sees one only",
    "journal": f"code of the journal of our moves, default {JOURNAL_DEFAULT}",
    "invoice_journal": f"code of the journal of our invoices, default {INVOICE_JOURNAL_DEFAULT}",
    "party": "code of the customer whom lines name that need one and have none of the mapping",
}


class TrytonLedger:
    """One company of one Tryton database."""

    capabilities = CAPABILITIES

    def __init__(self, client: TrytonClient, options: Mapping[str, str]) -> None:
        self._client = client
        self._options = options
        self._chart = Chart(client, options.get("company"))
        self._naming = Naming(self._chart, options)
        self._drafts = Drafts(client, self._explain)

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:
        """One call that makes the records, and one for each that posts it; names stand where numbers of Tryton's would."""
        model = model_of(documents[0].kind)
        records = [record_for(document, self._naming.shown(document, remote_ids)) for document in documents]
        return [create_request(model, records), *(action_request(model, f"({one.key})", "post", ["number", "state"]) for one in documents)]

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """Why Tryton does not take an account for a use."""
        if not account.active:
            return "it is a heading or closed in Tryton: it takes no bookings"
        if account.currency is not None:
            return f"it has {account.currency} as second currency in Tryton, which needs a rate on each line"
        receivable = account.kind.startswith("receivable")
        if use is AccountUse.RECEIVABLE:
            return None if receivable else "its type in Tryton is not Receivable"
        needs_option = use is AccountUse.JOURNAL_LINE and not receivable and account.kind.endswith(NEEDS_CUSTOMER)
        if needs_option and "party" not in self._options:
            return "Tryton wants a customer on each of its lines (Party Required): give the connection the option party"
        return None

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        """Make and post documents of one kind; what stands there already is not made again."""
        company = await self._chart.company()
        standing = await self._drafts.standing(company.record, model_of(documents[0].kind), documents)
        results: dict[str, PostResult] = {}
        drafts: list[Draft] = []
        for document in documents:
            try:
                drafts.append(await self._naming.draft(document, remote_ids))
            except NotInBooks as problem:
                results[document.key] = not_in_books(problem)
        for document in (document for document in documents if document.key in standing):
            try:
                found = await self.find(document)
            except CallFailed as problem:  # it may have finished a draft
                results[document.key] = unanswered(problem)
                break
            if found is not None:
                results[document.key] = found
        drafts = [draft for draft in drafts if draft.document.key not in results]
        answers = await self._made_and_posted(drafts, failure_in(results.values()), raises=not results)
        results |= await self._with_due_dates([draft.document for draft in drafts], answers)
        return [results[document.key] for document in documents]

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """Look a document up by its key; a draft of it is posted if it is whole, else taken away."""
        company, model = await self._chart.company(), model_of(document.kind)
        same = await self._drafts.with_key(company.record, model, document.key)
        standing = [record for record in same if record["state"] in COUNTS]
        finished: Posted | None = None
        for record in (record for record in same if record["state"] in DRAFT):
            whole = document.currency == company.currency and _is_whole(document, content_of(model, record, company.decimals))
            if whole and finished is None and not standing:
                tried = await self._drafts.post(document, model, int(record["id"]))
                finished = tried if isinstance(tried, Posted) else None
            else:
                await self._drafts.remove(model, int(record["id"]))
        if len(standing) > 1:
            numbers = ", ".join(str(record["number"]) for record in standing)
            return conflict(f"{len(standing)} records of Tryton hold the key of {document.reference}: {numbers}")
        answer: Posted | Refused | None = finished
        if standing:
            content = content_of(model, standing[0], company.decimals)
            answer = _standing(document, standing[0], content, same_currency=document.currency == company.currency)
        if isinstance(answer, Posted):
            await self._set_due_date(document, answer)
        return answer

    async def accounts(self) -> Sequence[RemoteAccount]:
        """The chart of accounts of the company, read again; headings are not active."""
        self._chart.forget()
        return [account.remote for account in await self._chart.accounts()]

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """Closed and locked periods, and the days without a fiscal year."""
        return await self._chart.closed_periods()

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """Posted balances in the currency of the books, since ever."""
        return await reading.balances(self._client, await self._chart.company(), as_of)

    async def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        """All posted moves of these days."""
        async for document in reading.moves(self._client, await self._chart.company(), first, last):
            yield document

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.close()

    async def _made_and_posted(self, drafts: Sequence[Draft], failure: CallFailed | None, *, raises: bool) -> Sequence[PostResult]:
        """Answers about drafts; after a call that failed none is made. raises: no other document of the call has an answer."""
        if failure is None:
            try:
                return await self._drafts.make_and_post(drafts)
            except CallFailed as problem:
                if raises:
                    raise
                failure = problem
        return [unanswered(failure)] * len(drafts)

    async def _with_due_dates(self, documents: Sequence[LedgerDocument], answers: Sequence[PostResult]) -> dict[str, PostResult]:
        """Answers by key, once due dates are set; after a call that failed none is, what is looked up then sets it."""
        results: dict[str, PostResult] = {}
        failure = failure_in(answers)
        for document, answer in zip(documents, answers, strict=True):
            results[document.key] = answer
            if not isinstance(answer, Posted) or _due_date(document) is None:
                continue
            if failure is None:
                try:
                    await self._set_due_date(document, answer)
                except CallFailed as problem:
                    failure = problem
            if failure is not None:
                results[document.key] = unanswered(failure)
        return results

    async def _explain(self, document: LedgerDocument, problem: TrytonRefused) -> PostResult:
        """What a refusal means: people may have closed a period or an account since it was read, so all is read again."""
        self._chart.forget()
        try:
            await self._naming.names(document, None)
        except NotInBooks as reason:
            return not_in_books(reason)
        return refused(problem, settles=document.kind not in DIRECT_KINDS)

    async def _set_due_date(self, document: LedgerDocument, posted: Posted) -> None:
        """Tryton takes the day of posting; a day that is past cannot be told before. Reports of age read it, balances do not."""
        if (due_date := _due_date(document)) is None:
            return
        number = int(posted.remote_id.partition(",")[2])
        fields = ["lines_to_pay.maturity_date", "lines_to_pay.reconciliation"]
        for invoice in await self._client.search(INVOICE, [["id", "=", number]], fields):
            for line in invoice["lines_to_pay"] or ():
                if line["reconciliation"] is None and date_read(line["maturity_date"]) != due_date:
                    with suppress(TrytonRefused, NotThere):  # settled meanwhile, or kept from this user: it counts in no balance
                        await self._client.change("account.move.line", int(line["id"]), {"maturity_date": date_value(due_date)})


def _standing(document: LedgerDocument, record: Record, content: Content, *, same_currency: bool) -> Posted | Refused:
    """A posted record under the key of a document, if it is the document."""
    number = record["number"]
    if not same_currency or (content.date, content.total) != (document.date, document.total):
        return conflict(f"{number} of Tryton holds the key of {document.reference}, dated {content.date}, {content.total} minor units")
    return Posted(remote_id=remote_id(model_of(document.kind), int(record["id"])), number=number, earlier=True)


def _due_date(document: LedgerDocument) -> str | None:
    return document.due_date if document.kind in INVOICE_KINDS else None


def _is_whole(document: LedgerDocument, content: Content) -> bool:
    """Whether a draft is all of the document, so that it can be posted."""
    return (content.date, content.total, content.lines) == (document.date, document.total, effects(document))


def make(connection: Connection, access: Access | None) -> TrytonLedger:
    """A connector of this connection. Raises `SettingsError` without a base_url."""
    if connection.base_url is None:
        raise SettingsError(
            f"connections.{connection.name}.base_url is missing: the address of Tryton and its database, https://host/database"
        )
    return TrytonLedger(TrytonClient(connection.base_url, access), connection.options)


KIND: Final = ConnectorKind(
    capabilities=CAPABILITIES,
    make=make,
    options=OPTIONS,
    needed=frozenset(),
    secrets={"api_key": "key of a user application of type REST, of a user in the group Accounting"},
    sandbox=lambda: Connection(name="tryton", kind="tryton", base_url="https://tryton.example/books"),
)
