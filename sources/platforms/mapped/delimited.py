"""CSV and TSV files: header, rows, numbers, groups; control totals are compared before anything is let out.

A file becomes `{"rows": {"1": {column: cell}, "2": ...}, "control": {column: cell}, "file": {"sha256": text, "rows": number}}`: rows are
named by their number without the header, empty cells are left out, cells of number columns are plain decimal texts.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from sources.platforms.mapped.rules import ControlRow, Delimited
from sources.platforms.minor_units import decimal_text
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import PAYLOAD_BYTES_MAX, Node

ROWS_MAX: Final = 200_000
COLUMNS_MAX: Final = 500
_CODECS: Final = {"utf-8": "utf-8-sig", "latin-1": "latin-1", "cp1252": "cp1252"}

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """One object of a payload, its position, and the pointer of a column in which its rows disagree."""

    node: Node
    position: str
    conflict: str | None = None


def parse_delimited(body: bytes, spec: Delimited) -> Node:
    """The file as a node; raises `Unjudged` for whatever is not as the mapper says, control totals among it."""
    header, lines = _table(body, spec)
    rows: dict[str, Row] = {}
    for number, cells in lines:
        if len(cells) != len(header):
            pointer = f"/rows/{number}"
            raise Unjudged("reject_malformed", f"{pointer}: {len(cells)} cells, the header has {len(header)}", pointer)
        rows[str(number)] = _row(header, cells, number, spec)
    control: Row = {}
    if spec.control_row is not None:
        rows, control = _controlled(rows, spec.control_row, spec)
    file = {"sha256": sha256(body).hexdigest(), "rows": len(rows)}
    return Node({"rows": rows, "control": control, "file": file}, "")


def groups_of(payload: Node, spec: Delimited) -> Sequence[Group]:
    """The rows, or the groups of rows with the same values in the columns of the group, by the first row of each."""
    rows: dict[str, Row] = payload.value["rows"]
    if not spec.group_by:
        return [Group(Node(row, f"/rows/{number}"), number) for number, row in rows.items()]
    gathered: dict[tuple[str | None, ...], dict[str, Row]] = {}
    for number, row in rows.items():
        gathered.setdefault(tuple(row.get(column) for column in spec.group_by), {})[number] = row
    return [_group(members, spec) for members in gathered.values()]


def _group(members: dict[str, Row], spec: Delimited) -> Group:
    number, first = next(iter(members.items()))
    content: dict[str, Any] = {column: first[column] for column in (*spec.group_by, *spec.group_header) if column in first}
    conflict = next(
        (
            f"/rows/{other}/{column}"
            for other, row in members.items()
            for column in spec.group_header
            if row.get(column) != first.get(column)
        ),
        None,
    )
    return Group(Node(content | {"rows": members}, ""), number, conflict)


def _table(body: bytes, spec: Delimited) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """(the header, the numbered rows)."""
    if len(body) > PAYLOAD_BYTES_MAX:
        raise Unjudged("reject_malformed", f"the file has {len(body)} bytes, at most {PAYLOAD_BYTES_MAX} are read", "")
    try:
        text = body.decode(_CODECS[spec.encoding])
    except UnicodeDecodeError as error:
        raise Unjudged("reject_malformed", f"byte {error.start} is not {spec.encoding}; the mapper declares the encoding", "") from None
    lines = _lines(text, spec)
    header = [name.strip() for name in next(lines, (0, []))[1]]
    missing = sorted({*spec.columns, *spec.group_by, *spec.group_header, *spec.numbers} - set(header))
    if not header or missing:
        names = ", ".join(missing) or "all of them"
        raise Unjudged("reject_malformed", f"the header has not the columns {names}; is the delimiter right?", "/header")
    if len(set(header)) != len(header) or "" in header or len(header) > COLUMNS_MAX:
        raise Unjudged("reject_malformed", f"every column needs a name of its own, and there are at most {COLUMNS_MAX}", "/header")
    return header, lines


def _lines(text: str, spec: Delimited) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not blank, numbered from 0."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=spec.delimiter, quotechar=spec.quote, strict=True)
    number = 0
    try:
        for cells in reader:
            if cells:
                yield number, cells
                number += 1
            if number > ROWS_MAX:
                raise Unjudged("reject_malformed", f"more than {ROWS_MAX} rows", f"/rows/{number}")
    except csv.Error:
        pointer = f"/rows/{number}"
        raise Unjudged(
            "reject_malformed", f"{pointer}: quotes or line ends that cannot be read (line {reader.line_num})", pointer
        ) from None


def _row(header: list[str], cells: list[str], number: int, spec: Delimited) -> Row:
    row = {}
    for column, cell in zip(header, cells, strict=True):
        text = cell.strip()
        if text:
            row[column] = plain_number(text, spec, f"/rows/{number}/{column}") if column in spec.numbers else text
    return row


def plain_number(text: str, spec: Delimited, pointer: str) -> str:
    """1.234,50 -> 1234.50, by the declared signs; raises `Unjudged`."""
    point, thousands = re.escape(spec.decimal_sign), re.escape(spec.thousands_sign)
    grouped = rf"[0-9]{{1,3}}(?:{thousands}[0-9]{{3}})+|" if thousands else ""
    if not re.fullmatch(rf"[+-]?(?:{grouped}[0-9]{{1,18}})(?:{point}[0-9]{{1,12}})?", text):
        raise Unjudged("reject_malformed", f"{pointer}: a number with the declared decimal and thousands signs is expected", pointer)
    whole = text.removeprefix("+")
    return (whole.replace(spec.thousands_sign, "") if thousands else whole).replace(spec.decimal_sign, ".")


def _controlled(rows: dict[str, Row], control: ControlRow, spec: Delimited) -> tuple[dict[str, Row], Row]:
    """(the data rows, the control row) of a file whose totals are right."""
    fitting = [number for number, row in rows.items() if all(row.get(column) == text for column, text in control.where.items())]
    if len(fitting) != 1:
        message = f"{len(fitting)} control rows, one is expected: the file is cut off, or two were put together; nothing of it is released"
        raise Unjudged("hold_discrepancy", message, "/rows")
    total = rows[fitting[0]]
    data = {number: row for number, row in rows.items() if number != fitting[0]}
    if control.rows is not None:
        _compare(f"/rows/{fitting[0]}/{control.rows}", "the number of rows", total.get(control.rows), Decimal(len(data)), spec)
    for column, stated in control.sums.items():
        numbers = (Decimal(plain_number(row[column], _PLAIN, f"/rows/{number}/{column}")) for number, row in data.items() if column in row)
        _compare(f"/rows/{fitting[0]}/{stated}", f"the sum of {column}", total.get(stated), sum(numbers, Decimal(0)), spec)
    return data, total


_PLAIN: Final = Delimited()
"""Numbers that were read already."""


def _compare(pointer: str, what: str, cell: str | None, computed: Decimal, spec: Delimited) -> None:
    column = pointer.rpartition("/")[2]
    text = plain_number(cell or "", _PLAIN if column in spec.numbers else spec, pointer)
    stated = Decimal(text)
    if stated != computed:
        figures = f"stated {decimal_text(stated)}, computed {decimal_text(computed)}, difference {decimal_text(stated - computed)}"
        raise Unjudged("hold_discrepancy", f"{pointer}: {what} differs: {figures}; nothing of the file is released", pointer)
