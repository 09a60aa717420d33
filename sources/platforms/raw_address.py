"""Whose raw payload it is and of which object, as the key of its record says: `tenant:platform:connection:resource`."""

from dataclasses import dataclass
from typing import Final

KEY_PARTS: Final = 4


@dataclass(frozen=True, slots=True)
class RawAddress:
    """The parts of a raw record's key; `source` is `<platform>:<connection>`."""

    key: bytes
    tenant: str
    platform: str
    source: str
    resource: str

    def snapshot_key(self, resource: str) -> bytes:
        """The key of another object's snapshot inside the same payload: it stays on the partition of its record."""
        return f"{self.tenant}:{self.source}:{resource}".encode()


def raw_address(key: bytes | None) -> RawAddress | None:
    """The parts of a key; None where it is not the key of a raw record."""
    try:
        text = (key or b"").decode()
    except UnicodeDecodeError:
        return None
    parts = text.split(":", KEY_PARTS - 1)
    if key is None or len(parts) != KEY_PARTS or not all(parts):
        return None
    tenant, platform, connection, resource = parts
    return RawAddress(key, tenant, platform, f"{platform}:{connection}", resource)
