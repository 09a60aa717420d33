"""A connection to a ledger outside, as commands that ask it something need it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from asiento.cli.exits import CommandError, Unreachable
from asiento.runtime.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sinks.connectors.catalogue import ConnectorKind
    from sinks.external.access import Access
    from sinks.external.connections import Connection
    from sinks.external.port import RemoteAccount
    from sinks.posting.store import PostingStore

Answer = TypeVar("Answer")


def accounts_of(connection: "Connection", settings: Settings) -> "Sequence[RemoteAccount]":
    """The chart of accounts, asked now. Raises `CommandError` and `UsageError` for credentials, `Unreachable` where it does not answer."""
    from sinks.connectors.configured import kind_of_connection

    kind = kind_of_connection(connection)
    with _access_of(connection, kind, settings) as access:
        return asyncio.run(_accounts_of(connection, kind, access))


async def _accounts_of(connection: "Connection", kind: "ConnectorKind", access: "Access | None") -> "Sequence[RemoteAccount]":
    from sinks.external.results import AuthRefused, CallFailed

    connector = kind.make(connection, access)
    try:
        return await connector.accounts()
    except AuthRefused as problem:
        raise CommandError(f"connection {connection.name}: {problem}") from None
    except CallFailed as problem:
        raise Unreachable(f"connection {connection.name}: {problem}") from None
    finally:
        await connector.close()


@contextmanager
def _access_of(connection: "Connection", kind: "ConnectorKind", settings: Settings) -> "Iterator[Access | None]":
    """Its API key; tokens are refreshed and calls counted where its sink does both, beside the sink if that runs."""
    from sinks.posting.access import SecretFile, access_of, limits_of
    from sinks.posting.clock import SystemClock
    from sinks.posting.errors import PostingError

    path = connection.secrets.get("api_key")
    if kind.oauth is None or path is not None:
        yield None if path is None else SecretFile(path, f"connection {connection.name}: secrets.api_key")
        return
    try:
        store = _store_of(connection, settings)
        try:
            limits = limits_of(connection, kind.capabilities.limits)
            yield access_of(connection, kind.oauth, limits, _InThisThread(store), SystemClock())
        finally:
            store.close()
    except PostingError as problem:
        raise Unreachable(f"connection {connection.name}: its tokens cannot be had: {problem}") from None


def _store_of(connection: "Connection", settings: Settings) -> "PostingStore":
    from sinks.posting.errors import PostingInUse
    from sinks.posting.store import PostingStore

    try:
        return PostingStore.serve(settings.postings_location, connection.name)
    except PostingInUse:
        return PostingStore.command(settings.postings_location, connection.name)


class _InThisThread:
    """The store of a command, which has nothing else to do meanwhile."""

    def __init__(self, store: "PostingStore") -> None:
        self._store = store

    async def __call__(self, work: "Callable[[PostingStore], Answer]") -> Answer:
        return work(self._store)
