"""What our contract allows in one schema.

Works on raw `.avsc` content, so that a schema that the typed reader would refuse still gets a plain finding.
"""

import re
from collections.abc import Iterator
from typing import Any

import fastavro

from schemas.avro_types import SchemaError, read_record
from schemas.findings import Problem

PERSONAL_WORDS = frozenset(
    {"email", "phone", "street", "address", "iban", "pan", "cvv", "ip", "birthday", "firstname", "lastname", "surname", "postcode", "zip"}
)
PERSONAL_NAMES = frozenset({"name", "first_name", "last_name", "full_name", "postal_code", "card_number", "user_agent"})
NO_DOC = frozenset({"the record has no doc", "the field has no doc"})
_SNAKE = re.compile(r"[a-z][a-z0-9_]*")


def lint_schema(schema: Any, *, with_docs: bool = True) -> list[Problem]:
    """Everything that one schema must not say; `with_docs`: words for people are asked for, too."""
    if not isinstance(schema, dict) or schema.get("type") != "record":
        return [Problem("", "a schema is one record: no top-level union", "make it a record")]
    try:
        fastavro.parse_schema(schema, _write_hint=False)
        found = list(_lint(schema, schema["name"]))
    except (fastavro.schema.SchemaParseException, LookupError, TypeError, ValueError, AttributeError) as problem:
        return [Problem("", f"is not Avro: {type(problem).__name__}: {problem}", "generate it from schemas/declared")]
    try:
        read_record(schema)
    except SchemaError as problem:
        found.append(Problem("", str(problem), "write it as docs/spec/events.md allows"))
    return [problem for problem in found if with_docs or problem.problem not in NO_DOC]


def _lint(schema: Any, at: str) -> Iterator[Problem]:
    if isinstance(schema, list):
        for branch in schema:
            yield from _lint(branch, at)
        return
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind in ("float", "double"):
        yield Problem(at, "float and double lose cents", "use a long of minor units, or a decimal string")
    if not isinstance(schema, dict):
        return
    if kind == "enum" and (schema["symbols"][:1] != ["UNKNOWN"] or schema.get("default") != "UNKNOWN"):
        yield Problem(at, "the enumeration does not start with UNKNOWN, its default", "put UNKNOWN first and make it the default")
    if kind in ("array", "map"):
        inner = schema["items" if kind == "array" else "values"]
        if _bytes_min(inner) == 0 and kind == "array":
            yield Problem(at, "an item may take 0 bytes: six bytes could claim millions of them", "give the item a field with a length")
        yield from _lint(inner, f"{at}[]")
    if kind == "record":
        if not schema.get("doc"):
            yield Problem(at, "the record has no doc", "say what it means")
        if not schema["fields"]:  # with none of these, whatever is read takes a byte at least: work stays proportional to the input
            yield Problem(at, "a record without fields takes 0 bytes", "give it a field, or leave it out")
        for field in schema["fields"]:
            yield from _lint_field(field, f"{at}.{field['name']}")


def _lint_field(field: dict[str, Any], at: str) -> Iterator[Problem]:
    name = field["name"]
    if not field.get("doc"):
        yield Problem(at, "the field has no doc", "say what it means, and its unit")
    if _SNAKE.fullmatch(name) is None:
        yield Problem(at, "the name is not snake_case", "write it in lower case with underscores")
    if name in PERSONAL_NAMES or PERSONAL_WORDS & set(name.split("_")):
        yield Problem(at, "the name is one of personal data", "leave the field out: events and entries hold none")
    if isinstance(field["type"], list) and ("default" not in field or field["default"] is not None):
        yield Problem(at, "a nullable field has no default null", 'add "default": null')
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
