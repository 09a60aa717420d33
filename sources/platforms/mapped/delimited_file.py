"""The `delimited` block of a mapper file."""

from typing import Any

from sources.platforms.mapped.blocks import Faults, inner
from sources.platforms.mapped.language import CONTROL_ROW, DELIMITED, ENCODINGS, GROUP
from sources.platforms.mapped.rules import ControlRow, Delimited

_SIGNS = {"decimal_sign": (".", ","), "thousands_sign": ("", ".", ",", " ", "'")}


def read_delimited(faults: Faults, value: Any, place: str) -> Delimited:
    """How a file is written; what is wrong with the block is noted."""
    keys = faults.block(value, place, DELIMITED)
    group = faults.block(keys["group"], inner(place, "group"), GROUP) if "group" in keys else {}
    decimal_sign = _sign(faults, keys, "decimal_sign", ".", place)
    thousands_sign = _sign(faults, keys, "thousands_sign", "", place)
    if decimal_sign == thousands_sign:
        faults.add(inner(place, "thousands_sign"), "must be another sign than decimal_sign")
    delimiter = keys.get("delimiter", ",")
    return Delimited(
        delimiter=_character(faults, "\t" if delimiter == "tab" else delimiter, inner(place, "delimiter")),
        quote=_character(faults, keys.get("quote", '"'), inner(place, "quote")),
        encoding=faults.choice(keys.get("encoding", "utf-8"), inner(place, "encoding"), ENCODINGS),
        decimal_sign=decimal_sign,
        thousands_sign=thousands_sign,
        numbers=_columns(faults, keys, "numbers", place),
        columns=_columns(faults, keys, "columns", place),
        group_by=_columns(faults, group, "by", inner(place, "group")),
        group_header=_columns(faults, group, "header", inner(place, "group")),
        control_row=_control_row(faults, keys["control_row"], inner(place, "control_row")) if "control_row" in keys else None,
    )


def _columns(faults: Faults, keys: dict[str, Any], name: str, place: str) -> tuple[str, ...]:
    return faults.texts(keys[name], inner(place, name)) if name in keys else ()


def _sign(faults: Faults, keys: dict[str, Any], name: str, default: str, place: str) -> str:
    value = keys.get(name, default)
    if value not in _SIGNS[name]:
        faults.add(inner(place, name), "one of these signs in quotes is expected: " + ", ".join(repr(sign) for sign in _SIGNS[name]))
        return default
    return str(value)


def _character(faults: Faults, value: Any, place: str) -> str:
    if not isinstance(value, str) or len(value) != 1 or value in "\r\n":
        faults.add(place, "one character is expected, or tab")
        return ","
    return value


def _control_row(faults: Faults, value: Any, place: str) -> ControlRow:
    keys = faults.block(value, place, CONTROL_ROW)
    where = faults.mapping(keys["where"], inner(place, "where")) if "where" in keys else {}
    sums = faults.mapping(keys["sums"], inner(place, "sums")) if "sums" in keys else {}
    if keys and "rows" not in keys and "sums" not in keys:
        faults.add(place, "rows or sums is expected: else there is nothing to compare")
    return ControlRow(
        where={column: (faults.texts(text, inner(inner(place, "where"), column)) or ("",))[0] for column, text in where.items()},
        rows=faults.text(keys["rows"], inner(place, "rows")) if "rows" in keys else None,
        sums={column: faults.text(total, inner(inner(place, "sums"), column)) for column, total in sums.items()},
    )
