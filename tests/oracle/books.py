"""The oracle's only door: JSON twin events in order of arrival to entries, outcomes, discrepancies and balances per order.

A second reading of the accounting rules (policy version 1, default policy, part 1). It keeps the facts of an order and tells
them all again for every record it judges; slow, plain, and apart from the program.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.figures import Event, business_content, entry_content, natural_id
from tests.oracle.history import retell, tell
from tests.oracle.lines import currency_is_right, placed_shares, refusal
from tests.oracle.money import balances
from tests.oracle.order import Clashes, Entry, Fact, Order, Passes, Refused, Waits

Result = list[str]


def close_books(events: Iterable[tuple[int, Event]]) -> list[dict[str, Any]]:
    """Orders, sorted by key, in the form of the published vectors; a number is that of the record in its file."""
    lives: dict[str, Life] = {}
    for number, event in events:
        key = f"{event['tenant']}:{event['source']}:{event['order_id']}"
        lives.setdefault(key, Life(event["tenant"])).receive(number, event)
    return [{"order_key": key, **lives[key].told()} for key in sorted(lives)]


@dataclass
class Parked:
    number: int
    event: Event
    code: str


@dataclass
class Life:
    """One order: its facts, what waits, and the last word on every record."""

    tenant: str
    facts: list[Fact] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    outcomes: dict[int, Result] = field(default_factory=dict)
    discrepancies: set[tuple[str, str]] = field(default_factory=set)
    suspended: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    """Money legs on suspense, by the id of the event they belong to."""

    def told(self) -> dict[str, Any]:
        order = self.order()
        return {
            "entries": [
                {"event_id": one.event_id, "entry_kind": one.kind, "part": one.part, "currency": one.currency, "postings": one.postings}
                for one in order.entries
            ],
            "outcomes": {str(number): result for number, result in self.outcomes.items()},
            "discrepancies": sorted([code, event_id] for code, event_id in self.discrepancies),
            "balances": balances(order.standing()),
        }

    def order(self) -> Order:
        return retell(self.tenant, self.facts)

    # Judging a record

    def receive(self, number: int, event: Event) -> None:
        """Judge a record as it arrives, then whatever it heals."""
        result = self._known(event) if not _no_fact(event) else ["ignored"]
        if result is None:
            result = self._judge(event)
        self.outcomes[number] = result
        self._raise(event, result)
        if result[0] == "deferred":
            self.parked.append(Parked(number, event, result[1]))
        news = self._see(event, result)
        if result == ["posted"] and event["type"] == "DeadlinePassed" and event["kind"] == "PARKED":
            self._deadline(event)
            news = True
        if news or result == ["posted"]:
            self._heal()

    def _known(self, event: Event) -> Result | None:
        """Duplicate or conflict with what was applied, the oldest first, or waits; None: new."""
        applied = [one for fact in self.facts for one in (fact.event.get("replacement"), fact.event) if one is not None]
        known = applied + [one.event for one in self.parked]
        for other in known:
            if other["event_id"] == event["event_id"]:
                return ["duplicate"] if entry_content(other) == entry_content(event) else ["conflict", "D21"]
        for other in known:
            if other["business_key"] == event["business_key"]:
                return ["duplicate"] if business_content(other) == business_content(event) else ["conflict", "D22"]
        name = natural_id(event)
        for other in known:
            if name is not None and natural_id(other) == name:
                same = business_content(other, named=False) == business_content(event, named=False)
                return ["duplicate"] if same else ["conflict", "D22"]
        return None

    def _judge(self, event: Event, *, forced: bool = False) -> Result:
        """Steps 4 to 9; a posted event is a fact from here on."""
        order = self.order()
        try:
            _check_envelope(order, event)
            if self._must_wait_for_numbers(event):
                raise Waits("D19")
            about = self._money_of_nobody(order, event)
            waiting = tuple(one.event for one in self.parked if one.event is not event)
            fact = Fact(event, about.event if about else None, self.suspended.get(event["event_id"], ()), waiting)
            tell(order, fact, forced=forced)
        except Waits as reason:
            return ["deferred", str(reason)]
        except Refused as reason:
            return ["rejected", str(reason)]
        except Clashes:
            return ["conflict", "D22"]
        except Passes:
            return ["ignored"]
        self.facts.append(fact)
        self.discrepancies.update((code, event["event_id"]) for code in order.found)
        self.suspended.pop(event["event_id"], None)
        if about is not None:
            self.suspended[about.event["event_id"]] = tuple(one for one in order.entries_of(event["event_id"]) if one.kind == "suspense")
        return ["posted"]

    def _must_wait_for_numbers(self, event: Event) -> bool:
        number = event.get("source_sequence")
        if number is None or event["type"] in {"OrderPlaced", "DeadlinePassed"}:
            return False
        return any(lower not in self.seen for lower in range(1, number))

    def _raise(self, event: Event, result: Result) -> None:
        """The discrepancy of an outcome; D27 only at the deadline."""
        if len(result) == 2 and result[1] != "D27":
            self.discrepancies.add((result[1], event["event_id"]))

    def _see(self, event: Event, result: Result) -> bool:
        """Whether the record's number was seen for the first time."""
        number = event.get("source_sequence")
        waits = result == ["deferred", "D19"] or (result == ["deferred", "D27"] and not self._placed())
        if number is None or waits or number in self.seen:
            return False
        self.seen.add(number)
        return True

    def _placed(self) -> bool:
        return any(fact.event["type"] == "OrderPlaced" for fact in self.facts)

    # Parked events

    def _heal(self) -> None:
        """Judge parked events from the oldest; after each change start again."""
        while self._heal_one():
            pass

    def _heal_one(self) -> bool:
        for one in list(self.parked):
            result = self._judge(one.event)
            if self._settle(one, result):
                return True
        return False

    def _settle(self, one: Parked, result: Result) -> bool:
        """Write down what became of a parked event; True where others may heal by it."""
        self.outcomes[one.number] = result
        self._raise(one.event, result)
        news = self._see(one.event, result)
        if result[0] == "deferred":
            one.code = result[1]
            return news
        self.parked.remove(one)
        return True

    def _about(self, event: Event) -> Parked | None:
        return next((one for one in self.parked if one.event["event_id"] == event.get("about_event_id")), None)

    def _money_of_nobody(self, order: Order, event: Event) -> Parked | None:
        """The parked event whose money goes to suspense by this deadline."""
        if event["type"] != "DeadlinePassed" or event["kind"] != "PARKED" or order.placed is not None:
            return None
        about = self._about(event)
        return about if about is not None and about.event["event_id"] not in self.suspended and _moves_money(about.event) else None

    def _deadline(self, event: Event) -> None:
        one = self._about(event)
        if one is None:
            return
        if one.code == "D27":
            nobody = not self._placed() and _moves_money(one.event)
            self.discrepancies.add(("D09" if nobody else "D27", one.event["event_id"]))
        elif one.code == "D10":
            self._settle(one, self._judge(one.event, forced=True))
        elif one.code == "D19":
            self.seen.update(range(1, one.event["source_sequence"]))


def _no_fact(event: Event) -> bool:
    return bool(event["test_mode"] or event.get("estimate"))


def _moves_money(event: Event) -> bool:
    if event["type"] == "RefundIssued":
        return any(one["status"] == "SUCCEEDED" for one in event["tenders"])
    return event["type"] in {"PaymentCaptured", "ChargebackOpened"}


def _check_envelope(order: Order, event: Event) -> None:
    """Steps 4 to 6: currency, the lines of an order, an unknown order, the lines of an edit."""
    kind, placed = event["type"], order.placed
    if not currency_is_right(event):
        raise Refused("D24")
    if kind == "OrderPlaced":
        _refuse(refusal(event, placed_shares(event), inclusive=event["prices_include_tax"]))
    if placed is None:
        if kind not in {"OrderPlaced", "DeadlinePassed"}:
            raise Waits("D27")
        return
    if event.get("currency") not in {None, placed["currency"]}:
        raise Refused("D24")
    known = frozenset(order.names) if kind == "ExchangeCreated" else frozenset()
    if kind in {"ExchangeCreated", "OrderEdited"}:
        _refuse(refusal(event, placed_shares(event), inclusive=placed["prices_include_tax"], known=known))
    if kind == "OrderEdited" and any(_changes_kind(order, row) for row in event["lines"]):
        raise Refused("D06")


def _changes_kind(order: Order, row: Event) -> bool:
    """A line of which something is taken cannot become another kind of line."""
    line = order.lines.get(row["line_id"])
    if line is None or line.kind == row["kind"]:
        return False
    return bool(order.taken_units(line.line_id)) or any(order.taken_of(line.line_id).values())


def _refuse(code: str | None) -> None:
    if code is not None:
        raise Refused(code)
