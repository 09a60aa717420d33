"""What is sold in a generated life: currencies, taxes, lines, discounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from random import Random

from tests.oracle.figures import Event, half_up
from tests.oracle.lines import spread

MONEYS = (
    ("EUR", 2, (("ES", "VAT", "IVA", "0.21"),)),
    ("EUR", 2, (("ES", "VAT", "IVA-R", "0.10"), ("ES", "EXCISE", "ALC", "0.052"))),
    ("USD", 2, (("US-CA", "SALES", "STATE", "0.0725"), ("US-CA-LA", "SALES", "LOCAL", "0.0225"))),
    ("MXN", 2, (("MX", "VAT", "IVA", "0.16"), ("MX", "EXCISE", "IEPS", "0.08"))),
    ("JPY", 0, (("JP", "VAT", "CT", "0.10"),)),
    ("CLP", 0, (("CL", "VAT", "IVA", "0.19"),)),
    ("KWD", 3, (("KW", "VAT", "VAT", "0.05"),)),
    ("BHD", 3, ()),
    ("CLF", 4, (("CL", "VAT", "IVA", "0.19"),)),
    ("UYW", 4, (("UY", "VAT", "IVA", "0.22"), ("UY", "VAT", "IVA-M", "0.10"))),
    ("GBP", 2, (("GB", "VAT", "VAT", "0.2"),)),
)
QUANTITIES = ("1", "2", "3", "3", "4", "5", "7", "12", "0.333333", "0.5", "1.5", "2.25", "0.000007", "10.125")
PRICES = (0, 1, 3, 5, 99, 333, 795, 1000, 1234, 1429, 1999, 3333, 6667, 9999, 24900, 149995)
UNIT_KINDS = ("GOODS", "GOODS", "GOODS", "GOODS", "SERVICE", "GIFT_CARD")
CHARGES = ("SHIPPING", "SHIPPING", "SHIPPING", "FEE", "TIP", "DUTY", "DEPOSIT")
CATEGORIES = ("sales", "food", "apparel", "electronics")


@dataclass(frozen=True)
class Shelf:
    """What a shop's lines have in common."""

    currency: str
    exponent: int
    taxes: tuple[tuple[str, str, str, str], ...]
    inclusive: bool
    liable: str

    def unit_price(self, minor: int) -> str:
        return str(Decimal(minor).scaleb(-self.exponent))


def choose_shelf(rng: Random) -> Shelf:
    currency, exponent, taxes = rng.choice(MONEYS)
    return Shelf(currency, exponent, taxes, rng.random() < 0.4, "MARKETPLACE" if rng.random() < 0.2 else "SELLER")


def micro(quantity: str) -> int:
    return int(Decimal(quantity).scaleb(6))


def quantity_text(units: int) -> str:
    """Micro-units as the decimal text of an event."""
    return format(Decimal(units).scaleb(-6).normalize(), "f")


def new_line(rng: Random, shelf: Shelf, line_id: str, kind: str) -> Event:
    quantity = rng.choice(QUANTITIES) if kind in UNIT_KINDS else "1"
    price = rng.choice(PRICES)
    gross = half_up(Fraction(price) * Fraction(quantity))
    discount = 0
    if kind != "GIFT_CARD" and rng.random() < 0.3:
        discount = rng.choice((gross, gross // 10, gross // 3, min(gross, 1)))
    line: Event = {
        "line_id": line_id,
        "kind": kind,
        "quantity": quantity,
        "unit_price": shelf.unit_price(price),
        "gross": gross,
        "discount": discount,
        "taxes": [],
    }
    if kind in {"GOODS", "SERVICE"}:
        line["revenue_category"] = rng.choice(CATEGORIES)
    if kind == "GOODS" and rng.random() < 0.7:
        line["unit_cost"] = shelf.unit_price(rng.choice(PRICES)) + rng.choice(("", "" if shelf.exponent == 0 else "5"))
    if kind not in {"GIFT_CARD", "TIP", "DEPOSIT"} and rng.random() < 0.9:
        line["taxes"] = [_tax(shelf, *tax) for tax in shelf.taxes if rng.random() < 0.9]
        if line["taxes"] and rng.random() < 0.04:
            line["taxes"].append({**line["taxes"][0], **rng.choice(({"rate": "0.07"}, {"liable_party": "MARKETPLACE"}))})
    return line


def _tax(shelf: Shelf, jurisdiction: str, kind: str, code: str, rate: str) -> Event:
    return {
        "jurisdiction": jurisdiction,
        "type": kind,
        "code": code,
        "rate": rate,
        "base": 0,
        "amount": 0,
        "included": shelf.inclusive,
        "liable_party": shelf.liable,
    }


def rounding_line(rng: Random, line_id: str) -> Event:
    gross = rng.choice((-2, -1, 1, 2))
    return {"line_id": line_id, "kind": "ROUNDING", "quantity": "1", "unit_price": "0", "gross": gross, "discount": 0, "taxes": []}


def share_discount(rng: Random, lines: Sequence[Event], *, given: bool) -> list[Event]:
    """Order discounts for the lines; `given`: with each line's share stated."""
    able = [line for line in lines if line["kind"] in {"GOODS", "SERVICE"}]
    room = sum(line["gross"] - line["discount"] for line in able)
    amount = rng.choice((1, room // 10, room // 3, room // 2, room)) if room else 0
    amount = min(amount, room)
    if not amount:
        return []
    shares = spread(amount, {line["line_id"]: line["gross"] - line["discount"] for line in able})
    if shares is None:
        return []
    for line in able:
        line["order_discount" if given else "expected"] = shares[line["line_id"]]
    if given and rng.random() < 0.15:
        able[-1].pop("order_discount")
    if given and len(able) > 1 and rng.random() < 0.1:
        _lend_to_charge(lines, able[0])
    if given and len(able) > 1 and "order_discount" in able[1] and able[0]["order_discount"] and rng.random() < 0.5:
        other = able[1]
        if other["gross"] - other["discount"] > other["order_discount"]:
            able[0]["order_discount"] -= 1
            other["order_discount"] += 1
    return [{"code": "PROMO", "amount": amount, "funded_by": rng.choice(("SELLER", "SELLER", "MARKETPLACE"))}]


def _lend_to_charge(lines: Sequence[Event], lender: Event) -> None:
    """A share of the order discount on a charge line."""
    for line in lines:
        room = line["gross"] - line["discount"]
        if line["kind"] == "SHIPPING" and room and lender.get("order_discount"):
            line["order_discount"] = min(room, lender["order_discount"])
            lender["order_discount"] -= line["order_discount"]
            return


def price_taxes(rng: Random, lines: Sequence[Event]) -> None:
    """Work the taxes of the lines out, now and then a little wrong."""
    for line in lines:
        share = line.get("order_discount") or line.pop("expected", 0)
        base = Fraction(max(0, line["gross"] - line["discount"] - share))
        if any(tax["included"] for tax in line["taxes"]):
            base /= 1 + sum(Fraction(tax["rate"]) for tax in line["taxes"])
        for tax in line["taxes"]:
            tax["base"] = half_up(base)
            tax["amount"] = half_up(base * Fraction(tax["rate"]))
            if rng.random() < 0.02:
                tax["amount"] += rng.choice((1, 2, 3))


def worth(lines: Sequence[Event], discounts: Sequence[Event]) -> int:
    """The total that these lines add up to."""
    total = sum(line["gross"] - line["discount"] for line in lines)
    total += sum(tax["amount"] for line in lines for tax in line["taxes"] if not tax["included"])
    return int(total - sum(one["amount"] for one in discounts))


def new_lines(rng: Random, shelf: Shelf, *, first: int = 1, most: int = 5, charges: int = 3) -> list[Event]:
    kinds = [rng.choice(UNIT_KINDS) for _ in range(rng.randint(1, most))]
    kinds += [rng.choice(CHARGES) for _ in range(rng.randint(0, charges))]
    if rng.random() < 0.03:
        kinds = [kind for kind in kinds if kind not in UNIT_KINDS] or ["SHIPPING"]
    lines = [new_line(rng, shelf, f"L{place}", kind) for place, kind in enumerate(kinds, first)]
    if rng.random() < 0.08:
        lines.append(rounding_line(rng, f"L{first + len(lines)}"))
    return lines
