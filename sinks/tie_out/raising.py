"""What a comparison has to say as discrepancies: D18 for each entry that differs, D30 for each balance that does not come to rest."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from asiento.accounting.decision import Discrepancy
from schemas.partitioning import partition_for
from sinks.posting.discrepancies import ledger_discrepancy
from sinks.posting.rows import RaisedDiscrepancy
from sinks.tie_out.ageing import Overdue
from sinks.tie_out.comparison import Difference, DifferenceKind
from sinks.tie_out.facts import RANGE_BITS, RangeKey
from sinks.verify.spelling import spell_id

LEDGER: Final = "ledger"
"""What metrics and discrepancies call the embedded ledger."""
LEDGER_KEY: Final = f"ledger:{LEDGER}"
"""Key of discrepancies that are about no order."""
KEY_LENGTH_MAX: Final = 500
LONG_MAX: Final = (1 << 63) - 1
RANGE: Final = "range"

REASONS: Final = frozenset({*DifferenceKind, RANGE, "too_old", "wrong_sign"})
"""The ways in which the tie-out raises; those of ledgers outside are others."""


def is_ours(value: Discrepancy) -> bool:
    """Whether the tie-out of the embedded ledger has raised it."""
    parameters = dict(value.parameters)
    return value.code in ("D18", "D30") and parameters.get("ledger") == LEDGER and parameters.get("reason") in REASONS


def of_differences(differences: Iterable[Difference], partitions: int, at: int) -> list[RaisedDiscrepancy]:
    """A D18 for each entry, on the partition of its order; its id is that of the entry. at: UTC microseconds."""
    return [_of_difference(one, partitions, at) for one in differences]


def of_ranges(ranges: Iterable[RangeKey], at: int) -> list[RaisedDiscrepancy]:
    """A D18 for each range whose totals differ although no entry does."""
    found = []
    for partition, number in ranges:
        about = f"partition {partition}, offsets {number << RANGE_BITS} to {((number + 1) << RANGE_BITS) - 1}"
        value = ledger_discrepancy(
            "D18",
            f"{LEDGER}|range|{partition}|{number}",
            connection=LEDGER,
            order_key=LEDGER_KEY,
            currency=None,
            raised_at=at,
            reason=RANGE,
            about=about,
        )
        found.append(RaisedDiscrepancy(partition=max(0, partition), value=value))
    return found


def of_overdue(overdue: Iterable[Overdue], partitions: int, at: int) -> list[RaisedDiscrepancy]:
    """A D30 for each entity, account and currency."""
    return [_of_overdue(one, partitions, at) for one in overdue]


def _of_difference(one: Difference, partitions: int, at: int) -> RaisedDiscrepancy:
    key = one.order_key if _is_key(one.order_key) else LEDGER_KEY
    on_the_stream = one.kind in (DifferenceKind.MISSING, DifferenceKind.ALTERED)
    value = ledger_discrepancy(
        "D18",
        one.entry_id,
        connection=LEDGER,
        order_key=key,
        currency=one.currency if _is_currency(one.currency) else None,
        raised_at=at,
        event_id=_uuid(one.event_id),
        entry_id=_uuid(one.entry_id),
        account=None if one.account is None else spell_id(one.account),
        expected=_long(one.expected),
        actual=_long(one.actual),
        reason=one.kind.value,
        about=one.changed,
    )
    return RaisedDiscrepancy(partition=one.partition if on_the_stream else partition_for(key.encode(), partitions), value=value)


def _of_overdue(one: Overdue, partitions: int, at: int) -> RaisedDiscrepancy:
    standing = one.standing
    value = ledger_discrepancy(
        "D30",
        f"{LEDGER}|{standing.legal_entity}|{standing.account}|{standing.currency}",
        connection=LEDGER,
        order_key=LEDGER_KEY,
        currency=standing.currency if _is_currency(standing.currency) else None,
        raised_at=at,
        account=spell_id(standing.account),
        expected=0,
        actual=_long(standing.balance),
        reason=one.reason,
        entity=spell_id(standing.legal_entity),
        since=standing.oldest_day or "",
        limit=str(one.days_max),
    )
    return RaisedDiscrepancy(partition=partition_for(LEDGER_KEY.encode(), partitions), value=value)


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= KEY_LENGTH_MAX and value.isprintable()


def _is_currency(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 3 and value.isascii() and value.isupper()


def _uuid(value: Any) -> str | None:
    """Rows of a ledger that nobody vouches for may have anything for an id."""
    try:
        return value if isinstance(value, str) and str(UUID(value)) == value else None
    except ValueError:
        return None


def _long(value: int | None) -> int | None:
    return value if value is not None and -LONG_MAX <= value <= LONG_MAX else None
