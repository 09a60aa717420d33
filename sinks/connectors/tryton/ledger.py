"""The connector of Tryton, and what its kind is."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from asiento.runtime.settings import SettingsError
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.tryton import reading
from sinks.connectors.tryton.chart import NEEDS_CUSTOMER, Account, Chart, Company, NotInBooks
from sinks.connectors.tryton.client import NotThere, TrytonClient, TrytonRefused, action_request, create_request
from sinks.connectors.tryton.moves import Draft, Moves, comes_to, date_of, lines_by_account, remote_id
from sinks.connectors.tryton.refusals import conflict, not_in_books, refused
from sinks.connectors.tryton.rendering import MOVE, MoveLine, Place, line_text, move_record, totals_of
from sinks.external.access import Access
from sinks.external.capabilities import AccountUse, BatchAnswers, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, RemoteIds, Request
from sinks.external.results import NotSent, Posted, PostResult, Refused

CAPABILITIES: Final = Capabilities(
    kind="tryton",
    name="Tryton",
    grade=Grade.A,
    documents=frozenset({DocumentKind.JOURNAL}),
    findable=frozenset({DocumentKind.JOURNAL}),
    repeat=Repeat.ANSWERS_FIRST,
    batch_documents_max=100,
    batch_answers=BatchAnswers.EACH,
    batch_kinds=frozenset({DocumentKind.JOURNAL}),
    journal_lines_max=500,
    reads_periods=True,
    reads_balances=True,
    reads_documents=True,
)
OPTIONS: Final = {
    "company": "number or name of the company that is booked to; not needed where the key sees one only",
    "journal": "code of the journal of our moves, default MISC",
    "party": "code of the customer whom lines name that need one and have none of the mapping",
}
_JOURNAL_DEFAULT: Final = "MISC"


class TrytonLedger:
    """One company of one Tryton database."""

    capabilities = CAPABILITIES

    def __init__(self, client: TrytonClient, options: Mapping[str, str]) -> None:
        self._client = client
        self._options = options
        self._chart = Chart(client, options.get("company"))
        self._moves = Moves(client, self._explain)

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:  # noqa: ARG002
        """One call that makes the moves, and one for each that posts it; names stand where numbers of Tryton's would."""
        place = Place(company=self._options.get("company", "company"), journal=self._journal_code, period="period")
        records = [move_record(document, place, [self._shown(line) for line in document.lines]) for document in documents]
        return [create_request(MOVE, records), *(action_request(MOVE, f"({one.key})", "post", ["number", "state"]) for one in documents)]

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """Why Tryton does not take an account for a use."""
        if account.kind.startswith("heading") or not account.active:
            return "it is a heading or closed in Tryton: it takes no bookings"
        if account.currency is not None:
            return f"it is kept in {account.currency} as a second currency, which needs a rate on each line"
        if use is AccountUse.RECEIVABLE:
            return None if account.kind.startswith("receivable") else "its type in Tryton is not Receivable"
        if account.kind.endswith(NEEDS_CUSTOMER) and use is not AccountUse.JOURNAL_LINE:
            return "Tryton wants a customer on each of its lines (Party Required)"
        return None

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:  # noqa: ARG002
        """Make and post journals; what stands there already is not made again."""
        try:
            return await self._post(documents)
        except NotThere as problem:
            raise NotSent(str(problem)) from None

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """Look a journal up by its key; a draft of it is posted if it is whole, else taken away."""
        try:
            return await self._find(document)
        except NotThere as problem:
            raise NotSent(str(problem)) from None

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

    @property
    def _journal_code(self) -> str:
        return self._options.get("journal", _JOURNAL_DEFAULT)

    async def _post(self, documents: Sequence[LedgerDocument]) -> Sequence[PostResult]:
        company = await self._chart.company()
        standing = await self._moves.standing(company.record, documents)
        results: dict[str, PostResult] = {}
        drafts: list[Draft] = []
        for document in documents:
            answer = await self._find(document) if document.key in standing else None
            if answer is not None:
                results[document.key] = answer
                continue
            try:
                drafts.append(await self._draft(document, company))
            except NotInBooks as problem:
                results[document.key] = not_in_books(problem)
        answers = await self._moves.make_and_post(drafts) if drafts else []
        results |= {draft.document.key: answer for draft, answer in zip(drafts, answers, strict=True)}
        return [results[document.key] for document in documents]

    async def _find(self, document: LedgerDocument) -> Posted | Refused | None:
        company = await self._chart.company()
        same = await self._moves.with_key(company.record, document.key)
        posted = [move for move in same if move["state"] == "posted"]
        drafts = [move for move in same if move["state"] != "posted"]
        answer: Posted | Refused | None = None
        if len(posted) > 1:
            answer = conflict(f"{len(posted)} posted moves of Tryton hold the key: {', '.join(str(move['number']) for move in posted)}")
        elif posted:
            answer = _standing(document, posted[0], company)
        elif drafts and _same_content(document, drafts[0], company):
            tried = await self._moves.post(document, int(drafts.pop(0)["id"]))
            answer = tried if isinstance(tried, Posted) else None
        for move in drafts:
            await self._moves.remove(int(move["id"]))
        return answer

    async def _draft(self, document: LedgerDocument, company: Company) -> Draft:
        await self._chart.require_currency(document.currency)
        place = Place(
            company=company.record,
            journal=await self._chart.journal(self._journal_code),
            period=await self._chart.open_period(document.date),
        )
        return Draft(document=document, record=move_record(document, place, [await self._line(line) for line in document.lines]))

    async def _line(self, line: LedgerLine) -> MoveLine:
        account = await self._chart.account(line.account)
        text = line_text(line.description, line.dimensions)
        return MoveLine(account=account.record, amount=line.amount, description=text, party=await self._party(account, line.contact))

    async def _party(self, account: Account, contact: str | None) -> int | None:
        if not account.needs_party:
            return None
        name = contact or self._options.get("party")
        if name is None:
            raise NotInBooks(
                f"contact of {account.code}",
                f"account {account.code} of Tryton wants a customer on each line (Party Required): give its rule a contact, or the"
                " connection the option party",
            )
        return (await self._chart.party(name)).record

    async def _explain(self, document: LedgerDocument, problem: TrytonRefused) -> PostResult:
        """What a refusal means: people may have closed a period or an account since it was read, so all is read again."""
        self._chart.forget()
        try:
            await self._draft(document, await self._chart.company())
        except NotInBooks as reason:
            return not_in_books(reason)
        return refused(problem)

    def _shown(self, line: LedgerLine) -> MoveLine:
        text = line_text(line.description, line.dimensions)
        return MoveLine(account=line.account, amount=line.amount, description=text, party=line.contact)


def _standing(document: LedgerDocument, move: Mapping[str, Any], company: Company) -> Posted | Refused:
    """A posted move under the key of a document, if it is the document."""
    stands = (date_of(move), comes_to(move, company.decimals))
    if document.currency != company.currency or stands != (document.date, document.total):
        return conflict(f"move {move['number']} of Tryton holds the key, with another content: dated {stands[0]}, {stands[1]} minor units")
    return Posted(remote_id=remote_id(MOVE, int(move["id"])), number=move["number"], earlier=True)


def _same_content(document: LedgerDocument, draft: Mapping[str, Any], company: Company) -> bool:
    """Whether a draft is the whole document, so that it can be posted."""
    told = totals_of([(line.account, line.amount) for line in document.lines])
    return document.currency == company.currency and date_of(draft) == document.date and lines_by_account(draft, company.decimals) == told


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
