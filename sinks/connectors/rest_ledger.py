"""Ledgers of the plain kind: one call posts one document, one call looks it up, lists are read page by page.

A `Dialect` says all that differs from vendor to vendor, without sending anything: requests out of documents, meaning out of answers.
Connectors that can do more (batches, several calls for one document) are written on their own.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol, TypeVar

from sinks.connectors.authorized_calls import AuthorizedCalls, VendorWords
from sinks.external.access import Access
from sinks.external.capabilities import AccountUse, Capabilities
from sinks.external.documents import LedgerDocument
from sinks.external.http_calls import Answer
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, RemoteIds, Request
from sinks.external.results import NotSent, Posted, PostResult, Refusal, Refused, Uncertain

PAGES_MAX: Final = 10_000
"""Most pages of one list; a ledger that has more, or never ends, is told."""
Meaning = TypeVar("Meaning")


class Dialect(VendorWords, Protocol):
    """One vendor's words. Every method is pure; those that read answers may raise `CallFailed`."""

    @property
    def capabilities(self) -> Capabilities:
        """What this ledger can do."""
        ...

    def posting(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """The call that posts a document."""
        ...

    def posted(self, document: LedgerDocument, answer: Answer) -> PostResult:
        """What its answer means."""
        ...

    def looking_up(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """The call that looks a document up by its key."""
        ...

    def found(self, document: LedgerDocument, answer: Answer) -> Posted | Refused | None:
        """What its answer means."""
        ...

    def listing_accounts(self, page: int) -> Request:
        """The call for a page (from 1) of the chart of accounts."""
        ...

    def accounts_in(self, answer: Answer) -> tuple[Sequence[RemoteAccount], bool]:
        """The accounts of a page, and whether there is another."""
        ...

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """Why an account of this kind is not taken for this use."""
        ...

    def asking_periods(self) -> Request | None:
        """The call that tells what is locked; None where there is none."""
        ...

    def periods_in(self, answer: Answer) -> Sequence[ClosedPeriod]:
        """What is locked."""
        ...

    def listing_documents(self, first: str, last: str, page: int) -> Request | None:
        """The call for a page (from 1) of the documents of these days; None where they cannot be listed."""
        ...

    def documents_in(self, answer: Answer) -> tuple[Sequence[RemoteDocument], bool]:
        """The documents of a page, and whether there is another."""
        ...


class RestLedger:
    """The `Connector` of a dialect."""

    def __init__(self, dialect: Dialect, base_url: str, access: Access | None) -> None:
        self._dialect = dialect
        self._base_url = base_url
        self._calls = AuthorizedCalls(base_url, access, dialect)

    @property
    def capabilities(self) -> Capabilities:
        """See `Connector.capabilities`."""
        return self._dialect.capabilities

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:
        """See `Connector.render`."""
        return [self._dialect.posting(document, remote_ids) for document in documents]

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """See `Connector.account_problem`."""
        return self._dialect.account_problem(account, use)

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        """See `Connector.post`."""
        (document,) = documents
        try:
            request = self._dialect.posting(document, remote_ids)
        except ValueError as problem:
            return [Refused(refusal=Refusal.MAPPING, code="no_form", message=str(problem))]
        answer = await self._calls.send(request, writes=True)
        return [self._read(lambda: self._dialect.posted(document, answer), answer, writes=True)]

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """See `Connector.find`."""
        answer = await self._calls.send(self._dialect.looking_up(document, {}), writes=False)
        return self._read(lambda: self._dialect.found(document, answer), answer, writes=False)

    async def accounts(self) -> Sequence[RemoteAccount]:
        """See `Connector.accounts`."""
        accounts: list[RemoteAccount] = []
        for page in range(1, PAGES_MAX + 1):
            answer = await self._calls.send(self._dialect.listing_accounts(page), writes=False)
            found, more = self._read(partial(self._dialect.accounts_in, answer), answer, writes=False)
            accounts += found
            if not more:
                return accounts
        raise NotSent(f"{self._base_url}: the list of accounts does not end within {PAGES_MAX} pages")

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """See `Connector.closed_periods`."""
        request = self._dialect.asking_periods()
        return [] if request is None else self._dialect.periods_in(await self._calls.send(request, writes=False))

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """See `Connector.balances`: ledgers of this kind are compared by their documents."""
        raise NotImplementedError(f"{self.capabilities.kind} reads no balances ({as_of})")

    async def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        """See `Connector.documents`."""
        for page in range(1, PAGES_MAX + 1):
            request = self._dialect.listing_documents(first, last, page)
            if request is None:
                return
            found, more = self._dialect.documents_in(await self._calls.send(request, writes=False))
            for document in found:
                yield document
            if not more:
                return
        raise NotSent(f"{self._base_url}: the list of documents does not end within {PAGES_MAX} pages")

    async def close(self) -> None:
        """See `Connector.close`."""
        await self._calls.close()

    def _read(self, meaning: Callable[[], Meaning], answer: Answer, *, writes: bool) -> Meaning:
        """What an answer means. Raises `Uncertain` after a call that writes, else `NotSent`, where it has a form that is not known."""
        try:
            return meaning()
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as problem:
            words = f"{self._base_url} answers {answer.status} in a form that is not known ({type(problem).__name__} {problem})"
            words = f"{words}: {answer.words()}"
            raise Uncertain(words) if writes else NotSent(words) from None
        except Uncertain as problem:
            raise problem if writes else NotSent(str(problem)) from None
