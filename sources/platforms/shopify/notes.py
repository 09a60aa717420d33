"""What is noted of one order between payloads, beside the facts that were told: canonical ids and amounts, no personal data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sources.platforms.context import Context
from sources.platforms.facts import Json
from sources.platforms.shopify.refund_statement import Statement


@dataclass(slots=True, kw_only=True)
class OrderNotes:
    """Changed while a payload is read, and kept with the order's snapshot.

    payments: captured payment -> its amount. disputes: dispute -> its figures, while its payment is not known. cancelled: shipments whose
    cancellation came before they did. kept: refund -> value that was kept back; owed: refund -> money of it that gives kept value
    back (0: it was looked at). goodwill: refund -> money of it beyond that. return_lines: line of a return -> order line. processed:
    return -> line of it -> units taken back. unnamed: the same for lines whose order line is not known yet, with disposition and time.
    """

    payments: dict[str, int] = field(default_factory=dict)
    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    kept: dict[str, int] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)
    goodwill: dict[str, int] = field(default_factory=dict)
    return_lines: dict[str, str] = field(default_factory=dict)
    processed: dict[str, dict[str, int]] = field(default_factory=dict)
    unnamed: dict[str, dict[str, list[Any]]] = field(default_factory=dict)

    def with_value_given_back(self, refund_id: str, statement: Statement) -> Statement:
        """The statement of a refund, with what it keeps noted, and without goodwill for value that other refunds kept.

        Units that an order edit takes away are a refund without money; when the money goes back, that refund has no units. Its money
        is no goodwill then: the customer is owed it already. What was said of a refund once is said of it again.
        """
        if statement.kept:
            self.kept[refund_id] = statement.kept
        given = statement.goodwill.amount + statement.goodwill.tax
        if not given:
            return statement
        if refund_id not in self.owed:
            open_value = sum(self.kept.values()) - self.kept.get(refund_id, 0) - sum(self.owed.values())
            self.owed[refund_id] = max(0, min(given, open_value))
        owed = self.owed[refund_id]
        self.goodwill[refund_id] = given - owed
        tax = min(statement.goodwill.tax, given - owed)
        goodwill = replace(statement.goodwill, amount=given - owed - tax, tax=tax)
        return replace(statement, goodwill=goodwill, owed=owed)

    def told_before(self, refund_id: str, statement: Statement) -> int:
        """Money of later refunds that was told as goodwill before this one came, whose value it may give back; 0 once that was said."""
        if not statement.kept or refund_id in self.kept:
            return 0
        return min(statement.kept, sum(amount for later, amount in self.goodwill.items() if int(later) > int(refund_id)))

    def to_json(self) -> Mapping[str, Json]:
        """As the snapshot keeps it; what is empty is left out."""
        return {name: value for name, value in asdict(self).items() if value}


def notes_of(context: Context) -> OrderNotes:
    """A copy of what is noted of the order."""
    kept = context.snapshot.memory
    return OrderNotes(
        payments=dict(kept.get("payments", {})),
        disputes=dict(kept.get("disputes", {})),
        cancelled=list(kept.get("cancelled", [])),
        kept=dict(kept.get("kept", {})),
        owed=dict(kept.get("owed", {})),
        goodwill=dict(kept.get("goodwill", {})),
        return_lines=dict(kept.get("return_lines", {})),
        processed={name: dict(lines) for name, lines in kept.get("processed", {}).items()},
        unnamed={name: dict(lines) for name, lines in kept.get("unnamed", {}).items()},
    )
