"""Lines of an order as the oracle reads them: components, shares of an order discount, checks D01 to D06."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle.figures import DISCOUNT, GIVEN, NET, WEIGHT, Amounts, Event, added, half_up, tax_key

UNIT_KINDS = frozenset({"GOODS", "SERVICE", "GIFT_CARD"})
DISCOUNTED_KINDS = frozenset({"GOODS", "SERVICE"})
CHARGE_KINDS = frozenset({"SHIPPING", "FEE", "TIP", "DUTY", "DEPOSIT"})
EXPONENTS = {"JPY": 0, "CLP": 0, "PYG": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4}
TWO_DECIMALS = frozenset(
    {"USD", "EUR", "GBP", "MXN", "COP", "ARS", "BRL", "PEN", "UYU", "CAD", "AUD", "NZD", "CHF", "SEK", "NOK", "DKK", "PLN"}
)
_CHARGE_ACCOUNTS = {
    "GIFT_CARD": "gift_card_liability",
    "SHIPPING": "shipping_revenue",
    "FEE": "other_revenue",
    "TIP": "tips_payable",
    "DUTY": "duties_payable",
    "DEPOSIT": "refundable_deposits",
}


@dataclass(frozen=True)
class Line:
    """One line of the order as it stands: what was agreed, before anything was shipped or cancelled."""

    line_id: str
    kind: str
    category: str
    units: Fraction
    unit_cost: Fraction | None
    amounts: Amounts

    @property
    def account(self) -> str:
        """Where its net is invoiced."""
        return _CHARGE_ACCOUNTS.get(self.kind) or f"revenue:{self.category}"

    @property
    def returns_account(self) -> str:
        """Where a credit of its net goes."""
        return _CHARGE_ACCOUNTS.get(self.kind) or f"sales_returns:{self.category}"


def currency_is_right(event: Event) -> bool:
    """D24: the currency is known and has its exponent; an event without one passes."""
    currency, exponent = event.get("currency"), event.get("currency_exponent")
    if currency is None:
        return True
    known = EXPONENTS.get(currency, 2 if currency in TWO_DECIMALS else None)
    return known is not None and exponent in {None, known}


def spread(amount: int, weights: Mapping[str, int]) -> dict[str, int] | None:
    """Rule 1: floor shares, the leftover units one each to the largest remainders; None where there is no weight."""
    whole = sum(weights.values())
    if whole <= 0:
        return dict.fromkeys(weights, 0) if amount == 0 else None
    exact = {name: Fraction(amount * weight, whole) for name, weight in weights.items()}
    shares = {name: share.numerator // share.denominator for name, share in exact.items()}
    places = {name: place for place, name in enumerate(weights)}
    order = sorted(weights, key=lambda name: (shares[name] - exact[name], -weights[name], places[name]))
    for name in order[: amount - sum(shares.values())]:
        shares[name] += 1
    return shares


def discount_of(event: Event) -> int:
    return sum(int(discount["amount"]) for discount in event.get("order_discounts") or ())


def wants_share(row: Event) -> bool:
    """A line whose part of the order discount is ours to find."""
    return row["kind"] in DISCOUNTED_KINDS and row.get("order_discount") is None


def given_shares(event: Event) -> int:
    return sum(int(row.get("order_discount") or 0) for row in event["lines"])


def placed_shares(event: Event) -> dict[str, int] | None:
    """The share of every line at placement; None where the given ones do not add up (D03).

    An edit may have a discount left that finds no weight: that is for its open parts to say.
    """
    rest = discount_of(event) - given_shares(event)
    wanting = {row["line_id"]: max(0, row["gross"] - row["discount"]) for row in event["lines"] if wants_share(row)}
    found = spread(rest, wanting) if rest >= 0 else None
    if (
        found is None
        and rest > 0
        and event["type"] == "OrderEdited"
        and not any(row.get("order_discount") is not None for row in event["lines"])
    ):
        found = {}
    if found is None:
        return None
    return {row["line_id"]: found.get(row["line_id"], row.get("order_discount") or 0) for row in event["lines"]}


def components(row: Event, share: int) -> Amounts:
    """Net, taxes, discount net of tax, and what only later edits look at."""
    taxes = added(*({tax_key(tax): tax["amount"]} for tax in row["taxes"]))
    included = sum(tax["amount"] for tax in row["taxes"] if tax["included"])
    net = row["gross"] - row["discount"] - share - included
    discount = row["discount"] + share
    if any(tax["included"] for tax in row["taxes"]):
        rates = sum((Fraction(tax["rate"]) for tax in row["taxes"] if tax["included"]), Fraction(0))
        discount = half_up(Fraction(discount * net, net + included) if net + included else discount / (1 + rates))
    return {NET: net, DISCOUNT: discount, GIVEN: share, WEIGHT: row["gross"] - row["discount"], **taxes}


def read_line(row: Event, share: int) -> Line:
    cost = row.get("unit_cost")
    return Line(
        line_id=row["line_id"],
        kind=row["kind"],
        category=row.get("revenue_category") or "sales",
        units=Fraction(row["quantity"]),
        unit_cost=None if cost is None else Fraction(cost),
        amounts=components(row, share),
    )


def difference(event: Event) -> int:
    """D01: the stated total less what the lines add up to."""
    stated = int(event["total_added"] if event["type"] == "ExchangeCreated" else event["total"])
    lines = sum(int(row["gross"]) - int(row["discount"]) for row in event["lines"])
    taxes = sum(int(tax["amount"]) for row in event["lines"] for tax in row["taxes"] if not tax["included"])
    return stated - (lines + taxes - discount_of(event))


def refusal(event: Event, shares: Mapping[str, int] | None, *, inclusive: bool, known: frozenset[str] = frozenset()) -> str | None:
    """The first of D01, D03, D06 that keeps an order, edit or exchange out."""
    if abs(difference(event)) > len(event["lines"]):
        return "D01"
    if shares is None:
        return "D03"
    return "D06" if _malformed(event, shares, inclusive=inclusive, known=known) else None


def _malformed(event: Event, shares: Mapping[str, int], *, inclusive: bool, known: frozenset[str]) -> bool:
    names = [row["line_id"] for row in event["lines"]]
    if len(set(names)) < len(names) or known & set(names):
        return True
    for row in event["lines"]:
        if any(tax["included"] != inclusive for tax in row["taxes"]):
            return True
        if row["kind"] == "ROUNDING":
            continue
        share = shares.get(row["line_id"], row.get("order_discount") or 0)
        if row["gross"] < 0 or components(row, share)[NET] < 0:
            return True
        if row["kind"] == "GIFT_CARD" and (row["discount"] or row.get("order_discount")):
            return True
    return False


def taxes_look_wrong(event: Event) -> bool:
    """D05: a tax is more than one unit away from base times rate."""
    return any(abs(tax["base"] * Fraction(tax["rate"]) - tax["amount"]) > 1 for row in event["lines"] for tax in row["taxes"])


def rounding_of(event: Event) -> int:
    """The ROUNDING lines of an event and the one that D01 adds."""
    return sum(int(row["gross"]) for row in event["lines"] if row["kind"] == "ROUNDING") + difference(event)
