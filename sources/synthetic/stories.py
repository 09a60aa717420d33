"""How an order lives: basket, money, shipments, second thoughts. All drawn from the order's own random source."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import TypeVar

from sources.synthetic.arithmetic import MICRO
from sources.synthetic.catalog import Product, Shop
from sources.synthetic.intents import (
    UNIT_KINDS,
    Cancellation,
    Dispatch,
    GivenBack,
    OrderIntent,
    Payment,
    Payout,
    Refund,
    SoldLine,
    Step,
)
from sources.synthetic.pricing import cash_rounding, priced_lines
from sources.synthetic.settlement import credit_of_units, settle

MINUTE = 60_000_000
UNITS_OF_A_LINE_MAX = 5
RETURN_FEE_MAX = 500
Choice = TypeVar("Choice")
Units = tuple[tuple[str, int], ...]


def plan_order(shop: Shop, order_id: str, placed_at: int, random: Random) -> OrderIntent:
    """One order of the shop with its whole life; `placed_at` in UTC microseconds."""
    tender, gateway = pick(random, [((tender, gateway), often) for tender, gateway, often in shop.gateways])
    lines, order_discount = _agreed_lines(shop, tender, random)
    terms = "NET" if shop.channel == "wholesale" else "ON_DELIVERY" if tender == "CASH_ON_DELIVERY" else "PREPAID"
    order = OrderIntent(
        shop=shop,
        order_id=order_id,
        placed_at=placed_at,
        lines=lines,
        terms=terms,
        due_days=30 if terms == "NET" else None,
        order_discount=order_discount,
    )
    return _Life(order, tender, gateway, random).lived()


def plain_order(shop: Shop, order_id: str, placed_at: int, random: Random, *, off_by: int = 0) -> OrderIntent:
    """An order paid by card and shipped whole. Its total is `off_by` minor units more than its lines."""
    tender, gateway = next((tender, gateway) for tender, gateway, _ in shop.gateways if tender == "CARD")
    lines, order_discount = _agreed_lines(shop, tender, random)
    if off_by:
        lines += (SoldLine(line_id="off", kind="ROUNDING", quantity=MICRO, unit_price=0, gross=off_by, undeclared=True),)
    order = OrderIntent(shop=shop, order_id=order_id, placed_at=placed_at, lines=lines, terms="PREPAID", order_discount=order_discount)
    return _Life(order, tender, gateway, random).paid_and_shipped()


def pick(random: Random, weighted: Sequence[tuple[Choice, int]]) -> Choice:
    """One of the (choice, weight) pairs."""
    return random.choices([choice for choice, _ in weighted], weights=[weight for _, weight in weighted])[0]


def _agreed_lines(shop: Shop, tender: str, random: Random) -> tuple[tuple[SoldLine, ...], int]:
    products = random.sample(shop.products, random.randint(1, min(4, len(shop.products))))
    if shop.gift_card and random.randrange(100) < 10:
        products = [shop.gift_card, *(products if random.randrange(2) else [])]
    products += [charge for charge in shop.charges if _is_charged(charge, products, tender, random)]
    basket = [(product, _quantity(product, random)) for product in products]
    discounts = [pick(random, [(0, 85), (100, 10), (333, 5)]) for _ in basket]
    lines, order_discount = priced_lines(shop, basket, discounts, pick(random, [(0, 78), (50, 12), (150, 10)]))
    return (lines + cash_rounding(shop, lines) if tender == "CASH" else lines), order_discount


def _is_charged(charge: Product, products: Sequence[Product], tender: str, random: Random) -> bool:
    if charge.kind == "FEE":
        return tender == "CASH_ON_DELIVERY"
    if charge.kind == "TIP":
        return random.randrange(100) < 40
    return any(product.kind == "GOODS" for product in products) and random.randrange(100) < 85


def _quantity(product: Product, random: Random) -> int:
    if product.weighed:
        return random.randint(20, 300) * 5 * MICRO // 1000
    most = UNITS_OF_A_LINE_MAX if product.kind == "GOODS" else 2
    return (random.randint(1, most) if product.kind in UNIT_KINDS else 1) * MICRO


class _Life:
    """One order and the steps taken so far; every method adds some."""

    def __init__(self, order: OrderIntent, tender: str, gateway: str, random: Random) -> None:
        self.order, self.tender, self.gateway, self.random = order, tender, gateway, random
        self.now = order.placed_at
        self.open = {line.line_id: line.quantity for line in order.lines if line.kind in UNIT_KINDS}
        self.shipped = dict.fromkeys(self.open, 0)
        self.cancelled = dict.fromkeys(self.open, 0)

    def lived(self) -> OrderIntent:
        if self.order.shop.is_till:
            self._paid_before()
            self._ship_rest(at_once=True)
        elif self.order.terms == "PREPAID":
            self._paid_before()
            self._fulfilled()
        else:
            self._fulfilled()
            self._paid_after()
        if any(self.shipped.values()) and not any(self.cancelled.values()):
            self._second_thoughts()
        return self.order

    def paid_and_shipped(self) -> OrderIntent:
        self._pay(self.order.total, self.tender, self.gateway)
        self._ship_rest()
        return self.order

    def _chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def _add(self, step: Step) -> None:
        self.order = self.order.then(step)

    def _later(self) -> int:
        self.now += self.random.randint(2, 50) * MINUTE + self.random.randrange(MINUTE)
        return self.now

    def _paid_before(self) -> None:
        due = self.order.total
        bought = self.order.shop.gift_card
        if bought and self.tender in ("CARD", "WALLET") and self._chance(8):
            card = min(due * self.random.randint(10, 60) // 100, bought.price)
            self._pay(card, "GIFT_CARD", "giftcard")
            due -= card
        if self.tender == "BANK_TRANSFER" and self._chance(25):
            self._pay(due // 2, self.tender, self.gateway)
            due -= due // 2
        if self.tender == "BANK_TRANSFER" and self._chance(10):
            due += 5 * self.order.shop.major
        self._pay(due, self.tender, self.gateway)

    def _paid_after(self) -> None:
        """What is owed after the shipments: all of it, half of it, or nothing yet."""
        due = settle(self.order).receivable * self.random.choice((100, 100, 100, 50, 0)) // 100
        if due:
            self._pay(due, self.tender, self.gateway)

    def _pay(self, amount: int, tender: str, gateway: str) -> None:
        permille, fixed = self.order.shop.fee
        knows_fee = tender in ("CARD", "WALLET") and permille and self._chance(90)
        number = sum(isinstance(step, Payment) for step in self.order.steps) + 1
        at = self.now + MINUTE if self.order.shop.is_till else self._later()
        fee = amount * permille // 1000 + fixed if knows_fee else None
        self._add(Payment(at=at, payment_id=f"P{number}", tender=tender, gateway=gateway, amount=amount, fee=fee))

    def _fulfilled(self) -> None:
        story = pick(self.random, [("whole", 50), ("parts", 22), ("part", 6), ("waits", 8), ("cancelled", 7), ("part cancelled", 7)])
        if story in ("parts", "part", "part cancelled"):
            self._ship_some()
        if story == "parts" and self._chance(40):
            self._ship_some()
        if story in ("whole", "parts"):
            self._ship_rest()
        if story in ("cancelled", "part cancelled"):
            self._cancel_rest()

    def _ship_some(self) -> None:
        """A part of the open units, but never all of them; nothing where only one thing is open."""
        units = {line_id: self.random.randint(0, count // MICRO) * MICRO for line_id, count in self.open.items()}
        if units == self.open:
            line_id = next(line_id for line_id, count in units.items() if count)
            units[line_id] -= MICRO
        self._ship(tuple((line_id, count) for line_id, count in units.items() if count))

    def _ship_rest(self, *, at_once: bool = False) -> None:
        self._ship(tuple((line_id, count) for line_id, count in self.open.items() if count), at_once=at_once)

    def _ship(self, units: Units, *, at_once: bool = False) -> None:
        if not units:
            return
        number = sum(isinstance(step, Dispatch) for step in self.order.steps) + 1
        self._add(Dispatch(at=self.now + 2 * MINUTE if at_once else self._later(), shipment_id=f"S{number}", units=units))
        for line_id, count in units:
            self.open[line_id] -= count
            self.shipped[line_id] += count

    def _cancel_rest(self) -> None:
        """By a cancellation, a refund of what was not shipped, or both, the refund perhaps not made yet."""
        rest = tuple((line_id, count) for line_id, count in self.open.items() if count)
        how = pick(self.random, [("cancellation", 25), ("both", 45), ("refund", 30)])
        if how != "refund":
            everything = not any(self.shipped.values())
            self._add(Cancellation(at=self._later(), units=() if everything else rest, drops_charges=everything or self._chance(50)))
        if how != "cancellation":
            self._refund(Refund(at=self._later(), refund_id="R1", given_back=_given(rest, shipped=False)))
        for line_id, count in rest:
            self.open[line_id] -= count
            self.cancelled[line_id] += count

    def _second_thoughts(self) -> None:
        thought = pick(self.random, [("none", 68), ("return", 14), ("everything", 4), ("goodwill", 5), ("fee kept", 4), ("reduced", 5)])
        if thought == "goodwill":
            amount = max(settle(self.order).invoiced * 5 // 100, 1)
            self._refund(Refund(at=self._later(), refund_id="R1", goodwill=amount))
        if thought in ("return", "fee kept", "reduced"):
            self._return_some(thought)
        if thought == "everything":
            units = self._returnable(whole=True)
            closed = not any(self.open.values())
            shipping = closed and any(line.kind == "SHIPPING" for line in self.order.lines)
            if units:
                self._refund(Refund(at=self._later(), refund_id="R1", given_back=_given(units, shipped=True), shipping=shipping))

    def _return_some(self, thought: str) -> None:
        units = self._returnable(whole=False)
        if not units:
            return
        given = _given(units, shipped=True)
        if thought == "reduced":
            given = tuple(self._at_four_fifths(line) for line in given)
        worth = sum(credit_of_units(self.order, line_id, count)[0] for line_id, count in units)
        fee_kept = min(RETURN_FEE_MAX, worth // 4) if thought == "fee kept" else 0
        self._refund(Refund(at=self._later(), refund_id="R1", given_back=given, fee_kept=fee_kept))
        again = self._returnable(whole=False)
        if thought == "return" and again and self._chance(20):
            self._refund(Refund(at=self._later(), refund_id="R2", given_back=_given(again, shipped=True)))

    def _returnable(self, *, whole: bool) -> Units:
        """Goods that left and did not come back: all of them, or some units of one line (weighed goods whole)."""
        back = dict.fromkeys(self.shipped, 0)
        for step in self.order.steps:
            for given in step.given_back if isinstance(step, Refund) else ():
                back[given.line_id] += given.quantity
        goods = [line.line_id for line in self.order.lines if line.kind == "GOODS"]
        left = [(line_id, self.shipped[line_id] - back[line_id]) for line_id in goods if self.shipped[line_id] > back[line_id]]
        if whole or not left:
            return tuple(left)
        line_id, count = self.random.choice(left)
        return ((line_id, count if count % MICRO else self.random.randint(1, count // MICRO) * MICRO),)

    def _at_four_fifths(self, given: GivenBack) -> GivenBack:
        net, taxes = credit_of_units(self.order, given.line_id, given.quantity)
        stated = (net * 4 // 5, tuple(tax * 4 // 5 for tax in taxes))
        return GivenBack(line_id=given.line_id, quantity=given.quantity, shipped=True, stated=stated)

    def _refund(self, refund: Refund) -> None:
        """Add the refund and pay out what it makes the shop owe, newest payment first."""
        owed = settle(self.order.then(refund)).to_pay_back
        payouts: list[Payout] = []
        payments = [step for step in self.order.steps if isinstance(step, Payment)]
        paid_back = self._paid_back()
        for payment in reversed(payments):
            amount = min(owed, payment.amount - paid_back.get(payment.payment_id, 0))
            if amount > 0:
                payouts.append(self._payout(refund.refund_id, len(payouts) + 1, payment, amount))
                owed -= amount
        self._add(replace(refund, payouts=tuple(payouts)))

    def _paid_back(self) -> dict[str, int]:
        paid: dict[str, int] = {}
        for step in self.order.steps:
            for payout in step.payouts if isinstance(step, Refund) else ():
                paid[payout.payment_id] = paid.get(payout.payment_id, 0) + payout.amount
        return paid

    def _payout(self, refund_id: str, number: int, payment: Payment, amount: int) -> Payout:
        tender, gateway = payment.tender, payment.gateway
        statuses = pick(
            self.random,
            [(("SUCCEEDED",), 72), (("PENDING", "SUCCEEDED"), 16), (("PENDING",), 8), (("PENDING", "FAILED"), 4)],
        )
        if tender in ("CARD", "WALLET") and self.order.shop.currency == "USD" and self._chance(20):
            tender, gateway = "STORE_CREDIT", "shop"
        if tender in ("CASH", "GIFT_CARD", "STORE_CREDIT"):
            statuses = ("SUCCEEDED",)
        return Payout(
            tender_id=f"{refund_id}-T{number}",
            tender=tender,
            gateway=gateway,
            amount=amount,
            statuses=statuses,
            payment_id=payment.payment_id,
        )


def _given(units: Units, *, shipped: bool) -> tuple[GivenBack, ...]:
    return tuple(GivenBack(line_id=line_id, quantity=count, shipped=shipped) for line_id, count in units)
