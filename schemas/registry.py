"""The schemas this build knows, by id and by name: the `.avsc` files and the lock file beside them.

Subjects follow the RecordName strategy: one contract per record, whatever the topic. The lock file gives every
version its id for ever and the fingerprint of its content, so that a changed file cannot pass as the same version.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from schemas.avro_types import Record, read_record

LOCK_FILE = "registry.lock.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSchema:
    """One line of the lock file."""

    subject: str
    version: int
    id: int
    fingerprint: str

    @property
    def record_name(self) -> str:
        """The record's name without its namespace."""
        return self.subject.rpartition(".")[2]

    @property
    def file_name(self) -> str:
        """Name of its `.avsc` file under `schemas/avro`."""
        return f"{self.record_name}.v{self.version}.avsc"


@dataclass(frozen=True, slots=True)
class KnownSchema:
    """A locked schema with its content: `avsc` as in the file, `record` as typed shape."""

    locked: LockedSchema
    avsc: dict[str, Any]
    record: Record


@dataclass(frozen=True, slots=True)
class Registry:
    """All known schemas; `latest` is what is written, any id can be read."""

    status: str
    by_id: dict[int, KnownSchema]
    latest: dict[str, KnownSchema]


def fingerprint(avsc: dict[str, Any]) -> str:
    """SHA-256 (hex) of the canonical schema: sorted keys, no blanks, `doc` left out, logical types kept."""
    return hashlib.sha256(orjson.dumps(_without_docs(avsc), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _without_docs(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_docs(value) for key, value in schema.items() if key != "doc"}
    if isinstance(schema, list):
        return [_without_docs(item) for item in schema]
    return schema


def read_lock() -> tuple[str, tuple[LockedSchema, ...]]:
    """Status (draft or frozen) and lines of the lock file in the package."""
    content = orjson.loads(files("schemas").joinpath(LOCK_FILE).read_bytes())
    return content["status"], tuple(LockedSchema(**line) for line in content["schemas"])


def read_avsc(file_name: str) -> dict[str, Any]:
    """The content of one `.avsc` file in the package; raises `FileNotFoundError`."""
    content: dict[str, Any] = orjson.loads(files("schemas").joinpath("avro", file_name).read_bytes())
    return content


@cache
def registry() -> Registry:
    """The schemas of the package, read once."""
    status, lines = read_lock()
    known = []
    for locked in lines:
        avsc = read_avsc(locked.file_name)
        known.append(KnownSchema(locked, avsc, read_record(avsc)))
    ordered = sorted(known, key=lambda schema: schema.locked.version)
    return Registry(status, {schema.locked.id: schema for schema in known}, {schema.record.name: schema for schema in ordered})
