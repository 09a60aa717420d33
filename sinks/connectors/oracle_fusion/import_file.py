"""One journal as the file that Fusion imports: GlInterface.csv in a zip, the same bytes for the same document.

The key begins the name of the batch and is the beginning of the file's name: by the one the journal is found, by the other whether its
file has ever arrived.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Final
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from asiento.accounting.money import major_units_text
from sinks.external.documents import LedgerDocument, LedgerLine

COLUMNS: Final = 149
"""Columns of GlInterface.csv, all of them, by place."""
STATUS, LEDGER, DATE, SOURCE, CATEGORY, CURRENCY, CREATED, ACTUAL, SEGMENT_1 = range(9)
ENTERED_DEBIT, ENTERED_CREDIT, BATCH_NAME, BATCH_TEXT, JOURNAL_NAME, JOURNAL_TEXT, LINE_TEXT, GROUP = 38, 39, 42, 43, 45, 46, 51, 66
SEGMENTS_MAX: Final = 30
TEXT_CHARACTERS_MAX: Final = 240
NAME_CHARACTERS_MAX: Final = 100
ACCOUNT: Final = "{account}"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can say."""
_GROUP_DIGITS: Final = 11
_TRIES_MAX: Final = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Where journals go. segments: the combination of a line, with {account} where the mapping's account stands."""

    number: str
    data_access_set: str
    source: str
    category: str
    segments: tuple[str, ...]


def file_prefix(key: str) -> str:
    """What the names of all files of a document begin with."""
    return f"asiento_{UUID(key).hex}"


def group_of(key: str, tries: int) -> int:
    """The group of the lines of one file, at most 16 digits: lines that an earlier import refused are not taken along by a later one."""
    if tries > _TRIES_MAX:
        raise ValueError(f"{tries} files of document {key} are there already: somebody has to look at its import")
    return int(UUID(key).hex[:_GROUP_DIGITS], 16) * 100 + tries


def zipped(document: LedgerDocument, ledger: Ledger, tries: int) -> bytes:
    """The file. Raises ValueError where there were too many of them."""
    group = group_of(document.key, tries)
    text = StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerows(_row(line, document, ledger, group) for line in document.lines)
    packed = BytesIO()
    with ZipFile(packed, "w") as file:
        member = ZipInfo("GlInterface.csv", _EPOCH)
        member.compress_type = ZIP_DEFLATED
        member.create_system = 0
        file.writestr(member, text.getvalue().encode())
    return packed.getvalue()


def _row(line: LedgerLine, document: LedgerDocument, ledger: Ledger, group: int) -> list[str]:
    day, amount = document.date.replace("-", "/"), major_units_text(abs(line.amount), document.currency_exponent)
    values: Mapping[int, str] = {
        STATUS: "NEW",
        LEDGER: ledger.number,
        DATE: day,
        SOURCE: ledger.source,
        CATEGORY: ledger.category,
        CURRENCY: document.currency,
        CREATED: day,
        ACTUAL: "A",
        ENTERED_DEBIT if line.amount > 0 else ENTERED_CREDIT: amount,
        BATCH_NAME: document.key,
        BATCH_TEXT: _text(f"{document.reference} {document.memo}", TEXT_CHARACTERS_MAX),
        JOURNAL_NAME: _text(document.reference, NAME_CHARACTERS_MAX),
        JOURNAL_TEXT: _text(document.memo, TEXT_CHARACTERS_MAX),
        LINE_TEXT: _text(line.description, TEXT_CHARACTERS_MAX),
        GROUP: str(group),
        **{SEGMENT_1 + place: segment.replace(ACCOUNT, line.account) for place, segment in enumerate(ledger.segments)},
    }
    return [values.get(column, "") for column in range(COLUMNS)]


def _text(text: str, characters_max: int) -> str:
    """On one line; a text that begins as a formula would is none."""
    return " ".join(text.split()).lstrip("=+-@")[:characters_max].rstrip()
