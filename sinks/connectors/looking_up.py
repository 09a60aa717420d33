"""Ledgers of the plain kind whose look-up takes more than one call, or must come before every posting."""

from collections.abc import Sequence
from typing import Protocol

from sinks.connectors.rest_ledger import PAGES_MAX, Dialect, RestLedger
from sinks.external.access import Access
from sinks.external.documents import LedgerDocument
from sinks.external.http_calls import Answer
from sinks.external.port import RemoteIds, Request
from sinks.external.results import NotSent, Posted, PostResult, Refused


class ListedDialect(Dialect, Protocol):
    """A vendor without a look-up by key: a list is read until the journal is found."""

    def behind(self, document: LedgerDocument, answer: Answer, page: int) -> Request | None:
        """The call that comes behind an answer in which nothing was found; page: the number of the next. None where the list ends."""
        ...


class ListedLedger(RestLedger):
    """The `Connector` of such a dialect."""

    def __init__(self, dialect: ListedDialect, base_url: str, access: Access | None) -> None:
        super().__init__(dialect, base_url, access)
        self._listed = dialect

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """See `Connector.find`: None once the whole list has been read."""
        request, before = self._listed.looking_up(document, {}), b""
        for page in range(2, PAGES_MAX + 2):
            answer = await self._calls.send(request, writes=False)
            found, following = self._read(lambda: self._found(document, answer, page), answer, writes=False)  # noqa: B023
            if found is not None or following is None:
                return found
            if answer.body == before:
                raise NotSent(f"{self._base_url}: its list gives the same page again, so that it cannot be read to its end")
            request, before = following, answer.body
        raise NotSent(f"{self._base_url}: the list of journals does not end within {PAGES_MAX} pages")

    def _found(self, document: LedgerDocument, answer: Answer, page: int) -> tuple[Posted | Refused | None, Request | None]:
        found = self._listed.found(document, answer)
        return found, None if found is not None else self._listed.behind(document, answer, page)


class LookingFirst(RestLedger):
    """The `Connector` of a ledger in which posting a key again would rewrite what stands there: it is looked up before every posting."""

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        """See `Connector.post`."""
        (document,) = documents
        found = await self.find(document)
        return [found] if found is not None else await super().post(documents, remote_ids)
