"""Money facts in the oracle: payments, fees, disputes, adjustments, returns of stock, journals."""

from collections.abc import Callable
from fractions import Fraction

from tests.oracle.figures import Event
from tests.oracle.order import CUSTOMER, Order, Passes, Postings, Refused, Shipped, Standing, Waits, total_of, with_taxes

PSP_TENDERS = frozenset({"CARD", "WALLET", "OTHER"})
_CLEARING = {
    "CARD": "psp_clearing",
    "WALLET": "psp_clearing",
    "OTHER": "psp_clearing",
    "MARKETPLACE": "marketplace_clearing",
    "CASH_ON_DELIVERY": "carrier_clearing",
    "BANK_TRANSFER": "bank_clearing",
}
_FEE_CLEARING = {"PSP": "psp_clearing", "MARKETPLACE": "marketplace_clearing", "CARRIER": "carrier_clearing"}
_ADJUSTED = {"EARLY_PAYMENT_DISCOUNT": "sales_discounts", "WRITE_OFF": "bad_debt", "SMALL_DIFFERENCE": "rounding", "RECOVERY": "bad_debt"}
_DISPOSED = {"SCRAP": "inventory_write_off", "UNKNOWN": "inventory:quarantine"}


def tender_account(order: Order, tender: Event) -> str:
    kind = tender["tender"]
    if kind == "CASH":
        return f"cash:{tender.get('store') or (order.placed or {}).get('store') or 'default'}"
    if kind in {"GIFT_CARD", "STORE_CREDIT"}:
        return f"{kind.lower()}_liability"
    return f"{_CLEARING[kind]}:{tender.get('gateway') or 'default'}"


# Payments


def capture(order: Order, event: Event) -> None:
    before, surplus = order.standing(), too_much_money(order)
    order.payments[event["payment_id"]] = event
    account = tender_account(order, event)
    order.post_change("capture", {account: event["amount"]}, before)
    if event.get("fee") and event["tender"] in PSP_TENDERS:
        order.post("fee", {"psp_fees": event["fee"], account: -event["fee"]})
    if too_much_money(order) and not surplus:
        order.found.add("D08")


def too_much_money(order: Order) -> bool:
    """D08: more is held than the order is worth, less what was cancelled."""
    return order.held() > order.documents("invoiced", "withdrawn") + order.outstanding()


def check_reversal(order: Order, event: Event) -> None:
    payment = order.payments.get(event["payment_id"])
    if payment is None:
        raise Waits("D27")
    reversed_before = sum(one["amount"] for one in order.reversals if one["payment_id"] == event["payment_id"])
    if reversed_before + event["amount"] > payment["amount"]:
        raise Waits("D11")


def reverse_capture(order: Order, event: Event) -> None:
    before = order.standing()
    order.reversals.append(event)
    order.post_change("capture_reversed", {tender_account(order, order.payments[event["payment_id"]]): -event["amount"]}, before)


def check_fee(order: Order, event: Event) -> None:
    payment_id = event.get("payment_id")
    if event["account_kind"] != "PSP" or payment_id is None:
        return
    if payment_id not in order.payments:
        raise Waits("D27")
    if order.payments[payment_id].get("fee") is not None:
        raise Passes


def charge_fee(order: Order, event: Event) -> None:
    kind, tax = event["account_kind"], event.get("tax")
    account = {"PSP": "psp_fees", "MARKETPLACE": f"marketplace_fees:{event['kind']}", "CARRIER": "carrier_fees"}[kind]
    postings = {account: event["amount"]}
    if tax:
        postings = total_of(postings, {f"tax_receivable:{tax['jurisdiction']}:{tax['type']}": tax["amount"]})
    order.post("fee", total_of(postings, {f"{_FEE_CLEARING[kind]}:{event['gateway']}": -sum(postings.values())}))


# Refunded money


def move_tenders(order: Order, event: Event) -> Callable[[], None]:
    """Count the new tenders as pending and drop the failed ones; the call it returns posts what moved money, one by one."""
    moves: list[Callable[[], None]] = []
    for one in event["tenders"]:
        name = (event["refund_id"], one["tender_id"])
        old = order.tenders.get(name)
        status, then = one["status"], old["status"] if old else None
        if old is None:
            order.tenders[name] = {**one, "status": "FAILED" if status == "FAILED" else "PENDING"}
        if status == "PENDING" and old is None:
            order.found.add("D28")
        elif status == "SUCCEEDED" and then in {None, "PENDING"}:
            moves.append(_mover(order, name, "SUCCEEDED", "refund", -1))
        elif status == "FAILED" and then == "PENDING":
            order.tenders[name] = {**order.tenders[name], "status": "FAILED"}
        elif status == "FAILED" and then == "SUCCEEDED":
            moves.append(_mover(order, name, "FAILED", "refund_reversed", 1))

    def post() -> None:
        for move in moves:
            move()

    return post


def _mover(order: Order, name: tuple[str, str], status: str, kind: str, side: int) -> Callable[[], None]:
    def move() -> None:
        before, tender = order.standing(), order.tenders[name]
        order.tenders[name] = {**tender, "status": status}
        order.post_change(kind, {tender_account(order, tender): side * tender["amount"]}, before, part=name[1])

    return move


# Disputes


def open_dispute(order: Order, event: Event) -> None:
    if event["payment_id"] not in order.payments:
        raise Waits("D27")
    order.disputes[event["dispute_id"]] = event
    account = tender_account(order, order.payments[event["payment_id"]])
    order.post(
        "chargeback", {"dispute_receivable": event["amount"], "dispute_fees": event["fee"], account: -event["amount"] - event["fee"]}
    )


def close_dispute(order: Order, event: Event) -> None:
    opened = order.disputes.get(event["dispute_id"])
    if opened is None:
        raise Waits("D27")
    if event["amount_won"] > opened["amount"]:
        raise Waits("D11")
    before = order.standing()
    order.closings[event["dispute_id"]] = event
    account = tender_account(order, order.payments[opened["payment_id"]])
    money = {account: event["amount_won"] + event["fee_returned"], "dispute_fees": -event["fee_returned"]}
    order.post_change("chargeback_closed", total_of(money, {"dispute_receivable": -opened["amount"]}), before)


# Adjustments of the receivable


def adjust_receivable(order: Order, event: Event) -> None:
    before = order.standing()
    if with_taxes(event) > (order.bad_debt_left() if event["kind"] == "RECOVERY" else before.receivable):
        raise Waits("D11")
    order.adjustments[event["event_id"]] = event
    account = _ADJUSTED.get(event["kind"]) or f"withholding_receivable:{event.get('jurisdiction')}"
    postings: Postings = {account: event["amount"]}
    for tax in event["taxes"]:
        key = ("tax", tax["jurisdiction"], tax["type"], tax["code"], "", tax.get("liable_party") or "SELLER")
        postings = total_of(postings, {order.tax_account(key): tax["amount"]})
    side = -1 if event["kind"] == "RECOVERY" else 1
    order.post_change("receivable_adjusted", {name: side * amount for name, amount in postings.items()}, before)


# Returns of stock


def plan_return(order: Order, event: Event) -> list[tuple[Event, Shipped, Fraction]]:
    """The shipped blocks that the returned units come from, oldest first."""
    if any(row.get("shipment_id") not in {None, *order.shipments} for row in event["lines"]):
        raise Waits("D27")
    plan: list[tuple[Event, Shipped, Fraction]] = []
    for row in event["lines"]:
        wanted = Fraction(row["quantity"])
        for one in order.shipped:
            spoken = sum((units for _, other, units in plan if other is one), Fraction(0))
            units = min(wanted, one.units - one.returned - spoken)
            if one.stands and one.line.line_id == row["line_id"] and row.get("shipment_id") in {None, one.shipment_id} and units > 0:
                plan.append((row, one, units))
                wanted -= units
        if wanted:
            raise Waits("D11")
    return plan


def return_stock(order: Order, event: Event) -> None:
    postings: Postings = {}
    for row, one, units in plan_return(order, event):
        before = one.returned
        one.returns.append((order.number, units))
        cost = one.cost_until(before + units) - one.cost_until(before)
        stock = _DISPOSED.get(row["disposition"]) or f"inventory:{event.get('warehouse') or 'default'}"
        postings = total_of(postings, {stock: cost}, {f"cogs:{one.line.category}": -cost})
    order.post("return_stock", postings)


# By hand


def journal(order: Order, event: Event) -> None:
    postings: Postings = {}
    for leg in event["postings"]:
        postings = total_of(postings, {leg["account"]: leg["amount"] if leg["side"] == "DEBIT" else -leg["amount"]})
    if sum(postings.values()) or any(account in CUSTOMER for account in postings):
        raise Refused("D06")
    order.post("manual", postings)


def money_leg(order: Order, event: Event) -> list[tuple[str, str, int]]:
    """What a parked event of an unknown order moves at once: part, account, debit."""
    if event["type"] == "PaymentCaptured":
        return [("", tender_account(order, event), event["amount"])]
    if event["type"] == "RefundIssued":
        return [(one["tender_id"], tender_account(order, one), -one["amount"]) for one in event["tenders"] if one["status"] == "SUCCEEDED"]
    if event["type"] == "ChargebackOpened":
        return [("", f"psp_clearing:{event['gateway']}", -event["amount"] - event["fee"])]
    return []


def balances(standing: Standing) -> dict[str, int]:
    return {"accounts_receivable": standing.receivable, "contract_liability": standing.contract, "refunds_payable": standing.payable}
