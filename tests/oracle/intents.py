"""What a merchant may want with an order: selling, money, goods."""

from collections.abc import Sequence
from copy import deepcopy

from tests.oracle.baskets import (
    CATEGORIES,
    CHARGES,
    Shelf,
    choose_shelf,
    new_line,
    new_lines,
    price_taxes,
    quantity_text,
    share_discount,
    worth,
)
from tests.oracle.figures import Event
from tests.oracle.merchant import Merchant, Parcel

TENDERS = (
    "CARD",
    "CARD",
    "CARD",
    "WALLET",
    "OTHER",
    "BANK_TRANSFER",
    "CASH",
    "GIFT_CARD",
    "STORE_CREDIT",
    "CASH_ON_DELIVERY",
    "MARKETPLACE",
)
GATEWAYS = ("stripe", "adyen", "amazon", "dhl")
ACCOUNTS = ("bank_charges", "rounding", "dispute_fees", "psp_fees", "bank_clearing:default")


def sell(one: Merchant) -> None:
    rng = one.rng
    lines = new_lines(rng, one.shelf)
    discounts = share_discount(rng, lines, given=one.maybe(0.4)) if one.maybe(0.4) else []
    price_taxes(rng, lines)
    total = worth(lines, discounts)
    if one.maybe(0.12):
        total = max(0, total + rng.choice((-1, 1)) * rng.randint(1, len(lines)))
    if one.bold and one.maybe(0.12):
        _spoil(one, lines, discounts)
    if one.bold and one.maybe(0.04):
        total += len(lines) + 1
    one.rows, one.discounts = lines, discounts
    one.placed = one.tell(
        "OrderPlaced",
        "order",
        legal_entity="ACME-1",
        channel=rng.choice(("web", "store", "amazon")),
        store=rng.choice((None, None, "centro")),
        terms=rng.choice(("PREPAID", "PREPAID", "NET", "ON_DELIVERY")),
        due_days=rng.choice((None, None, 30)),
        ship_to=rng.choice((None, {"country": "ES", "postal_prefix": "08"})),
        document_fields=rng.choice((None, None, {"NIF": "B123"})),
        prices_include_tax=one.shelf.inclusive,
        lines=deepcopy(lines),
        order_discounts=discounts,
        total=max(0, total),
    )


def _spoil(one: Merchant, lines: list[Event], discounts: list[Event]) -> None:
    """Make an order that is refused: D06 or D03."""
    line = one.rng.choice(lines)
    harm = one.rng.choice(("negative", "twice", "flag", "gift", "share"))
    if harm == "negative" and line["kind"] != "ROUNDING":
        line["discount"] = line["gross"] + 5
    elif harm == "twice":
        lines.append(deepcopy(line))
    elif harm == "flag" and line["taxes"]:
        line["taxes"][0]["included"] = not line["taxes"][0]["included"]
    elif harm == "gift" and line["kind"] == "GIFT_CARD":
        line["discount"] = 1
    elif discounts and any("order_discount" in row for row in lines):
        discounts[0]["amount"] += one.rng.choice((1, 500))


# Money


def _pay(one: Merchant, amount: int) -> None:
    name, tender = one.next_id("P"), one.rng.choice(TENDERS)
    fee = amount * 29 // 1000 + one.rng.choice((0, 3, 25)) if one.maybe(0.5) else None
    if fee is not None and one.maybe(0.1):
        fee = 0
    event = one.tell(
        "PaymentCaptured",
        f"capture:{name}",
        payment_id=name,
        tender=tender,
        gateway=one.rng.choice(GATEWAYS),
        amount=amount,
        fee=fee,
        store=one.rng.choice((None, "norte")) if tender == "CASH" else None,
    )
    one.payments.append(event)


def pay(one: Merchant) -> None:
    rest = max(0, one.total() - one.paid())
    if one.maybe(0.1):
        rest += one.rng.choice((1, 500, 12_100))
    if rest == 0 and one.maybe(0.8):
        return
    if one.maybe(0.3):
        _pay(one, rest * one.rng.randint(1, 9) // 10)
        if one.maybe(0.5):
            return
        rest = max(0, one.total() - one.paid())
    _pay(one, rest)


def promise(one: Merchant) -> None:
    kind = one.rng.choice(("PaymentAuthorized", "PaymentVoided", "PaymentFailed"))
    name = one.next_id("A")
    one.tell(kind, f"{kind}:{name}", payment_id=name, amount=one.total())


def take_payment_back(one: Merchant) -> None:
    if not one.payments:
        return
    payment = one.rng.choice(one.payments)
    amount = payment["amount"] if one.maybe(0.5) else payment["amount"] * one.rng.randint(1, 12) // 10
    if not amount:
        return
    name = "unknown" if one.bold and one.maybe(0.1) else payment["payment_id"]
    one.tell("PaymentReversed", f"reversed:{one.next_id('PR')}", payment_id=name, amount=amount, reason="returned")


def fee(one: Merchant) -> None:
    rng, kind = one.rng, one.rng.choice(("PSP", "PSP", "MARKETPLACE", "CARRIER"))
    payment = rng.choice([None, *(event["payment_id"] for event in one.payments), *(["nobody"] if one.bold else [])])
    amount, name = rng.choice((0, 30, 130, 1999)), one.next_id("F")
    tax = None
    if one.shelf.taxes and one.maybe(0.4):
        jurisdiction, sort, code, rate = one.shelf.taxes[0]
        tax = {"jurisdiction": jurisdiction, "type": sort, "code": code, "rate": rate, "base": amount, "amount": amount // 5}
        tax |= {"included": False, "liable_party": "SELLER"}
    one.tell(
        "FeeCharged",
        f"fee:{name}",
        fee_id=name,
        kind=rng.choice(("commission", "fulfilment")),
        amount=amount,
        tax=tax,
        account_kind=kind,
        gateway=rng.choice(GATEWAYS),
        payment_id=payment,
        estimate=one.maybe(0.15),
    )


def dispute(one: Merchant) -> None:
    if not one.payments:
        return
    rng, payment = one.rng, one.rng.choice(one.payments)
    amount = rng.choice((payment["amount"], payment["amount"] // 2, payment["amount"] // 10, payment["amount"] + 77 if one.bold else 1))
    name = one.next_id("D")
    opened = one.envelope(
        "ChargebackOpened",
        f"dispute:{name}:open",
        dispute_id=name,
        payment_id="nobody" if one.bold and one.maybe(0.05) else payment["payment_id"],
        gateway=payment["gateway"],
        amount=amount,
        fee=rng.choice((0, 15, 1500)),
    )
    outcome = rng.choice(("WON", "LOST", "LOST", "PARTIAL"))
    won = {"WON": amount, "LOST": 0, "PARTIAL": amount // 2}[outcome]
    if one.bold and one.maybe(0.1):
        won = amount // 3
    returned = opened["fee"] if outcome == "WON" and one.maybe(0.5) else 0
    closed = one.envelope(
        "ChargebackClosed", f"dispute:{name}:closed", dispute_id=name, outcome=outcome, amount_won=won, fee_returned=returned
    )
    both = [opened, closed] if one.maybe(0.8) else [opened]
    one.events.extend(reversed(both) if one.bold and one.maybe(0.3) else both)


def adjust(one: Merchant) -> None:
    rng, name = one.rng, one.next_id("RA")
    kind = rng.choice(("EARLY_PAYMENT_DISCOUNT", "WRITE_OFF", "WRITE_OFF", "RECOVERY", "SMALL_DIFFERENCE", "WITHHOLDING"))
    due = max(1, one.total() - one.paid())
    if not one.bold and (due == 1 or not one.shipped):
        return
    amount = rng.choice((1, 2, due // 10, due // 3, due))
    taxes = []
    if one.shelf.taxes and one.maybe(0.3):
        jurisdiction, sort, code, rate = one.shelf.taxes[0]
        tax = {"jurisdiction": jurisdiction, "type": sort, "code": code, "rate": rate, "base": amount, "amount": amount // 6}
        taxes.append(tax | {"included": False, "liable_party": one.shelf.liable})
    place = "MX" if kind == "WITHHOLDING" else None
    one.tell("ReceivableAdjusted", f"adjust:{name}", adjustment_id=name, kind=kind, amount=amount, taxes=taxes, jurisdiction=place)


def by_hand(one: Merchant) -> None:
    first, second = one.rng.sample(ACCOUNTS, 2)
    if one.bold and one.maybe(0.2):
        second = one.rng.choice(("accounts_receivable", "contract_liability", "refunds_payable", "dispute_losses"))
    amount, name = one.rng.randint(0, 5000), one.next_id("J")
    legs = [{"account": first, "side": "DEBIT", "amount": amount}, {"account": second, "side": "CREDIT", "amount": amount}]
    if one.bold and one.maybe(0.15):
        legs[1]["amount"] = amount + 1
    if one.maybe(0.2):
        legs.append({"account": first, "side": "DEBIT", "amount": 7})
        legs.append({"account": first, "side": "CREDIT", "amount": 7})
    one.tell("JournalPosted", f"journal:{name}", journal_id=name, postings=legs, reason="by hand", approved_by="u17")


# Goods


def ship(one: Merchant) -> None:
    rng, rows, units = one.rng, [], {}
    for row in one.unit_rows():
        left = one.open_units(row)
        part = one.some(left)
        if one.bold and one.maybe(0.05):
            part += 1_000_000
        if part > 0 and one.maybe(0.8):
            rows += _maybe_twice(one, row["line_id"], part)
            units[row["line_id"]] = part
    if one.bold and one.maybe(0.04):
        rows.append({"line_id": one.some_line(), "quantity": "1"})
    if not rows and one.unit_rows() and one.maybe(0.9):
        return
    for row in rows:
        if one.maybe(0.2):
            row["unit_cost"] = one.shelf.unit_price(rng.choice((1, 99, 1234))) + "1" * (one.shelf.exponent > 0)
    name = one.next_id("S")
    place = rng.choice((None, "mex2", "mad1"))
    event = one.tell("ShipmentDispatched", f"ship:{name}", shipment_id=name, lines=rows, warehouse=place)
    one.parcels.append(Parcel(name, event, units))
    for line, part in units.items():
        one.shipped[line] = one.shipped.get(line, 0) + part


def _maybe_twice(one: Merchant, line_id: str, part: int) -> list[Event]:
    """A line's units, now and then in two rows."""
    if part > 1 and one.maybe(0.08):
        half = part // 2
        return [{"line_id": line_id, "quantity": quantity_text(half)}, {"line_id": line_id, "quantity": quantity_text(part - half)}]
    return [{"line_id": line_id, "quantity": quantity_text(part)}]


def ship_all(one: Merchant) -> None:
    """Everything that is open, in one parcel."""
    rows = [row for row in one.unit_rows() if one.open_units(row) > 0]
    units = {row["line_id"]: one.open_units(row) for row in rows}
    if not rows and one.unit_rows():
        return
    name = one.next_id("S")
    lines = [{"line_id": line, "quantity": quantity_text(part)} for line, part in units.items()]
    event = one.tell("ShipmentDispatched", f"ship:{name}", shipment_id=name, lines=lines)
    one.parcels.append(Parcel(name, event, units))
    for line, part in units.items():
        one.shipped[line] = one.shipped.get(line, 0) + part


def deliver(one: Merchant) -> None:
    if one.parcels:
        name = one.rng.choice(one.parcels).shipment_id
        one.tell("ShipmentDelivered", f"delivered:{one.next_id('DL')}", shipment_id=name)


def cancel_parcel(one: Merchant) -> None:
    """A shipment does not leave after all, whatever was credited or changed in between."""
    standing = [
        parcel
        for parcel in one.parcels
        if not parcel.cancelled and (one.bold or one.maybe(0.2) or not any(one.credited.get(line) for line in parcel.units))
    ]
    if not standing:
        return
    parcel = one.rng.choice(standing)
    name = "S99" if one.bold and one.maybe(0.05) else parcel.shipment_id
    one.tell("ShipmentCancelled", f"unship:{one.next_id('SC')}", shipment_id=name)
    if not one.bold or one.maybe(0.8):
        _take_in(one, parcel)


def _take_in(one: Merchant, parcel: Parcel) -> None:
    parcel.cancelled = True
    for line, part in parcel.units.items():
        one.shipped[line] -= part


def cancel(one: Merchant) -> None:
    charges = one.maybe(0.4)
    lines: list[Event] = []
    if one.maybe(0.6):
        for row in one.unit_rows():
            part = one.some(one.open_units(row))
            if one.bold and one.maybe(0.08):
                part += 500_000
            if part > 0 and one.maybe(0.6):
                lines += _maybe_twice(one, row["line_id"], part)
                one.cancelled[row["line_id"]] = one.cancelled.get(row["line_id"], 0) + part
        if not lines:
            return
    else:
        for row in one.unit_rows():
            one.cancelled[row["line_id"]] = one.cancelled.get(row["line_id"], 0) + max(0, one.open_units(row))
    if lines and one.bold and one.maybe(0.04):
        lines.append({"line_id": one.some_line(), "quantity": "1"})
    one.tell("OrderCancelled", f"cancel:{one.next_id('C')}", lines=lines, cancel_charges=charges, reason="customer")


def take_returns(one: Merchant) -> None:
    rows = []
    for row in one.unit_rows():
        part = one.some(one.shipped.get(row["line_id"], 0))
        if part > 0 and one.maybe(0.5):
            entry = one.rng.choice(_maybe_twice(one, row["line_id"], part))
            entry["disposition"] = one.rng.choice(("RESTOCK", "RESTOCK", "SCRAP", "UNKNOWN"))
            if one.parcels and one.maybe(0.15):
                entry["shipment_id"] = one.rng.choice(one.parcels).shipment_id
            rows.append(entry)
    if one.bold and one.maybe(0.05):
        rows.append({"line_id": one.some_line(), "quantity": "1", "disposition": "SCRAP"})
    if rows:
        name = one.next_id("RT")
        one.tell("ReturnReceived", f"return:{name}", return_id=name, lines=rows, warehouse=one.rng.choice((None, "mad1")))


# Changing the order


def exchange(one: Merchant) -> None:
    first = len(one.rows) + 1 + 20 * one.counts.get("X", 0)
    lines = new_lines(one.rng, one.shelf, first=first, most=2, charges=1)
    if one.bold and one.maybe(0.1) and one.rows:
        lines[0]["line_id"] = one.rows[0]["line_id"]
    price_taxes(one.rng, lines)
    total = worth(lines, ())
    if one.maybe(0.1):
        total += 1
    if one.bold and one.maybe(0.08):
        total += 50
    name = one.next_id("X")
    one.tell("ExchangeCreated", f"exchange:{name}", exchange_id=name, lines=deepcopy(lines), total_added=max(0, total))
    one.rows += [line for line in lines if line["line_id"] not in {row["line_id"] for row in one.rows}]


def edit(one: Merchant) -> None:
    rng, rows = one.rng, deepcopy(one.rows)
    for row in rows:
        if one.maybe(0.35):
            _edit_row(one, row)
    if one.maybe(0.25):
        kind = rng.choice(("GOODS", "GOODS", "SERVICE", "SHIPPING", "DUTY"))
        rows.append(new_line(rng, one.shelf, f"E{one.revision + 1}", kind))
    if len(rows) > 1 and one.maybe(0.1 if one.bold else 0.03):
        rows.pop(rng.randrange(len(rows)))
    discounts = deepcopy(one.discounts)
    if any("order_discount" in row for row in rows):
        given = sum(row.get("order_discount") or 0 for row in rows)
        discounts = [{"code": "PROMO", "amount": given, "funded_by": "SELLER"}] if given else []
    elif one.maybe(0.2):
        discounts = share_discount(rng, rows, given=False)
    price_taxes(rng, [row for row in rows if row not in one.rows])
    total = worth(rows, discounts)
    if one.maybe(0.1):
        total += rng.choice((-1, 1))
    if one.bold and one.maybe(0.06):
        total += 1000
    stale = one.bold and one.revision > 0 and one.maybe(0.15)
    revision = one.revision if stale else one.revision + 1
    one.tell(
        "OrderEdited",
        f"edit:{one.next_id('E')}",
        order_revision=revision,
        lines=rows,
        order_discounts=discounts,
        total=max(0, total),
        reason="edit",
    )
    one.rows, one.discounts, one.revision = deepcopy(rows), discounts, revision


def _edit_row(one: Merchant, row: Event) -> None:
    """More or fewer units, another price, another discount."""
    change = one.rng.choice(("more", "fewer", "dearer", "cheaper", "discount", "other"))
    units, gross = int(float(row["quantity"]) * 1_000_000 + 0.5), row["gross"]
    taken = one.shipped.get(row["line_id"], 0) + one.cancelled.get(row["line_id"], 0)
    if not one.bold and (taken or row["kind"] in CHARGES) and one.maybe(0.8):
        change = "dearer"
    if row["kind"] == "ROUNDING":
        row["gross"] += one.rng.choice((-1, 1))
    elif change == "more" and row["kind"] not in CHARGES:
        row["quantity"], row["gross"] = quantity_text(units + 2_000_000), gross + 2 * gross * 1_000_000 // max(units, 1)
    elif change == "fewer" and units > taken:
        left = max(taken, units // 2, 1)
        row["quantity"], row["gross"] = quantity_text(left), gross * left // units
        row["discount"] = row["discount"] * left // units
    elif change == "dearer":
        row["gross"] = gross + one.rng.choice((1, 7, 1000, gross // 10))
    elif change == "cheaper" and one.maybe(0.4):
        row["gross"] = max(row["discount"] + (row.get("order_discount") or 0), gross * 9 // 10)
    elif change == "other":
        _edit_nature(one, row)
    elif change == "discount" and row["kind"] != "GIFT_CARD":
        room = max(0, gross - (row.get("order_discount") or 0))
        row["discount"] = min(room, row["discount"] + one.rng.choice((1, 10, 100)))


def sort_of(events: Sequence[Event], *kinds: str) -> list[Event]:
    return [event for event in events if event["type"] in kinds]


def _edit_nature(one: Merchant, row: Event) -> None:
    """Another category, cost or tax of the same goods."""
    if row["kind"] in {"GOODS", "SERVICE"}:
        row["revenue_category"] = one.rng.choice(CATEGORIES)
        row["unit_cost"] = one.shelf.unit_price(one.rng.choice((1, 333)))
    if row["taxes"] and one.maybe(0.3):
        row["taxes"][0] |= one.rng.choice(({"rate": "0.11"}, {"code": "OTHER"}, {"liable_party": "MARKETPLACE"}))


def other_shelf(one: Merchant) -> Shelf:
    """One with a currency that is not the order's."""
    while (shelf := choose_shelf(one.rng)).currency == one.shelf.currency:
        pass
    return shelf
