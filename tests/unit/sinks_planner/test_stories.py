"""Lives of orders and the documents that a ledger gets, in words that an accountant reads: files in stories/.

As in tests/scenarios, with documents in the place of entries: lines of an invoice are what it earns (Cr), of a credit note what it takes
back (Dr), a tax that the ledger books itself stands behind its line. `balances` are those of the ledger, from its documents alone.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from asiento.accounting.decide import decide
from asiento.accounting.money import CURRENCY_EXPONENTS, major_units_text
from asiento.accounting.order_state import OrderState
from schemas.policy_file import policies_from_mapping
from sinks.external.capabilities import Capabilities
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.external.effects import effects
from sinks.external.targets import Target
from sinks.planner.picture import OrderPicture
from sinks.planner.plan import plan_entry
from sinks.planner.settling import settle_order
from tests.scenarios.event_words import EventWords
from tests.scenarios.scenario import Scenario, Step, read_scenario
from tests.unit.sinks.journal import hashed
from tests.unit.sinks_planner.ledgers import DOCUMENTS, EVERY_KIND
from tests.unit.sinks_planner.rules import Rules

STORIES = sorted((Path(__file__).parent / "stories").glob("*.txt"))
RULES = Rules(per_role=lambda role: Target(account=role, tax_code="T" if role.startswith("tax_payable") else None))


class _Teller:
    """One order in one ledger."""

    def __init__(self, scenario: Scenario, capabilities: Capabilities) -> None:
        self._policies = policies_from_mapping({"versions": scenario.policies} if scenario.policies else {})
        currency = next(step.text.split()[1] for step in scenario.steps if step.text.startswith("order "))
        self._words = EventWords(currency)
        self._exponent = CURRENCY_EXPONENTS[currency]
        self._capabilities = capabilities
        self._state: OrderState | None = None
        self._order = OrderPicture()
        self._names: dict[str, str] = {}
        self._books: dict[str, int] = {}

    def tell(self, step: Step) -> list[str]:
        """The documents of an event in words."""
        _, event = self._words.event(step)
        decision = decide(event, self._state, self._policies)
        self._state = decision.state
        said: list[str] = []
        for place, entry in enumerate(decision.entries):
            planned = plan_entry(hashed(entry), self._order, RULES, self._capabilities, DOCUMENTS)
            documents, self._order = planned.documents, planned.order
            if place + 1 == len(decision.entries) or decision.entries[place + 1].event_id != entry.event_id:
                settled = settle_order(self._order, self._capabilities, DOCUMENTS)
                documents, self._order = (*documents, *settled.documents), settled.order
            for document in documents:
                said += self._said(document)
        return said

    def balances(self, lines: list[str]) -> list[str]:
        """What the ledger holds on the accounts of these lines."""
        return [f"{name} {self._money(self._books.get(name, 0))}" for name in (line.split()[0] for line in lines)]

    def _said(self, document: LedgerDocument) -> Iterator[str]:
        for account, amount in effects(document).items():
            self._books[account] = self._books.get(account, 0) + amount
        kind, total = document.kind, self._money(document.total)
        if document.settles is None:
            name = self._named(document)
            yield f"-> {name} {total}"
            yield from (self._line(line, kind) for line in document.lines)
            return
        settled = self._names[document.settles.key]
        if document.source is not None:
            yield f"-> allocation {total} of {self._names[document.source.key]} to {settled}"
        else:
            yield f"-> {kind} {total} of {settled} {'out of' if kind is DocumentKind.PAYMENT else 'into'} {document.account}"

    def _named(self, document: LedgerDocument) -> str:
        if document.kind is DocumentKind.JOURNAL:
            return document.kind
        number = sum(1 for name in self._names.values() if name.startswith(document.kind)) + 1
        self._names[document.key] = f"{document.kind}-{number}"
        return self._names[document.key]

    def _line(self, line: LedgerLine, kind: DocumentKind) -> str:
        debit = line.amount if kind in {DocumentKind.JOURNAL, DocumentKind.CREDIT_NOTE} else -line.amount
        tax = "" if line.tax is None else f" + {line.tax.role.rpartition(':')[2]} {line.tax.rate} {self._money(line.tax.amount)}"
        return f"{'Dr' if debit > 0 else 'Cr'} {line.account} {self._money(abs(line.amount))}{tax}"

    def _money(self, amount: int) -> str:
        return major_units_text(amount, self._exponent)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story(path: Path) -> None:
    scenario = read_scenario(path)
    teller = _Teller(scenario, EVERY_KIND)
    for step in scenario.events:
        assert teller.tell(step) == step.expected, step.place
    assert teller.balances(scenario.balances) == scenario.balances


def test_there_are_stories() -> None:
    assert len(STORIES) >= 10
