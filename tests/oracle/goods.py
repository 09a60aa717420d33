"""Placing, shipping, cancelling and editing in the oracle: rules 1 to 3."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from tests.oracle.figures import CARRIED, GIVEN, NET, ROUNDING, WEIGHT, Amounts, Block, Event, added, cap_of, half_up, is_tax, less
from tests.oracle.lines import (
    CHARGE_KINDS,
    UNIT_KINDS,
    discount_of,
    given_shares,
    placed_shares,
    read_line,
    rounding_of,
    spread,
    wants_share,
)
from tests.oracle.order import Order, Refused, Shipment, Shipped, Waits

EXPONENT_DEFAULT = 2


def place(order: Order, event: Event) -> None:
    order.placed = event
    shares = placed_shares(event) or {}
    _add_lines(order, event, shares)
    order.rounding = rounding_of(event)
    order.renew_charges({name: order.lines[name].amounts for name in order.lines if order.lines[name].kind in CHARGE_KINDS})


def _add_lines(order: Order, event: Event, shares: Mapping[str, int]) -> None:
    for row in event["lines"]:
        line = read_line(row, shares.get(row["line_id"], 0))
        if line.kind in UNIT_KINDS:
            order.lines[line.line_id] = line
            order.open[line.line_id] = Block(line.units, line.amounts)
        elif line.kind in CHARGE_KINDS:
            order.lines[line.line_id] = line


# Shipping


def asked_units(event: Event) -> dict[str, Fraction]:
    """Units per line; a line named twice counts cumulatively."""
    asked: dict[str, Fraction] = {}
    for row in event["lines"]:
        asked[row["line_id"]] = asked.get(row["line_id"], Fraction(0)) + Fraction(row["quantity"])
    return asked


def check_open_units(order: Order, event: Event) -> None:
    if any(units > order.open_units(name) for name, units in asked_units(event).items()):
        raise Waits("D11")


def ship(order: Order, event: Event) -> None:
    shipment = order.shipments[event["shipment_id"]] = Shipment(order.number)
    net, costs = 0, []
    for row in event["lines"]:
        line, units = order.lines[row["line_id"]], Fraction(row["quantity"])
        amounts = order.open[line.line_id].take(units)
        cost = _cost_of(order, row.get("unit_cost"), line.unit_cost, units)
        order.shipped.append(Shipped(event["shipment_id"], line, Block(units, amounts), units, amounts, cost))
        order.invoice(line, amounts)
        net += amounts.get(NET, 0)
        costs.append((line.category, cost or 0))
    last = order.nothing_open()
    for name, block in order.charges.items():
        amounts = block.empty() if last or not block.units else block.take(min(Fraction(net), block.left))
        order.invoice(order.lines[name], amounts)
        shipment.charges[name] = amounts
    shipment.rounding = order.take_rounding()


def _cost_of(order: Order, stated: str | None, agreed: Fraction | None, units: Fraction) -> int | None:
    price = agreed if stated is None else Fraction(stated)
    exponent = (order.placed or {}).get("currency_exponent")
    return None if price is None else half_up(price * units * 10 ** (EXPONENT_DEFAULT if exponent is None else exponent))


def post_cost(order: Order, event: Event) -> None:
    """The entry that takes the goods out of stock."""
    warehouse = f"inventory:{event.get('warehouse') or 'default'}"
    postings: dict[str, int] = {}
    for one in order.shipped:
        if one.shipment_id == event["shipment_id"] and one.stands and one.cost:
            account = f"cogs:{one.line.category}"
            postings[account] = postings.get(account, 0) + one.cost
            postings[warehouse] = postings.get(warehouse, 0) - one.cost
    order.post("cost", postings)


# Cancelling


def cancel_units(order: Order, asked: Mapping[str, Fraction], *, cancel_charges: bool) -> None:
    """Units leave the order; DUTY goes with them, and the rest of the charges once no unit is open."""
    net = 0
    for name, units in asked.items():
        amounts = order.open[name].take(units)
        order.cancel(name, amounts)
        order.cancelled.append((name, units))
        net += amounts.get(NET, 0)
    for name, block in order.charges.items():
        if order.lines[name].kind == "DUTY" and block.units:
            order.cancel(name, block.take(min(Fraction(net), block.left)))
    if not order.nothing_open():
        return
    if cancel_charges or not order.shipment_stands():
        for name, rest in _empty_charges(order).items():
            order.cancel(name, rest)
        order.cancel("", {ROUNDING: order.rounding})
        order.rounding = 0
    else:
        invoice_open_charges(order)


def _empty_charges(order: Order) -> dict[str, Amounts]:
    return {name: block.empty() for name, block in order.charges.items()}


def invoice_open_charges(order: Order) -> None:
    for name, rest in _empty_charges(order).items():
        order.invoice(order.lines[name], rest)
    order.take_rounding()


def order_cancelled(order: Order, event: Event) -> None:
    asked = asked_units(event) if event["lines"] else {name: block.left for name, block in order.open.items() if block.left}
    cancel_units(order, asked, cancel_charges=event["cancel_charges"])


# Taking a shipment back


def check_shipment_free(order: Order, shipment_id: str) -> None:
    """Waits(D11) where something was built on the shipment."""
    if not order.shipments[shipment_id].stands:
        raise Waits("D11")
    for one in order.shipped:
        if one.shipment_id == shipment_id and (one.joined or one.block.takings or one.returns):
            raise Waits("D11")


def withdraw_shipment(order: Order, shipment_id: str) -> None:
    """The shipment's units and amounts are open again."""
    shipment = order.shipments[shipment_id]
    shipment.stands = False
    returned: dict[str, Amounts] = dict(shipment.charges)
    for one in order.shipped:
        if one.shipment_id == shipment_id and one.stands:
            one.stands = False
            block = order.open[one.line.line_id]
            order.open[one.line.line_id] = Block(block.left + one.units, added(block.rest(), one.invoiced))
            returned[one.line.line_id] = added(returned.get(one.line.line_id, {}), one.invoiced)
    for name, amounts in returned.items():
        order.add("withdrawn", name, less({}, amounts), "")
    order.add("withdrawn", "", {ROUNDING: -shipment.rounding}, "")
    order.rounding += shipment.rounding
    order.renew_charges({name: added(block.rest(), shipment.charges.get(name, {})) for name, block in order.charges.items()})
    if _caps_exceeded(order) or (shipment.rounding and _rounding_exceeded(order)):
        raise Waits("D11")


def _caps_exceeded(order: Order) -> bool:
    caps = {cap_of(row.key) for row in order.rows if row.key == NET or is_tax(row.key)}
    return any(order.uncredited(cap, line) < 0 for cap in caps for line in [None, *order.lines])


def _rounding_exceeded(order: Order) -> bool:
    credited = order.sum_of(lambda row: row.key == ROUNDING and row.what == "credited")
    invoiced = order.rounding_uncredited() + credited
    return abs(credited) > abs(invoiced) or credited * invoiced < 0


# Editing


def edited_shares(order: Order, event: Event) -> dict[str, int] | None:
    """The share of every line after an edit: the discount not yet taken goes over the open parts; None: it cannot."""
    wanting = [row for row in event["lines"] if wants_share(row)]
    taken = {row["line_id"]: order.taken_of(row["line_id"]) for row in event["lines"]}
    rest = discount_of(event) - given_shares(event) - sum(taken[row["line_id"]].get(GIVEN, 0) for row in wanting)
    weights = {row["line_id"]: max(0, row["gross"] - row["discount"] - taken[row["line_id"]].get(WEIGHT, 0)) for row in wanting}
    found = spread(rest, weights) if rest >= 0 else None
    if found is None:
        return None
    shares = {row["line_id"]: row.get("order_discount") or 0 for row in event["lines"]}
    return shares | {name: taken[name].get(GIVEN, 0) + share for name, share in found.items()}


def edit(order: Order, event: Event) -> None:
    shares = edited_shares(order, event)
    if shares is None:
        raise Refused("D11")
    new = {row["line_id"]: read_line(row, shares[row["line_id"]]) for row in event["lines"] if row["kind"] != "ROUNDING"}
    left_out = {name: line for name, line in order.lines.items() if name not in new}
    gone = {name: replace(line, units=Fraction(0), amounts=dict.fromkeys(line.amounts, 0)) for name, line in left_out.items()}
    order.lines = new | gone
    order.open, charges = {}, {}
    for name, line in order.lines.items():
        amounts = less(line.amounts, order.taken_of(name))
        units = line.units - order.taken_units(name) if line.kind in UNIT_KINDS else Fraction(0)
        if units < 0 or any(amount < 0 for key, amount in amounts.items() if key != WEIGHT):
            raise Refused("D11")
        if line.kind not in UNIT_KINDS:
            charges[name] = amounts
        else:
            order.open[name] = Block(units, _join(order, name, amounts) if units == 0 else amounts)
    taken = sum(row.amount for row in order.rows if row.key == ROUNDING and row.what in {"invoiced", "withdrawn", "cancelled"})
    order.rounding = rounding_of(event) - taken
    _settle_charges(order, charges)
    order.revision = event["order_revision"]


def _settle_charges(order: Order, charges: dict[str, Amounts] | None) -> None:
    order.renew_charges(charges)
    if order.nothing_open() and order.shipment_stands():
        invoice_open_charges(order)


def _join(order: Order, name: str, amounts: Amounts) -> Amounts:
    """Amounts without units join the line's last shipped block; what is left for the open block is nothing that is ever posted."""
    if not any(amount for key, amount in amounts.items() if key not in CARRIED):
        return amounts
    standing = [one for one in order.shipped if one.stands and one.line.line_id == name]
    if not standing:
        raise Refused("D11")
    last = standing[-1]
    last.block = Block(last.block.left, added(last.block.rest(), amounts))
    last.joined = True
    order.invoice(order.lines[name], amounts)
    return dict.fromkeys(amounts, 0)


def exchange(order: Order, event: Event) -> None:
    for name, block in order.open.items():
        order.open[name] = Block(block.left, block.rest())
    _add_lines(order, event, {})
    charges = {name: block.rest() for name, block in order.charges.items()}
    charges |= {row["line_id"]: order.lines[row["line_id"]].amounts for row in event["lines"] if row["kind"] in CHARGE_KINDS}
    order.rounding += rounding_of(event)
    _settle_charges(order, charges)
