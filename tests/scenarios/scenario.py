"""Reads a scenario file (see README.md beside it) and writes what the core makes of its events in the same words."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Decision, Deferred, Outcome, Rejected
from asiento.accounting.journal import JournalEntry
from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import PolicyBook
from schemas.policy_file import policies_from_mapping
from tests import order_making as make

FLAGS = {"inclusive", "charges", "allowed", "marketplace"}


@dataclass
class Step:
    """One event as written: its words, the indented words below it, and the lines expected of it."""

    words: list[str]
    details: list[list[str]] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)


@dataclass
class Scenario:
    """A file: its policy, its events and the balances at the end, amounts as written."""

    policy: dict[str, str]
    steps: list[Step]
    balances: list[str]


def read_scenario(path: Path) -> Scenario:
    """Parse a file; raises ValueError with the line that is not understood."""
    scenario = Scenario({}, [], [])
    for raw in path.read_text(encoding="utf-8").splitlines():
        text = " ".join(raw.split("#", 1)[0].split())
        if not text or text.startswith(">"):
            continue
        if not raw.startswith(" "):
            words = shlex.split(text)
            if words[0] == "policy":
                scenario.policy = dict(word.split("=", 1) for word in words[1:])
            else:
                scenario.steps.append(Step(words))
        elif scenario.steps[-1].words == ["balances"]:
            scenario.balances.append(text)
        elif text.startswith(("->", "Dr ", "Cr ")):
            scenario.steps[-1].expected.append(text)
        else:
            scenario.steps[-1].details.append(shlex.split(text))
    if scenario.steps.pop().words != ["balances"]:
        raise ValueError(f"{path}: the last block must be `balances`")
    return scenario


class Player:
    """Plays the steps of a scenario against the core."""

    def __init__(self, scenario: Scenario) -> None:
        self._policies: PolicyBook = policies_from_mapping(scenario.policy)
        self._state: OrderState | None = None
        self._names: dict[str, str] = {}
        self.currency = next((step.words[1] for step in scenario.steps if step.words[0] == "order"), "EUR")

    def play(self, step: Step) -> list[str]:
        """The lines that the core makes of a step."""
        event = self._event(step)
        self._names[event.event_id] = event.business_key
        decision = decide(event, self._state, self._policies)
        self._state = decision.state
        return list(self._shown(event, decision))

    def balances(self) -> list[str]:
        """The three balances of the customer."""
        balances = self._state.balances() if self._state is not None else None
        names = ("accounts_receivable", "contract_liability", "refunds_payable")
        return [f"{name} {self._money(getattr(balances, name) if balances else 0)}" for name in names]

    def _shown(self, event: OrderEvent, decision: Decision) -> Iterator[str]:
        yield f"-> {_result(decision.outcome)}"
        yield from self._entries([entry for entry in decision.entries if entry.event_id == event.event_id])
        for healed in decision.healed:
            yield f"-> then {self._names[healed.event_id]} {_result(healed.outcome)}"
            yield from self._entries(list(healed.entries))
        for found in decision.discrepancies:
            about = "" if found.event_id == event.event_id else f" of {self._names[str(found.event_id)]}"
            yield f"-> {found.code}{about} {found.severity if found.state == 'OPEN' else 'resolved'}"

    def _entries(self, entries: list[JournalEntry]) -> Iterator[str]:
        for entry in entries:
            yield f"-> {entry.entry_kind} {entry.part}".rstrip()
            for posting in entry.postings:
                yield f"{'Dr' if posting.side == 'DEBIT' else 'Cr'} {posting.account} {self._money(posting.amount)}"

    def _money(self, amount: int) -> str:
        return str(Decimal(amount).scaleb(-CURRENCY_EXPONENTS[self.currency]))

    def _minor(self, text: str) -> int:
        scaled = Decimal(text).scaleb(CURRENCY_EXPONENTS[self.currency])
        if scaled != int(scaled):
            raise ValueError(f"{text} has more decimals than {self.currency}")
        return int(scaled)

    def _event(self, step: Step) -> OrderEvent:
        kind, *words = step.words
        plain, options = _options(words)
        common: dict[str, Any] = {"currency": options.pop("currency", self.currency)}
        if "number" in options:
            common["source_sequence"] = int(options.pop("number"))
        if "key" in options:
            common["business_key"] = options.pop("key")
        if "id" in options:
            common |= {"label": options["id"], "business_key": common.get("business_key", options["id"])}
            del options["id"]
        match kind:
            case "order":
                return self._order(step.details, options, common)
            case "capture":
                return self._capture(plain, options, common)
            case "ship":
                warehouse = {"warehouse": options.pop("from")} if "from" in options else {}
                return make.shipped(plain[0], options, **warehouse, **common)
            case "cancel":
                return make.cancelled({k: v for k, v in options.items() if k != "charges"}, cancel_charges="charges" in options, **common)
            case "refund":
                return self._refund(plain[0], step.details, options, common)
        raise ValueError(f"no event is called {kind}")

    def _order(self, details: list[list[str]], options: dict[str, str], common: dict[str, Any]) -> OrderEvent:
        *lines, (_, total) = details
        inclusive = "inclusive" in options
        fields: dict[str, Any] = {"prices_include_tax": inclusive, "total": self._minor(total)}
        fields["discount"] = self._minor(options.get("discount", "0"))
        fields |= {name: options[name] for name in ("channel", "store") if name in options}
        if "due" in options:
            fields |= {"terms": "NET", "due_days": int(options["due"])}
        return make.placed(*[self._line(words, inclusive) for words in lines], **fields, **common)

    def _line(self, words: list[str], inclusive: bool) -> make.Json:
        (line_id, kind, quantity, gross), options = _options(words, repeated="tax")
        taxes = [self._tax(text, inclusive) for text in options.get("tax", "").split()]
        fields: dict[str, Any] = {"taxes": taxes, "discount": self._minor(options.get("less", "0"))}
        if "share" in options:
            fields["order_discount"] = self._minor(options["share"])
        fields |= {name: options[word] for word, name in (("category", "revenue_category"), ("cost", "unit_cost")) if word in options}
        return make.line(line_id, self._minor(gross), quantity, kind, **fields)

    def _tax(self, text: str, inclusive: bool) -> make.Json:
        jurisdiction, tax_type, code, rate, amount, *liable = text.split(":")
        minor = self._minor(amount)
        base = int((Decimal(minor) / Decimal(rate)).to_integral_value()) if Decimal(rate) else 0
        stated = {"jurisdiction": jurisdiction, "type": tax_type, "code": code, "rate": rate, "base": base, "amount": minor}
        return stated | {"included": inclusive, "liable_party": liable[0].upper() if liable else "SELLER"}

    def _capture(self, plain: list[str], options: dict[str, str], common: dict[str, Any]) -> OrderEvent:
        payment_id, amount, kind, gateway = plain
        fee = {"fee": self._minor(options["fee"])} if "fee" in options else {}
        return make.captured(payment_id, self._minor(amount), tender=kind, gateway=gateway, **fee, **common)

    def _refund(self, refund_id: str, details: list[list[str]], options: dict[str, str], common: dict[str, Any]) -> OrderEvent:
        lines: list[make.Json] = []
        tenders: list[make.Json] = []
        adjustments: list[make.Json] = []
        for words in details:
            plain, named = _options(words, repeated="tax")
            taxes = [self._credit_tax(text) for text in named.get("tax", "").split()]
            if plain[0] == "pay":
                tenders.append(self._tender(plain, named))
            elif plain[0] in ("CHARGE", "GOODWILL", "RETURN_FEE", "TAX"):
                adjustments.append({"kind": plain[0], "amount": self._minor(plain[1]), "line_id": named.get("on"), "taxes": taxes})
            else:
                stated = {"net": self._minor(named["net"]), "taxes": taxes} if "net" in named else {}
                lines.append(make.back(plain[0], plain[1], plain[2], shipment_id=named.get("of"), **stated))
        fields = {"adjustments": adjustments, "allow_over_refund": "allowed" in options}
        label = f"refund:{refund_id}:{options.get('try', '1')}"
        return make.refunded(refund_id, lines, tenders, **({"label": label} | fields | common))

    def _tender(self, plain: list[str], named: dict[str, str]) -> make.Json:
        _, tender_id, amount, kind, gateway, status = plain
        return make.tender(tender_id, self._minor(amount), status, tender=kind, gateway=gateway, payment_id=named.get("of"))

    def _credit_tax(self, text: str) -> make.Json:
        jurisdiction, tax_type, code, amount, *liable = text.split(":")
        return {
            "jurisdiction": jurisdiction,
            "type": tax_type,
            "code": code,
            "amount": self._minor(amount),
            "liable_party": liable[0].upper() if liable else "SELLER",
        }


def _options(words: list[str], repeated: str = "") -> tuple[list[str], dict[str, str]]:
    """Plain words, and `name=value` words and flags by name; values of a repeated name are joined with blanks."""
    plain: list[str] = []
    options: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals and word not in FLAGS:
            plain.append(word)
        elif name == repeated and name in options:
            options[name] += f" {value}"
        else:
            options[name] = value
    return plain, options


def _result(outcome: Outcome) -> str:
    name = type(outcome).__name__.lower()
    return f"{name} {outcome.code}" if isinstance(outcome, Conflict | Deferred | Rejected) else name
