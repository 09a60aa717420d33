"""What happened to an order since it was read last: units shipped and cancelled, payments executed, as differences of totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

import orjson

from sources.platforms.amazon_sp_api.amounts import Till
from sources.platforms.amazon_sp_api.remembered import Remembered
from sources.platforms.facts import Fact
from sources.platforms.outcome import EventTwin

GATEWAY: Final = "amazon"
"""Qualifier of the marketplace's clearing account."""
WHOLE_ORDER: Final = "*"
_ID_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """New facts, and what is remembered afterwards."""

    facts: tuple[Fact, ...]
    remembered: Remembered


def dispatched(fulfilled: Mapping[str, int], remembered: Remembered, occurred_at: datetime, places: EventTwin) -> Progress:
    """One shipment of all units beyond those that were told. Totals never fall: an older payload ships nothing."""
    new = {item: units - remembered.shipped.get(item, 0) for item, units in fulfilled.items()}
    lines = [{"line_id": item, "quantity": str(units)} for item, units in new.items() if units > 0]
    if not lines:
        return Progress(facts=(), remembered=remembered)
    after = dict(remembered.shipped) | {item: units for item, units in fulfilled.items() if new[item] > 0}
    digest = sha256(orjson.dumps([dict(remembered.shipped), after], option=orjson.OPT_SORT_KEYS)).hexdigest()
    shipment_id = f"fulfilled-{digest[:_ID_CHARACTERS]}"
    fact = Fact(
        type="ShipmentDispatched",
        business_key=f"shipment:{shipment_id}",
        body={"shipment_id": shipment_id, "lines": lines, **places},
        occurred_at=occurred_at,
        test_mode=None,
    )
    return Progress(facts=(fact,), remembered=replace(remembered, shipped=after))


def cancelled(units: Mapping[str, int], remembered: Remembered, occurred_at: datetime) -> Progress:
    """One cancellation per item whose cancelled units grew."""
    facts = []
    for item, total in units.items():
        new = total - remembered.cancelled.get(item, 0)
        if new > 0:
            body = {"lines": [{"line_id": item, "quantity": str(new)}], "cancel_charges": False}
            facts.append(_cancellation(f"cancel:{item}:{total}", body, occurred_at))
    if not facts:
        return Progress(facts=(), remembered=remembered)
    after = dict(remembered.cancelled) | {item: max(total, remembered.cancelled.get(item, 0)) for item, total in units.items()}
    return Progress(facts=tuple(facts), remembered=replace(remembered, cancelled=after))


def cancelled_whole(remembered: Remembered, occurred_at: datetime) -> Progress:
    """Everything that is open, charges too."""
    fact = _cancellation("cancel:order", {"lines": [], "cancel_charges": True}, occurred_at)
    return Progress(facts=(fact,), remembered=replace(remembered, cancelled={**remembered.cancelled, WHOLE_ORDER: 1}))


def executed(amounts: Sequence[int], till: Till, remembered: Remembered, occurred_at: datetime) -> Progress:
    """One capture per payment execution, as far as no movement of money told it already: what was collected counts once."""
    total, collected = sum(amounts), remembered.collected
    if total <= remembered.executed:
        return Progress(facts=(), remembered=remembered)
    after = replace(remembered, executed=total)
    if not remembered.executed and not collected:
        facts = tuple(_capture(f"execution-{n}", amount, till, occurred_at) for n, amount in enumerate(amounts, 1) if amount)
        return Progress(facts=facts, remembered=after)
    rest = max(total, collected) - max(remembered.executed, collected)
    return Progress(facts=(_capture(f"execution-to-{total}", rest, till, occurred_at),) if rest else (), remembered=after)


def capture_body(payment_id: str, amount: int, till: Till) -> EventTwin:
    """The marketplace collected `amount` for the seller."""
    return {**till.fields(), "payment_id": payment_id, "tender": "MARKETPLACE", "gateway": GATEWAY, "amount": amount}


def _capture(payment_id: str, amount: int, till: Till, occurred_at: datetime) -> Fact:
    body = capture_body(payment_id, amount, till)
    return Fact(type="PaymentCaptured", business_key=f"capture:{payment_id}", body=body, occurred_at=occurred_at, test_mode=None)


def _cancellation(key: str, body: EventTwin, occurred_at: datetime) -> Fact:
    return Fact(type="OrderCancelled", business_key=key, body=body, occurred_at=occurred_at, test_mode=None)
