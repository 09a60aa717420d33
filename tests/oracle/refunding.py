"""What a merchant may want with money and goods that go back, and with events that were wrong."""

from copy import deepcopy
from datetime import timedelta

from tests.oracle.baskets import quantity_text
from tests.oracle.figures import Event
from tests.oracle.intents import TENDERS, sort_of
from tests.oracle.merchant import Merchant

MENDABLE = ("PaymentCaptured", "ShipmentDispatched", "FeeCharged", "ReturnReceived", "ReceivableAdjusted")


def refund(one: Merchant) -> None:
    """Units, charges, goodwill, taxes, money without a reason; one or two ways back."""
    lines, due = _refund_lines(one)
    adjustments, more = _adjustments(one)
    due = max(0, due + more)
    if not lines and not adjustments:
        due = one.rng.choice((1, 500, max(1, one.paid() // 3)))
    if one.maybe(0.15):
        due = due * one.rng.randint(5, 15) // 10
    name = one.next_id("R")
    event = one.tell(
        "RefundIssued",
        f"refund:{name}:1",
        refund_id=name,
        return_id=one.rng.choice((None, None, "RT1")),
        lines=lines,
        adjustments=adjustments,
        tenders=_tenders(one, name, due),
        allow_over_refund=one.maybe(0.1),
    )
    one.refunds.append(event)
    while one.maybe(0.25):
        send_refund_again(one)


def _refund_lines(one: Merchant) -> tuple[list[Event], int]:
    lines: list[Event] = []
    due = 0
    for row in one.unit_rows():
        scope = one.rng.choice(("SHIPPED", "SHIPPED", "UNSHIPPED", "AUTO"))
        most = {"SHIPPED": one.creditable_units(row), "UNSHIPPED": one.open_units(row)}.get(
            scope, max(one.creditable_units(row), one.open_units(row))
        )
        part = one.some(most)
        if one.bold and one.maybe(0.06):
            part += 1_000_000
        if part <= 0 or one.maybe(0.5):
            continue
        line: Event = {"line_id": row["line_id"], "quantity": quantity_text(part), "scope": scope}
        whole = max(1, int(float(row["quantity"]) * 1_000_000 + 0.5))
        net, taxes = one.row_worth(row)
        due += (net + taxes) * part // whole
        if one.maybe(0.25):
            _state_net(one, row, line, part, whole)
        if scope != "UNSHIPPED" and one.parcels and one.maybe(0.1):
            line["shipment_id"] = one.rng.choice(one.parcels).shipment_id
        lines.append(line)
        if scope == "SHIPPED":
            one.credited[row["line_id"]] = one.credited.get(row["line_id"], 0) + part
        elif scope == "UNSHIPPED":
            one.cancelled[row["line_id"]] = one.cancelled.get(row["line_id"], 0) + part
        if one.maybe(0.05):
            lines.append(deepcopy(line))
    if lines and one.bold and one.maybe(0.05):
        lines.append({"line_id": one.some_line(), "quantity": "1", "scope": one.rng.choice(("SHIPPED", "UNSHIPPED", "AUTO"))})
    return lines, due


def _state_net(one: Merchant, row: Event, line: Event, part: int, whole: int) -> None:
    net, _ = one.row_worth(row)
    line["net"] = net * part // whole * one.rng.choice((1, 1, 1, 2 if one.bold else 1)) // one.rng.choice((1, 1, 2))
    if one.maybe(0.8):
        line["taxes"] = [
            _credit_tax(tax, tax["amount"] * part // whole * one.rng.choice((1, 1, 3 if one.bold else 1))) for tax in row["taxes"]
        ]


def _credit_tax(tax: Event, amount: int) -> Event:
    return {name: tax[name] for name in ("jurisdiction", "type", "code", "liable_party")} | {"amount": amount}


def _some_taxes(one: Merchant, amount: int) -> list[Event]:
    if not one.shelf.taxes or one.maybe(0.5):
        return []
    jurisdiction, sort, code, _ = one.rng.choice(one.shelf.taxes)
    if one.bold and one.maybe(0.1):
        code = "NEVER"
    return [{"jurisdiction": jurisdiction, "type": sort, "code": code, "liable_party": one.shelf.liable, "amount": amount}]


def _adjustments(one: Merchant) -> tuple[list[Event], int]:
    adjustments: list[Event] = []
    due = 0
    charges = [row for row in one.rows if row["kind"] in {"SHIPPING", "FEE", "TIP", "DUTY", "DEPOSIT"}]
    for kind, chance in (("CHARGE", 0.3), ("GOODWILL", 0.25), ("RETURN_FEE", 0.12), ("TAX", 0.08)):
        if not one.maybe(chance):
            continue
        adjustment: Event = {"kind": kind, "amount": one.rng.choice((1, 100, 333, 999)), "taxes": []}
        if kind == "CHARGE" and charges:
            row = one.rng.choice(charges)
            net, _ = one.row_worth(row)
            adjustment["amount"] = net * one.rng.choice((1, 1, 1, 2, 3)) // one.rng.choice((1, 2, 3))
            adjustment["taxes"] = [_credit_tax(tax, tax["amount"] // one.rng.choice((1, 2))) for tax in row["taxes"] if one.maybe(0.8)]
            if row["kind"] != "SHIPPING" or one.maybe(0.5):
                adjustment["line_id"] = row["line_id"]
        elif kind == "TAX":
            adjustment |= {"amount": 0, "taxes": _some_taxes(one, one.rng.choice((1, 5, 50)))}
        elif kind != "CHARGE":
            adjustment["taxes"] = _some_taxes(one, adjustment["amount"] // 6)
            if kind == "GOODWILL" and one.unit_rows() and one.maybe(0.4):
                adjustment["line_id"] = one.rng.choice(one.unit_rows())["line_id"]
        if one.bold and one.maybe(0.06):
            adjustment["line_id"] = one.some_line()
        amount = adjustment["amount"] + sum(tax["amount"] for tax in adjustment["taxes"])
        due += -amount if kind == "RETURN_FEE" else amount
        adjustments.append(adjustment)
    return adjustments, due


def _tenders(one: Merchant, refund_id: str, due: int) -> list[Event]:
    if due <= 0 or one.maybe(0.12):
        return []
    parts = [due] if one.maybe(0.8) or due < 2 else [due // 2, due - due // 2]
    tenders = []
    for place, amount in enumerate(parts):
        payment = one.rng.choice(one.payments) if one.payments else None
        same = payment is not None and one.maybe(0.8)
        tender: Event = {
            "tender_id": f"{refund_id}-T{place}",
            "tender": payment["tender"] if payment is not None and same else one.rng.choice(TENDERS),
            "gateway": payment["gateway"] if payment is not None and same else "stripe",
            "amount": amount,
            "status": one.rng.choice(("SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "PENDING", "PENDING", "FAILED")),
        }
        if payment is not None and one.maybe(0.85):
            tender["payment_id"] = payment["payment_id"]
        if one.bold and one.maybe(0.06):
            tender["payment_id"] = "P9"
        tenders.append(tender)
    return tenders


def send_refund_again(one: Merchant) -> None:
    """The same refund once more: another status, a new try, now and then other content."""
    if not one.refunds:
        return
    place = one.rng.randrange(len(one.refunds)) if one.maybe(0.3) else -1
    old = one.refunds[place]
    body = {name: deepcopy(old[name]) for name in ("lines", "adjustments", "tenders")}
    for tender in body["tenders"]:
        if one.maybe(0.7):
            tender["status"] = one.rng.choice(("SUCCEEDED", "SUCCEEDED", "FAILED", "PENDING"))
    if one.maybe(0.2):
        body["tenders"].append(
            {
                "tender_id": one.next_id("new"),
                "tender": "CARD",
                "gateway": "adyen",
                "amount": one.rng.choice((5, 500)),
                "status": "SUCCEEDED",
            }
        )
    if one.maybe(0.1) and body["tenders"]:
        body["tenders"].pop(0)
    if one.bold and one.maybe(0.1):
        body["adjustments"].append({"kind": "GOODWILL", "amount": 3, "taxes": []})
    if one.bold and one.maybe(0.08) and body["tenders"]:
        body["tenders"][0]["amount"] += 1
    one.refunds[place] = one.tell(
        "RefundIssued",
        f"refund:{old['refund_id']}:{one.next_id('again')}",
        refund_id=old["refund_id"],
        return_id=old.get("return_id"),
        allow_over_refund=old["allow_over_refund"],
        **body,
    )


def correct(one: Merchant) -> None:
    """Mend or void an event, also some that cannot be mended."""
    kinds = (*MENDABLE, "RefundIssued", "OrderPlaced", "EventCorrected") if one.bold else MENDABLE
    wanted = [event for event in sort_of(one.events, *kinds) if one.bold or event["event_id"] not in one.mended]
    if not wanted:
        return
    original = one.rng.choice(wanted[-3:])
    one.mended.add(original["event_id"])
    replacement = None
    if one.maybe(0.65) and original["type"] in MENDABLE:
        replacement = _mended(one, original)
    number = one.next_id("fix")
    named = one.envelope("JournalPosted", "")["event_id"] if one.bold and one.maybe(0.05) else original["event_id"]
    one.tell("EventCorrected", f"fix:{number}", supersedes_event_id=named, replacement=replacement)


def _mended(one: Merchant, original: Event) -> Event:
    rng, event = one.rng, deepcopy(original)
    fresh = one.envelope(original["type"], f"{original['business_key']}:fixed")
    event |= {name: fresh[name] for name in ("event_id", "business_key", "occurred_at", "received_at")}
    event.pop("source_sequence", None)
    if "amount" in event:
        event["amount"] = max(0, event["amount"] + rng.choice((-100, -1, 1, 1000)))
    if event["type"] == "PaymentCaptured" and one.maybe(0.3):
        event["tender"] = rng.choice(TENDERS)
    name = {"PaymentCaptured": "payment_id", "ShipmentDispatched": "shipment_id"}.get(event["type"])
    if one.bold and name and one.maybe(0.15):
        event[name] = rng.choice([other[name] for other in sort_of(one.events, event["type"])] + [f"{event[name]}-2"])
    if one.bold and one.maybe(0.05):
        event |= {"currency": "USD", "currency_exponent": 2}
    if event.get("lines"):
        line = rng.choice(event["lines"])
        if one.maybe(0.4) and len(event["lines"]) > 1:
            event["lines"].remove(line)
        elif one.maybe(0.6):
            line["quantity"] = quantity_text(max(1, int(float(line["quantity"]) * 500_000)))
        else:
            line["quantity"] = quantity_text(int(float(line["quantity"]) * 1_000_000) + 1_000_000)
    return event


def deadline(one: Merchant) -> None:
    kind = one.rng.choice(("UNPAID", "UNSHIPPED", "UNREFUNDED"))
    name = one.next_id("DP")
    one.tell("DeadlinePassed", f"deadline:{kind}:{name}", kind=kind, due_at=(one.now - timedelta(hours=1)).isoformat())
