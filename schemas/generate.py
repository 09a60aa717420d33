"""Writes the `.avsc` files, the lock file and the reference pages from the declarations.

python -m schemas.generate          write what is declared
python -m schemas.generate --lock   also put the new fingerprints of draft schemas into the lock file
"""

import sys
from pathlib import Path
from typing import Any

import orjson

from schemas.declared.events import EVENTS
from schemas.declared.outputs import OUTPUTS
from schemas.declared.words import Declared
from schemas.package_files import LOCK_FILE
from schemas.reference_pages import pages
from schemas.registry import fingerprint

PACKAGE = Path(__file__).parent
REFERENCE = PACKAGE.parent / "docs" / "reference"
FIRST_EVENT_ID, FIRST_OUTPUT_ID = 1, 101
DRAFT = "draft"


def avsc(declared: Declared) -> dict[str, Any]:
    """The self-contained Avro schema of a declared record: every named type is defined where it is first met."""
    schema: dict[str, Any] = _defined_once(declared, set())
    return schema


def _defined_once(schema: Any, met: set[str]) -> Any:
    if isinstance(schema, list):
        return [_defined_once(item, met) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in ("record", "enum"):
        if schema["name"] in met:
            return schema["name"]
        met.add(schema["name"])
    return {key: value if key == "default" else _defined_once(value, met) for key, value in schema.items()}


def avsc_files() -> dict[str, bytes]:
    """File name -> content of every declared schema."""
    declared = (*EVENTS, *OUTPUTS)
    return {
        f"{record['name']}.v1.avsc": orjson.dumps(avsc(record), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        for record in declared
    }


def lock_content() -> bytes:
    """The lock file for the declared schemas, all drafts of version 1."""
    lines = [_lock_line(record, FIRST_EVENT_ID + index) for index, record in enumerate(EVENTS)]
    lines += [_lock_line(record, FIRST_OUTPUT_ID + index) for index, record in enumerate(OUTPUTS)]
    return orjson.dumps({"status": DRAFT, "schemas": lines}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _lock_line(record: Declared, schema_id: int) -> dict[str, Any]:
    subject = f"{record['namespace']}.{record['name']}"
    return {"subject": subject, "version": 1, "id": schema_id, "fingerprint": fingerprint(avsc(record))}


def main(arguments: list[str]) -> None:
    """Write the files; see the module's docstring."""
    for name, content in avsc_files().items():
        (PACKAGE / "avro" / name).write_bytes(content)
    if "--lock" in arguments:
        (PACKAGE / LOCK_FILE).write_bytes(lock_content())
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
