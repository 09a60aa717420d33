"""An explanation as text: the same values as `--json`, one under the other, to be read from top to bottom."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from asiento.accounting.money import CURRENCY_EXPONENTS, MICRO_UNITS_PER_UNIT, grouped_units_text
from asiento.accounting.placement import tax_name
from asiento.cli.explanation import Json
from asiento.cli.order_words import word
from schemas.wording.language import Language
from schemas.wording.templates import plain_decimal

WIDTH = 100
_MONEY_FIELDS = frozenset(
    ["amount", "amount_won", "base", "discount", "fee", "fee_returned", "gross", "net", "order_discount", "total", "total_added"]
)
_MICRO_DIGITS = len(str(MICRO_UNITS_PER_UNIT)) - 1


def text_lines(value: Json, language: Language) -> Iterator[str]:
    """The lines of an explanation; long ones are broken at 100 columns."""
    for indent, text in _Page(value, language).lines():
        yield from _wrapped(indent, text)


def _with_reason(indent: int, text: str, why: Json | None) -> Iterator[tuple[int, str]]:
    """A figure and its reason, on one line where they fit it."""
    reason = f"  {why['text']}" if why is not None else ""
    if indent + len(text) + len(reason) <= WIDTH:
        yield indent, text + reason
    else:
        yield indent, text
        yield indent + 4, reason.strip()


def _wrapped(indent: int, text: str) -> list[str]:
    blank = " " * indent
    return wrap(text, WIDTH, initial_indent=blank, subsequent_indent=f"{blank}  ", break_on_hyphens=False) or [""]


class _Page:
    def __init__(self, value: Json, language: Language) -> None:
        self._value = value
        self._language = language
        currencies = [value["event"].get("currency"), *(entry["currency"] for entry in value["entries"])]
        self._exponent = next((CURRENCY_EXPONENTS[one] for one in currencies if one in CURRENCY_EXPONENTS), 0)

    def lines(self) -> Iterator[tuple[int, str]]:
        yield from self._event(self._value["event"])
        yield from self._outcome(self._value["outcome"])
        yield from self._again()
        if self._value["notes"]:
            yield 0, ""
            yield 0, self._word("what_it_did")
            for note in self._value["notes"]:
                yield 2, self._note(note)
        for entry in self._value["entries"]:
            yield 0, ""
            yield from self._entry(entry)
        if self._value["account"] is not None:
            yield 0, ""
            yield from self._account(self._value["account"])
        if self._value["discrepancies"]:
            yield 0, ""
            yield 0, self._word("discrepancies")
            for one in self._value["discrepancies"]:
                message = one["message"]
                yield 2, f"{one['code']} {one['severity']} {one['state']}: {message['happened']} {message['action']}"

    def _again(self) -> Iterator[tuple[int, str]]:
        """Other records under the same event id."""
        for other in self._value["same_id"]:
            code = f" {other['code']}" if other["code"] else ""
            why = f": {other['message']['happened']} {other['message']['action']}" if other["message"] is not None else ""
            yield 2, f"{self._word('same_id')}, {self._word('record')} {other['record']}: {self._word(other['result'])}{code}{why}"

    def _event(self, event: Json) -> Iterator[tuple[int, str]]:
        yield 0, f"{event['type']} {event['business_key']}"
        yield 2, f"{self._word('order')} {self._value['order_key']}"
        yield 2, f"event_id {event['event_id']}, {self._word('record')} {event['record']}"
        yield 2, f"{self._word('when')} {event['occurred_at']}, {self._word('arrived')} {event['received_at']}"
        plain = {name: fact for name, fact in event["facts"].items() if not isinstance(fact, list | dict) and fact is not None}
        if plain:
            yield 2, ", ".join(f"{name} {self._fact(name, fact)}" for name, fact in plain.items())
        for name, fact in event["facts"].items():
            for item in fact if isinstance(fact, list) else [fact] if isinstance(fact, dict) and fact else []:
                yield 2, f"{name}: {self._fact(name, item)}"

    def _fact(self, name: str, fact: Any) -> str:
        """A stated fact by the names of the contract; amounts in major units."""
        if isinstance(fact, bool):
            return str(fact).lower()
        if isinstance(fact, int) and name in _MONEY_FIELDS:
            return self._money(fact)
        if isinstance(fact, list):
            return "; ".join(self._fact("", one) for one in fact)
        if isinstance(fact, dict) and "jurisdiction" in fact:
            return f"{tax_name(fact['jurisdiction'], fact['type'], fact['code'])} {fact.get('rate', '')} {self._money(fact['amount'])}"
        if isinstance(fact, dict):
            known = {key: one for key, one in fact.items() if one not in (None, [], {})}
            return ", ".join(f"{key} {self._fact(key, one)}" for key, one in known.items())
        return str(fact)

    def _outcome(self, outcome: Json) -> Iterator[tuple[int, str]]:
        code = f" {outcome['code']}" if outcome["code"] else ""
        yield 2, f"{self._word('outcome')}: {self._word(outcome['result'])}{code}"
        if not outcome["as_decided"]:
            yield 4, self._word("not_as_booked")
        message = outcome["message"]
        if message is not None:
            yield 4, f"{message['happened']} {message['action']}".strip()
        if outcome["repeats_event_id"]:
            yield 4, f"{self._word('repeats')} {outcome['repeats_event_id']}"
        if outcome["healed"]:
            for step in outcome["history"]:
                its_code = f" {step['code']}" if step["code"] else ""
                by = f"{step['by_type']} ({self._word('record')} {step['record']})"
                yield 4, f"{self._word(step['result'])}{its_code}: {self._word('with')} {by}"

    def _note(self, note: Json) -> str:
        return f"{self._money(note['amount'])}: {note['text']}" if note["amount"] else str(note["text"])

    def _entry(self, entry: Json) -> Iterator[tuple[int, str]]:
        part = f" {entry['part']}" if entry["part"] else ""
        yield 0, f"{self._word('entry')} {entry['entry_seq']}: {entry['entry_kind']}{part}, {entry['business_date']}, {entry['currency']}"
        yield 2, f"entry_id {entry['entry_id']}"
        yield 2, f"{entry['rule']['text']} ({entry['rule']['section']})"
        if not entry["explained"]:
            yield 2, self._word("not_as_booked")
        if entry["document"] is not None:
            yield from self._document(entry["document"])
        for leg in entry["postings"]:
            side = "Dr" if leg["side"] == "DEBIT" else "Cr"
            yield from _with_reason(2, f"{side} {leg['account']} {self._money(leg['amount'])}", leg["why"])
        before, after = entry["balances"]["before"], entry["balances"]["after"]
        moved = [name for name in after if before[name] or after[name]]
        shown = ", ".join(f"{self._word(name)} {self._money(before[name])} -> {self._money(after[name])}" for name in moved)
        yield 2, f"{self._word('balances_around')}: {shown or '0'}"

    def _document(self, document: Json) -> Iterator[tuple[int, str]]:
        refers = f", {self._word('refers_to')} {', '.join(document['refers_to'])}" if document["refers_to"] else ""
        totals = document["totals"]
        total = f"{self._money(totals['net'])} + {self._money(totals['tax'])} = {self._money(totals['gross'])}"
        yield 2, f"{self._word('document')} {document['kind']} {document['document_ref']}{refers}: {total}"
        for line in document["lines"]:
            units = f" {plain_decimal(line['quantity'], _MICRO_DIGITS)} {self._word('units')}" if line["quantity"] else ""
            yield 4, f"{line['description'] or line['line_id'] or ''} [{line['line_id'] or '-'}]{units}"
            for amount in line["amounts"]:
                yield from _with_reason(6, f"{self._word(amount['label'])} {self._money(amount['amount'])}", amount["why"])
        for tax in document["taxes"]:
            name = " ".join(part for part in (tax["jurisdiction"], tax["type"], tax["code"], tax["rate"]) if part)
            yield 4, f"{self._word('tax')} {name}: {self._money(tax['amount'])}"

    def _account(self, account: Json) -> Iterator[tuple[int, str]]:
        yield 0, self._word("account_section")
        for moment in ("before", "after"):
            totals = ", ".join(f"{letter} {self._money(amount)}" for letter, amount in account[moment]["totals"].items())
            yield 2, f"{self._word(moment)}: {totals}"
            if moment == "after":
                for line in account[moment]["formula"]:
                    yield 4, line

    def _money(self, amount: int) -> str:
        return grouped_units_text(amount, self._exponent)

    def _word(self, name: str) -> str:
        return word(name, self._language)
