"""What merchants said about their sources: the connections file of a running system."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asiento.runtime.yaml_files import read_yaml
from sources.platforms.connection import DEFAULT_CONNECTION, Connection, InvalidConnection, connection_from_mapping
from sources.platforms.source_files import each_source


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections by (tenant, source); a source that is not listed has the defaults."""

    by_source: Mapping[tuple[str, str], Connection] = field(default_factory=dict)

    def of(self, tenant: str, source: str) -> Connection:
        """The connection of a tenant's source."""
        return self.by_source.get((tenant, source), DEFAULT_CONNECTION)


def load_connections(path: Path | None) -> Connections:
    """Read `tenants: {<tenant>: {<platform>:<connection>: {...}}}`; without a file there are none.

    Raises `SettingsError` where there is no such file, `RefusedFile` with all faults and their places where it cannot be used.
    """
    if path is None:
        return Connections()
    file = read_yaml(path)
    faults: list[tuple[str, str]] = []
    found: dict[tuple[str, str], Connection] = {}
    for entry in each_source(file.values, faults):
        try:
            found[entry.tenant, entry.source] = connection_from_mapping(entry.content)
        except InvalidConnection as problem:
            faults.append((entry.place, str(problem)))
    if faults or file.faults:
        raise file.refusal(faults)
    return Connections(found)
