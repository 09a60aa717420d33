"""The schemas this build knows, by id and by name: the `.avsc` files and the lock file beside them.

Subjects follow the RecordName strategy: one contract per record, whatever the topic. The lock file gives every
version its id for ever, its status and the fingerprint of its content, so that a changed file cannot pass as the
same version. A draft may still change; a frozen version never does, and records of it are read for ever.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from schemas.avro_types import Record, read_record
from schemas.package_files import avsc_content, lock_content

DRAFT = "draft"
FROZEN = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSchema:
    """One line of the lock file; `status` is draft or frozen."""

    subject: str
    version: int
    id: int
    status: str
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

    by_id: dict[int, KnownSchema]
    latest: dict[str, KnownSchema]


def fingerprint(avsc: dict[str, Any]) -> str:
    """SHA-256 (hex) of the canonical schema: sorted keys, no blanks, words for people included, its status left out."""
    content = {name: value for name, value in avsc.items() if name != "status"}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def read_lock(content: bytes) -> tuple[LockedSchema, ...]:
    """The lines of a lock file; raises `orjson.JSONDecodeError`, `KeyError` or `TypeError` for what is none."""
    return tuple(LockedSchema(**line) for line in orjson.loads(content)["schemas"])


@cache
def registry() -> Registry:
    """The schemas of the package, read once."""
    known = []
    for locked in read_lock(lock_content()):
        avsc = orjson.loads(avsc_content(locked.file_name))
        known.append(KnownSchema(locked, avsc, read_record(avsc)))
    ordered = sorted(known, key=lambda schema: schema.locked.version)
    by_id = {schema.locked.id: schema for schema in known}
    return Registry(by_id, {schema.record.name: schema for schema in ordered})
