"""The event that moves money for a discrepancy: an entry by hand, or an adjustment of what the customer owes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias
from uuid import uuid5

from asiento.accounting.money import CURRENCY_EXPONENTS, grouped_units_text
from schemas.formats import parse_date, time_text
from sinks.desk.errors import DeskRefused
from sinks.desk.events import noon_of
from sources.platforms.identity import EVENT_NAMESPACE

AdjustmentKind: TypeAlias = Literal["WRITE_OFF", "SMALL_DIFFERENCE"]
DEFAULT_LIMIT: Final = "default"
_SIDES: Final = ("DEBIT", "CREDIT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What the operator wants to book: either postings (account, side, amount), or an adjustment and its amount, in minor units."""

    postings: tuple[dict[str, Any], ...] = ()
    clears_entry_id: str | None = None
    adjustment: AdjustmentKind | None = None
    amount: int = 0

    @property
    def moved(self) -> int:
        """The sum of the debits."""
        return self.amount if self.adjustment else sum(leg["amount"] for leg in self.postings if leg["side"] == "DEBIT")


def money_of_posts(posts: Sequence[str]) -> Money:
    """`DEBIT:account:amount` and `CREDIT:account:amount`, amounts in minor units; raises `DeskRefused`."""
    postings = []
    for post in posts:
        side, _, rest = post.partition(":")
        account, _, amount = rest.rpartition(":")
        if side.upper() not in _SIDES or not account or not amount.isdecimal() or not amount.isascii():
            raise DeskRefused(
                f"--post {post!r}: DEBIT:account:amount or CREDIT:account:amount is expected, amount in minor units (1250 is 12.50)"
            )
        postings.append({"account": account, "side": side.upper(), "amount": int(amount)})
    return _balanced(Money(postings=tuple(postings)))


def money_of_file(content: Any) -> Money:
    """An object with `postings` (account, side, amount in minor units) and, at will, `clears_entry_id`; raises `DeskRefused`."""
    legs = content.get("postings") if isinstance(content, dict) else None
    if not isinstance(legs, list) or not all(_is_leg(leg) for leg in legs):
        raise DeskRefused(
            '--journal: {"postings": [{"account", "side": "DEBIT" or "CREDIT", "amount": minor units}], "clears_entry_id"?} is expected'
        )
    postings = tuple({"account": leg["account"], "side": leg["side"], "amount": leg["amount"]} for leg in legs)
    return _balanced(Money(postings=postings, clears_entry_id=content.get("clears_entry_id")))


def limit_for(currency: str, limits: Mapping[str, int]) -> int:
    """The most, in minor units, that one person books alone in this currency."""
    return limits.get(currency, limits.get(DEFAULT_LIMIT, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the money is moved for. `round`: how often the case was reopened; `day`: YYYY-MM-DD to book it on, None = today."""

    discrepancy_id: str
    order_key: str
    currency: str
    round: int
    reason: str
    approved_by: str
    at: int
    day: str | None


def money_event(money: Money, about: About) -> dict[str, Any]:
    """The JSON twin of the JournalPosted or ReceivableAdjusted.

    Its ids follow from the discrepancy and the round: sent twice, it is booked once.
    """
    tenant, platform, connection, order_id = about.order_key.split(":", 3)
    source = f"{platform}:{connection}"
    name = f"desk:{about.discrepancy_id}:{about.round}"
    kind = "ReceivableAdjusted" if money.adjustment else "JournalPosted"
    key = f"{'adjustment' if money.adjustment else 'journal'}:{name}"
    occurred_at = noon_of(about.at) if about.day is None else f"{_day(about.day)}T12:00:00Z"
    event: dict[str, Any] = {
        "type": kind,
        "event_id": str(uuid5(EVENT_NAMESPACE, f"{tenant}|{source}|{order_id}|{kind}|{key}|0")),
        "tenant": tenant,
        "source": source,
        "order_id": order_id,
        "business_key": key,
        "occurred_at": occurred_at,
        "received_at": time_text(about.at),
        "test_mode": False,
        "currency": about.currency,
        "currency_exponent": CURRENCY_EXPONENTS.get(about.currency, 2),
        "approved_by": about.approved_by,
    }
    if money.adjustment:
        return {**event, "adjustment_id": name, "kind": money.adjustment, "amount": money.amount, "taxes": []}
    cleared = {"clears_entry_id": money.clears_entry_id} if money.clears_entry_id else {}
    return {**event, "journal_id": name, "postings": list(money.postings), "reason": about.reason, **cleared}


def moved_by(event: Mapping[str, Any]) -> int:
    """The sum of the debits of such an event's JSON."""
    if event.get("type") == "ReceivableAdjusted":
        return int(event.get("amount", 0))
    return sum(int(leg["amount"]) for leg in event.get("postings", ()) if leg.get("side") == "DEBIT")


def shown_amount(amount: int, currency: str | None) -> str:
    """Minor units in major ones with the currency, as far as it is known."""
    exponent = CURRENCY_EXPONENTS.get(currency or "")
    return f"{amount}" if exponent is None else f"{grouped_units_text(amount, exponent)} {currency}"


def _balanced(money: Money) -> Money:
    credit = sum(leg["amount"] for leg in money.postings if leg["side"] == "CREDIT")
    if not money.postings or money.moved != credit or not credit:
        raise DeskRefused(f"debits ({money.moved}) and credits ({credit}) must be equal and above 0, in minor units")
    return money


def _is_leg(leg: Any) -> bool:
    return (
        isinstance(leg, dict)
        and isinstance(leg.get("account"), str)
        and leg.get("side") in _SIDES
        and type(leg.get("amount")) is int
        and leg["amount"] >= 0
    )


def _day(day: str) -> str:
    try:
        return parse_date(day)
    except ValueError as problem:
        raise DeskRefused(f"--date {day!r}: {problem}") from None
