"""Files that say something about each source of each tenant: `tenants: {<tenant>: {<platform>:<connection>: {...}}}`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

TENANT: Final = re.compile(r"[^:\s|/]{1,64}")
SOURCE: Final = re.compile(r"(?P<platform>[a-z0-9-]{1,32}):(?P<connection>[^:\s|/]{1,64})")


class SourceEntry(NamedTuple):
    """What a file says about one source, and the place of it for faults."""

    tenant: str
    source: str
    content: Mapping[str, Any]
    place: str


def each_source(values: Mapping[str, Any], faults: list[tuple[str, str]]) -> Iterator[SourceEntry]:
    """Every source of a file's values; what is wrong around them is added to `faults` as (field, message)."""
    faults += [(key, "only `tenants` stands here") for key in values if key != "tenants"]
    for tenant, sources in mapping_at(values.get("tenants"), "tenants", faults).items():
        if not TENANT.fullmatch(tenant):
            faults.append((f"tenants.{tenant}", "a tenant is a name of at most 64 characters without colons, bars, slashes and blanks"))
        for source, content in mapping_at(sources, f"tenants.{tenant}", faults).items():
            place = f"tenants.{tenant}.{source}"
            if not SOURCE.fullmatch(source):
                faults.append((place, "a source is `<platform>:<connection>`, for example shopify:main"))
            yield SourceEntry(tenant, source, mapping_at(content, place, faults), place)


def mapping_at(value: Any, place: str, faults: list[tuple[str, str]]) -> Mapping[str, Any]:
    """The mapping at a place; nothing is an empty one, anything else a fault and an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        faults.append((place, "a mapping is expected"))
        return {}
    return value
