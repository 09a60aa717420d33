"""What `asiento simulate` does: lines of JSON in, rows of JSON out, states of orders in between."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from asiento.accounting.archiving import is_resolved
from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Decision, Deferred, Outcome, Rejected
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import PolicyBook
from asiento.cli.json_lines import read_lines
from schemas.decisions import OUTCOMES
from schemas.discrepancies import discrepancy_to_json
from schemas.entries import entry_to_json
from schemas.events import JSON_BYTES_MAX, parse_event_json
from schemas.order_state import decode_state, encode_state
from schemas.refusal import Refusal


class Simulation:
    """One run over a file: holds the state of every order, one number per waiting record, and the counters.

    An order that is resolved is held as its encoded state, so that memory follows the open orders.
    """

    def __init__(self, policies: PolicyBook) -> None:
        self._policies = policies
        self._states: dict[str, OrderState | bytes] = {}
        self._waiting: dict[str, int] = {}
        self._counts = dict.fromkeys(OUTCOMES, 0)
        self._trial_balance: dict[str, dict[str, int]] = {}

    def run(self, stream: BinaryIO) -> Iterator[dict[str, Any]]:
        """The rows of a stream of JSON lines, in processing order, without the summary."""
        for record, line in read_lines(stream, JSON_BYTES_MAX):
            event = parse_event_json(line)
            if isinstance(event, Refusal):
                yield self._outcome(record, None, "dead_letter", event.reason)
            else:
                yield from self._judge(record, event)

    def summary(self) -> dict[str, Any]:
        """The counters, which add up to the records consumed, and the trial balance per currency, debits positive."""
        balances = {currency: dict(sorted(accounts.items())) for currency, accounts in sorted(self._trial_balance.items())}
        return {"summary": {"consumed": sum(self._counts.values()), **self._counts, "trial_balance": balances}}

    def _judge(self, record: int, event: OrderEvent) -> Iterator[dict[str, Any]]:
        known = self._states.get(event.order_key)
        state = decode_state(known) if isinstance(known, bytes) else known
        decision = decide(event, state, self._policies)
        if decision.state is not None and decision.state is not state:
            self._states[event.order_key] = encode_state(decision.state) if is_resolved(decision.state) else decision.state
        for entry in decision.entries:
            self._add(entry)
            yield {"entry": entry_to_json(entry)}
        for discrepancy in decision.discrepancies:
            yield {"discrepancy": discrepancy_to_json(discrepancy)}
        result, code = _result(decision.outcome)
        yield self._outcome(record, event.event_id, result, code)
        if result == "deferred":
            self._waiting[_waiting_key(event.order_key, event.event_id)] = record
        yield from self._healed(event.order_key, decision)

    def _healed(self, order_key: str, decision: Decision) -> Iterator[dict[str, Any]]:
        for healed in decision.healed:
            key = _waiting_key(order_key, healed.event_id)
            result, code = _result(healed.outcome)
            record = self._waiting[key]
            if result != "deferred":
                del self._waiting[key]
            self._counts["deferred"] -= 1
            yield self._outcome(record, healed.event_id, result, code)

    def _outcome(self, record: int, event_id: str | None, result: str, code: str | None) -> dict[str, Any]:
        self._counts[result] += 1
        outcome: dict[str, Any] = {"record": record, "event_id": event_id, "result": result}
        if code is not None:
            outcome["code"] = code
        return {"outcome": outcome}

    def _add(self, entry: JournalEntry) -> None:
        accounts = self._trial_balance.setdefault(entry.currency, {})
        for posting in entry.postings:
            signed = posting.amount if posting.side == "DEBIT" else -posting.amount
            accounts[posting.account] = accounts.get(posting.account, 0) + signed


def _waiting_key(order_key: str, event_id: str) -> str:
    return f"{order_key} {event_id}"


def _result(outcome: Outcome) -> tuple[str, str | None]:
    """The outcome's name, and its code where a code belongs to it."""
    code = outcome.code if isinstance(outcome, Conflict | Deferred | Rejected) else None
    return type(outcome).__name__.lower(), code
