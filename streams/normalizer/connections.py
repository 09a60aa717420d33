"""What merchants said about their sources: the connections file of a running system."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from asiento.runtime.yaml_files import read_yaml
from sources.platforms.connection import DEFAULT_CONNECTION, Connection, InvalidConnection, connection_from_mapping

_TENANT: Final = re.compile(r"[^:\s|/]{1,64}")
_SOURCE: Final = re.compile(r"[a-z0-9-]{1,32}:[^:\s|/]{1,64}")


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
    faults: list[tuple[str, str]] = [(key, "only `tenants` stands here") for key in file.values if key != "tenants"]
    found: dict[tuple[str, str], Connection] = {}
    for tenant, sources in _mapping(file.values.get("tenants"), "tenants", faults).items():
        place = f"tenants.{tenant}"
        if not _TENANT.fullmatch(tenant):
            faults.append((place, "a tenant is a name of at most 64 characters without colons, bars, slashes and blanks"))
        for source, content in _mapping(sources, place, faults).items():
            where = f"{place}.{source}"
            if not _SOURCE.fullmatch(source):
                faults.append((where, "a source is `<platform>:<connection>`, for example shopify:main"))
            try:
                found[tenant, source] = connection_from_mapping(_mapping(content, where, faults))
            except InvalidConnection as problem:
                faults.append((where, str(problem)))
    if faults or file.faults:
        raise file.refusal(faults)
    return Connections(found)


def _mapping(value: Any, place: str, faults: list[tuple[str, str]]) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        faults.append((place, "a mapping is expected"))
        return {}
    return value
