"""A connection to a ledger outside, as commands that ask it something need it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.runtime.secret_files import read_secret
from asiento.runtime.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sinks.connectors.catalogue import ConnectorKind
    from sinks.external.access import Access
    from sinks.external.connections import Connection
    from sinks.external.port import RemoteAccount

API_KEY = "api_key"


def connection_called(name: str, settings: Settings) -> "Connection":
    """A connection of the file of ASIENTO_LEDGER_CONNECTIONS. Raises `UsageError`."""
    from sinks.external.connections import load_connections

    if settings.ledger_connections is None:
        raise UsageError("--connection needs ASIENTO_LEDGER_CONNECTIONS, the file with the ledgers outside")
    known = load_connections(settings.ledger_connections)
    if name not in known:
        raise UsageError(f"no connection is called {name}; {settings.ledger_connections} has {', '.join(sorted(known))}")
    return known[name]


def accounts_of(connection: "Connection") -> "Sequence[RemoteAccount]":
    """The chart of accounts, asked now. Raises `CommandError` and `UsageError` for credentials, `Unreachable` where it does not answer."""
    from sinks.connectors.catalogue import kind_of

    kind = kind_of(connection.kind)
    if kind is None:
        raise UsageError(f"connection {connection.name}: {connection.kind} is no kind of ledger that can be asked")
    return asyncio.run(_accounts_of(connection, kind))


async def _accounts_of(connection: "Connection", kind: "ConnectorKind") -> "Sequence[RemoteAccount]":
    from sinks.external.results import AuthRefused, CallFailed

    connector = kind.make(connection, access_of(connection, kind))
    try:
        return await connector.accounts()
    except AuthRefused as problem:
        raise CommandError(f"connection {connection.name}: {problem}") from None
    except CallFailed as problem:
        raise Unreachable(f"connection {connection.name}: {problem}") from None
    finally:
        await connector.close()


def access_of(connection: "Connection", kind: "ConnectorKind") -> "Access | None":
    """How its secret is had; None where it has none. Raises `UsageError` for tokens, which its sink alone refreshes."""
    if kind.oauth is not None:
        raise UsageError(
            f"connection {connection.name}: only its sink refreshes tokens of {kind.capabilities.name}; give its chart by --accounts FILE"
        )
    path = connection.secrets.get(API_KEY)
    return None if path is None else _KeyOfFile(connection.name, path)


@dataclass(frozen=True, slots=True)
class _KeyOfFile:
    """A key that a person keeps in a file."""

    connection: str
    path: Path

    async def token(self) -> str:
        return read_secret(self.path, f"the secret {API_KEY} of {self.connection}").get_secret_value()

    async def refused(self, token: str) -> None:
        """There is no other one."""
