"""What a hostile source puts into the fields of its events: amounts, units, ids, lines, taxes, policies.

Everything comes from one `random.Random`. Objects are JSON twin objects; some of them the contract refuses.
"""

from collections.abc import Callable
from random import Random
from typing import TypeVar
from uuid import UUID

from asiento.accounting.policy import ChannelPolicy, EntityPolicy, Policy, PolicyBook
from schemas.formats import MICRO, MONEY_MAX, QUANTITY_MAX, quantity_text
from tests.order_making import Json

_T = TypeVar("_T")

KINDS = ("GOODS", "GOODS", "GOODS", "SERVICE", "GIFT_CARD", "SHIPPING", "FEE", "TIP", "DUTY", "DEPOSIT", "ROUNDING")
UNIT_KINDS = ("GOODS", "SERVICE", "GIFT_CARD")
TENDERS = ("CARD", "WALLET", "BANK_TRANSFER", "CASH", "GIFT_CARD", "STORE_CREDIT", "MARKETPLACE", "CASH_ON_DELIVERY", "OTHER")
CURRENCIES = ("EUR", "EUR", "JPY", "KWD", "CLF")
JURISDICTIONS = ("ES", "MX", "US-CA")
CHANNELS = ("web", "till")
SCALES = (3, 100, 10_000, 10**9, MONEY_MAX // 100, MONEY_MAX)
"""How large the amounts of a life are, in minor units."""
TIMES = ("1970-01-01T00:00:00Z", "2026-01-05T10:00:00.5+02:00", "2199-12-31T23:59:59Z")


class Whims:
    """The taste of one life: how large its amounts are, how mad it is, its currency, whether its prices include taxes."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.policies = self._policies()
        self.scale = self.choose(SCALES)
        self.madness = self.choose((0.0, 0.3, 1.0))
        self.currency = self.choose(CURRENCIES)
        self.included = self.choose((True, False))
        self._times = self.choose((TIMES, TIMES[1:2], TIMES[1:2]))

    def choose(self, options: tuple[_T, ...]) -> _T:
        """One of several."""
        return self.random.choice(options)

    def chance(self, probability: float) -> bool:
        """Whether something happens that happens so often."""
        return self.random.random() < probability

    def absurd(self, probability: float) -> bool:
        """Whether this is one of the places where a mad life makes no sense."""
        return self.chance(probability * self.madness)

    def soberly(self, tell: Callable[[], Json]) -> Json:
        """What is told by a source that is seldom as mad as it is: an order that is refused leaves little to tell after it."""
        madness = self.madness
        self.madness = madness if self.chance(0.2) else 0.0
        told = tell()
        self.madness = madness
        return told

    def uuid(self) -> str:
        """An id nobody has."""
        return str(UUID(int=self.random.getrandbits(128)))

    def time(self) -> str:
        """Any time; most lives stay at one, so that their orders are not archived between two events."""
        return self.choose(self._times)

    def amount(self) -> int:
        """0 or more, seldom beyond the life's scale."""
        rng = self.random
        large = [rng.randrange(self.scale + 1) for _ in range(5)]
        return rng.choice((0, 1, rng.randrange(100), *large, self.scale, MONEY_MAX if self.absurd(1) else 7))

    def part(self, whole: int) -> int:
        """Nothing, something or all of an amount."""
        return self.random.choice((0, 0, self.random.randrange(whole + 1), whole)) if whole > 0 else 0

    # -- policies ---------------------------------------------------------------------------------------------------------

    def _policies(self) -> PolicyBook:
        """One or two versions; which one decides an order, its first event's time of arrival says."""
        versions = [(0, self._policy(1))]
        if self.chance(0.3):
            versions.append((10**15, self._policy(2)))
        return PolicyBook(tuple(versions))

    def _policy(self, version: int) -> Policy:
        choose = self.choose
        rules = self._rules()
        return Policy(
            version=version,
            charges=rules.charges or "pro_rata_value",
            discounts=rules.discounts or "contra",
            unexplained_refund=rules.unexplained_refund or "allowance",
            psp_fees_from=rules.psp_fees_from or "capture",
            marketplace_fees_from=rules.marketplace_fees_from or "event",
            carrier_fees_from=rules.carrier_fees_from or "event",
            time_zone=choose(("UTC", "America/Mexico_City")),
            entities=choose(((), (("ACME", EntityPolicy(time_zone="Asia/Tokyo")),))),
            channels=tuple([(channel, self._rules()) for channel in CHANNELS if self.chance(0.3)]),
            parked_events_max=2 if self.chance(0.1) else 64,
            parked_bytes_max=4_000 if self.chance(0.1) else 1_048_576,
            numbers_ahead_max=choose((1, 5, 10_000)),
            archive_after_days=choose((1, 730, 100_000)),
            amount_max=10_000 if self.chance(0.1) else 10**17,
            total_tolerance_per_line=choose((1, 1, 0, 1_000)),
            tax_tolerance=choose((1, 0, 1_000)),
        )

    def _rules(self) -> ChannelPolicy:
        choose = self.choose
        return ChannelPolicy(
            charges=choose((None, "pro_rata_value", "first_shipment", "last_shipment")),
            discounts=choose((None, "contra", "net")),
            unexplained_refund=choose((None, "allowance", "none")),
            psp_fees_from=choose((None, "capture", "event")),
            marketplace_fees_from=choose((None, "capture", "event")),
            carrier_fees_from=choose((None, "capture", "event")),
        )

    # -- lines ------------------------------------------------------------------------------------------------------------

    def line(self, line_id: str, kind: str | None = None) -> Json:
        """A line of any kind."""
        kind = kind or self.choose(KINDS)
        units = self.units()
        gross = self.amount()
        if kind == "ROUNDING":
            gross = self.choose((-1, 1, gross, -gross))
        less = 0 if kind == "GIFT_CARD" and not self.absurd(0.1) else self.part(abs(gross))
        return {
            "line_id": line_id,
            "kind": kind,
            "quantity": quantity_text(units),
            "unit_price": "-1" if gross < 0 else "0.000001",
            "gross": gross,
            "discount": less,
            "order_discount": self.choose((0, 1)) if self.absurd(0.05) else None,
            "taxes": self.taxes(max(0, gross - less)) if self.chance(0.7) else [],
            "revenue_category": self.choose((None, "books")),
            "unit_cost": self._unit_cost(units),
            "sku": "X",
            "tax_exemption": self.choose((None, None, "E1")),
        }

    def units(self) -> int:
        """Micro-units of a line."""
        return self.choose((1, 333_333, MICRO, MICRO, 3 * MICRO, 7 * MICRO, 1_500_000, QUANTITY_MAX))

    def some_of(self, units: int) -> str:
        """A quantity of a line that has so many micro-units, seldom more."""
        count = self.choose((1, max(1, units // 5), max(1, units // 3), max(1, units // 2), units))
        if self.absurd(0.2):
            count = self.choose((MICRO, min(QUANTITY_MAX, units + 1), QUANTITY_MAX))
        return quantity_text(count)

    def _unit_cost(self, units: int) -> str | None:
        most = 10**11 * MICRO // units - 1
        usual = self.choose((None, "0", "0.000000000001", "1.005", str(max(0, most))))
        return "9" * 18 if self.absurd(0.02) else usual

    def taxes(self, base: int) -> list[Json]:
        """One to five taxes of a base, which together are less than it."""
        rows, left = [], base
        for _ in range(self.choose((1, 1, 2, 5))):
            amount = self.part(left // 2)
            left -= amount
            rows.append(self.tax(base, amount))
        return rows

    def tax(self, base: int, amount: int) -> Json:
        """A tax with any key, rate and debtor."""
        return self._tax_key() | {
            "rate": self.choose(("0", "0.21", "0.000000000001", "16", "9" * 18 if self.absurd(0.1) else "1")),
            "base": base,
            "amount": amount,
            "included": self.included ^ self.absurd(0.01),
            "liable_party": self.choose(("SELLER", "MARKETPLACE")),
        }

    def credit_taxes(self) -> list[Json]:
        """Taxes as a refund states them."""
        rows = range(self.choose((0, 0, 1, 3)))
        return [self._tax_key() | {"amount": self.amount(), "liable_party": self.choose(("SELLER", "MARKETPLACE"))} for _ in rows]

    def _tax_key(self) -> Json:
        choose = self.choose
        return {"jurisdiction": choose(JURISDICTIONS), "type": choose(("VAT", "SALES")), "code": choose(("A", "B"))}

    def changed(self, line: Json) -> Json:
        """The line as an edit states it: now and then with another kind, quantity, worth, other taxes or another category."""
        again = dict(line)
        kind = self.choose(KINDS) if self.absurd(0.1) else str(line["kind"])
        fresh = self.line(str(line["line_id"]), kind)
        for names in (("quantity",), ("gross", "discount", "unit_price"), ("taxes",), ("revenue_category",), ("unit_cost",)):
            if self.chance(0.25):
                again |= {name: fresh[name] for name in names}
        again["kind"] = kind
        if self.chance(0.2):
            again["taxes"] = [tax for tax in again["taxes"] if self.chance(0.5)]
        if self.chance(0.1):
            again["order_discount"] = self.part(max(0, int(again["gross"]) // 4))
        return again


def worth(line: Json) -> int:
    """What a line adds to its order's total, before order-level discounts."""
    exclusive = sum([int(tax["amount"]) for tax in line["taxes"] if not tax["included"]])
    return int(line["gross"]) - int(line["discount"]) + exclusive
