"""What Tryton's refusals mean. What can be looked up is looked up (periods, accounts); words decide only about the rest."""

from typing import Final

from sinks.connectors.tryton.chart import ForeignCurrency, NoOpenPeriod, NotInBooks, NotSettled
from sinks.connectors.tryton.client import TrytonRefused
from sinks.external.results import AuthRefused, Refusal, Refused

_NO_RIGHTS: Final = ("not allowed", "access rights", "no access", "do not have")
_CLOSED: Final = ("closed journal-period", "closed period", "must reopen the period", "must create a period")
_UNBALANCED: Final = ("balance all its lines",)
_OVERPAID: Final = ("amount of payment lines", "payment lines", "is paid", "to a paid")


def not_in_books(problem: NotInBooks) -> Refused:
    """The refusal of a document that names what Tryton has not, or a day that is not open."""
    if isinstance(problem, NoOpenPeriod):
        return Refused(refusal=Refusal.PERIOD_CLOSED, code="no_open_period", message=problem.message, about=problem.about)
    if isinstance(problem, NotSettled):
        return Refused(refusal=Refusal.DEPENDENCY, code="not_there", message=problem.message, about=problem.about)
    code = "foreign_currency" if isinstance(problem, ForeignCurrency) else "unknown_name"
    return Refused(refusal=Refusal.MAPPING, code=code, message=problem.message, about=problem.about)


def refused(problem: TrytonRefused, *, settles: bool = False) -> Refused:
    """What Tryton's own words mean, where nothing that can be looked up explains them. Raises `AuthRefused` where rights are missing."""
    said = problem.message.lower()
    if _says(said, _NO_RIGHTS):
        raise AuthRefused(f"the key's user lacks rights in Tryton (group Accounting): {problem.message}")
    if _says(said, _CLOSED):
        return Refused(refusal=Refusal.PERIOD_CLOSED, code="period_closed", message=problem.message)
    if _says(said, _UNBALANCED):
        return Refused(refusal=Refusal.INVALID, code="unbalanced", message=problem.message)
    if settles and _says(said, _OVERPAID):
        return Refused(refusal=Refusal.DEPENDENCY, code="more_than_open", message=problem.message)
    return Refused(refusal=Refusal.INVALID, code="refused", message=problem.message)


def conflict(message: str) -> Refused:
    """Another content stands under the key."""
    return Refused(refusal=Refusal.CONFLICT, code="other_content", message=message)


def _says(said: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in said for phrase in phrases)
