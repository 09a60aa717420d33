"""What `asiento explain` says, as plain values: the shape of `--json`, and what the text is written from.

Amounts are minor units beside texts with major units; times RFC 3339.
"""

from dataclasses import dataclass, fields
from typing import Any

from asiento.accounting.balances import Balances, Totals
from asiento.accounting.decision import Conflict, Deferred, Discrepancy, Ignored, Outcome, Posted, Rejected
from asiento.accounting.explaining.explain import ExplainedEntry, ExplainedEvent, explain
from asiento.accounting.explaining.figures import Figure, Place
from asiento.accounting.explaining.invoices import components
from asiento.accounting.journal import Document, DocumentLine, JournalEntry
from asiento.accounting.money import CURRENCY_EXPONENTS, grouped_units_text
from asiento.accounting.obstacles import obstacle
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.placement import tax_name
from asiento.accounting.retelling import Story, Told
from schemas.discrepancies import discrepancy_to_json
from schemas.events import event_to_json
from schemas.wording.figures import formula, sentence
from schemas.wording.language import Language
from schemas.wording.messages import Message, code_message, discrepancy_message
from schemas.wording.templates import render
from schemas.wording.texts_of_rules import RULES_PAGE, rule_of

Json = dict[str, Any]
_OWED = (("+", "I"), ("-", "C"), ("-", "W"), ("-", "K"), ("+", "F"), ("+", "P"))
_ENVELOPE = frozenset(field.name for field in fields(OrderEvent))


@dataclass(frozen=True, slots=True)
class Decided:
    """What a running system made of an order: event_id -> (outcome, code), entry_id -> entry; unjudged: event ids without outcome."""

    outcomes: dict[str, tuple[str, str | None]]
    entries: dict[str, JournalEntry]
    unjudged: frozenset[str]


class Explainer:
    """Explains records of one told order in one language; `decided` = what a running system made of it.

    An entry that the retelling makes otherwise is shown as booked, without figures: another policy or version decided it.
    """

    def __init__(self, story: Story, language: Language, decided: Decided | None = None) -> None:
        self._story = story
        self._language = language
        self._decided = decided

    def explain(self, told: Told, entry_id: str | None = None) -> Json:
        """Everything about one record, or about one entry that it made."""
        event, story = told.event, self._story
        explained = explain(told.posted) if told.posted is not None else None
        currency = self._currency(told)
        entries = [one for one in explained.entries if entry_id in (None, one.entry.entry_id)] if explained is not None else []
        return {
            "order_key": event.order_key,
            "policy_version": story.policy.version if story.policy is not None else None,
            "event": {
                "record": told.number,
                "event_id": event.event_id,
                "type": type(event).__name__,
                "business_key": event.business_key,
                "occurred_at": event_to_json(event)["occurred_at"],
                "received_at": event_to_json(event)["received_at"],
                "facts": {name: value for name, value in event_to_json(event).items() if name not in _ENVELOPE and name != "type"},
                "currency": currency,
            },
            "outcome": self._outcome(told),
            "notes": [self._figure(note, note.amount, currency) for note in explained.notes] if explained is not None and currency else [],
            "entries": [self._entry(one) for one in entries],
            "account": self._account(explained) if explained is not None and currency else None,
            "discrepancies": [self._discrepancy(one) for one in told.found],
            "same_id": [self._again(one) for one in story.told if one.event.event_id == event.event_id and one is not told],
        }

    def _again(self, told: Told) -> Json:
        """Another record under the same event id."""
        result, code = named_outcome(told.outcome)
        message = self._why(told)
        return {"record": told.number, "result": result, "code": code, "message": _message(message) if message is not None else None}

    def _currency(self, told: Told) -> str | None:
        placement = told.posted.after.placement if told.posted is not None else None
        return placement.currency if placement is not None else told.event.currency

    def _outcome(self, told: Told) -> Json:
        result, code = named_outcome(told.outcome)
        message = self._why(told)
        history = []
        for outcome, number in told.outcomes:
            name, its_code = named_outcome(outcome)
            by = self._story.told[number - 1].event
            history.append({"result": name, "code": its_code, "record": number, "by_event_id": by.event_id, "by_type": type(by).__name__})
        return {
            "result": result,
            "code": code,
            "healed": len(told.outcomes) > 1,
            "message": _message(message) if message is not None else None,
            "as_decided": self._decided is None or self._decided.outcomes.get(told.event.event_id) == (result, code),
            "repeats_event_id": told.repeats,
            "history": history,
        }

    def _why(self, told: Told) -> Message | None:
        """Why a record did not post, with the figures that its judgement stood on."""
        outcome, event = told.outcome, told.event
        if isinstance(outcome, Posted):
            return None
        code = outcome.code if isinstance(outcome, Conflict | Deferred | Rejected | Ignored) else "duplicate"
        raised = [one for one in told.found if one.event_id == event.event_id and one.state == "OPEN" and _is_of(one, code)]
        if raised and not isinstance(outcome, Deferred):
            return discrepancy_message(raised[-1], self._language)
        values: dict[str, str | int | None] = {"event_type": type(event).__name__}
        policy = self._story.policy
        if isinstance(outcome, Deferred) and policy is not None and told.waiting is not None:
            found = obstacle(event, told.waiting.before, policy, code)
            values |= {**dict(found.parameters), "expected": found.expected, "actual": found.actual}
        placement = told.waiting.before.placement if told.waiting is not None else None
        return code_message(code, values, placement.currency if placement is not None else event.currency, self._language)

    def _entry(self, one: ExplainedEntry) -> Json:
        entry = one.entry
        booked = self._decided.entries.get(entry.entry_id) if self._decided is not None else entry
        as_booked = booked == entry
        entry = booked or entry
        rule = rule_of(entry.event_type, entry.entry_kind)
        text = render(rule.text, {"event_type": entry.event_type}, currency=entry.currency, language=self._language)
        figures = {figure.place: figure for figure in one.figures} if as_booked else {}
        return {
            "entry_id": entry.entry_id,
            "entry_kind": entry.entry_kind,
            "part": entry.part,
            "entry_seq": entry.entry_seq,
            "business_date": entry.business_date,
            "currency": entry.currency,
            "memo": entry.memo,
            "reverses": entry.reverses,
            "explained": as_booked,
            "rule": {"id": entry.rule, "text": text, "section": f"{RULES_PAGE}, {rule.section}"},
            "postings": [
                {
                    "account": leg.account,
                    "side": leg.side,
                    "amount": leg.amount,
                    "dimensions": dict(leg.dimensions),
                    "why": self._why_figure(figures.get(Place("posting", number, leg.account)), entry.currency),
                }
                for number, leg in enumerate(entry.postings)
            ],
            "document": self._document(entry.document, figures, entry.currency) if entry.document is not None else None,
            "balances": {"before": one.before._asdict(), "after": one.after._asdict()},
        }

    def _document(self, document: Document, figures: dict[Place, Figure], currency: str) -> Json:
        rates: dict[tuple[str, str, str, str], int] = {}
        for tax in (tax for line in document.lines for tax in line.taxes):
            key = (tax.jurisdiction, tax.type, tax.code, tax.rate)
            rates[key] = rates.get(key, 0) + tax.amount
        names = ("jurisdiction", "type", "code", "rate", "amount")
        return {
            "kind": document.kind,
            "document_ref": document.document_ref,
            "refers_to": list(document.refers_to),
            "lines": [
                {
                    "line_id": line.line_id,
                    "description": line.description,
                    "quantity": line.quantity,
                    "amounts": self._amounts(number, line, figures, currency),
                }
                for number, line in enumerate(document.lines)
            ],
            "taxes": [dict(zip(names, (*key, amount), strict=True)) for key, amount in rates.items()],
            "totals": {"net": document.totals.net, "tax": document.totals.tax, "gross": document.totals.gross},
        }

    def _amounts(self, number: int, line: DocumentLine, figures: dict[Place, Figure], currency: str) -> list[Json]:
        taxes = {f"tax:{place}": f"{tax_name(tax.jurisdiction, tax.type, tax.code)} {tax.rate}" for place, tax in enumerate(line.taxes)}
        return [
            {
                "component": component,
                "label": taxes.get(component, component).strip(),
                "amount": amount,
                "why": self._why_figure(figures.get(Place("line", number, component)), currency),
            }
            for component, amount in components(line)
        ]

    def _why_figure(self, figure: Figure | None, currency: str) -> Json | None:
        return self._figure(figure, figure.amount, currency) if figure is not None else None

    def _figure(self, figure: Figure, amount: int, currency: str) -> Json:
        return {
            "name": figure.name,
            "about": figure.place.component,
            "amount": amount,
            "formula": formula(figure, currency),
            "text": sentence(figure, currency, self._language),
            "values": dict(figure.values),
        }

    def _account(self, explained: ExplainedEvent) -> Json:
        """Section 3 before and after the event."""
        judged = explained.judged
        placement = judged.after.placement
        exponent = CURRENCY_EXPONENTS[placement.currency] if placement is not None else 0
        return {
            moment: {"totals": letters(order.totals), "balances": order.balances()._asdict(), "formula": formulas(order.totals, exponent)}
            for moment, order in (("before", judged.before), ("after", judged.after))
        }

    def _discrepancy(self, one: Discrepancy) -> Json:
        return {**discrepancy_to_json(one), "message": _message(discrepancy_message(one, self._language))}


def named_outcome(outcome: Outcome) -> tuple[str, str | None]:
    """The outcome's name, and its code where it has one."""
    code = outcome.code if isinstance(outcome, Conflict | Deferred | Rejected | Ignored) else None
    return type(outcome).__name__.lower(), code


def letters(totals: Totals) -> dict[str, int]:
    """The totals of section 3 by their letters."""
    return {
        "I": totals.invoiced + totals.return_fees,
        "C": totals.credited,
        "W": totals.written_off,
        "K": totals.captured,
        "F": totals.refunded,
        "P": totals.pending,
        "L": totals.lost,
        "O": totals.open,
    }


def formulas(totals: Totals, exponent: int) -> list[str]:
    """Section 3 with its numbers, line by line."""
    of = letters(totals)
    shown = {name: grouped_units_text(amount, exponent) for name, amount in of.items()}
    owed = of["I"] - of["C"] - of["W"] - of["K"] + of["F"] + of["P"]
    absorbed = min(of["L"], max(-owed, 0))
    balances: Balances = totals.balances()

    def text(amount: int) -> str:
        return grouped_units_text(amount, exponent)

    net = owed + absorbed
    return [
        f"X0 = I - C - W - K + F + P = {' '.join(f'{sign} {shown[name]}' for sign, name in _OWED)[2:]} = {text(owed)}",
        f"A = min(L, max(-X0, 0)) = min({shown['L']}, {text(max(-owed, 0))}) = {text(absorbed)}",
        f"X = X0 + A = {text(net)}",
        f"accounts_receivable = max(X, 0) = {text(balances.accounts_receivable)}",
        f"contract_liability = min(max(-X, 0), O) = min({text(max(-net, 0))}, {shown['O']}) = {text(balances.contract_liability)}",
        f"refunds_payable = P + max(-X, 0) - contract_liability = {shown['P']} + {text(max(-net, 0))} - "
        f"{text(balances.contract_liability)} = {text(balances.refunds_payable)}",
        f"dispute_losses = L - A = {shown['L']} - {text(absorbed)} = {text(balances.dispute_losses)}",
    ]


def _is_of(discrepancy: Discrepancy, code: str) -> bool:
    return discrepancy.code == code or dict(discrepancy.parameters).get("reason") == code


def _message(message: Message) -> Json:
    return {"title": message.title, "happened": message.happened, "action": message.action}
