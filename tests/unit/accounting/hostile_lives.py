"""Lives of one order that keep the contract and no other rule: absurd amounts, units, ids, repetitions, any arrival order.

Everything comes from one `random.Random`, so that a seed is a life. Events are JSON twin objects; what the contract
refuses among them becomes a dead letter, which is an outcome like any other.
"""

from random import Random
from uuid import UUID

from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.accounting.policy import Policy, PolicyBook
from schemas.formats import MICRO, MONEY_MAX, QUANTITY_MAX, quantity_text
from tests.order_making import Json

KINDS = ("GOODS", "GOODS", "GOODS", "SERVICE", "GIFT_CARD", "SHIPPING", "FEE", "TIP", "DUTY", "DEPOSIT", "ROUNDING")
TENDERS = ("CARD", "WALLET", "BANK_TRANSFER", "CASH", "GIFT_CARD", "STORE_CREDIT", "MARKETPLACE", "CASH_ON_DELIVERY", "OTHER")
CURRENCIES = ("EUR", "EUR", "JPY", "KWD", "CLF")
JURISDICTIONS = ("ES", "MX", "US-CA")
SCALES = (3, 100, 10_000, 10**9, MONEY_MAX // 100, MONEY_MAX)
"""How large the amounts of a life are, in minor units."""


class HostileLife:
    """One order and whatever may be said about it; `policies` decide it."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        choose = self._random.choice
        self.policies = PolicyBook(((0, self._policy()),))
        self._scale = choose(SCALES)
        self._madness = choose((0.0, 0.3, 1.0))
        self._currency = choose(CURRENCIES)
        self._included = choose((True, False))
        self._numbered = choose((True, False, False))
        self._units: dict[str, int] = {}
        self._other_lines: list[str] = []
        self._refunds: list[Json] = []
        self._number = 0
        order = self._placed()
        self.events = self._arrivals([order, *[self._any_event() for _ in range(choose((2, 6, 12, 40)))]])

    def _policy(self) -> Policy:
        choose = self._random.choice
        return Policy(
            charges=choose(("pro_rata_value", "first_shipment", "last_shipment")),
            discounts=choose(("contra", "net")),
            unexplained_refund=choose(("allowance", "none")),
            psp_fees_from=choose(("capture", "event")),
            marketplace_fees_from=choose(("capture", "event")),
            carrier_fees_from=choose(("capture", "event")),
            time_zone=choose(("UTC", "America/Mexico_City")),
            parked_events_max=choose((2, 64, 64)),
            parked_bytes_max=choose((4_000, 1_048_576, 1_048_576)),
            numbers_ahead_max=choose((1, 5, 10_000)),
        )

    def _arrivals(self, facts: list[Json]) -> list[Json]:
        """Sometimes shuffled, with repetitions: the same record, the same fact under another id, other content under an old id."""
        rng = self._random
        if rng.random() < 0.3:
            rng.shuffle(facts)
        for fact in list(facts):
            if rng.random() < 0.15:
                again = dict(fact)
                match rng.randrange(4):
                    case 0:
                        again["event_id"] = self._uuid()
                    case 1:
                        again["event_id"], again["business_key"] = self._uuid(), f"again:{len(facts)}"
                    case 2:
                        again["occurred_at"] = self._time()
                facts.insert(rng.randrange(len(facts) + 1), again)
        return facts

    def _absurd(self, probability: float) -> bool:
        """Whether this is one of the places where a mad life makes no sense."""
        return self._random.random() < probability * self._madness

    def _uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128)))

    def _time(self) -> str:
        return self._random.choice(("1970-01-01T00:00:00Z", "2026-01-05T10:00:00.5+02:00", "2199-12-31T23:59:59Z"))

    def _amount(self) -> int:
        """0 or more, seldom beyond the life's scale."""
        rng = self._random
        return rng.choice(
            (
                0,
                1,
                rng.randrange(100),
                *[rng.randrange(self._scale + 1) for _ in range(5)],
                self._scale,
                MONEY_MAX if self._absurd(1) else 7,
            )
        )

    def _part(self, whole: int) -> int:
        return self._random.choice((0, 0, self._random.randrange(whole + 1), whole)) if whole > 0 else 0

    def _event(self, kind: str, **fields: object) -> Json:
        self._number += 1
        rng = self._random
        body: Json = {
            "type": kind,
            "event_id": self._uuid(),
            "tenant": "acme",
            "source": "shop:es",
            "order_id": "1",
            "business_key": f"{kind}:{self._number if not self._absurd(0.05) else 1}",
            "occurred_at": self._time(),
            "received_at": self._time(),
            "test_mode": self._absurd(0.03),
            "currency": rng.choice(("USD", "XXX")) if self._absurd(0.03) else self._currency,
        }
        body["currency_exponent"] = CURRENCY_EXPONENTS.get(body["currency"], 2)
        if self._numbered:
            body["source_sequence"] = rng.choice((1, 2, self._number + 3, 2**62, 2**63 - 1)) if self._absurd(0.1) else self._number
        return body | fields

    # -- the order ------------------------------------------------------------------------------------------------------

    def _placed(self) -> Json:
        rng = self._random
        lines = [self._line(f"L{place}") for place in range(rng.choice((0, 1, 2, 3, 6)))]
        room = [line for line in lines if line["kind"] in ("GOODS", "SERVICE")]
        discounts = [
            {"code": f"D{place}", "amount": self._share(line), "funded_by": rng.choice(("SELLER", "MARKETPLACE"))}
            for place, line in enumerate(room)
            if rng.random() < 0.3
        ]
        off = sum(int(str(one["amount"])) for one in discounts)
        total = sum(self._worth(line) for line in lines) - off
        if not 0 <= total <= MONEY_MAX or rng.random() < 0.1:
            step = max(-MONEY_MAX, min(MONEY_MAX, self._part(MONEY_MAX) - total))
            lines.append(self._line("R", kind="ROUNDING") | {"gross": step, "discount": 0, "unit_price": "-1" if step < 0 else "1"})
            total = sum(self._worth(line) for line in lines) - off
        if rng.random() < 0.2:
            total += rng.choice((-1, 1))
        if self._absurd(0.03) and lines:
            lines.append(lines[0])
        return self._event(
            "OrderPlaced",
            business_key="order",
            legal_entity="ACME",
            channel="web",
            store=rng.choice((None, "S1")),
            customer_ref="c1",
            terms="NET",
            due_days=rng.choice((None, 0, -5, 2**31 - 1)) if self._absurd(0.2) else 30,
            prices_include_tax=self._included,
            lines=lines,
            order_discounts=discounts,
            total=max(0, min(total, MONEY_MAX)),
            document_fields={"NIF": "B1"},
        )

    def _share(self, line: Json) -> int:
        taxes = sum(tax["amount"] for tax in line["taxes"] if tax["included"])
        return self._part(max(0, line["gross"] - line["discount"] - taxes) // 2)

    @staticmethod
    def _worth(line: Json) -> int:
        return int(line["gross"]) - int(line["discount"]) + sum(int(tax["amount"]) for tax in line["taxes"] if not tax["included"])

    def _line(self, line_id: str, kind: str | None = None) -> Json:
        rng = self._random
        kind = kind or rng.choice(KINDS)
        units = rng.choice((1, 333_333, MICRO, MICRO, 3 * MICRO, 7 * MICRO, 1_500_000, QUANTITY_MAX))
        gross = self._amount()
        if kind == "ROUNDING":
            gross = rng.choice((-1, 1, gross, -gross))
        elif kind in ("GOODS", "SERVICE", "GIFT_CARD"):
            self._units[line_id] = units
        if kind not in ("GOODS", "SERVICE", "GIFT_CARD"):
            self._other_lines.append(line_id)
        less = 0 if kind == "GIFT_CARD" and not self._absurd(0.1) else self._part(abs(gross))
        taxes = self._taxes(max(0, gross - less)) if rng.random() < 0.7 else []
        return {
            "line_id": line_id,
            "kind": kind,
            "quantity": quantity_text(units),
            "unit_price": "-1" if gross < 0 else "0.000001",
            "gross": gross,
            "discount": less,
            "order_discount": rng.choice((0, 1)) if self._absurd(0.05) else None,
            "taxes": taxes,
            "revenue_category": rng.choice((None, "books")),
            "unit_cost": self._unit_cost(units),
            "sku": "X",
        }

    def _unit_cost(self, units: int) -> str | None:
        most = 10**11 * MICRO // units - 1
        usual = self._random.choice((None, "0", "0.000000000001", "1.005", str(max(0, most))))
        return "9" * 18 if self._absurd(0.02) else usual

    def _taxes(self, base: int) -> list[Json]:
        rng = self._random
        rows, left = [], base
        for _ in range(rng.choice((1, 1, 2, 5))):
            amount = self._part(left // 2)
            left -= amount
            rows.append(
                self._tax_key()
                | {
                    "rate": rng.choice(("0", "0.21", "0.000000000001", "16", "9" * 18 if self._absurd(0.1) else "1")),
                    "base": base,
                    "amount": amount,
                    "included": self._included ^ self._absurd(0.01),
                    "liable_party": rng.choice(("SELLER", "MARKETPLACE")),
                }
            )
        return rows

    def _tax_key(self) -> Json:
        rng = self._random
        return {"jurisdiction": rng.choice(JURISDICTIONS), "type": rng.choice(("VAT", "SALES")), "code": rng.choice(("A", "B"))}

    # -- what comes after -----------------------------------------------------------------------------------------------

    def _any_event(self) -> Json:
        match self._random.choice(("capture", "ship", "ship", "cancel", "refund", "refund", "again", "again")):
            case "capture":
                return self._captured()
            case "ship":
                return self._shipped()
            case "cancel":
                lines = [{"line_id": line_id, "quantity": count} for line_id, count in self._named_units()]
                return self._event("OrderCancelled", lines=lines, cancel_charges=self._random.choice((True, False)))
            case "again" if self._refunds:
                return self._refunded_again()
            case _:
                self._refunds.append(self._refunded())
                return self._refunds[-1]

    def _captured(self) -> Json:
        rng = self._random
        return self._event(
            "PaymentCaptured",
            payment_id=f"P{rng.randrange(1, 12)}",
            tender=rng.choice(TENDERS),
            gateway="stripe",
            amount=self._amount(),
            fee=rng.choice((None, 0, self._amount())),
            store=rng.choice((None, "S2")),
        )

    def _named_units(self) -> list[tuple[str, str]]:
        """None, some or the same line many times over; mostly of lines there are and units there may be."""
        rng = self._random
        named = []
        for _ in range(rng.choice((0, 1, 1, 2, 4))):
            strange = self._absurd(0.2) or not self._units
            line_id = rng.choice(("nowhere", *self._other_lines) if strange else (*self._units,))
            ordered = self._units.get(line_id, MICRO)
            count = rng.choice((1, max(1, ordered // 5), max(1, ordered // 3), max(1, ordered // 2), ordered))
            if self._absurd(0.2):
                count = rng.choice((MICRO, min(QUANTITY_MAX, ordered + 1), QUANTITY_MAX))
            named.append((line_id, quantity_text(count)))
        return named

    def _shipped(self) -> Json:
        rng = self._random
        lines: list[Json] = [
            {"line_id": line_id, "quantity": count, "unit_cost": rng.choice((None, None, None, "0", "0.03"))}
            for line_id, count in self._named_units()
        ]
        return self._event(
            "ShipmentDispatched", shipment_id=f"S{rng.randrange(1, 20)}", lines=lines, warehouse=rng.choice((None, "W1", "default"))
        )

    def _refunded(self) -> Json:
        rng = self._random
        refund_id = f"R{rng.randrange(1, 9)}"
        lines: list[Json] = []
        for line_id, count in self._named_units():
            line: Json = {"line_id": line_id, "quantity": count, "scope": rng.choice(("SHIPPED", "UNSHIPPED", "AUTO", "AUTO"))}
            if rng.random() < 0.3:
                line["net"] = self._amount()
                line["taxes"] = rng.choice((None, self._credit_taxes()))
            if rng.random() < 0.2:
                line["shipment_id"] = f"S{rng.randrange(1, 20)}"
            lines.append(line)
        adjustments = [
            {
                "kind": rng.choice(("CHARGE", "GOODWILL", "RETURN_FEE", "TAX")),
                "amount": self._amount(),
                "taxes": self._credit_taxes(),
                "line_id": rng.choice((None, None, "nowhere", *self._units, *self._other_lines)),
            }
            for _ in range(rng.choice((0, 0, 1, 3)))
        ]
        tenders = [
            {
                "tender_id": f"{rng.choice((refund_id, 'T'))}-{rng.randrange(3)}",
                "tender": rng.choice(TENDERS),
                "gateway": "stripe",
                "amount": rng.choice((self._scale, self._amount())),
                "status": rng.choice(("PENDING", "SUCCEEDED", "SUCCEEDED", "FAILED")),
                "payment_id": rng.choice((None, "P1", "P2")),
            }
            for _ in range(rng.choice((0, 1, 1, 3)))
        ]
        if rng.random() < 0.4 and tenders:
            lines, adjustments = [], []
        return self._event(
            "RefundIssued",
            refund_id=refund_id,
            lines=lines,
            adjustments=adjustments,
            tenders=tenders,
            allow_over_refund=rng.choice((True, False)),
        )

    def _refunded_again(self) -> Json:
        """An earlier refund whose tenders moved on, or back."""
        rng = self._random
        earlier = rng.choice(self._refunds)
        stated = {name: earlier[name] for name in ("refund_id", "lines", "adjustments")}
        tenders = [one | {"status": rng.choice(("PENDING", "SUCCEEDED", "FAILED"))} for one in earlier["tenders"]]
        return self._event("RefundIssued", **stated, tenders=tenders, allow_over_refund=True)

    def _credit_taxes(self) -> list[Json]:
        rng = self._random
        return [
            self._tax_key() | {"amount": self._amount(), "liable_party": rng.choice(("SELLER", "MARKETPLACE"))}
            for _ in range(rng.choice((0, 0, 1, 3)))
        ]
