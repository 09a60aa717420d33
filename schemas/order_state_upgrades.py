"""Order states of older formats, brought to the next one: what a newer program reads that an older one wrote.

An upgrade adds nothing that the older format did not hold: events that were applied before format 2 cannot be corrected,
since what they booked was not kept.
"""

from base64 import b64encode
from collections.abc import Callable
from typing import Any, TypeAlias
from uuid import UUID

_Row: TypeAlias = dict[str, Any]
_UNIT_KINDS = ("GOODS", "SERVICE", "GIFT_CARD")


def _from_1(row: _Row) -> _Row:
    """Format 1: facts as five texts, lines without agreed units, shipped blocks with counts of their own, no trimming."""
    upgraded = {name: row[name] for name in "pxlfnysrtuqdb"}
    if row["o"] is not None:
        upgraded["o"] = row["o"]
    upgraded |= {name: row[name] for name in "kw" if name in row}
    upgraded["f"] = [_fact(*fact) for fact in row["f"]]
    upgraded["l"] = [_line(*line) for line in row["l"]]
    upgraded["d"] = [row["d"].get(kind, 0) for kind in ("INVOICE", "CREDIT_NOTE", "PAYMENT", "REFUND")]
    upgraded["r"] = {refund_id: [b64encode(bytes.fromhex(one[0])).decode(), *one[1:]] for refund_id, one in row["r"].items()}
    upgraded["s"] = [[*one[:3], [[line_id, len(amounts) - 4, amounts] for line_id, amounts in one[3]]] for one in row["s"]]
    upgraded["u"] = [key if any(key[:3]) else key[3:] for key in row["u"]]
    upgraded["y"] = {payment_id: [*payment[:4], 0 if payment[4] is None else payment[4] + 1] for payment_id, payment in row["y"].items()}
    return {"v": 2, **upgraded}


def _fact(event_id: str, fingerprint: str, business_key: str, content: str, natural_key: str) -> list[Any]:
    digests = UUID(event_id).bytes + bytes.fromhex(fingerprint.removeprefix("f1:") + content.removeprefix("f1:"))
    return [b64encode(digests).decode(), business_key, *([f":{natural_key}"] if natural_key else [])]


def _line(*row: Any) -> list[Any]:
    terms, (agreed, units, *amounts), shipped = row[:8], row[8:17], row[17]
    blocks = [
        [position, count, worth, None, credited, returned, 0 if cost is None else cost + 1]
        for position, count, worth, credited, returned, cost in shipped
    ]
    return [*terms, units if row[1] in _UNIT_KINDS else 0, agreed, units, *amounts, blocks]


UPGRADES: dict[int, Callable[[_Row], _Row]] = {1: _from_1}
"""Format version -> how a state of it becomes one of the next version."""
