"""Import jobs: how they are asked for, how they end, and why journals did not come of them."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from sinks.external.results import Refusal

ENDED: Final = frozenset({"SUCCEEDED", "WARNING", "ERROR", "CANCELLED", "CANCELED", "FINISHED", "EXPIRED", "ERROR MANUAL RECOVERY"})
"""States after which a job does nothing more."""
REPORT_BYTES_MAX: Final = 4 * 1024 * 1024
REPORT_FILES_MAX: Final = 50
WORDS_MAX: Final = 300
_CODE: Final = re.compile(r"\b(E[A-Z][0-9]{2})\b[ \t:|-]*([^\r\n]{0,200})")
_PERIOD: Final = ("EP",)
_ACCOUNT: Final = ("EF", "ES", "EC")


def job_of(answer: Mapping[str, Any]) -> str | None:
    """The number of the job that an import was given; None where there is none."""
    number = str(answer.get("ReqstId") or "")
    return number if number.isdecimal() and int(number) > 0 else None


def report_in(answer: Mapping[str, Any]) -> str:
    """All texts of a job's report, a zip in base64; empty where it cannot be read. Bounded: what is longer is cut."""
    items = answer.get("items") or [{}]
    try:
        packed = b64decode(str(items[0].get("DocumentContent") or ""), validate=True)
        with ZipFile(BytesIO(packed)) as file:
            texts, left = [], REPORT_BYTES_MAX
            for name in file.namelist()[:REPORT_FILES_MAX]:
                with file.open(name) as member:
                    texts.append(member.read(left))
                left -= len(texts[-1])
        return b"\n".join(texts).decode("utf-8", "replace")
    except (Error, BadZipFile, OSError, NotImplementedError, RuntimeError):
        return ""


def reason_in(report: str) -> tuple[Refusal, str, str]:
    """What a report says against a journal: meaning, code of the first error, words."""
    found = _CODE.search(report)
    if found is None:
        return Refusal.INVALID, "not_imported", "the import has ended and no journal came of it: look at the log of its job"
    code, words = found[1], " ".join(found[2].split())[:WORDS_MAX]
    refusal = Refusal.PERIOD_CLOSED if code.startswith(_PERIOD) else Refusal.MAPPING if code.startswith(_ACCOUNT) else Refusal.INVALID
    return refusal, code, words or code
