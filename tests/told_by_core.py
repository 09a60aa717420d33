"""What the core says about one order, in the form of the published expectations."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Deferred, Outcome, Rejected
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.events import parse_event_json
from schemas.order_state import decode_state, encode_state
from schemas.refusal import Refusal
from tests.oracle.figures import Event


def _result(outcome: Outcome) -> list[str]:
    name = type(outcome).__name__.lower()
    return [name, outcome.code] if isinstance(outcome, Conflict | Deferred | Rejected) else [name]


def _row(entry: JournalEntry) -> dict[str, Any]:
    postings: Counter[str] = Counter()
    for posting in entry.postings:
        postings[posting.account] += posting.amount if posting.side == "DEBIT" else -posting.amount
    return {
        "event_id": entry.event_id,
        "entry_kind": entry.entry_kind,
        "part": entry.part,
        "currency": entry.currency,
        "postings": dict(postings),
    }


def told_by_core(numbered: Iterable[tuple[int, Event]]) -> dict[str, Any]:
    """Entries, outcomes by record number, discrepancies and balances; the state goes through the codec after every event."""
    state: OrderState | None = None
    entries: list[dict[str, Any]] = []
    outcomes: dict[str, list[str]] = {}
    discrepancies: set[tuple[str, str]] = set()
    waiting: dict[str, str] = {}
    for number, told in numbered:
        event = parse_event_json(json.dumps(told).encode())
        assert not isinstance(event, Refusal), f"record {number}: {event}"
        decision = decide(event, state, DEFAULT_POLICIES)
        state = decode_state(encode_state(decision.state)) if decision.state is not None else None
        assert state == decision.state, f"record {number}: the codec loses something"
        outcomes[str(number)] = _result(decision.outcome)
        if isinstance(decision.outcome, Deferred):
            waiting[str(event.event_id)] = str(number)
        for healed in decision.healed:
            outcomes[waiting[str(healed.event_id)]] = _result(healed.outcome)
        entries.extend(_row(entry) for entry in decision.entries)
        discrepancies.update((one.code, str(one.event_id)) for one in decision.discrepancies)
    balances = state.balances() if state is not None else None
    names = ("accounts_receivable", "contract_liability", "refunds_payable")
    return {
        "entries": entries,
        "outcomes": outcomes,
        "discrepancies": sorted([code, event_id] for code, event_id in discrepancies),
        "balances": {name: getattr(balances, name) if balances is not None else 0 for name in names},
    }
