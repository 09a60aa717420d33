"""What can still be read of a refused record: framing, fields, JSON, or plain bytes. Nothing of it is trusted."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from schemas.dead_letters import DeadLetter
from schemas.events import JSON_BYTES_MAX
from schemas.framing import HEADER_BYTES, BadFrame, schema_id_of
from schemas.partial_reader import ReadProblem, read_partly
from schemas.registry import registry

DUMP_BYTES_DEFAULT: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """schema_id, record_name, version: of the framing, where it has one that this build knows. `event`: fields in the form of the
    JSON twin, whole or in part; `complete`: nothing was missing or wrong with the bytes. `json`: the value, where it is JSON.
    """

    schema_id: int | None = None
    record_name: str | None = None
    version: int | None = None
    event: dict[str, Any] | None = None
    complete: bool = False
    problems: tuple[ReadProblem, ...] = ()
    json: Any = None


def read_letter(letter: DeadLetter) -> Reading:
    """Never raises for what the bytes are."""
    value = letter.value or b""
    found = _json_of(value)
    if found is not None:
        event = found if isinstance(found, dict) and isinstance(found.get("type"), str) else None
        return Reading(event=event, json=found)
    try:
        schema_id = schema_id_of(value)
    except BadFrame:
        return Reading()
    known = registry().by_id.get(schema_id)
    if known is None:
        return Reading(schema_id=schema_id)
    read = read_partly(known.record, value[HEADER_BYTES:])
    return Reading(
        schema_id=schema_id,
        record_name=known.record.name,
        version=known.locked.version,
        event=read.values,
        complete=not read.problems,
        problems=read.problems,
    )


def dump_lines(data: bytes) -> list[str]:
    """Sixteen bytes a line: offset, hexadecimal, printable ASCII; a dot for anything else."""
    lines = []
    for start in range(0, len(data), 16):
        part = data[start : start + 16]
        pairs = " ".join(f"{byte:02x}" for byte in part)
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
        lines.append(f"{start:06x}  {pairs:<47}  {text}")
    return lines


def _json_of(value: bytes) -> Any:
    """Only objects and lists count: a bare number or word is no sign that JSON was meant."""
    text = value.removeprefix(b"\xef\xbb\xbf")
    if text.lstrip()[:1] not in (b"{", b"[") or len(text) > JSON_BYTES_MAX:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
