"""Plays the events of a scenario against the core and writes what it answers in the words of the scenario."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from asiento.accounting.decide import decide
from asiento.accounting.decision import Decision, Duplicate, Outcome, Posted
from asiento.accounting.journal import Document, DocumentLine, DocumentTax, JournalEntry, Posting
from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import PolicyBook
from schemas.policy_file import policies_from_mapping
from tests.scenarios.event_words import EventWords
from tests.scenarios.scenario import Scenario, Step
from tests.scenarios.words import NotUnderstoodAt

CUSTOMER = ("accounts_receivable", "contract_liability", "refunds_payable")


@dataclass
class Occurred:
    """What happened in plays: outcomes and findings as scenarios write them (`deferred D27`, `D10 high`, `D10 resolved`)."""

    events: list[OrderEvent] = field(default_factory=list)
    event_types: set[str] = field(default_factory=set)
    outcomes: set[str] = field(default_factory=set)
    entry_kinds: set[str] = field(default_factory=set)
    findings: set[str] = field(default_factory=set)
    policies: set[str] = field(default_factory=set)


class Player:
    """One play of a scenario; what occurs in it is added to `occurred`."""

    def __init__(self, scenario: Scenario, occurred: Occurred | None = None) -> None:
        self._scenario = scenario
        self._occurred = occurred or Occurred()
        self._occurred.policies |= {f"{name} {value}" for policy in scenario.policies for name, value in policy.items()}
        self._policies: PolicyBook = policies_from_mapping({"versions": scenario.policies} if scenario.policies else {})
        self._state: OrderState | None = None
        currency = next((step.text.split()[1] for step in scenario.steps if step.text.startswith("order ")), "EUR")
        self._exponent = CURRENCY_EXPONENTS[currency]
        self._words = EventWords(currency)
        self._names: dict[str, str] = {}
        self._books: Counter[str] = Counter()

    def play(self, step: Step) -> list[str]:
        """The lines that the core makes of a step."""
        name, event = self._words.event(step)
        for one, event_id in self._words.ids.items():
            self._names.setdefault(event_id, one)
        self._names[event.event_id] = name
        self._occurred.events.append(event)
        self._occurred.event_types.add(type(event).__name__)
        decision = decide(event, self._state, self._policies)
        self._state = decision.state
        return list(self._shown(event.event_id, decision))

    def balances(self) -> list[str]:
        """The three balances of the customer, then those of the accounts that the scenario names beyond them."""
        balances = self._state.balances() if self._state is not None else None
        told = [f"{name} {self._money(getattr(balances, name) if balances else 0)}" for name in CUSTOMER]
        for line in self._scenario.balances[len(CUSTOMER) :]:
            account = line.split()[-2]
            amount = self._books[account]
            side = "Dr " if amount > 0 else "Cr " if amount else ""
            told.append(f"{side}{account} {self._money(abs(amount))}")
        return told

    def _shown(self, event_id: str, decision: Decision) -> Iterator[str]:
        yield f"-> {self._result(decision.outcome)}"
        healed_entries = {entry.entry_id for healed in decision.healed for entry in healed.entries}
        yield from self._entries([entry for entry in decision.entries if entry.entry_id not in healed_entries])
        for healed in decision.healed:
            yield f"-> then {self._names[healed.event_id]} {self._result(healed.outcome)}"
            yield from self._entries(list(healed.entries))
        for found in decision.discrepancies:
            about = "" if found.event_id == event_id else f" of {self._names[str(found.event_id)]}"
            state = found.severity if found.state == "OPEN" else "resolved"
            self._occurred.findings.add(f"{found.code} {state}")
            yield f"-> {found.code}{about} {state}"

    def _result(self, outcome: Outcome) -> str:
        name = type(outcome).__name__.lower()
        result = name if isinstance(outcome, Posted | Duplicate) else f"{name} {outcome.code}"
        self._occurred.outcomes.add(result)
        return result

    def _entries(self, entries: list[JournalEntry]) -> Iterator[str]:
        for entry in entries:
            self._occurred.entry_kinds.add(entry.entry_kind)
            self._names[entry.entry_id] = f"of {entry.entry_kind} of {self._names[entry.event_id]}"
            about = f"{entry.entry_kind} {self._names.get(entry.part, entry.part)}".rstrip()
            yield f"-> {about} {self._dates(entry)}".rstrip()
            for posting in entry.postings:
                self._books[posting.account] += posting.amount if posting.side == "DEBIT" else -posting.amount
                yield self._posting(posting)
            if entry.document is not None and "documents" in self._scenario.shown:
                yield from self._document(entry.document)

    def _dates(self, entry: JournalEntry) -> str:
        return f"on {entry.business_date}" if "dates" in self._scenario.shown else ""

    def _posting(self, posting: Posting) -> str:
        dimensions = posting.dimensions if "dimensions" in self._scenario.shown else ()
        side = "Dr" if posting.side == "DEBIT" else "Cr"
        return " ".join([side, posting.account, self._money(posting.amount), *[f"{name}={value}" for name, value in dimensions]])

    def _document(self, document: Document) -> Iterator[str]:
        about = f"to {', '.join(document.refers_to)}" if document.refers_to else ""
        due = f"due {document.due_date}" if document.due_date else ""
        customer = f"customer {document.customer_ref}" if document.customer_ref else ""
        yield "| " + " ".join([word for word in (document.kind, document.document_ref, about, due, customer) if word])
        rates: Counter[str] = Counter()
        for line in document.lines:
            yield f"| {self._document_line(line)}"
            for tax in line.taxes:
                rates[_rate(tax)] += tax.amount
        for rate, amount in sorted(rates.items()):
            yield f"| tax {rate} {self._money(amount)}"
        totals = document.totals
        yield f"| net {self._money(totals.net)} tax {self._money(totals.tax)} gross {self._money(totals.gross)}"
        if document.fiscal:
            yield "| fiscal " + " ".join(f"{name}={value}" for name, value in document.fiscal)

    def _document_line(self, line: DocumentLine) -> str:
        units = Decimal(line.quantity).scaleb(-6)
        told = [line.line_id or "-", f"{units.normalize():f}" if units else "0", f"net {self._money(line.net)}"]
        if line.unit_price is not None:
            told.insert(2, f"at {line.unit_price}")
        if line.discount:
            told.append(f"less {self._money(line.discount)}")
        told += [f"{_rate(tax)} {self._money(tax.amount)}" for tax in line.taxes]
        return " ".join([*told, *[text for text in (line.sku, line.description) if text]])

    def _money(self, amount: int) -> str:
        return str(Decimal(amount).scaleb(-self._exponent))


def _rate(tax: DocumentTax) -> str:
    return ":".join([tax.jurisdiction, tax.type, tax.code, tax.rate, *(["marketplace"] if tax.liable_party == "MARKETPLACE" else [])])


def checked_balances(scenario: Scenario) -> list[str]:
    """The balances as written; raises NotUnderstoodAt where the customer's three are not all there."""
    written = [line.split()[0] for line in scenario.balances[: len(CUSTOMER)]]
    if written != list(CUSTOMER):
        raise NotUnderstoodAt(f"{scenario.steps[-1].place}: the balances begin with {', '.join(CUSTOMER)}")
    return scenario.balances
