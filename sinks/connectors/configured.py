"""The connections of an installation: from the file of ASIENTO_LEDGER_CONNECTIONS, with their kinds."""

from collections.abc import Mapping

from asiento.runtime.settings import Settings, SettingsError
from sinks.connectors.catalogue import ConnectorKind, kind_of, kinds
from sinks.external.connections import Connection, load_connections


def known_connections(settings: Settings) -> Mapping[str, Connection]:
    """All connections by name; none where no file is named. Raises `SettingsError`."""
    return load_connections(settings.ledger_connections) if settings.ledger_connections is not None else {}


def connection_named(settings: Settings, name: str) -> Connection:
    """The connection of this name. Raises `SettingsError`, which says what is missing."""
    if settings.ledger_connections is None:
        raise SettingsError(f"there is no connection {name}: ASIENTO_LEDGER_CONNECTIONS names no file with connections to ledgers")
    known = known_connections(settings)
    if name not in known:
        raise SettingsError(f"{settings.ledger_connections}: there is no connection {name}; there are: {', '.join(sorted(known))}")
    return known[name]


def kind_of_connection(connection: Connection) -> ConnectorKind:
    """The kind of a connection. Raises `SettingsError` where it is not known."""
    kind = kind_of(connection.kind)
    if kind is None:
        raise SettingsError(
            f"connection {connection.name} is of kind {connection.kind}, which is not known; there are: {', '.join(kinds())}"
        )
    return kind
