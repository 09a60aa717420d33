"""Discrepancies that a connection raises: their ids, and what they say."""

from typing import Literal

from asiento.accounting.decision import Discrepancy, Severity
from asiento.accounting.identity import discrepancy_id
from asiento.accounting.journal import JournalEntry


def ledger_discrepancy(
    code: str,
    severity: Severity,
    entry: JournalEntry,
    connection: str,
    *,
    reason: str,
    about: str = "",
    reference: str = "",
    state: Literal["OPEN", "RESOLVED"] = "OPEN",
) -> Discrepancy:
    """A discrepancy about an entry at a connection; two connections raise two.

    `raised_at` is when the fact of the entry happened, so that it is the same whenever it is raised.
    """
    stated = {"ledger": connection, "reason": reason, "about": about, "reference": reference}
    return Discrepancy(
        discrepancy_id=discrepancy_id(code, f"{entry.entry_id}|{connection}"),
        code=code,
        severity=severity,
        order_key=entry.order_key,
        event_id=entry.event_id,
        entry_id=entry.entry_id,
        account=None,
        expected=None,
        actual=None,
        currency=entry.currency,
        parameters=tuple(sorted((name, value) for name, value in stated.items() if value)),
        raised_at=entry.occurred_at,
        state=state,
    )
