"""Refunds in the oracle: rule 4."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from tests.oracle.figures import DISCOUNT, NET, ROUNDING, Amounts, Block, Event, Key, cap_of, half_up, is_tax, less, same_rows
from tests.oracle.goods import cancel_units
from tests.oracle.lines import CHARGE_KINDS
from tests.oracle.money import move_tenders
from tests.oracle.order import Clashes, Order, Shipped, Waits

ALLOWANCES = "sales_allowances"


@dataclass
class RowPlan:
    """Where the units of one refund line come from."""

    row: Event
    named: Fraction = Fraction(0)
    shipped: list[tuple[Shipped, Fraction]] = field(default_factory=list)
    opened: Fraction = Fraction(0)


# Before posting


def check_refund(order: Order, event: Event, *, forced: bool) -> None:
    """Raise why the refund cannot be posted: D27, D11, D10, D22 in this order."""
    first = order.refunds.get(event["refund_id"])
    if first is None:
        plan_units(order, event)
    if not forced and not event["allow_over_refund"] and _raises_too_much(order, event):
        raise Waits("D10")
    if first is not None and not _same_refund(order, first, event):
        raise Clashes


def new_money(order: Order, event: Event) -> list[Event]:
    """The tenders of the event, not FAILED, that nobody has told of before."""
    return [one for one in event["tenders"] if one["status"] != "FAILED" and (event["refund_id"], one["tender_id"]) not in order.tenders]


def failing_money(order: Order, event: Event) -> list[Event]:
    """The tenders that counted until now and are FAILED with the event."""
    known = [(one, order.tenders.get((event["refund_id"], one["tender_id"]))) for one in event["tenders"]]
    return [old for one, old in known if old is not None and one["status"] == "FAILED" != old["status"]]


def _raises_too_much(order: Order, event: Event) -> bool:
    fresh = new_money(order, event)
    gone = [
        old["amount"]
        for one in event["tenders"]
        if one["status"] == "FAILED" and (old := order.tenders.get((event["refund_id"], one["tender_id"]))) and old["status"] != "FAILED"
    ]
    rise = sum(int(one["amount"]) for one in fresh) - sum(gone)
    if any(one.get("payment_id") is not None and one["payment_id"] not in order.payments for one in fresh):
        return True
    return rise > 0 and order.out() + int(rise) + order.lost() > order.captured()


def _same_refund(order: Order, first: Event, event: Event) -> bool:
    if not same_rows(first["lines"], event["lines"]) or not same_rows(first["adjustments"], event["adjustments"]):
        return False
    known = {name: tender["amount"] for (refund, name), tender in order.tenders.items() if refund == event["refund_id"]}
    return all(known.get(one["tender_id"], one["amount"]) == one["amount"] for one in event["tenders"])


def plan_units(order: Order, event: Event) -> list[RowPlan]:
    """Find the units of every line, in order; raises D27 before D11 where there are not enough."""
    spoken: dict[tuple[str, object], Fraction] = defaultdict(Fraction)
    missing: set[str] = set()
    plans = []
    for row in event["lines"]:
        plan = RowPlan(row)
        plans.append(plan)
        line, shipment, wanted = row["line_id"], row.get("shipment_id"), Fraction(row["quantity"])
        if shipment not in {None, *order.shipments}:
            missing.add("D27")
            continue
        if row["scope"] != "SHIPPED":
            plan.named = min(wanted, _unnamed(order, line) - spoken["named", line])
            spoken["named", line] += plan.named
            wanted -= plan.named
        if row["scope"] != "UNSHIPPED":
            for place, one in enumerate(order.shipped):
                units = min(wanted, one.block.left - spoken["block", place])
                if one.stands and one.line.line_id == line and shipment in {None, one.shipment_id} and units > 0:
                    plan.shipped.append((one, units))
                    spoken["block", place] += units
                    wanted -= units
        if row["scope"] != "SHIPPED":
            plan.opened = min(wanted, order.open_units(line) - spoken["open", line])
            spoken["open", line] += plan.opened
            wanted -= plan.opened
        if wanted:
            missing.add("D27" if row["scope"] == "SHIPPED" else "D11")
    for code in ("D27", "D11"):
        if code in missing:
            raise Waits(code)
    return plans


def _unnamed(order: Order, line: str) -> Fraction:
    cancelled = sum((units for name, units in order.cancelled if name == line), Fraction(0))
    return cancelled - sum((units for name, units in order.named if name == line), Fraction(0))


# Posting


def refund(order: Order, event: Event) -> None:
    if event["refund_id"] not in order.refunds:
        _credit(order, event)
        order.refunds[event["refund_id"]] = event
    fresh = sum(one["amount"] for one in new_money(order, event))
    out = order.out() + fresh - sum(one["amount"] for one in failing_money(order, event))
    moves = move_tenders(order, event)
    _allowance(order, fresh, out)
    order.post_documents()
    order.apply()
    moves()


def _credit(order: Order, event: Event) -> None:
    plans = plan_units(order, event)
    for plan in plans:
        _credit_row(order, plan)
    for adjustment in event["adjustments"]:
        _adjust(order, adjustment)
    opened: dict[str, Fraction] = {}
    for plan in plans:
        name = plan.row["line_id"]
        if plan.named:
            order.named.append((name, plan.named))
        if plan.opened:
            opened[name] = opened.get(name, Fraction(0)) + plan.opened
            order.named.append((name, plan.opened))
    if opened:
        cancel_units(order, opened, cancel_charges=False)
    standing = [one.block.left for one in order.shipped if one.stands]
    if standing and not any(standing):
        order.add("credited", "", {ROUNDING: order.rounding_uncredited()}, "rounding")


def _credit_row(order: Order, plan: RowPlan) -> None:
    row = plan.row
    parts = [(one, one.block.take(units)) for one, units in plan.shipped]
    if row.get("net") is not None:
        if parts:
            line = parts[0][0].line
            _credit_stated(order, row["net"], row.get("taxes") or (), line.line_id, line.returns_account)
        return
    for one, amounts in parts:
        for key, amount in amounts.items():
            if key == NET or is_tax(key):
                left = min(order.uncredited(cap_of(key), one.line.line_id), order.uncredited(cap_of(key)))
                order.add("credited", one.line.line_id, {key: min(amount, max(left, 0))}, one.line.returns_account)


def _credit_stated(order: Order, net: int, taxes: Iterable[Event], line: str, account: str) -> None:
    """Credit as stated, but no more than a cap leaves: D10."""
    _credit_capped(order, NET, net, line, account)
    for tax in taxes:
        cap = ("tax", tax["jurisdiction"], tax["type"], tax["code"])
        key = _first_component(order, cap, line)
        if key is not None:
            _credit_capped(order, key, tax["amount"], line, account)
        elif tax["amount"]:
            order.found.add("D10")


def _credit_capped(order: Order, key: Key, amount: int, line: str, account: str) -> None:
    left = order.uncredited(cap_of(key))
    if line:
        left = min(left, order.uncredited(cap_of(key), line))
    if amount > left:
        order.found.add("D10")
    order.add("credited", line, {key: min(amount, max(left, 0))}, account)


def _first_component(order: Order, cap: Key, line: str) -> Key | None:
    """The first component that stands invoiced (of the line, or of the order in the order of its lines) under a cap."""
    standing: Counter[tuple[str, Key]] = Counter()
    for row in order.rows:
        if row.what in {"invoiced", "withdrawn"} and row.key[:4] == cap and line in {"", row.line}:
            standing[row.line, row.key] += row.amount
    for name, one in order.lines.items():
        left_out = (key for where, key in standing if where == name)
        found = next((key for key in (*one.amounts, *left_out) if standing[name, key]), None)
        if found is not None:
            return found
    return None


def _tax_of_fee(order: Order, tax: Event) -> Key:
    """What a stated tax of a return fee is: the order's own tax of its cap where there is one, the invoiced one first."""
    cap: Key = ("tax", tax["jurisdiction"], tax["type"], tax["code"])
    agreed = (key for line in order.lines.values() for key in line.amounts if key[:4] == cap)
    return _first_component(order, cap, "") or next(agreed, (*cap, "", tax.get("liable_party") or "SELLER"))


def _adjust(order: Order, adjustment: Event) -> None:
    line, taxes = adjustment.get("line_id") or "", adjustment["taxes"]
    if adjustment["kind"] in {"GOODWILL", "TAX"}:
        amount = adjustment["amount"] if adjustment["kind"] == "GOODWILL" else 0
        _credit_stated(order, amount, taxes, line, ALLOWANCES)
    elif adjustment["kind"] == "CHARGE":
        _refund_charge(order, adjustment)
    else:
        order.add("charged", "", {NET: adjustment["amount"]}, "return_fee_income")
        for tax in taxes:
            order.add("charged", "", {_tax_of_fee(order, tax): tax["amount"]}, "")


def _refund_charge(order: Order, adjustment: Event) -> None:
    """The invoiced part is credited, then the open part is cancelled, then what was cancelled before is passed over."""
    stated = adjustment.get("line_id")
    names = [stated] if stated else [name for name, line in order.lines.items() if line.kind == "SHIPPING"]
    names = [name for name in names if name in order.lines and order.lines[name].kind in CHARGE_KINDS]
    asked: dict[Key, int] = {NET: adjustment["amount"]}
    for tax in adjustment["taxes"]:
        cap: Key = ("tax", tax["jurisdiction"], tax["type"], tax["code"])
        asked[cap] = asked.get(cap, 0) + tax["amount"]
    before = {name: _cancelled_by_cap(order, name) for name in names}
    for name in names:
        _credit_charge(order, name, asked)
        _cancel_charge(order, name, asked)
        for cap, amount in before[name].items():
            if cap in asked:
                asked[cap] -= min(asked[cap], amount)
    if any(asked.values()):
        order.found.add("D10")


def _cancelled_by_cap(order: Order, name: str) -> Counter[Key]:
    amounts: Counter[Key] = Counter()
    for row in order.rows:
        if row.what == "cancelled" and row.line == name and row.key != DISCOUNT:
            amounts[cap_of(row.key)] += row.amount
    return amounts


def _credit_charge(order: Order, name: str, asked: dict[Key, int]) -> None:
    line = order.lines[name]
    for cap, amount in list(asked.items()):
        credit = min(amount, max(min(order.uncredited(cap, name), order.uncredited(cap)), 0))
        key = NET if cap == NET else _first_component(order, cap, name)
        if credit and key is not None:
            _credit_capped(order, key, credit, name, line.returns_account)
            asked[cap] -= credit


def _cancel_charge(order: Order, name: str, asked: dict[Key, int]) -> None:
    rest = order.charges[name].rest()
    gone: Amounts = {}
    for key, amount in rest.items():
        cap = cap_of(key)
        if cap in asked and key != DISCOUNT:
            gone[key] = min(asked[cap], amount)
            asked[cap] -= gone[key]
    if not any(gone.values()):
        return
    if rest.get(NET):
        gone[DISCOUNT] = half_up(Fraction(rest.get(DISCOUNT, 0) * gone.get(NET, 0), rest[NET]))
    order.cancel(name, gone)
    order.charges[name] = Block(Fraction(order.open_net()), less(rest, gone))


def _allowance(order: Order, fresh: int, out: int) -> None:
    """Money that went back without a reason is an allowance, as far as something invoiced is left to credit.

    `fresh`: the new tenders; `out`: F + P with all of the event counted.
    """
    kept = max(0, order.captured() - order.invoiced() - max(order.outstanding(), 0))
    excess = min(fresh, max(0, out - order.credited() - kept))
    if excess <= 0:
        return
    left = {cap: order.uncredited(cap) for cap in order.tax_caps()}
    whole = order.uncredited(NET) + sum(left.values())
    share = min(excess, whole)
    if share > 0:
        rest = share
        for cap, amount in left.items():
            part = min(half_up(Fraction(amount * share, whole)), amount, rest)
            key = _first_component(order, cap, "")
            if key is not None:
                order.add("credited", "", {key: part}, ALLOWANCES)
                rest -= part
        order.add("credited", "", {NET: min(rest, order.uncredited(NET))}, ALLOWANCES)
    if excess > share:
        order.found.add("D38")
