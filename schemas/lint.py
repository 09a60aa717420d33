"""What our contract allows in a schema, and what the lock file allows to change.

Works on raw `.avsc` content, so that a schema that the typed reader would refuse still gets a plain finding.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import fastavro
import orjson

from schemas.avro_types import SchemaError, read_record
from schemas.registry import LockedSchema, fingerprint

ENVELOPE_LENGTH = 16
PERSONAL_WORDS = frozenset(
    {"email", "phone", "street", "address", "iban", "pan", "cvv", "ip", "birthday", "firstname", "lastname", "surname", "postcode", "zip"}
)
PERSONAL_NAMES = frozenset({"name", "first_name", "last_name", "full_name", "postal_code", "card_number", "user_agent"})
_SNAKE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: in which file, where in it, what."""

    file: str
    place: str
    problem: str

    def to_json(self) -> dict[str, str]:
        """As a JSON object."""
        return asdict(self)


def check(avsc_files: Mapping[str, bytes], lock: bytes) -> tuple[Finding, ...]:
    """All findings for a set of `.avsc` files (name -> content) and a lock file; empty when all is well."""
    schemas: dict[str, Any] = {}
    findings: list[Finding] = []
    for name, content in sorted(avsc_files.items()):
        try:
            schemas[name] = orjson.loads(content)
        except orjson.JSONDecodeError as problem:
            findings.append(Finding(name, "", f"is not JSON: {problem}"))
    for name, schema in schemas.items():
        findings += [Finding(name, place, problem) for place, problem in lint_schema(schema)]
    findings += _check_envelopes(schemas)
    locked, problems = _read_lines(lock)
    return (*findings, *problems, *_check_lock(schemas, locked), *_check_versions(schemas, locked))


def lint_schema(schema: Any) -> Iterator[tuple[str, str]]:
    """(place, problem) for everything one schema must not say."""
    if not isinstance(schema, dict) or schema.get("type") != "record":
        yield "", "a schema is one record: no top-level union"
        return
    yield from _lint(schema, schema.get("name", ""))
    try:
        read_record(schema)
        fastavro.parse_schema(schema, _write_hint=False)
    except SchemaError as problem:
        yield "", str(problem)
    except fastavro.schema.SchemaParseException as problem:
        yield "", f"is not Avro: {problem}"


def _lint(schema: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(schema, list):
        for branch in schema:
            yield from _lint(branch, at)
        return
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind in ("float", "double"):
        yield at, "float and double lose cents: use a long of minor units, or a decimal string"
    if not isinstance(schema, dict):
        return
    if kind == "enum" and (schema["symbols"][:1] != ["UNKNOWN"] or schema.get("default") != "UNKNOWN"):
        yield at, "an enumeration starts with UNKNOWN, its default"
    if kind in ("array", "map"):
        inner = schema["items" if kind == "array" else "values"]
        if _bytes_min(inner) == 0 and kind == "array":
            yield at, "an item may take 0 bytes: six bytes could claim millions of them"
        yield from _lint(inner, f"{at}[]")
    if kind == "record":
        if not schema.get("doc"):
            yield at, "a record needs a doc"
        for field in schema["fields"]:
            yield from _lint_field(field, f"{at}.{field['name']}")


def _lint_field(field: dict[str, Any], at: str) -> Iterator[tuple[str, str]]:
    name = field["name"]
    if not field.get("doc"):
        yield at, "a field needs a doc"
    if _SNAKE.fullmatch(name) is None:
        yield at, "field names are snake_case"
    if name in PERSONAL_NAMES or PERSONAL_WORDS & set(name.split("_")):
        yield at, "no field for personal data"
    if isinstance(field["type"], list) and ("default" not in field or field["default"] is not None):
        yield at, "a nullable field has default null"
    yield from _lint(field["type"], at)


def _bytes_min(schema: Any) -> int:
    """Fewest bytes a value can take; a named reference stands for a type that was linted where it is defined."""
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "null":
        return 0
    if kind == "fixed":
        return int(schema["size"])
    if kind == "record":
        return sum(_bytes_min(field["type"]) for field in schema["fields"])
    return 1


def _check_envelopes(schemas: Mapping[str, Any]) -> Iterator[Finding]:
    """Every event starts with the same envelope, field by field."""
    events = {name: schema for name, schema in schemas.items() if isinstance(schema, dict) and schema.get("event")}
    envelope: list[str] | None = None
    for name, schema in events.items():
        found = [field["name"] for field in schema["fields"][:ENVELOPE_LENGTH]]
        envelope = envelope or found
        if found != envelope:
            yield Finding(name, schema["name"], "the envelope is not that of the other events")


def _read_lines(lock: bytes) -> tuple[tuple[LockedSchema, ...], tuple[Finding, ...]]:
    try:
        return tuple(LockedSchema(**line) for line in orjson.loads(lock)["schemas"]), ()
    except (orjson.JSONDecodeError, KeyError, TypeError) as problem:
        return (), (Finding("registry.lock.json", "", f"cannot be read: {problem}"),)


def _check_lock(schemas: Mapping[str, Any], locked: tuple[LockedSchema, ...]) -> Iterator[Finding]:
    lines = {line.file_name: line for line in locked}
    if len({line.id for line in locked}) < len(locked) or len(lines) < len(locked):
        yield Finding("registry.lock.json", "", "an id or a version is given twice")
    for name in sorted(lines.keys() - schemas.keys()):
        yield Finding(name, "", "is in the lock file, but there is no such file")
    for name, schema in schemas.items():
        line = lines.get(name)
        if line is None:
            yield Finding(name, "", "is not in the lock file: give it a version and an id there")
        elif line.subject != f"{schema.get('namespace')}.{schema.get('name')}":
            yield Finding(name, "", f"is not the schema of {line.subject}")
        elif line.fingerprint != fingerprint(schema):
            yield Finding(name, "", f"changed, but is still version {line.version}: write the change as version {line.version + 1}")


def _check_versions(schemas: Mapping[str, Any], locked: tuple[LockedSchema, ...]) -> Iterator[Finding]:
    """A later version keeps every field as it was; what it adds is nullable with default null."""
    by_version = {(line.subject, line.version): schemas[line.file_name] for line in locked if line.file_name in schemas}
    for line in locked:
        earlier, later = by_version.get((line.subject, line.version - 1)), by_version.get((line.subject, line.version))
        if earlier is None or later is None:
            continue
        before = {field["name"]: field["type"] for field in earlier["fields"]}
        after = {field["name"]: field for field in later["fields"]}
        for name in sorted(before.keys() - after.keys()):
            yield Finding(line.file_name, name, "a field was taken out: it stays, unused")
        for name, field in after.items():
            if name not in before and not (isinstance(field["type"], list) and field.get("default", "") is None):
                yield Finding(line.file_name, name, "a new field is nullable with default null")
            if name in before and before[name] != field["type"]:
                yield Finding(line.file_name, name, "the type of a field changed: add another field")
