"""The port of every ledger outside: what the posting state machine and the reconciler ask of a connector.

A connector is wire and words only: it renders documents, sends one call at a time, tells refusals from failures, and reads back.
It does not retry, wait, count, plan or remember: that is the state machine's. It never sees a journal entry.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sinks.external.capabilities import AccountUse, Capabilities
from sinks.external.documents import LedgerDocument
from sinks.external.results import Posted, PostResult, Refused

RemoteIds = Mapping[str, str]
"""Key of a document -> its id in the ledger, for what a document settles or depends on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call as it goes out: `path` below the connection's base URL, with its query; `body` JSON values, or text as it is.

    headers: without secrets, those are added when it is sent.
    """

    method: str
    path: str
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAccount:
    """One account of the ledger's chart; `code` is what a mapping names, `kind` the vendor's word for its type."""

    code: str
    name: str
    kind: str
    active: bool
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPeriod:
    """Days (ISO, both included) on which nothing may be booked; start None = since ever."""

    start: str | None
    end: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLine:
    """One posting as the ledger holds it: account code, signed minor units (debit positive)."""

    account: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteDocument:
    """One document as the ledger holds it, reduced to what is compared.

    key: ours, as far as it can be read back; None = made there by somebody. reference: what stands there for people.
    lines: all its postings, receivables and taxes included, added up per account; empty where the ledger shows none.
    total: as `LedgerDocument.total`; edited: the ledger says that somebody changed it after it was made; voided: it does not count.
    changed_at: when it was last changed (ISO, UTC), where the ledger says that and not who did it: making, settling and editing alike.
    """

    remote_id: str
    key: str | None
    kind: str
    reference: str
    date: str
    currency: str
    total: int
    lines: tuple[RemoteLine, ...] = ()
    number: str | None = None
    edited: bool = False
    voided: bool = False
    changed_at: str | None = None


class Connector(Protocol):
    """One connection to one ledger. Every call that reaches out may raise `CallFailed`; calls come one at a time."""

    @property
    def capabilities(self) -> Capabilities:
        """What this ledger can do."""
        ...

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:
        """The calls that would post these documents, in order, without sending. Pure.

        Ids of the ledger that are not known yet are shown as our keys. Raises ValueError where a document has no form there,
        with a message for people (`account_problem` and the mapping's check say it earlier).
        """
        ...

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """Why the vendor does not take an account of this kind for this use; None = it does. Pure."""
        ...

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        """Send documents (at most `batch_documents_max`, of one kind) and answer one result each, in their order.

        With several calls inside (create, then post), what was cut off in between is `Unknown` or raises `Uncertain`; the next
        `post` of the same key goes on there instead of making another. After a call that failed nothing more is sent: it is raised
        where no document has an answer, else it is the `failure` of an `Unknown`.
        """
        ...

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """Look a document up by its key; None = it certainly is not there. A draft that an earlier try left is finished or is None.

        Refused (CONFLICT) where what stands there under its key comes to another date, currency or total.
        Raises `CallFailed`; where the ledger cannot look up this kind (`findable`), it is not called.
        """
        ...

    async def accounts(self) -> Sequence[RemoteAccount]:
        """The chart of accounts."""
        ...

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """What is locked; only where `reads_periods`."""
        ...

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """(account code, currency) -> signed minor units at the end of a day; only where `reads_balances`."""
        ...

    def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        """All documents dated in these days (both included), ours and others'; only where `reads_documents`."""
        ...

    async def close(self) -> None:
        """Let go of the connection; safe to call twice."""
        ...
