"""The core books what the shops intended: whole days, several seeds, every account and every record."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Deferred, Duplicate, Ignored, Outcome, Posted, Rejected
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.entries import entry_to_json
from schemas.events import event_from_json
from sources.synthetic.controls import compare, flows_of
from sources.synthetic.day import Day, trading_day

NAMES: dict[type[Outcome], str] = {
    Posted: "posted",
    Duplicate: "duplicate",
    Conflict: "conflict",
    Deferred: "deferred",
    Rejected: "rejected",
    Ignored: "ignored",
}


@dataclass
class Books:
    """What the core made of the records so far; `results` are the last word on each record, in order of arrival."""

    states: dict[str, OrderState | None] = field(default_factory=dict)
    entries: list[JournalEntry] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)

    def take(self, event: dict[str, Any]) -> None:
        parsed = event_from_json(event)
        decision = decide(parsed, self.states.get(parsed.order_key), DEFAULT_POLICIES)
        self.states[parsed.order_key] = decision.state
        self.entries += decision.entries
        self.results.append(NAMES[type(decision.outcome)])
        if isinstance(decision.outcome, Deferred):
            self.waiting[parsed.event_id] = len(self.results) - 1
        for healed in decision.healed:
            self.results[self.waiting[healed.event_id]] = NAMES[type(healed.outcome)]

    def trial_balance(self) -> dict[str, dict[str, int]]:
        balances: dict[str, Counter[str]] = {}
        for entry in self.entries:
            for posting in entry.postings:
                amount = posting.amount if posting.side == "DEBIT" else -posting.amount
                balances.setdefault(entry.currency, Counter())[posting.account] += amount
        return {currency: dict(accounts) for currency, accounts in balances.items()}

    def flows(self) -> dict[str, dict[str, int]]:
        return flows_of(entry_to_json(entry) for entry in self.entries)


def differences(day: Day, books: Books) -> list[str]:
    off_topic = {"dead_letter": day.controls.counts["dead_letter"]}
    return compare(day.controls, books.trial_balance(), Counter(books.results) + Counter(off_topic), books.flows())


def booked(day: Day) -> Books:
    books = Books()
    for event in day.events:
        books.take(event)
    return books


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_the_books_are_what_was_intended(seed: int) -> None:
    day = trading_day(seed, 300)
    assert differences(day, booked(day)) == []


@pytest.mark.parametrize("seed", [21, 22])
def test_every_record_ends_as_its_arrival_says(seed: int) -> None:
    day = trading_day(seed, 200)
    expected = [arrival.becomes for arrival in day.arrivals if arrival.event and not arrival.strays]
    assert booked(day).results == expected


def test_one_unit_of_money_more_or_less_is_found() -> None:
    day = trading_day(1, 20)
    payment = next(event for event in day.events if event["type"] == "PaymentCaptured" and not event["test_mode"])
    payment["amount"] += 1
    assert differences(day, booked(day)) != []


def test_the_same_day_played_again_changes_nothing() -> None:
    day = trading_day(9, 100)
    books = booked(day)
    entries = len(books.entries)
    books.results.clear()
    for event in day.events:
        books.take(event)
    off_topic = Counter({"dead_letter": day.controls.counts["dead_letter"]})
    assert len(books.entries) == entries
    assert Counter(books.results) + off_topic == day.controls.counts_when_played_again
