"""The intended books of one order, from its whole life at once: what every account must show, and why.

Written from the accounting rules, not from the product: per line the ranges of units that left, were cancelled or
came back, and cumulative rounding over them; the customer's balances from totals alone.
"""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from sources.synthetic.arithmetic import MICRO, part, rounded
from sources.synthetic.intents import (
    UNIT_KINDS,
    Cancellation,
    Dispatch,
    GivenBack,
    OrderIntent,
    Payment,
    Refund,
    SoldLine,
)

PROVIDER_TENDERS = ("CARD", "WALLET", "OTHER")
CHARGE_ACCOUNTS = {"SHIPPING": "shipping_revenue", "FEE": "other_revenue", "TIP": "tips_payable", "ROUNDING": "rounding"}


@dataclass(slots=True)
class Settlement:
    """The intended figures of one order; signed amounts are minor units, debit positive.

    `movements` are per kind (capture, fee, invoice, credit_note, refund, cost) and account, without the customer's
    own balances, which follow from the totals.
    """

    movements: dict[str, Counter[str]] = field(default_factory=dict)
    captured: int = 0
    refunded: int = 0
    pending: int = 0
    invoiced: int = 0
    credited: int = 0
    still_open: int = 0

    @property
    def receivable(self) -> int:
        """What the customer owes."""
        return max(self._owed, 0)

    @property
    def contract_liability(self) -> int:
        """Money held for what is still to come."""
        return min(max(-self._owed, 0), self.still_open)

    @property
    def refunds_payable(self) -> int:
        """Money that goes back, or is on its way."""
        return self.pending + max(-self._owed, 0) - self.contract_liability

    @property
    def to_pay_back(self) -> int:
        """Of the refunds payable, what no payout is on its way for."""
        return self.refunds_payable - self.pending

    @property
    def _owed(self) -> int:
        return self.invoiced - self.credited - self.captured + self.refunded + self.pending

    def move(self, kind: str, account: str, amount: int) -> None:
        """Add a signed amount (debit positive) to an account."""
        self.movements.setdefault(kind, Counter())[account] += amount

    def balances(self) -> Counter[str]:
        """Every account's balance; they add up to 0 or the intention itself does not balance."""
        total: Counter[str] = Counter()
        for accounts in self.movements.values():
            total.update(accounts)
        total["accounts_receivable"] += self.receivable
        total["contract_liability"] -= self.contract_liability
        total["refunds_payable"] -= self.refunds_payable
        if sum(total.values()):
            raise ArithmeticError(f"intended balances do not add up to 0: {dict(total)}")
        return Counter({account: amount for account, amount in total.items() if amount})


@dataclass(slots=True)
class _UnitLine:
    """A line of units with its ranges: (first unit, units)."""

    line: SoldLine
    taken: int = 0
    shipped: list[tuple[int, int]] = field(default_factory=list)
    cancelled_unnamed: int = 0
    given_back: int = 0

    @property
    def amounts(self) -> list[int]:
        return _amounts(self.line)

    @property
    def open_units(self) -> int:
        return self.line.quantity - self.taken

    @property
    def shipped_units(self) -> int:
        return sum(units for _, units in self.shipped)

    def take(self, units: int) -> tuple[int, int]:
        if units > self.open_units:
            raise ValueError(f"{self.line.line_id}: {units} micro-units wanted, {self.open_units} open")
        self.taken += units
        return self.taken - units, units

    def range_amounts(self, start: int, units: int) -> list[int]:
        return [part(amount, start, units, self.line.quantity) for amount in self.amounts]

    def credit(self, units: int) -> list[int]:
        """Net, discount and taxes of the next `units` given back, from the oldest shipment on."""
        before, after = self.given_back, self.given_back + units
        if after > self.shipped_units:
            raise ValueError(f"{self.line.line_id}: more given back than shipped")
        self.given_back = after
        return [late - early for late, early in zip(self._credited(after), self._credited(before), strict=True)]

    def _credited(self, units: int) -> list[int]:
        sums = [0] * len(self.amounts)
        for start, size in self.shipped:
            here = min(units, size)
            block = self.range_amounts(start, size)
            sums = [total + part(amount, 0, here, size) for total, amount in zip(sums, block, strict=True)]
            units -= here
        return sums


def _amounts(line: SoldLine) -> list[int]:
    return [line.net, line.discount_without_tax, *(tax.amount for tax in line.taxes)]


def settle(order: OrderIntent) -> Settlement:
    """The intended figures after all steps of the order."""
    return _OrderLife(order).settled()


def credit_of_units(order: OrderIntent, line_id: str, quantity: int) -> tuple[int, tuple[int, ...]]:
    """Net and taxes of the next `quantity` shipped units of a line that come back after all steps of the order."""
    life = _OrderLife(order)
    life.settled()
    net, _, *taxes = life.units[line_id].credit(quantity)
    return net, tuple(taxes)


class _OrderLife:
    def __init__(self, order: OrderIntent) -> None:
        self.order = order
        self.result = Settlement()
        self.units = {line.line_id: _UnitLine(line) for line in order.lines if line.kind in UNIT_KINDS}
        self.charges = [line for line in order.lines if line.kind not in UNIT_KINDS and line.kind != "ROUNDING"]
        self.rounding = [line for line in order.lines if line.kind == "ROUNDING"]
        self.goods_net = sum(unit.line.net for unit in self.units.values())
        self.shipped_net = 0
        self.rest_of_charges: str | None = None

    def settled(self) -> Settlement:
        for step in self.order.steps:
            if isinstance(step, Payment):
                self._paid(step)
            elif isinstance(step, Dispatch):
                self._dispatched(step)
            elif isinstance(step, Cancellation):
                self._cancelled(step.units or self._all_open(), step.drops_charges)
            else:
                self._refunded(step)
        for line in self.charges:
            self._settle_charge(line)
        if self.rounding and not self._anything_shipped():
            self.result.still_open += sum(line.gross for line in self.rounding)
        for unit in self.units.values():
            rest = unit.range_amounts(unit.taken, unit.open_units)
            self.result.still_open += rest[0] + sum(rest[2:])
        return self.result

    def _all_open(self) -> tuple[tuple[str, int], ...]:
        return tuple((line_id, unit.open_units) for line_id, unit in self.units.items() if unit.open_units)

    def _anything_shipped(self) -> bool:
        return any(unit.shipped for unit in self.units.values())

    def _paid(self, payment: Payment) -> None:
        account = tender_account(self.order, payment.tender, payment.gateway)
        self.result.captured += payment.amount
        self.result.move("capture", account, payment.amount)
        if payment.fee and payment.tender in PROVIDER_TENDERS:
            self.result.move("fee", "psp_fees", payment.fee)
            self.result.move("fee", account, -payment.fee)

    def _dispatched(self, dispatch: Dispatch) -> None:
        if not self._anything_shipped():
            for line in self.rounding:
                self._invoice(line, [line.gross, 0])
        for line_id, units in dispatch.units:
            unit = self.units[line_id]
            taken = unit.take(units)
            unit.shipped.append(taken)
            amounts = unit.range_amounts(*taken)
            self.shipped_net += amounts[0]
            self._invoice(unit.line, amounts)
            self._cost(unit.line, units)
        if not self._all_open():
            self.rest_of_charges = "invoiced"

    def _cancelled(self, units: tuple[tuple[str, int], ...], drops_charges: bool) -> None:
        for line_id, count in units:
            self.units[line_id].take(count)
            self.units[line_id].cancelled_unnamed += count
        if not self._all_open():
            self.rest_of_charges = "cancelled" if drops_charges or not self._anything_shipped() else "invoiced"

    def _refunded(self, refund: Refund) -> None:
        for given in refund.given_back:
            if given.shipped:
                self._credit_units(given)
            else:
                self._give_back_unshipped(given)
        if self._all_shipped_given_back() and any(given.shipped for given in refund.given_back):
            for line in self.rounding:
                self._credit(line, [line.gross, 0])
        if refund.shipping:
            for line in self.charges:
                if line.kind == "SHIPPING":
                    self._credit(line, _amounts(line))
        if refund.goodwill:
            self.result.credited += refund.goodwill
            self.result.move("credit_note", "sales_allowances", refund.goodwill)
        if refund.fee_kept:
            self.result.invoiced += refund.fee_kept
            self.result.move("invoice", "return_fee_income", -refund.fee_kept)
        for payout in refund.payouts:
            self._paid_out(payout.tender, payout.gateway, payout.amount, payout.statuses[-1])

    def _credit_units(self, given: GivenBack) -> None:
        unit = self.units[given.line_id]
        amounts = unit.credit(given.quantity)
        if given.stated is not None:
            net, taxes = given.stated
            amounts = [net, 0, *taxes]
        self._credit(unit.line, amounts)

    def _give_back_unshipped(self, given: GivenBack) -> None:
        unit = self.units[given.line_id]
        named = min(given.quantity, unit.cancelled_unnamed)
        if given.quantity > named:
            self._cancelled(((given.line_id, given.quantity - named),), drops_charges=False)
        unit.cancelled_unnamed -= given.quantity

    def _all_shipped_given_back(self) -> bool:
        return all(unit.given_back == unit.shipped_units for unit in self.units.values())

    def _paid_out(self, tender: str, gateway: str, amount: int, status: str) -> None:
        if status == "PENDING":
            self.result.pending += amount
        elif status == "SUCCEEDED":
            self.result.refunded += amount
            self.result.move("refund", tender_account(self.order, tender, gateway), -amount)

    def _settle_charge(self, line: SoldLine) -> None:
        amounts = _amounts(line)
        invoiced = [rounded(Fraction(amount * self.shipped_net, self.goods_net)) for amount in amounts]
        if self.rest_of_charges == "invoiced":
            invoiced = amounts
        elif self.rest_of_charges is None:
            rest = [amount - done for amount, done in zip(amounts, invoiced, strict=True)]
            self.result.still_open += rest[0] + sum(rest[2:])
        self._invoice(line, invoiced)

    def _invoice(self, line: SoldLine, amounts: list[int]) -> None:
        net, discount, *taxes = amounts
        self.result.invoiced += net + sum(taxes)
        self.result.move("invoice", _revenue_account(line), -net - discount)
        self.result.move("invoice", "sales_discounts", discount)
        self._move_taxes("invoice", line, taxes, -1)

    def _credit(self, line: SoldLine, amounts: list[int]) -> None:
        net, _, *taxes = amounts
        self.result.credited += net + sum(taxes)
        account = f"sales_returns:{line.category or 'sales'}" if line.kind in ("GOODS", "SERVICE") else _revenue_account(line)
        self.result.move("credit_note", account, net)
        self._move_taxes("credit_note", line, taxes, 1)

    def _move_taxes(self, kind: str, line: SoldLine, amounts: list[int], sign: int) -> None:
        for tax, amount in zip(line.taxes, amounts, strict=True):
            marketplace = tax.rule.liable_party == "MARKETPLACE"
            own, theirs = f"tax_payable:{tax.rule.jurisdiction}:{tax.rule.type}", f"facilitator_tax_clearing:{self.order.shop.channel}"
            self.result.move(kind, theirs if marketplace else own, sign * amount)

    def _cost(self, line: SoldLine, units: int) -> None:
        if line.unit_cost is None:
            return
        cost = rounded(Fraction(line.unit_cost * units, MICRO))
        self.result.move("cost", f"cogs:{line.category or 'sales'}", cost)
        self.result.move("cost", f"inventory:{self.order.shop.warehouse or 'default'}", -cost)


def _revenue_account(line: SoldLine) -> str:
    if line.kind in ("GOODS", "SERVICE"):
        return f"revenue:{line.category or 'sales'}"
    return "gift_card_liability" if line.kind == "GIFT_CARD" else CHARGE_ACCOUNTS[line.kind]


def tender_account(order: OrderIntent, tender: str, gateway: str) -> str:
    """The account that money by this tender lies on."""
    named = {
        "MARKETPLACE": f"marketplace_clearing:{gateway}",
        "CASH_ON_DELIVERY": f"carrier_clearing:{gateway}",
        "BANK_TRANSFER": f"bank_clearing:{gateway}",
        "CASH": f"cash:{order.shop.store or 'default'}",
        "GIFT_CARD": "gift_card_liability",
        "STORE_CREDIT": "store_credit_liability",
    }
    return named.get(tender, f"psp_clearing:{gateway}")
