"""Registers the order events at a registry, in the order of the lock file, and looks whether its ids contradict that file."""

from dataclasses import asdict, dataclass
from typing import Any

import orjson

from asiento.runtime.registry_client import RegistryAccess, RegistryClient
from schemas.registry import FROZEN, registry
from streams.schema_ids import clash_words, id_clashes


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """A version of an event and its id at the registry; None: it has none (dry run)."""

    subject: str
    version: int
    id: int | None


@dataclass(frozen=True, slots=True)
class Registration:
    """What the registry has now; `clashes` says in words which of its ids contradict the lock file, empty if none does."""

    schemas: tuple[RegisteredVersion, ...]
    clashes: str

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"schemas": [asdict(schema) for schema in self.schemas], "clashes": self.clashes or None}


async def register_events(access: RegistryAccess, *, dry_run: bool) -> Registration:
    """Register every frozen version of every order event; with `dry_run` only look it up. Raises `RegistryError`."""
    client = RegistryClient(access)
    found = []
    for _, known in sorted(registry().by_id.items()):
        locked, text = known.locked, orjson.dumps(known.avsc).decode()
        if not known.record.is_event or locked.status != FROZEN:
            continue
        schema_id = await (client.look_up if dry_run else client.register)(locked.subject, text)
        found.append(RegisteredVersion(locked.subject, locked.version, schema_id))
    clashes = await id_clashes(client)
    return Registration(tuple(found), clash_words(access.url, clashes) if clashes else "")
