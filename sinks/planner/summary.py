"""Summary mode: the entries of a day, channel, currency and legal entity as one journal, which drills down to them.

A summary that was closed never changes: what comes later for its day goes into the next number.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Self

from asiento.accounting.journal import JournalEntry
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.external.targets import Mapping
from sinks.planner.journals import fitted
from sinks.planner.keys import document_key, shortened
from sinks.planner.legs import journal_line, legs_of

SUMMARY_ENTRIES_MAX: Final = 5_000
"""Entries after which a summary is closed: 100 000 orders of ten entries each are 200 calls a day, and the names of a channel."""
_WORD: Final = "summary"
_TAX_DIMENSIONS: Final = frozenset({"tax_code", "tax_rate"})
"""What keeps lines of one role apart in a summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryName:
    """What a summary is of; `day` is the posting date, ISO."""

    legal_entity: str
    channel: str
    day: str
    currency: str

    @property
    def text(self) -> str:
        """The name as one text: the group of its documents, whose numbers keep their order."""
        return "|".join([_WORD, *(_escaped(part) for part in (self.legal_entity, self.channel, self.day, self.currency))])

    @classmethod
    def parsed(cls, text: str) -> Self:
        """The name of a text; raises ValueError where it is of none."""
        word, *parts = text.split("|")
        if word != _WORD or len(parts) != len(cls.__slots__):
            raise ValueError(f"{text!r} is not the name of a summary")
        legal_entity, channel, day, currency = map(_read, parts)
        return cls(legal_entity=legal_entity, channel=channel, day=day, currency=currency)


def summary_of(entry: JournalEntry) -> SummaryName:
    """The summary that an entry belongs to."""
    return SummaryName(legal_entity=entry.legal_entity, channel=entry.channel, day=entry.posting_date, currency=entry.currency)


def close_summary(
    name: SummaryName, number: int, entries: Iterable[JournalEntry], mapping: Mapping, capabilities: Capabilities, *, connection: Connection
) -> LedgerDocument | None:
    """Summary `number` (1, 2, 3 … per name) of these entries; None where they come to nothing on every line.

    Lines are per account, role and tax, netted; where that is more than a journal of this ledger takes, per account and role, then per
    account. The order of the entries does not matter but for the drill-down. Raises `Unmapped` where a rule is missing, `CannotTell`
    where there are more accounts than lines, ValueError for an entry of another summary or none.
    """
    lines: Counter[LedgerLine] = Counter()
    entry_ids: list[str] = []
    orders: set[str] = set()
    exponent = None
    for entry in entries:
        if summary_of(entry) != name:
            raise ValueError(f"entry {entry.entry_id} belongs to {summary_of(entry).text}, not to {name.text}")
        for leg in legs_of(entry, mapping, names_customer=capabilities.journal_contact):
            lines[_line(journal_line(leg, 0))] += leg.amount
        entry_ids.append(entry.entry_id)
        orders.add(entry.order_key)
        exponent = entry.currency_exponent
    if exponent is None:
        raise ValueError(f"{name.text}: a summary of no entries")
    added_up = sorted((replace(line, amount=amount) for line, amount in lines.items() if amount), key=_place)
    found = sorted(fitted(added_up, capabilities.journal_lines_max), key=_place)
    if not found:
        return None
    return LedgerDocument(
        key=document_key(connection.name, name.text, str(number)),
        kind=DocumentKind.JOURNAL,
        entry_ids=tuple(entry_ids),
        legal_entity=name.legal_entity,
        group=name.text,
        sequence=number,
        reference=shortened(f"summary-{name.legal_entity}-{name.channel}-{name.day}-{name.currency}-{number}"),
        date=name.day,
        currency=name.currency,
        currency_exponent=exponent,
        memo=f"Summary {number} of {name.channel} on {name.day} in {name.currency} · {len(entry_ids)} entries of {len(orders)} orders",
        lines=tuple(found),
    )


def _escaped(part: str) -> str:
    return part.replace("%", "%25").replace("|", "%7C")


def _read(part: str) -> str:
    return part.replace("%7C", "|").replace("%25", "%")


def _line(line: LedgerLine) -> LedgerLine:
    return replace(line, dimensions=tuple(pair for pair in line.dimensions if pair[0] in _TAX_DIMENSIONS))


def _place(line: LedgerLine) -> tuple[bool, str, str, tuple[tuple[str, str], ...], str]:
    """Debits first, then by account, role and tax."""
    return line.amount < 0, line.account, line.role, line.dimensions, line.contact or ""
