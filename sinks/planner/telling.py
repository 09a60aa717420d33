"""One entry on its way into a ledger: what all its documents have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from asiento.accounting.journal import DocumentTax, JournalEntry, Posting
from sinks.external.capabilities import Capabilities
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.external.targets import Mapping, Target, Unmapped
from sinks.planner.journals import fitted
from sinks.planner.keys import SEQUENCE_STEP, document_key, memo, reference
from sinks.planner.legs import Leg, journal_line, legs_of
from sinks.planner.picture import OrderPicture
from sinks.planner.refusal import CannotTell


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A document in the making. part: what it is of its entry, where it is not all of it; values: what its kind says beyond the common."""

    kind: DocumentKind
    part: str
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Telling:
    """An entry, the order's picture before it, and whom it is told to."""

    entry: JournalEntry
    order: OrderPicture
    mapping: Mapping
    capabilities: Capabilities
    connection: str

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        """The postings with their targets. Raises `Unmapped`."""
        return legs_of(self.entry, self.mapping, names_customer=self.capabilities.journal_contact)

    @cached_property
    def contact(self) -> str:
        """The customer: that of the order's documents before, so that they settle each other. Raises `Unmapped`."""
        return self.order.contact or self.mapping.contact(self.entry)

    @cached_property
    def moved(self) -> int:
        """What the entry moves on the customer's account, minor units (debit positive)."""
        return sum(leg.amount for leg in self.legs if leg.is_receivable)

    @cached_property
    def receivable(self) -> str:
        """The ledger's account of receivables. Raises `CannotTell` where the entry's postings go to several."""
        accounts = {leg.target.account for leg in self.legs if leg.is_receivable}
        if len(accounts) != 1:
            raise CannotTell(
                f"entry {self.entry.entry_id} moves the receivables {sorted(accounts)}: map accounts_receivable to one account"
            )
        return accounts.pop()

    def target_of_nothing(self, role: str, tax: DocumentTax) -> Target | None:
        """Where a tax of 0 would go; None where no rule says it: nothing is booked, so nothing waits for it."""
        said = {name: value for leg in self.legs if leg.is_receivable for name, value in leg.posting.dimensions}
        dimensions = tuple(sorted({**said, "tax_code": tax.code, "tax_rate": tax.rate}.items()))
        try:
            return self.mapping.target(self.entry, Posting(account=role, side="CREDIT", amount=0, dimensions=dimensions))
        except Unmapped:
            return None

    def knows(self, kind: DocumentKind) -> bool:
        """Whether the ledger holds documents of this kind."""
        return kind in self.capabilities.documents

    def journal(self, lines: Sequence[LedgerLine]) -> Draft | None:
        """These lines as a journal; None where nothing is left of them."""
        found = fitted(lines, self.capabilities.journal_lines_max)
        return Draft(kind=DocumentKind.JOURNAL, part="journal", values={"lines": found}) if found else None

    def whole_journal(self) -> tuple[Draft, ...]:
        """The entry as it is, receivables included."""
        return self._drafted(journal_line(leg, leg.amount) for leg in self.legs)

    def journal_with_customer(self) -> tuple[Draft, ...]:
        """The entry with one line on receivables, which names the customer. Raises `CannotTell` where this ledger takes none."""
        if not self.moved:
            return self._drafted(journal_line(leg, leg.amount) for leg in self.legs if not leg.is_receivable)
        self.require_journal_receivable()
        first = next(leg for leg in self.legs if leg.is_receivable)
        return self._drafted(
            self.customer_line(leg, self.moved) if leg is first else journal_line(leg, leg.amount)
            for leg in self.legs
            if leg is first or not leg.is_receivable
        )

    def _drafted(self, lines: Iterable[LedgerLine]) -> tuple[Draft, ...]:
        found = self.journal(tuple(lines))
        return () if found is None else (found,)

    def customer_line(self, leg: Leg, amount: int) -> LedgerLine:
        """A line of a journal on the customer's account. Raises `CannotTell` where the entry has several such accounts."""
        return replace(journal_line(leg, amount), account=self.receivable, contact=self.order.contact or leg.target.contact or self.contact)

    def require_journal_receivable(self) -> None:
        """Raises `CannotTell` where journals of this ledger may not name the account of receivables."""
        if not self.capabilities.journal_receivable:
            raise CannotTell(
                f"{self.capabilities.name} takes no journal on its account of receivables and has no document that says "
                f"{self.entry.entry_kind} {self.entry.entry_id}: book it there by hand, or use mode journals with another account"
            )

    def documents(self, drafts: Iterable[Draft]) -> tuple[LedgerDocument, ...]:
        """The documents of the drafts in their order; the only one of an entry has the entry's own key."""
        entry, listed = self.entry, tuple(drafts)
        first = max(entry.entry_seq * SEQUENCE_STEP, self.order.next_sequence)
        return tuple(
            LedgerDocument(
                key=document_key(self.connection, entry.entry_id, draft.part if len(listed) > 1 else ""),
                kind=draft.kind,
                entry_ids=(entry.entry_id,),
                legal_entity=entry.legal_entity,
                group=entry.order_key,
                sequence=first + place,
                reference=reference(entry, place),
                date=entry.posting_date,
                original_date=entry.business_date if entry.business_date != entry.posting_date else None,
                currency=entry.currency,
                currency_exponent=entry.currency_exponent,
                memo=memo(entry),
                event_id=entry.event_id,
                **draft.values,
            )
            for place, draft in enumerate(listed)
        )
