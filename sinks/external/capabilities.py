"""What a ledger outside can do and how much of it: the planner and the posting state machine read this, never a vendor's name."""

from dataclasses import dataclass
from enum import StrEnum

from sinks.external.documents import DocumentKind


class BatchAnswers(StrEnum):
    """What a call with several documents answers."""

    TOGETHER = "together"
    """All or nothing: one refusal is of the whole call, which is then bisected."""
    EACH = "each"
    """One answer per document."""


class Repeat(StrEnum):
    """What a second request with the same key does."""

    ANSWERS_FIRST = "answers_first"
    """The first answer comes again, nothing is booked twice."""
    BOOKS_AGAIN = "books_again"
    """A second document, unless it was looked up before."""


class Grade(StrEnum):
    """How far a connector is proven; C is always called a preview."""

    A = "proven against the real system"
    B = "checked against the vendor's machine-readable contract"
    C = "preview, not verified against a live account"


class AccountUse(StrEnum):
    """What an account is used for by a document: `Connector.account_problem` says whether the vendor allows it."""

    JOURNAL_LINE = "journal_line"
    DOCUMENT_LINE = "document_line"
    RECEIVABLE = "receivable"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """The vendor's quota of one connection; None = none known. `per_day` counts in UTC days unless the answers say otherwise."""

    per_second: int | None = None
    per_minute: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """One kind of ledger.

    documents: kinds that it holds as such; for others the planner makes journals. findable: kinds that can be looked up by key.
    repeat_seconds: how long a repeated key still answers the first (where `repeat` says so). journal_receivable: journals may name
    the account of receivables; journal_contact: and say the customer on such lines. payment_roles: roles, without qualifier, whose
    accounts payments and refunds may name; None = all. lines_need_items: lines of invoices and credit notes are booked through items.
    batch_kinds: kinds of which one call takes several.
    """

    kind: str
    name: str
    grade: Grade
    documents: frozenset[DocumentKind]
    findable: frozenset[DocumentKind]
    repeat: Repeat
    repeat_seconds: int | None = None
    journal_receivable: bool = True
    journal_contact: bool = False
    payment_roles: frozenset[str] | None = None
    lines_need_items: bool = False
    batch_documents_max: int = 1
    batch_answers: BatchAnswers = BatchAnswers.EACH
    batch_kinds: frozenset[DocumentKind] = frozenset()
    journal_lines_max: int = 500
    reads_periods: bool = False
    reads_balances: bool = False
    reads_documents: bool = False
    limits: CallLimits = CallLimits()
