"""The store of one connection's postings: intake, sending and what is told, over one session; and the thread it works in.

The intake takes entries with their plans (`store.intake.take`), the poster moves documents (`store.sending`), the publisher empties
the outbox (`store.outbox`), access counts calls and keeps tokens (`store.calls`). All of them are synchronous and share one session, so
that whoever waits for something else meanwhile calls them through a `StoreThread`.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, Self, TypeVar

from sinks.posting.calls_store import CallsStore
from sinks.posting.closed_days import ClosedDays
from sinks.posting.database import PostingSession
from sinks.posting.documents import Documents
from sinks.posting.findings_store import FindingsStore
from sinks.posting.intake_store import IntakeStore
from sinks.posting.sending_store import SendingStore
from sinks.posting.told import Outbox

Answer = TypeVar("Answer")


class PostingStore:
    """One connection's postings. Not for two threads at once."""

    def __init__(self, session: PostingSession) -> None:
        self.session = session
        documents = Documents(session)
        self.outbox = Outbox(session)
        self.intake = IntakeStore(session, documents, self.outbox)
        self.findings = FindingsStore(session, self.outbox)
        self.sending = SendingStore(session, documents, self.outbox, ClosedDays(session, self.findings))
        self.calls = CallsStore(session)

    @classmethod
    def serve(cls, url: str, connection: str) -> Self:
        """Be the one process of a connection. Raises `PostingInUse`, `ForeignPostings`, `PostingsUnavailable`."""
        return cls(PostingSession.serve(url, connection))

    @classmethod
    def command(cls, url: str, connection: str) -> Self:
        """Look at a connection, or decide for it, beside its process. Raises `PostingsMissing`, `PostingsUnavailable`."""
        return cls(PostingSession.command(url, connection))

    @classmethod
    def beginning(cls, url: str, connection: str) -> Self:
        """As `command`, also where the connection was never served. Raises `ForeignPostings`, `PostingsUnavailable`."""
        return cls(PostingSession.beginning(url, connection))

    @property
    def place(self) -> str:
        """Where the database is, for messages; without a password."""
        return self.session.database.place

    def close(self) -> None:
        """Let go of the database; safe to call twice."""
        self.session.close()


class StoreCalls(Protocol):
    """How an event loop asks the store."""

    async def __call__(self, work: Callable[[PostingStore], Answer]) -> Answer:
        """What `work` answers."""
        ...


class StoreThread:
    """A store in one thread of its own: the event loop goes on while the database works."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="postings")
        self._store: PostingStore | None = None

    async def open(self, url: str, connection: str) -> PostingStore:
        """Serve a connection; answers the store, for its `place`. Raises as `PostingStore.serve` does."""
        self._store = await self._in_thread(lambda: PostingStore.serve(url, connection))
        return self._store

    async def look(self, url: str, connection: str) -> PostingStore:
        """Work beside the connection's process; answers the store, for its `place`. Raises as `PostingStore.command` does."""
        self._store = await self._in_thread(lambda: PostingStore.command(url, connection))
        return self._store

    async def __call__(self, work: Callable[[PostingStore], Answer]) -> Answer:
        """What `work` answers in the store's thread; raises what it raises. A caller that is cancelled leaves the work to its end."""
        store = self._store
        if store is None:
            raise RuntimeError("the store is not open")
        return await self._in_thread(lambda: work(store))

    async def close(self) -> None:
        """Close the store behind the last work; safe to call twice."""
        store, self._store = self._store, None
        if store is not None:
            await self._in_thread(store.close)
        self._thread.shutdown(wait=True)

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
