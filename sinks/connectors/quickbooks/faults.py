"""Faults of QuickBooks: its codes and words as the taxonomy of refusals and failures.

A fault comes with any status, 200 included, and in two spellings. Codes are not enough: 6210 and 6000 stand for several things.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sinks.external.results import AuthRefused, CallFailed, NotSent, QuotaSpent, Refusal, Refused, Throttled, Uncertain

THROTTLED_SECONDS: Final = 60.0
"""How long Intuit asks to wait after a 429."""
DUPLICATE: Final = "6140"
_AUTHORIZATION: Final = frozenset({"100", "120", "401", "3100", "3200"})
_THROTTLED: Final = frozenset({"3001"})
_QUOTA: Final = frozenset({"6190"})
_MAPPING: Final = frozenset({"610", "2500"})
_BROKEN: Final = frozenset({"10000"})
_WORDS_MAX: Final = 500
_NAMED: Final = re.compile(r"\belement id (\d+) not found")


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorFault:
    """The first error of a fault: `code` without leading zeros, `message` in the vendor's words with the field it names."""

    code: str
    message: str
    system: bool = False


def fault_in(body: object) -> VendorFault | None:
    """The fault of an answer or of one item of a batch; None = it has none."""
    fault = _either(body, "Fault", "fault")
    if not isinstance(fault, Mapping):
        return None
    errors = _either(fault, "Error", "error")
    error = errors[0] if isinstance(errors, list) and errors else {}
    said = (_either(error, name, name.lower()) for name in ("Message", "Detail", "Element"))
    texts = [str(text).strip() for text in said if text]
    kind = str(_either(fault, "type", "Type") or "")
    return VendorFault(
        code=str(_either(error, "code", "Code") or "").lstrip("0"),
        message=" ".join(": ".join(dict.fromkeys(texts)).split())[:_WORDS_MAX] or f"a fault of type {kind or 'unknown'} without words",
        system=kind.lower() in ("systemfault", "service"),
    )


def failure_of(fault: VendorFault, *, writes: bool) -> CallFailed | None:
    """The failure of a whole call that a fault stands for; None = it is about what was sent."""
    words = f"QuickBooks says {fault.code}: {fault.message}"
    if fault.code in _AUTHORIZATION:
        return AuthRefused(words)
    if fault.code in _THROTTLED or "throttle" in fault.message.lower():
        return Throttled(words, THROTTLED_SECONDS)
    if fault.code in _QUOTA:
        return QuotaSpent(words)
    if fault.system or fault.code in _BROKEN:
        return Uncertain(words) if writes else NotSent(words)
    return None


def refusal_of(fault: VendorFault, *, settles: bool) -> Refused:
    """What a fault about a document says of it; settles: the document is about others, which may be gone or settled."""
    lower = fault.message.lower()
    if "period closed" in lower or "closing date" in lower or "books are closed" in lower or "books closed" in lower:
        refusal = Refusal.PERIOD_CLOSED
    elif fault.code == DUPLICATE:
        refusal = Refusal.CONFLICT
    elif settles and ("linked" in lower or "open balance" in lower or "has been deleted" in lower):
        refusal = Refusal.DEPENDENCY
    elif fault.code in _MAPPING:
        refusal = Refusal.MAPPING
    else:
        refusal = Refusal.INVALID
    return Refused(refusal=refusal, code=fault.code, message=fault.message, about=_named_in(fault) if refusal is Refusal.MAPPING else None)


def _named_in(fault: VendorFault) -> str | None:
    """The Id that a fault names as one that is not there: all that goes to it can wait."""
    found = _NAMED.search(fault.message)
    return found[1] if found is not None else None


def _either(thing: object, *names: str) -> Any:
    if isinstance(thing, Mapping):
        for name in names:
            if name in thing:
                return thing[name]
    return None
