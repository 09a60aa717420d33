"""Lives of orders for comparing two implementations: a seeded merchant with intentions, and a world that delivers its news badly."""

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any
from uuid import UUID

from tests.oracle import intents, refunding
from tests.oracle.baskets import choose_shelf
from tests.oracle.figures import Event
from tests.oracle.merchant import Merchant

PROFILES = ("calm", "messy", "hostile")
Intent = Callable[[Merchant], None]
_WEIGHTED: tuple[tuple[Intent, int], ...] = (
    (intents.pay, 8),
    (intents.promise, 1),
    (intents.ship, 12),
    (intents.ship_all, 4),
    (intents.deliver, 2),
    (intents.cancel_parcel, 3),
    (intents.cancel, 4),
    (intents.take_returns, 4),
    (intents.exchange, 3),
    (intents.edit, 6),
    (intents.take_payment_back, 1),
    (intents.fee, 3),
    (intents.dispute, 2),
    (intents.adjust, 3),
    (intents.by_hand, 1),
    (refunding.refund, 12),
    (refunding.send_refund_again, 5),
    (refunding.correct, 5),
    (refunding.deadline, 3),
)
_ON_CREDIT: tuple[tuple[Intent, int], ...] = (
    (intents.adjust, 10),
    (refunding.correct, 4),
    (refunding.refund, 3),
    (intents.pay, 2),
    (refunding.deadline, 1),
)


def life(profile: str, seed: int) -> list[Event]:
    """The events of one order in order of arrival; the same for the same profile and seed."""
    rng = Random(f"{profile}:{seed}")
    source = rng.choice(("shopify:main", "woo:mx", "amazon:es", "pos:centro"))
    one = Merchant(rng, choose_shelf(rng), f"{profile}-{seed}", source, bold=profile == "hostile")
    _live(one)
    events = one.events
    if one.maybe(0.3):
        _number(events)
    if one.maybe(0.1):
        _dress(events)
    if profile != "calm":
        events = _disturb(one, events)
    if profile == "hostile":
        events = _break(one, events)
    return events


def _live(one: Merchant) -> None:
    wishes, weights = zip(*_WEIGHTED, strict=True)
    intents.sell(one)
    if one.maybe(0.15):
        intents.ship_all(one)
        wishes, weights = zip(*_ON_CREDIT, strict=True)
    elif one.maybe(0.8):
        intents.pay(one)
    if one.maybe(0.6):
        intents.ship(one)
    if one.maybe(0.3):
        refunding.refund(one)
    for wish in one.rng.choices(wishes, weights, k=one.rng.randint(3, 16)):
        wish(one)


def _number(events: list[Event]) -> None:
    for number, event in enumerate(events, 1):
        event["source_sequence"] = number


def _dress(events: list[Event]) -> None:
    """What nothing looks at but the content of an event."""
    for version, event in enumerate(events, 1):
        event["source_version"] = version
        event["causation_id"] = "job-7"
        if "currency" in event:
            event["fx"] = {"book_currency": "EUR", "rate": "1.250", "rate_date": "2026-02-01", "rate_source": "ecb"}


def _new_id(one: Merchant) -> str:
    return str(UUID(int=one.rng.getrandbits(128), version=4))


# Delivered badly


def _disturb(one: Merchant, events: list[Event]) -> list[Event]:
    """Late, doubled, altered and test records."""
    reach = 8 if one.bold else 3
    late = [(place + (one.rng.randint(1, reach) if one.maybe(0.2) else 0), place, event) for place, event in enumerate(events)]
    if one.maybe(0.85):
        late[0] = (0, 0, events[0])
    arrived = [event for _, _, event in sorted(late, key=lambda item: item[:2])]
    out: list[Event] = []
    for event in arrived:
        out.append(event)
        if one.maybe(0.1):
            out.append(_again(one, event))
        if one.maybe(0.07):
            out.append(_altered(one, event))
        if one.maybe(0.03):
            out.append({**deepcopy(event), "event_id": _new_id(one), "test_mode": True})
    if one.maybe(0.2):
        out.insert(one.rng.randint(0, len(out)), _again(one, one.rng.choice(arrived)))
    return out


def _again(one: Merchant, event: Event) -> Event:
    """The same fact once more, as transports and producers do it."""
    copy = deepcopy(event)
    copy["received_at"] = one.envelope("JournalPosted", "")["received_at"]
    how = one.rng.choice(("transport", "trace", "business", "renamed"))
    if how == "trace":
        copy |= {"correlation_id": "x", "source_event_id": "evt_1"}
    elif how == "business":
        copy |= {"event_id": _new_id(one), "occurred_at": copy["received_at"]}
    elif how == "renamed":
        copy |= {"event_id": _new_id(one), "business_key": f"{copy['business_key']}:other"}
    for line in copy.get("lines") or ():
        if "quantity" in line and "." not in line["quantity"] and one.maybe(0.3):
            line["quantity"] += ".00"
    return copy


def _altered(one: Merchant, event: Event) -> Event:
    """Other content under an id that is taken: event id, business key, or the natural id alone."""
    copy = deepcopy(event)
    how = one.rng.choice(("event", "business", "natural"))
    if how != "event":
        copy["event_id"] = _new_id(one)
    if how == "natural":
        copy["business_key"] += ":natural"
    _alter(one, copy)
    return copy


def _alter(one: Merchant, event: Event) -> None:
    money = [name for name in ("amount", "total", "total_added", "amount_won") if event.get(name)]
    if money and one.maybe(0.7):
        event[money[0]] = max(0, event[money[0]] - 1)
    elif event.get("lines") and "quantity" in event["lines"][0]:
        event["lines"][0]["quantity"] = "0.25"
    elif "reason" in event:
        event["reason"] = "another"
    elif "shipment_id" in event:
        event["shipment_id"] += "x"
    else:
        event["occurred_at"] = one.envelope("JournalPosted", "")["occurred_at"]


# Broken


def _break(one: Merchant, events: list[Event]) -> list[Event]:
    """Lost records, wrong currencies, orders nobody knows, deadlines of what waits."""
    out = [event for place, event in enumerate(events) if place == 0 or not one.maybe(0.04)]
    if one.maybe(0.05):
        out = [event for event in out if event["type"] != "OrderPlaced"]
    for event in out:
        if "currency" in event and event["type"] != "OrderPlaced" and one.maybe(0.02):
            _break_currency(one, event)
    for place in reversed([place for place in range(len(out)) if one.maybe(0.2)]):
        out.insert(one.rng.randint(place + 1, min(len(out), place + 6)), _parked_deadline(one, out[place]))
    if one.maybe(0.2):
        out += [_parked_deadline(one, event) for event in out if event["type"] not in {"OrderPlaced", "DeadlinePassed"}]
    if one.maybe(0.1):
        money = [event for event in out[1:] if event["type"] in {"PaymentCaptured", "RefundIssued", "ChargebackOpened"}]
        out = [*out[1:], *(_parked_deadline(one, event) for event in money), out[0]]
    return out


def _break_currency(one: Merchant, event: dict[str, Any]) -> None:
    how = one.rng.choice(("unknown", "exponent", "other"))
    if how == "unknown":
        event["currency"] = "XQX"
    elif how == "exponent":
        event["currency_exponent"] += 1
    else:
        shelf = intents.other_shelf(one)
        event |= {"currency": shelf.currency, "currency_exponent": shelf.exponent}


def _parked_deadline(one: Merchant, event: Event) -> Event:
    about = event["event_id"]
    told = one.envelope("DeadlinePassed", f"deadline:PARKED:{one.next_id('due')}", kind="PARKED", about_event_id=about)
    return {**told, "event_id": _new_id(one), "due_at": told["occurred_at"]}
