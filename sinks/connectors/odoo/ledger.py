"""Odoo 19 and later: journals. Built to the vendor's documentation, not verified against a live account.

An entry is made as a draft and then posted, two transactions there. A draft that was left between them is posted when it is met
again, so that none is made twice. Odoo moves the date of an entry that is posted into a locked period, without a word: lock dates are
read before, and what stands afterwards is read back.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from asiento.runtime.settings import SettingsError
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.odoo.books import Books, NotInBooks, remote_account
from sinks.connectors.odoo.client import OdooClient, OdooRefused, Place
from sinks.connectors.odoo.moves import DRAFT, POSTED, Move, is_whole, listed, moves
from sinks.connectors.odoo.rendering import LINE, create_request, post_request, remove_request
from sinks.external.access import Access
from sinks.external.amounts import minor_units
from sinks.external.capabilities import AccountUse, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, RemoteIds, Request
from sinks.external.results import NotSent, Posted, PostResult, Refusal, Refused, Uncertain, Unknown

CAPABILITIES: Final = Capabilities(
    kind="odoo",
    name="Odoo",
    grade=Grade.C,
    documents=frozenset({DocumentKind.JOURNAL}),
    findable=frozenset({DocumentKind.JOURNAL}),
    repeat=Repeat.ANSWERS_FIRST,
    journal_lines_max=500,
    reads_periods=True,
    reads_balances=True,
    reads_documents=True,
)
JOURNAL_DEFAULT: Final = "MISC"


class OdooLedger:
    """One company of one Odoo database."""

    capabilities = CAPABILITIES

    def __init__(self, client: OdooClient, journal: str) -> None:
        self._client = client
        self._journal = journal
        self._books = Books(client, journal)

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:
        """Two calls each: make the draft, post it. Codes stand where numbers of Odoo's would."""
        del remote_ids
        place = self._client.place
        pairs = ((create_request(place, one, self._journal, str), post_request(place, f"({one.key})")) for one in documents)
        return [request for pair in pairs for request in pair]

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """Why Odoo does not take an account for a use."""
        if account.kind == "off_balance":
            return f"{account.name} is off balance: Odoo takes no entry that names other accounts beside it"
        if account.currency is not None:
            return f"{account.name} is kept in {account.currency}, which needs a rate on each line"
        if use is AccountUse.RECEIVABLE and account.kind != "asset_receivable":
            return f"{account.name} is {account.kind}, not asset_receivable"
        return None

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        """Make and post a journal; what stands there already is not made again."""
        del remote_ids
        (document,) = documents
        try:
            return [await self._standing(document) or await self._made_and_posted(document)]
        except NotInBooks as problem:
            self._books.forget()  # people mend this in Odoo, and then it is sent again
            return [problem.refused]
        except OdooRefused as problem:
            return [_refused(problem)]

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """Look a journal up by its key; a draft of it is posted if it is whole, else taken away."""
        try:
            return await self._standing(document)
        except OdooRefused as problem:
            raise NotSent(f"Odoo refuses the look-up: {problem.message}") from None

    async def accounts(self) -> Sequence[RemoteAccount]:
        """The chart of accounts of the company, read again."""
        self._books.forget()
        return [remote_account(record) for record in (await self._books.accounts()).values()]

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """What the lock dates close, read again."""
        self._books.forget()
        return (await self._books.company()).closed

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """Posted balances in the currency of the company, since ever."""
        company = await self._books.company()
        codes = {int(record["id"]): code for code, record in (await self._books.accounts()).items()}
        domain = [["company_id", "=", self._client.place.company], ["parent_state", "=", POSTED], ["date", "<=", as_of]]
        domain.append(["account_id", "!=", False])
        sums = await self._client.sums(LINE, domain, "account_id", "balance:sum")
        return {
            (codes.get(int(one["account_id"][0]), str(one["account_id"][1])), company.currency): minor_units(
                one["balance:sum"], company.exponent
            )
            for one in sums
        }

    async def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        """All moves of these days, invoices and payments made there among them."""
        async for document in listed(self._client, self._books, first, last):
            yield document

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.close()

    async def _standing(self, document: LedgerDocument) -> Posted | Refused | None:
        """What stands under the key, or could be brought to stand; None = nothing, not even a draft."""
        found = await moves(self._client, self._books, [["ref", "=", document.key], ["move_type", "=", "entry"]])
        others = [move for move in found if move.state not in (POSTED, DRAFT) or (move.state == DRAFT and move.was_posted)]
        if others:
            return _conflict(f"move {_called(others[0])} of Odoo holds the key; somebody has canceled it or taken it back to a draft")
        posted = [move for move in found if move.state == POSTED]
        drafts = [move for move in found if move.state == DRAFT]
        answer: Posted | Refused | None = None
        if len(posted) > 1:
            answer = _conflict(f"{len(posted)} posted moves of Odoo hold the key: {', '.join(_called(move) for move in posted)}")
        elif posted:
            answer = _same(document, posted[0], (await self._books.company()).currency, earlier=True)
        elif drafts and await self._is_whole(drafts[0], document):
            tried = await self._posted(document, drafts.pop(0).record)
            if isinstance(tried, Unknown):
                raise Uncertain(tried.reason)
            answer = tried if isinstance(tried, Posted) else None
        for move in drafts:
            await self._removed(move.record)
        return answer

    async def _is_whole(self, draft: Move, document: LedgerDocument) -> bool:
        try:
            await self._books.require(document)
        except NotInBooks:
            return False
        return is_whole(draft, document, await self._books.accounts({line.account for line in document.lines}))

    async def _made_and_posted(self, document: LedgerDocument) -> PostResult:
        await self._books.require(document)
        accounts = await self._books.accounts({line.account for line in document.lines})
        request = create_request(self._client.place, document, await self._books.journal(), lambda code: int(accounts[code]["id"]))
        made = await self._client.write(request)
        if not isinstance(made, list) or len(made) != 1:
            raise Uncertain(f"Odoo does not say which draft it made: {str(made)[:80]}")
        return await self._posted(document, int(made[0]))

    async def _posted(self, document: LedgerDocument, record: int) -> PostResult:
        """Post one draft; a refused one is taken away."""
        try:
            await self._client.write(post_request(self._client.place, record))
        except OdooRefused as problem:
            self._books.forget()
            standing = await self._read_back(record)
            if standing is None or standing.state != POSTED:
                await self._removed(record)
                return _refused(problem)
        else:
            standing = await self._read_back(record)
        if standing is None or standing.state != POSTED:
            return Unknown(reason=f"Odoo has not posted the draft {record}, and does not say why")
        return _same(document, standing, document.currency)

    async def _read_back(self, record: int) -> Move | None:
        """The move as it stands; where that cannot be read, nobody knows whether it was posted."""
        try:
            found = await moves(self._client, self._books, [["id", "=", record]])
        except NotSent as problem:
            raise Uncertain(f"the draft {record} of Odoo may be posted: {problem}") from None
        return found[0] if found else None

    async def _removed(self, record: int) -> None:
        """Take a draft away; where Odoo keeps it, it would be posted by somebody one day."""
        try:
            await self._client.write(remove_request(self._client.place, record))
        except OdooRefused as problem:
            raise Uncertain(f"the draft {record} of Odoo cannot be deleted: {problem.message}") from None


def _same(document: LedgerDocument, move: Move, currency: str, *, earlier: bool = False) -> Posted | Refused:
    """A posted move under the key of a document, if it is the document."""
    if (currency, move.date, move.total) != (document.currency, document.date, document.total):
        return _conflict(f"move {_called(move)} of Odoo holds the key, but is dated {move.date} and comes to {move.total} minor units")
    return Posted(remote_id=str(move.record), number=move.number, earlier=earlier)


def _called(move: Move) -> str:
    return move.number or str(move.record)


def _conflict(message: str) -> Refused:
    return Refused(refusal=Refusal.CONFLICT, code="other_content", message=message)


def _refused(problem: OdooRefused) -> Refused:
    """What Odoo's own words mean, where nothing that was looked up before explains them."""
    said, refusal = problem.message.lower(), Refusal.INVALID
    if "lock date" in said or "prior to and inclusive of" in said:
        refusal = Refusal.PERIOD_CLOSED
    elif "archived" in said or "deprecated" in said or problem.name.endswith("MissingError"):
        refusal = Refusal.MAPPING
    return Refused(refusal=refusal, code=problem.name, message=problem.message)


def make(connection: Connection, access: Access | None) -> OdooLedger:
    """See `MakeConnector`."""
    options = connection.options
    unknown = [name for name in options if name not in KIND.options]
    if unknown or not options.get("company", "").isdecimal():
        raise SettingsError(f"connection {connection.name}: options of odoo are {', '.join(KIND.options)}; company is a number")
    if connection.base_url is None:
        raise SettingsError(f"connections.{connection.name}.base_url is missing: the address of Odoo, https://company.odoo.com")
    place = Place(company=int(options["company"]), database=options.get("database"))
    return OdooLedger(OdooClient(connection.base_url, access, place), options.get("journal", JOURNAL_DEFAULT))


KIND: Final = ConnectorKind(
    capabilities=CAPABILITIES,
    make=make,
    options={
        "company": "number of the company that is booked to (id of res.company)",
        "database": "name of the database, where the host has several",
        "journal": f"code of the journal of our entries, of type Miscellaneous ({JOURNAL_DEFAULT})",
    },
    needed=frozenset({"company"}),
    secrets={"api_key": "API key of a user with the accounting rights of the company"},
    sandbox=lambda: Connection(
        name="odoo", kind="odoo", base_url="https://company.odoo.com", options={"company": "1", "database": "company"}
    ),
)
