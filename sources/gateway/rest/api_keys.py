"""API keys: who may write events of which tenant and source. The file holds SHA-256 digests of keys, never a key."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from asiento.runtime.settings import SettingsError
from asiento.runtime.yaml_files import load_yaml

KEYS_MAX: Final = 1_000
"""Every key is compared with each request, so that its time tells nothing; a thousand take about 0.3 ms."""
KEY_CHARACTERS_MIN, KEY_CHARACTERS_MAX = 20, 200
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_FIELDS: Final = frozenset({"name", "tenant", "source", "sha256"})


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key; `name` is for people. Two keys of one source are how a key is rotated."""

    name: str
    tenant: str
    source: str
    digest: bytes

    @property
    def prefix(self) -> str:
        """The start of the order keys that it may write."""
        return f"{self.tenant}:{self.source}:"


class ApiKeys:
    """The keys of an installation."""

    def __init__(self, keys: tuple[ApiKey, ...]) -> None:
        self._keys = keys

    def owner(self, presented: str) -> ApiKey | None:
        """Whose key it is, None for an unknown one; takes the same time whichever it is."""
        digest = hashlib.sha256(presented.encode()).digest()
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found if KEY_CHARACTERS_MIN <= len(presented) <= KEY_CHARACTERS_MAX else None


def load_api_keys(path: Path) -> ApiKeys:
    """The keys of a YAML file; raises `SettingsError` with every fault."""
    content = load_yaml(path)
    rows = content.get("keys")
    if set(content) != {"keys"} or not isinstance(rows, list) or len(rows) > KEYS_MAX:
        raise SettingsError(f"{path}: `keys:` with a list of at most {KEYS_MAX} keys is expected, and nothing else")
    faults = [f"{path}: keys[{number}]: {fault}" for number, row in enumerate(rows) if (fault := _fault(row))]
    digests = [row["sha256"] for row in rows if isinstance(row, dict) and "sha256" in row]
    if len({str(digest) for digest in digests}) != len(digests):
        faults.append(f"{path}: two keys have one sha256: give each source a key of its own")
    if faults:
        raise SettingsError("\n".join(faults))
    return ApiKeys(tuple(ApiKey(row["name"], row["tenant"], row["source"], bytes.fromhex(row["sha256"])) for row in rows))


def _fault(row: Any) -> str:
    if not isinstance(row, dict) or set(row) != _FIELDS or not all(isinstance(value, str) and value for value in row.values()):
        return "name, tenant, source and sha256 are expected, each a text"
    if ":" in row["tenant"]:
        return "tenant: a name without a colon is expected"
    if not re.fullmatch(r"[^:]+:[^:]+", row["source"]):
        return "source: <platform>:<connection> with exactly one colon is expected"
    if _DIGEST.fullmatch(row["sha256"]) is None:
        return "sha256: 64 lower-case hexadecimal digits are expected, the SHA-256 of the key: printf %s KEY | sha256sum"
    return ""
