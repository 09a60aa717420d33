"""Lives of one order that keep the contract and no other rule: absurd amounts, units, ids, repetitions, any arrival order.

A seed is a life. Events are JSON twin objects of all types; what the contract refuses among them becomes a dead letter,
which is an outcome like any other. Ids are few, so that events meet: a reversal its capture, a correction what it corrects.
"""

from collections import Counter
from collections.abc import Callable

from asiento.accounting.money import CURRENCY_EXPONENTS
from schemas.formats import MICRO, MONEY_MAX, parse_quantity
from tests.order_making import Json
from tests.unit.accounting.hostile_whims import CHANNELS, TENDERS, UNIT_KINDS, Whims, worth

CORRECTABLE = ("PaymentCaptured", "ShipmentDispatched", "FeeCharged", "ReturnReceived", "ReceivableAdjusted")
LIFE_LENGTHS = (2, 6, 12, 40)
ARRIVALS = (*("told",) * 12, *("shuffled",) * 4, *("order late",) * 3, "order missing")
MANUAL_ACCOUNTS = ("bank:main", "revenue:books", "other_expense", "inventory:default")
"""Accounts of entries by hand; now and then one of the customer's, which none may name."""


class HostileLife:
    """One order and whatever may be said about it; `policies` decide it."""

    def __init__(self, seed: int) -> None:
        self._whims = Whims(seed)
        self.policies = self._whims.policies
        self._numbered = self._whims.chance(0.15)
        self._lines: dict[str, Json] = {}
        self._open: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()
        self._told: list[Json] = []
        self._revision = 0
        self._told.append(self._whims.soberly(self._placed))
        tellers = tuple([teller for teller, often in self._tellers().items() for _ in range(often)])
        for _ in range(self._whims.choose(LIFE_LENGTHS)):
            self._told.append(self._whims.choose(tellers)())
        self.events = self._arrivals(list(self._told))

    def _arrivals(self, facts: list[Json]) -> list[Json]:
        """In some order, with repetitions: the same record, the same fact under another id, other content under an old id."""
        whims = self._whims
        match whims.choose(ARRIVALS):
            case "shuffled":
                whims.random.shuffle(facts)
            case "order late":
                facts.insert(whims.random.randrange(len(facts)), facts.pop(0))
            case "order missing":
                del facts[0]
        for fact in list(facts):
            if whims.chance(0.15):
                again = dict(fact)
                match whims.choose((0, 1, 2, 3)):
                    case 0:
                        again["event_id"] = whims.uuid()
                    case 1:
                        again["event_id"], again["business_key"] = whims.uuid(), f"again:{len(facts)}"
                    case 2:
                        again["occurred_at"] = whims.time()
                facts.insert(whims.random.randrange(len(facts) + 1), again)
        return facts

    def _event(self, kind: str, /, **fields: object) -> Json:
        whims, number = self._whims, len(self._told) + 1
        body: Json = {
            "type": kind,
            "event_id": whims.uuid(),
            "tenant": "acme",
            "source": "shop:es",
            "order_id": "1",
            "business_key": f"{kind}:{number if not whims.absurd(0.05) else 1}",
            "occurred_at": whims.time(),
            "received_at": whims.time(),
            "test_mode": whims.absurd(0.03),
            "currency": whims.choose(("USD", "XXX")) if whims.absurd(0.03) else whims.currency,
        }
        body["currency_exponent"] = CURRENCY_EXPONENTS.get(body["currency"], 2) + whims.absurd(0.01)
        if self._numbered and kind != "DeadlinePassed":
            strange = whims.choose((1, 2, number + 3, 2**62, 2**63 - 1))
            body["source_sequence"] = strange if whims.absurd(0.1) else number
        return body | fields

    # -- the order and its changes ------------------------------------------------------------------------------------------

    def _placed(self) -> Json:
        whims = self._whims
        lines = [self._keep(whims.line(f"L{place}")) for place in range(whims.choose((0, 1, 2, 3, 6)))]
        return self._event(
            "OrderPlaced",
            business_key="order",
            legal_entity=whims.choose(("ACME", "OTHER")),
            channel=whims.choose(CHANNELS),
            store=whims.choose((None, "S1")),
            customer_ref="c1",
            terms=whims.choose(("NET", "PREPAID", "ON_DELIVERY")),
            due_days=whims.choose((None, 0, -5, 2**31 - 1)) if whims.absurd(0.2) else 30,
            prices_include_tax=whims.included,
            document_fields={"NIF": "B1"},
            **self._agreed(lines),
        )

    def _keep(self, line: Json) -> Json:
        """Remember a line, and how many of its micro-units may be open."""
        line_id = str(line["line_id"])
        if line["kind"] in UNIT_KINDS:
            before = parse_quantity(str(self._lines[line_id]["quantity"])) if line_id in self._lines else 0
            self._open[line_id] += parse_quantity(str(line["quantity"])) - before
        self._lines[line_id] = line
        return line

    def _agreed(self, lines: list[Json]) -> Json:
        """Lines, order-level discounts and a total that mostly is theirs."""
        whims = self._whims
        room = [line for line in lines if line["kind"] in ("GOODS", "SERVICE")]
        discounts = [
            {"code": f"D{place}", "amount": self._share(line), "funded_by": whims.choose(("SELLER", "MARKETPLACE"))}
            for place, line in enumerate(room)
            if whims.chance(0.3)
        ]
        off = sum([int(str(one["amount"])) for one in discounts])
        total = sum([worth(line) for line in lines]) - off
        if not 0 <= total <= MONEY_MAX or whims.chance(0.1):
            step = max(-MONEY_MAX, min(MONEY_MAX, whims.part(MONEY_MAX) - total))
            rounding = whims.line(f"R{len(self._told)}", "ROUNDING")
            lines = [*lines, self._keep(rounding | {"gross": step, "discount": 0, "unit_price": "-1" if step < 0 else "1"})]
            total = sum([worth(line) for line in lines]) - off
        if whims.chance(0.2):
            total += whims.choose((-1, 1))
        if whims.absurd(0.03) and lines:
            lines = [*lines, lines[0]]
        return {"lines": lines, "order_discounts": discounts, "total": max(0, min(total, MONEY_MAX))}

    def _share(self, line: Json) -> int:
        taxes = sum([int(tax["amount"]) for tax in line["taxes"] if tax["included"]])
        return self._whims.part(max(0, int(line["gross"]) - int(line["discount"]) - taxes) // 2)

    def _edited(self) -> Json:
        """All lines again, some changed, some left out, some new."""
        whims = self._whims
        lines = [self._keep(whims.changed(line)) if whims.chance(0.5) else line for line in self._lines.values() if whims.chance(0.9)]
        if whims.chance(0.3):
            lines.append(self._keep(whims.line(f"E{len(self._told)}")))
        self._revision += 1
        revision = whims.choose((0, -(2**31), 2**31 - 1)) if whims.absurd(0.1) else self._revision
        return self._event("OrderEdited", order_revision=revision, **self._agreed(lines))

    def _exchanged(self) -> Json:
        """Lines that are added, now and then one that is there already."""
        whims = self._whims
        lines = [self._keep(whims.line(f"X{len(self._told)}-{place}")) for place in range(whims.choose((0, 1, 1, 2)))]
        if whims.absurd(0.2) and self._lines:
            lines.append(whims.choose((*self._lines.values(),)))
        total = sum([worth(line) for line in lines]) + whims.choose((0, 0, 0, 1))
        added = max(0, min(total, MONEY_MAX))
        return self._event("ExchangeCreated", exchange_id=f"X{len(self._told)}", return_id=None, lines=lines, total_added=added)

    # -- what comes after ----------------------------------------------------------------------------------------------------

    def _tellers(self) -> dict[Callable[[], Json], int]:
        """What may be told next, and how often."""
        return {
            self._placed: 1,
            self._captured: 6,
            self._shipped: 8,
            self._cancelled: 3,
            self._refunded: 7,
            self._refunded_again: 3,
            self._edited: 5,
            self._exchanged: 2,
            self._promised: 1,
            self._reversed: 2,
            self._delivered: 1,
            self._shipment_cancelled: 4,
            self._returned: 4,
            self._fee: 3,
            self._disputed: 4,
            self._dispute_closed: 4,
            self._adjusted: 3,
            self._corrected: 6,
            self._by_hand: 1,
            self._deadline: 4,
        }

    def _earlier(self, *kinds: str) -> Json | None:
        """Something that was told before, of one of several types."""
        fitting = [one for one in self._told if one["type"] in kinds]
        return self._whims.random.choice(fitting) if fitting else None

    def _id(self, letter: str, kind: str, field: str, many: int) -> str:
        """An id: mostly of something told before."""
        earlier = self._earlier(kind)
        known = earlier is not None and self._whims.chance(0.8)
        return str(earlier[field]) if earlier is not None and known else f"{letter}{self._whims.random.randrange(1, many)}"

    def _captured(self) -> Json:
        whims = self._whims
        return self._event(
            "PaymentCaptured",
            payment_id=f"P{whims.random.randrange(1, 12)}",
            tender=whims.choose(TENDERS),
            gateway="stripe",
            amount=whims.amount(),
            fee=whims.choose((None, 0, whims.amount())),
            store=whims.choose((None, "S2")),
        )

    def _promised(self) -> Json:
        kind = self._whims.choose(("PaymentAuthorized", "PaymentVoided", "PaymentFailed"))
        return self._event(kind, payment_id="P1", amount=self._whims.amount())

    def _some(self, earlier: Json | None, field: str = "amount") -> int:
        """An amount; mostly a part of what was told."""
        whims = self._whims
        return whims.part(int(earlier[field])) if earlier is not None and whims.chance(0.8) else whims.amount()

    def _reversed(self) -> Json:
        capture = self._earlier("PaymentCaptured")
        payment_id = capture["payment_id"] if capture is not None else "P1"
        return self._event("PaymentReversed", payment_id=payment_id, amount=self._some(capture))

    def _named_units(self, among: Counter[str], into: Counter[str] | None = None) -> list[tuple[str, str]]:
        """None, some or the same line many times over; mostly of units that may be `among` some, from where they go `into` others."""
        whims = self._whims
        others = tuple([line_id for line_id, line in self._lines.items() if line["kind"] not in UNIT_KINDS])
        named = []
        for _ in range(whims.choose((0, 1, 1, 2, 4))):
            known = tuple([line_id for line_id, count in among.items() if count > 0])
            strange = whims.absurd(0.2) or not known
            line_id = whims.choose(("nowhere", *others) if strange else known)
            count = whims.some_of(among[line_id] if among[line_id] > 0 else MICRO)
            named.append((line_id, count))
            if into is not None and among[line_id] > 0:
                among[line_id] -= parse_quantity(count)
                into[line_id] += parse_quantity(count)
        return named

    def _shipped(self) -> Json:
        whims = self._whims
        lines: list[Json] = [
            {"line_id": line_id, "quantity": count, "unit_cost": whims.choose((None, None, None, "0", "0.03"))}
            for line_id, count in self._named_units(self._open, self._sent)
        ]
        shipment_id = f"S{whims.random.randrange(1, 20)}"
        return self._event("ShipmentDispatched", shipment_id=shipment_id, lines=lines, warehouse=whims.choose((None, "W1", "default")))

    def _delivered(self) -> Json:
        return self._event("ShipmentDelivered", shipment_id=self._id("S", "ShipmentDispatched", "shipment_id", 20))

    def _shipment_cancelled(self) -> Json:
        return self._event("ShipmentCancelled", shipment_id=self._id("S", "ShipmentDispatched", "shipment_id", 20))

    def _cancelled(self) -> Json:
        named = self._named_units(self._open, Counter())
        lines = [{"line_id": line_id, "quantity": count} for line_id, count in named]
        return self._event("OrderCancelled", lines=lines, cancel_charges=self._whims.choose((True, False)))

    def _returned(self) -> Json:
        whims = self._whims
        shipment = self._earlier("ShipmentDispatched")
        known = [(str(line["line_id"]), str(line["quantity"])) for line in shipment["lines"]] if shipment is not None else []
        named = known if known and whims.chance(0.7) else self._named_units(self._sent)
        lines = [
            {
                "line_id": line_id,
                "quantity": count,
                "shipment_id": whims.choose((None, None, shipment["shipment_id"] if shipment is not None else "S1")),
                "disposition": whims.choose(("RESTOCK", "SCRAP", "UNKNOWN")),
            }
            for line_id, count in named
        ]
        return_id = f"B{whims.random.randrange(1, 12)}"
        return self._event("ReturnReceived", return_id=return_id, lines=lines, warehouse=whims.choose((None, "W1")))

    # -- refunds ---------------------------------------------------------------------------------------------------------------

    def _refunded(self) -> Json:
        whims = self._whims
        refund_id = f"R{whims.random.randrange(1, 9)}"
        named = self._named_units(whims.choose((self._sent, self._sent, self._open)))
        lines = [self._refund_line(line_id, count) for line_id, count in named]
        adjustments = [self._refund_adjustment() for _ in range(whims.choose((0, 0, 1, 3)))]
        tenders = [
            {
                "tender_id": f"{whims.choose((refund_id, 'T'))}-{whims.random.randrange(3)}",
                "tender": whims.choose(TENDERS),
                "gateway": "stripe",
                "amount": whims.choose((whims.scale, whims.amount())),
                "status": whims.choose(("PENDING", "SUCCEEDED", "SUCCEEDED", "FAILED")),
                "payment_id": whims.choose((None, None, "P1", "P2")),
            }
            for _ in range(whims.choose((0, 1, 1, 3)))
        ]
        if whims.chance(0.4) and tenders:
            lines, adjustments = [], []
        return self._event(
            "RefundIssued",
            refund_id=refund_id,
            return_id=whims.choose((None, None, "B1")),
            lines=lines,
            adjustments=adjustments,
            tenders=tenders,
            allow_over_refund=whims.choose((True, False)),
        )

    def _refund_line(self, line_id: str, count: str) -> Json:
        whims = self._whims
        line: Json = {"line_id": line_id, "quantity": count, "scope": whims.choose(("SHIPPED", "UNSHIPPED", "AUTO", "AUTO"))}
        if whims.chance(0.3):
            line["net"] = whims.amount()
            line["taxes"] = whims.choose((None, self._known_taxes(line_id)))
        if whims.chance(0.2):
            line["shipment_id"] = self._id("S", "ShipmentDispatched", "shipment_id", 20)
        return line

    def _refund_adjustment(self) -> Json:
        whims = self._whims
        kind = whims.choose(("CHARGE", "GOODWILL", "RETURN_FEE", "TAX"))
        line_id = whims.choose((None, None, "nowhere", *self._lines))
        return {"kind": kind, "amount": whims.amount(), "taxes": self._known_taxes(line_id), "line_id": line_id}

    def _known_taxes(self, line_id: str | None) -> list[Json]:
        """Taxes of a refund: those of a line as they are, or any."""
        line = self._lines.get(line_id) if line_id is not None else None
        if line is None or self._whims.chance(0.5):
            return self._whims.credit_taxes()
        names = ("jurisdiction", "type", "code", "amount", "liable_party")
        return [{name: tax[name] for name in names} for tax in line["taxes"]]

    def _refunded_again(self) -> Json:
        """An earlier refund whose tenders moved on, or back."""
        whims = self._whims
        earlier = self._earlier("RefundIssued")
        if earlier is None:
            return self._refunded()
        stated = {name: earlier[name] for name in ("refund_id", "lines", "adjustments")}
        tenders = [one | {"status": whims.choose(("PENDING", "SUCCEEDED", "FAILED"))} for one in earlier["tenders"]]
        if whims.absurd(0.1) and tenders:
            tenders[0] = tenders[0] | {"amount": whims.amount()}
        return self._event("RefundIssued", **stated, tenders=tenders, allow_over_refund=True)

    # -- money beside the order ------------------------------------------------------------------------------------------------

    def _fee(self) -> Json:
        whims = self._whims
        amount = whims.amount()
        return self._event(
            "FeeCharged",
            fee_id=f"F{whims.random.randrange(1, 12)}",
            kind=whims.choose(("commission", "label")),
            amount=amount,
            tax=whims.tax(amount, whims.part(amount)) if whims.chance(0.4) else None,
            account_kind=whims.choose(("PSP", "MARKETPLACE", "CARRIER")),
            gateway="stripe",
            payment_id=self._id("P", "PaymentCaptured", "payment_id", 12) if whims.chance(0.5) else None,
            estimate=whims.chance(0.15),
        )

    def _disputed(self) -> Json:
        whims = self._whims
        capture = self._earlier("PaymentCaptured")
        return self._event(
            "ChargebackOpened",
            dispute_id=f"C{whims.random.randrange(1, 12)}",
            payment_id=capture["payment_id"] if capture is not None else "P1",
            gateway="stripe",
            amount=self._some(capture),
            fee=whims.choose((0, 15, whims.amount())),
        )

    def _dispute_closed(self) -> Json:
        whims = self._whims
        dispute = self._earlier("ChargebackOpened")
        return self._event(
            "ChargebackClosed",
            dispute_id=dispute["dispute_id"] if dispute is not None else "C1",
            outcome=whims.choose(("WON", "LOST", "PARTIAL")),
            amount_won=self._some(dispute),
            fee_returned=self._some(dispute, "fee"),
        )

    def _adjusted(self) -> Json:
        whims = self._whims
        kinds = ("EARLY_PAYMENT_DISCOUNT", "WRITE_OFF", "WRITE_OFF", "RECOVERY", "SMALL_DIFFERENCE", "WITHHOLDING")
        amount = whims.part(whims.scale // 3)
        return self._event(
            "ReceivableAdjusted",
            adjustment_id=f"A{whims.random.randrange(1, 12)}",
            kind=whims.choose(kinds),
            amount=amount,
            taxes=whims.taxes(amount) if whims.chance(0.3) else [],
            jurisdiction="MX",
            approved_by="boss",
        )

    def _by_hand(self) -> Json:
        whims = self._whims
        amount = whims.amount()
        accounts = ("accounts_receivable", "dispute_losses") if whims.absurd(0.2) else MANUAL_ACCOUNTS
        parts = [(whims.choose(accounts), "DEBIT", amount), (whims.choose(MANUAL_ACCOUNTS), "CREDIT", amount + whims.absurd(0.1))]
        postings = [{"account": account, "side": side, "amount": part} for account, side, part in parts if whims.chance(0.98)]
        journal_id = f"J{whims.random.randrange(1, 9)}"
        return self._event("JournalPosted", journal_id=journal_id, postings=postings, reason="mended", approved_by="boss")

    # -- what is about other events --------------------------------------------------------------------------------------------

    def _corrected(self) -> Json:
        """A correction of anything by anything, mostly of what can be corrected by its own type."""
        whims = self._whims
        corrections = [one["replacement"] for one in self._told if one["type"] == "EventCorrected" and one["replacement"]]
        original = self._earlier(*CORRECTABLE) if whims.chance(0.8) else self._earlier(*[one["type"] for one in self._told])
        if corrections and whims.chance(0.3):
            original = whims.random.choice(corrections)
        if original is None:
            return self._event("EventCorrected", supersedes_event_id=whims.uuid(), replacement=None)
        return self._event("EventCorrected", supersedes_event_id=original["event_id"], replacement=self._replacement(original))

    def _replacement(self, original: Json) -> Json | None:
        whims = self._whims
        tellers: dict[str, Callable[[], Json]] = dict(
            zip(CORRECTABLE, (self._captured, self._shipped, self._fee, self._returned, self._adjusted), strict=True)
        )
        kind = str(original["type"])
        if kind not in tellers or whims.absurd(0.1):
            kind = whims.choose(CORRECTABLE)
        if whims.chance(0.25):
            return None
        fresh = tellers[kind]()
        if kind == original["type"]:
            if whims.chance(0.3):
                return original | {"event_id": fresh["event_id"]}
            names = ("payment_id", "shipment_id", "fee_id", "return_id", "adjustment_id")
            own = {name: original[name] for name in names if name in original}
            fresh |= own if whims.chance(0.7) else {}
        if whims.absurd(0.2):
            fresh |= {name: original[name] for name in ("event_id", "business_key") if whims.chance(0.5)}
        return fresh

    def _deadline(self) -> Json:
        whims = self._whims
        about = whims.random.choice(self._told)["event_id"]
        return self._event(
            "DeadlinePassed",
            kind=whims.choose(("PARKED", "PARKED", "PARKED", "UNPAID", "UNSHIPPED", "UNREFUNDED")),
            due_at=whims.time(),
            about_event_id=whims.choose((about, about, about, None, whims.uuid())),
        )
