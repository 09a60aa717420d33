"""Discrepancies that ledgers raise, those outside and the tie-out of the embedded one: how grave each is, and what it says."""

from typing import Final, Literal

from asiento.accounting.decision import Discrepancy, Severity
from asiento.accounting.identity import discrepancy_id

LedgerCode = Literal["D18", "D23", "D30", "D33", "D34"]
_KINDS: Final[dict[LedgerCode, tuple[Severity, str]]] = {
    "D18": ("critical", "unexplained"),
    "D23": ("medium", "unmapped"),
    "D30": ("medium", "too_old"),
    "D33": ("critical", "read_back"),
    "D34": ("high", "period_closed"),
}
"""Code -> severity, and the way in which it is raised: the parameter `reason`, unless another is stated."""


def ledger_discrepancy(
    code: LedgerCode,
    about_id: str,
    *,
    connection: str,
    order_key: str,
    currency: str | None,
    raised_at: int,
    event_id: str | None = None,
    entry_id: str | None = None,
    account: str | None = None,
    expected: int | None = None,
    actual: int | None = None,
    **parameters: str,
) -> Discrepancy:
    """An open discrepancy; `about_id` names what it is about at this connection, so that two connections raise two.

    expected, actual: minor units. raised_at: UTC microseconds. Parameters that say nothing are left out.
    """
    severity, reason = _KINDS[code]
    stated = {"account": account, "ledger": connection, "reason": reason, **parameters}
    return Discrepancy(
        discrepancy_id=discrepancy_id(code, about_id),
        code=code,
        severity=severity,
        order_key=order_key,
        event_id=event_id,
        entry_id=entry_id,
        account=account,
        expected=expected,
        actual=actual,
        currency=currency,
        parameters=tuple(sorted((name, value) for name, value in stated.items() if value)),
        raised_at=raised_at,
        state="OPEN",
    )
