"""One connector for the poster and the reconciler: the calls of both take turns."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from sinks.external.capabilities import AccountUse, Capabilities
from sinks.external.documents import LedgerDocument
from sinks.external.port import ClosedPeriod, Connector, RemoteAccount, RemoteDocument, RemoteIds, Request
from sinks.external.results import Posted, PostResult, Refused


class OneAtATime:
    """The connector inside, one call after the other. A list of documents gives way between its documents, not for all of its length."""

    def __init__(self, inside: Connector) -> None:
        self._inside = inside
        self._turn = asyncio.Lock()

    @property
    def capabilities(self) -> Capabilities:
        """See `Connector`."""
        return self._inside.capabilities

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:
        """See `Connector`."""
        return self._inside.render(documents, remote_ids)

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """See `Connector`."""
        return self._inside.account_problem(account, use)

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        """See `Connector`."""
        async with self._turn:
            return await self._inside.post(documents, remote_ids)

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """See `Connector`."""
        async with self._turn:
            return await self._inside.find(document)

    async def accounts(self) -> Sequence[RemoteAccount]:
        """See `Connector`."""
        async with self._turn:
            return await self._inside.accounts()

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """See `Connector`."""
        async with self._turn:
            return await self._inside.closed_periods()

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """See `Connector`."""
        async with self._turn:
            return await self._inside.balances(as_of)

    async def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        """See `Connector`."""
        found = self._inside.documents(first, last)
        while True:
            async with self._turn:
                try:
                    document = await anext(found)
                except StopAsyncIteration:
                    return
            yield document

    async def close(self) -> None:
        """See `Connector`."""
        async with self._turn:
            await self._inside.close()
