"""The mapping of a connection: its own, else the one that is set for all."""

from pathlib import Path

from asiento.runtime.settings import SettingsError
from sinks.external.connections import Connection
from sinks.mapping.coverage import other_ledger
from sinks.mapping.ledger_mapping import LedgerMapping, load_mapping


def mapping_of(connection: Connection, default: Path | None) -> LedgerMapping:
    """The mapping in the connection's file, else in `default` (ASIENTO_MAPPING).

    Raises `SettingsError` where there is none or it is for another kind of ledger, `RefusedFile` with all faults of the file.
    """
    path = connection.mapping or default
    if path is None:
        raise SettingsError(f"connection {connection.name} has no mapping: name a file in its key `mapping`, or in ASIENTO_MAPPING")
    mapping = load_mapping(path)
    for finding in other_ledger(mapping.rules, connection.kind):
        raise SettingsError(f"connection {connection.name}: {path}: {finding.message}")
    return mapping
