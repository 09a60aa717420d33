"""What Xero says against a document, told apart by its words: its validation errors have no codes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sinks.external.results import Refusal, Refused, Unknown

WORDS_MAX: Final = 600

_LATER: Final = re.compile(r"try again|temporarily|timed? ?out|internal error|could not obtain", re.IGNORECASE)
"""It could not say now: looked up, then sent again."""
_PLAN: Final = re.compile(r"reached the limit of \w+ you can", re.IGNORECASE)
_NUMBER_TAKEN: Final = re.compile(
    r"(must be|already|not) unique|unique (number|value)|(number|#).{0,40}already (exists|been used)|not of valid status for modification",
    re.IGNORECASE,
)
_KINDS: Final[Sequence[tuple[Refusal, re.Pattern[str]]]] = (
    (Refusal.PERIOD_CLOSED, re.compile(r"lock(ed)? (date|period)|period (is )?lock|lock date", re.IGNORECASE)),
    (
        Refusal.DEPENDENCY,
        re.compile(
            r"exceeds? the .{0,60}(outstanding|remaining|due|credit)|greater than the .{0,60}(outstanding|remaining|due|credit)"
            r"|only be made against authorised|(invoice|credit ?note)s? .{0,40}(could not be found|not found|does not exist)"
            r"|(fully paid|already (been )?paid|been voided)",
            re.IGNORECASE,
        ),
    ),
    (
        Refusal.MAPPING,
        re.compile(
            r"account (code|id)|taxtype|tax (type|rate)|item code|itemcode|tracking|contact|bank account|system account"
            r"|account .{0,60}(archived|not valid|not be found|not found|cannot|must)|account must be|not subscribed to currency|currency",
            re.IGNORECASE,
        ),
    ),
)
_QUOTED: Final = re.compile(r"['\"‘’“”]([^'\"‘’“”]{1,80})['\"‘’“”]")


class PlanLimit(Exception):
    """The organization's plan takes no more documents this month; the message is Xero's."""


class NumberTaken(Exception):
    """A document with this number stands there already; the message is Xero's."""


def messages(element: Mapping[str, Any]) -> list[str]:
    """What stands against an element of an answer: its own errors and those of what is inside it."""
    found: list[str] = []
    for name, value in element.items():
        if name == "ValidationErrors" and isinstance(value, list):
            found += [str(error.get("Message", "")) for error in value if isinstance(error, dict)]
        elif isinstance(value, dict):
            found += messages(value)
        elif isinstance(value, list):
            found += [text for item in value if isinstance(item, dict) for text in messages(item)]
    return list(dict.fromkeys(text for text in found if text))


def refused(texts: Sequence[str], code: str) -> Refused | Unknown:
    """The answer that Xero's words stand for.

    Raises `NumberTaken` where another look decides, and `PlanLimit` where no document can be booked now.
    """
    words = "; ".join(texts)[:WORDS_MAX] or "Xero refuses it without a word"
    if _PLAN.search(words):
        raise PlanLimit(words)
    for kind, pattern in _KINDS[:1]:
        if pattern.search(words):
            return Refused(refusal=kind, code=code, message=words, about=_about(texts, pattern))
    if _NUMBER_TAKEN.search(words):
        raise NumberTaken(words)
    if _LATER.search(words):
        return Unknown(reason=words)
    for kind, pattern in _KINDS[1:]:
        if pattern.search(words):
            return Refused(refusal=kind, code=code, message=words, about=_about(texts, pattern))
    return Refused(refusal=Refusal.INVALID, code=code, message=words)


def _about(texts: Sequence[str], pattern: re.Pattern[str]) -> str:
    """What is unmapped or closed: the name in quotes where there is one, else the sentence."""
    text = next(text for text in texts if pattern.search(text)) if any(map(pattern.search, texts)) else texts[0]
    quoted = _QUOTED.search(text)
    return quoted[1] if quoted else text[:WORDS_MAX]
