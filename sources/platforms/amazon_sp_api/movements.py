"""Movements of money: what was collected for an order, given back or charged, whoever states it, and the facts that they are.

The same movement is stated by Finances v0, by transactions and by the settlement report, without a common id. Its key is made of
what they share: the order and the second of posting, or the transaction's id; with a memory, a movement that came another way before
keeps the key it had, so that the books see the same natural ids and take it once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias

from sources.platforms.amazon_sp_api.amounts import Till
from sources.platforms.amazon_sp_api.progress import GATEWAY, capture_body
from sources.platforms.amazon_sp_api.remembered import Posted, Remembered
from sources.platforms.amazon_sp_api.words import Reason, reason_of
from sources.platforms.connection import Connection
from sources.platforms.facts import Fact, Json
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payment_facts import fee_return

Kind: TypeAlias = Literal["SHIPMENT", "REFUND", "FEE"]
RELEASED: Final = "RELEASED"


@dataclass(slots=True)
class RefundedItem:
    """What went back for one item, by its reason, as positive minor units; `other`: what is neither goods nor shipping."""

    item_id: str | None
    sku: str | None
    quantity: int
    goods: int = 0
    shipping: int = 0
    other: int = 0

    def give_back(self, reason: Reason, amount: int) -> None:
        """Count an amount as the seller's balance sees it: what goes back is negative."""
        if reason == "GOODS":
            self.goods -= amount
        elif reason == "SHIPPING":
            self.shipping -= amount
        elif amount:
            self.other += abs(amount)


@dataclass(slots=True, kw_only=True)
class Movement:
    """One posting of one order. Amounts in minor units as stated: what the seller gets is positive.

    charged: what the buyer paid or got back, promotions and taxes included. withheld: of it, taxes that the marketplace keeps to pay
    them itself. fees: kind -> amount, its tax included. way: `finances`, `transactions` or `settlement`. ids: of the transaction.
    """

    way: str
    kind: Kind
    till: Till
    posted_at: datetime
    pointer: str
    status: str = RELEASED
    ids: tuple[str, ...] = ()
    charged: int = 0
    withheld: int = 0
    fees: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, RefundedItem] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """What the seller's balance changed by."""
        return self.charged + self.withheld + sum(self.fees.values())

    @property
    def second(self) -> str:
        """The time of posting as all ways state it."""
        return self.posted_at.strftime("%Y%m%dT%H%M%SZ")

    def charge(self, word: str, amount: int, refunded: RefundedItem | None = None) -> None:
        """Add what the buyer paid or got back, under Amazon's word for it; taxes that the marketplace keeps count apart."""
        reason = reason_of(word)
        if reason == "WITHHELD":
            self.withheld += amount
            return
        self.charged += amount
        if refunded is not None:
            refunded.give_back(reason, amount)

    def charge_fee(self, kind: str, amount: int) -> None:
        """Add to the fee of a kind."""
        self.fees[kind] = self.fees.get(kind, 0) + amount

    def content(self) -> Mapping[str, int]:
        """What the books see of it."""
        return {"charged": self.charged, **{f"fee:{kind}": amount for kind, amount in sorted(self.fees.items()) if amount}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Facts of movements, what is remembered afterwards, sentences for people."""

    facts: tuple[Fact, ...]
    remembered: Remembered
    notices: tuple[str, ...]


def tell(movements: Sequence[Movement], remembered: Remembered, connection: Connection) -> Told:
    """The facts of one order's movements in their order; raises `Unjudged` for signs that cannot be."""
    facts: list[Fact] = []
    notices: list[str] = []
    for movement in movements:
        _check_sign(movement)
        posted, remembered = _known_as(movement, remembered)
        if movement.kind == "SHIPMENT" and posted.captured and connection.tells("captures"):
            facts.append(_capture(movement, posted))
        if movement.kind == "REFUND" and movement.charged and connection.tells("refunds"):
            facts.append(_refund(movement, posted))
        if connection.tells("fees"):
            facts += _fees(movement, posted)
        notices += _notices(movement)
    return Told(facts=tuple(facts), remembered=remembered, notices=tuple(notices))


def _check_sign(movement: Movement) -> None:
    wrong = movement.charged < 0 if movement.kind == "SHIPMENT" else movement.charged > 0 if movement.kind == "REFUND" else False
    if wrong:
        amount = f"{movement.till.text(movement.charged)} {movement.till.currency}"
        message = f"{movement.pointer}: a {movement.kind.lower()} that moves {amount} the wrong way: book it by hand"
        raise Unjudged("hold_discrepancy", message, movement.pointer)


def _known_as(movement: Movement, remembered: Remembered) -> tuple[Posted, Remembered]:
    """The movement as it is remembered now; `captured` is what of it the buyer paid beyond payments that were told already."""
    known, seen = _same(movement, remembered), [movement.way, movement.second]
    deferred = movement.status.startswith("DEFERRED")
    if known is not None:
        merged = replace(
            known,
            seen=known.seen if seen in known.seen else (*known.seen, seen),
            ids=(*known.ids, *(each for each in movement.ids if each not in known.ids)),
            deferred=known.deferred and deferred,
        )
        return replace(merged, captured=_captured_again(movement, merged)), remembered.with_posted(merged)
    posted = Posted(
        key=f"{movement.kind.lower()}-{movement.ids[0] if movement.ids else movement.second}",
        seen=(seen,),
        ids=movement.ids,
        deferred=deferred,
        content=movement.content(),
        captured=0,
    )
    if movement.kind == "SHIPMENT":
        before, after = remembered.collected, remembered.collected + movement.charged
        posted = replace(posted, captured=max(remembered.executed, after) - max(remembered.executed, before))
    return posted, remembered.with_posted(posted)


def _captured_again(movement: Movement, known: Posted) -> int:
    """What was told before, unless the movement now has another amount: then the books are to see that."""
    return known.captured if known.content.get("charged", 0) == movement.charged else movement.charged


def _same(movement: Movement, remembered: Remembered) -> Posted | None:
    """The remembered movement that this is: by its id, by its second and way, by its second alone when it came another way, or by
    content where one of the two was deferred and so has another time.
    """
    candidates = [posted for posted in remembered.posted if posted.key.startswith(f"{movement.kind.lower()}-")]
    for posted in candidates:
        if set(posted.ids) & set(movement.ids) or (not movement.ids and [movement.way, movement.second] in posted.seen):
            return posted
    others = [posted for posted in candidates if all(way != movement.way for way, _ in posted.seen)]
    alike = [posted for posted in others if posted.content == movement.content()]
    deferred = movement.status.startswith("DEFERRED")
    for posted in (*alike, *others):
        if any(second == movement.second for _, second in posted.seen):
            return posted
    return next((posted for posted in alike if posted.deferred or deferred), None)


def _capture(movement: Movement, posted: Posted) -> Fact:
    return Fact(
        type="PaymentCaptured",
        business_key=f"capture:{posted.key}:{movement.status}",
        body=capture_body(posted.key, posted.captured, movement.till),
        occurred_at=movement.posted_at,
        test_mode=None,
    )


def _refund(movement: Movement, posted: Posted) -> Fact:
    amount = -movement.charged
    body: EventTwin = {
        **movement.till.fields(),
        "refund_id": posted.key,
        "lines": [],
        "adjustments": [],
        "tenders": [{"tender_id": posted.key, "tender": "MARKETPLACE", "gateway": GATEWAY, "amount": amount, "status": "SUCCEEDED"}],
        "allow_over_refund": False,
    }
    items: list[Json] = [
        [item.item_id, item.sku, item.quantity, item.goods, item.shipping]
        for _, item in sorted(movement.refunded.items())
        if not item.other
    ]
    return Fact(
        type="RefundIssued",
        business_key=f"refund:{posted.key}:{movement.status}",
        body=body,
        occurred_at=movement.posted_at,
        test_mode=None,
        open=items or None,
    )


def _fees(movement: Movement, posted: Posted) -> list[Fact]:
    """One fee per kind, and one entry for what comes back of a kind."""
    found = []
    for kind, amount in sorted(movement.fees.items()):
        fee_id = f"{kind}-{posted.key}"
        if amount > 0:
            back = movement.till.fields() | fee_return(fee_id, kind, amount, "MARKETPLACE", GATEWAY)
            key = f"journal:{back['journal_id']}:{movement.status}"
            found.append(Fact(type="JournalPosted", business_key=key, body=back, occurred_at=movement.posted_at, test_mode=None))
        elif amount < 0:
            body: EventTwin = {
                **movement.till.fields(),
                "fee_id": fee_id,
                "kind": kind,
                "amount": -amount,
                "account_kind": "MARKETPLACE",
                "gateway": GATEWAY,
                "estimate": False,
            }
            key = f"fee:{fee_id}:{movement.status}"
            found.append(Fact(type="FeeCharged", business_key=key, body=body, occurred_at=movement.posted_at, test_mode=None))
    return found


def _notices(movement: Movement) -> list[str]:
    till, found = movement.till, list[str]()
    if movement.withheld:
        found.append(
            f"{movement.pointer}: taxes of {till.text(abs(movement.withheld))} {till.currency} that the marketplace pays itself: "
            "kept for settlements"
        )
    return found
