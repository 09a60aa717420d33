"""Writes what is made of the schemas for producers: `python -m sources.sdk.generate`.

The typed events of this package, and under docs/reference the JSON Schemas, the samples and the AsyncAPI document.
"""

from pathlib import Path
from typing import Final

import orjson

from schemas.asyncapi import asyncapi_document
from schemas.event_json_schema import event_json_schema
from schemas.registry import registry
from sources.sdk.generated_source import events_source, parts_source
from sources.sdk.samples import samples

ROOT: Final = Path(__file__).resolve().parents[2]
REFERENCE: Final = "docs/reference"
_JSON: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def sources() -> dict[str, str]:
    """Path below the root -> source of a generated module, as it is before the formatter."""
    return {"sources/sdk/parts.py": parts_source(), "sources/sdk/events.py": events_source()}


def documents(avro_folder: str = "../../schemas/avro") -> dict[str, bytes]:
    """Path below the reference -> content of a document: JSON Schemas, samples, AsyncAPI."""
    twins = {sample.RECORD: sample.to_json() for sample in reversed(samples())}
    events = [known.record for known in registry().latest.values() if known.record.is_event]
    found = {f"json-schema/{event.name}.json": _json(event_json_schema(event, twins.get(event.name))) for event in events}
    found |= {f"samples/{name}.json": _json(twin) for name, twin in twins.items()}
    return found | {"asyncapi.json": _json(asyncapi_document(twins, avro_folder))}


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=_JSON)


if __name__ == "__main__":
    for name, text in sources().items():
        (ROOT / name).write_text(text, encoding="utf-8")
    for name, content in documents().items():
        path = ROOT / REFERENCE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
