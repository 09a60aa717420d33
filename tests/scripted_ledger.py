"""A ledger in memory that does what a script and a seed say: books, drops its answers, throttles, refuses, closes periods."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from sinks.external.access import Access
from sinks.external.capabilities import AccountUse, BatchAnswers, Capabilities, Grade, Repeat
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.port import ClosedPeriod, Connector, RemoteAccount, RemoteDocument, RemoteIds, Request
from sinks.external.results import (
    AuthRefused,
    NotSent,
    Posted,
    PostResult,
    QuotaSpent,
    Refusal,
    Refused,
    Throttled,
    Uncertain,
    Unknown,
    unanswered,
)
from sinks.posting.clock import SECOND, Clock

ALL_KINDS = frozenset(DocumentKind)
FAULTS: Mapping[str, int] = {"drop_after": 5, "slow": 2, "drop_before": 3, "throttled": 5, "busy": 5}
"""20 of a hundred calls fail, 5 of them by a time-out after the commit, 2 by one before it."""
SLOW_SECONDS_MAX = 100
RETRY_AFTER_SECONDS = 7


def able(
    *,
    findable: bool = True,
    repeat: Repeat = Repeat.BOOKS_AGAIN,
    repeat_seconds: int | None = None,
    batch: int = 1,
    answers: BatchAnswers = BatchAnswers.EACH,
    reads_periods: bool = False,
) -> Capabilities:
    """What a ledger can do."""
    return Capabilities(
        kind="scripted",
        name="Scripted",
        grade=Grade.C,
        documents=ALL_KINDS,
        findable=ALL_KINDS if findable else frozenset(),
        repeat=repeat,
        repeat_seconds=repeat_seconds,
        batch_documents_max=batch,
        batch_answers=answers,
        batch_kinds=ALL_KINDS if batch > 1 else frozenset(),
        reads_periods=reads_periods,
    )


@dataclass(slots=True)
class Booked:
    """A document in the books, from a time on; `first` when its key came first."""

    document: LedgerDocument
    at: int
    first: int


@dataclass(slots=True)
class ScriptedLedger:
    """The books and the script. refuse: what a document is refused with, None = nothing. percent: fault -> of a hundred calls."""

    able: Capabilities = field(default_factory=able)
    seed: int = 0
    percent: Mapping[str, int] = field(default_factory=dict)
    find_percent: Mapping[str, int] = field(default_factory=dict)
    once: list[str] = field(default_factory=list)
    refuse: Callable[[LedgerDocument], Refused | None] = lambda _: None
    closed: Sequence[ClosedPeriod] = ()
    books: list[Booked] = field(default_factory=list)
    by_key: dict[str, list[Booked]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    good_token: str | None = None
    random: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        self.random.seed(self.seed)

    def held(self) -> Mapping[str, int]:
        """Key -> how often it counts, slow ones included."""
        return Counter(booked.document.key for booked in self.books)

    def connector(self, access: Access, clock: Clock) -> Connector:
        """Another connector."""
        return ScriptedConnector(self, access, clock)

    def fault(self, percent: Mapping[str, int]) -> str | None:
        """What happens to the next call."""
        if self.once:
            return self.once.pop(0)
        drawn = self.random.randrange(100)
        for name, share in percent.items():
            if drawn < share:
                self.faults[name] += 1
                return name
            drawn -= share
        return None


class ScriptedConnector:
    """See `Connector`."""

    def __init__(self, ledger: ScriptedLedger, access: Access, clock: Clock) -> None:
        self._ledger = ledger
        self._access = access
        self._clock = clock

    @property
    def capabilities(self) -> Capabilities:
        """See `Connector.capabilities`."""
        return self._ledger.able

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:
        """See `Connector.render`."""
        if any("no form" in document.memo for document in documents):
            raise ValueError("a document without a form there")
        return ()

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """See `Connector.account_problem`."""
        return None

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        """See `Connector.post`."""
        await self._enter()
        fault = self._ledger.fault(self._ledger.percent)
        match fault:
            case "drop_before":
                raise Uncertain("lost")
            case "throttled":
                raise Throttled("too many", RETRY_AFTER_SECONDS)
            case "throttled_silently":
                raise Throttled("too many")
            case "quota":
                raise QuotaSpent("the day's calls are used")
            case "busy":
                raise NotSent("busy")
            case "defect":
                raise KeyError("a defect")
        later = self._ledger.random.randrange(1, SLOW_SECONDS_MAX) * SECOND if fault == "slow" else 0
        answers = self._book(documents, self._clock.now() + later)
        if fault in ("drop_after", "slow"):
            raise Uncertain("lost after it was booked")
        if fault == "partly" and len(answers) > 1:
            return [*answers[:-1], Unknown(reason="no word about the last")]
        if fault == "throttled_inside" and len(answers) > 1:
            return [*answers[:-1], unanswered(Throttled("too many", RETRY_AFTER_SECONDS))]
        return answers

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """See `Connector.find`."""
        await self._enter()
        match self._ledger.fault(self._ledger.find_percent):
            case "busy":
                raise NotSent("busy")
            case "lost":
                raise Uncertain("lost")
            case "throttled":
                raise Throttled("too many", RETRY_AFTER_SECONDS)
        now = self._clock.now()
        if any(booked.at <= now for booked in self._ledger.by_key.get(document.key, ())):
            return Posted(remote_id=f"r-{document.key}", earlier=True)
        return None

    async def accounts(self) -> Sequence[RemoteAccount]:
        """See `Connector.accounts`."""
        await self._enter()
        if self._ledger.fault(self._ledger.find_percent) == "busy":
            raise NotSent("busy")
        return ()

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """See `Connector.closed_periods`."""
        await self._enter()
        return self._ledger.closed

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """See `Connector.balances`."""
        return {}

    async def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        """See `Connector.documents`."""
        for _ in ():
            yield _

    async def close(self) -> None:
        """See `Connector.close`."""

    async def _enter(self) -> None:
        token = await self._access.token()
        if self._ledger.good_token is not None and token != self._ledger.good_token:
            await self._access.refused(token)
            raise AuthRefused("this token is not good")

    def _book(self, documents: Sequence[LedgerDocument], at: int) -> list[PostResult]:
        refusals = [self._refusal(document) for document in documents]
        if self._ledger.able.batch_answers is BatchAnswers.TOGETHER and (refused := [one for one in refusals if one is not None]):
            return [refused[0] for _ in documents]
        return [refusal or self._booked(document, at) for document, refusal in zip(documents, refusals, strict=True)]

    def _refusal(self, document: LedgerDocument) -> Refused | None:
        for period in self._ledger.closed:
            if (period.start or "") <= document.date <= period.end:
                return Refused(refusal=Refusal.PERIOD_CLOSED, code="lock", message=f"{period.name} is closed", about=document.date)
        return self._ledger.refuse(document)

    def _booked(self, document: LedgerDocument, at: int) -> Posted:
        able, now = self._ledger.able, self._clock.now()
        same = self._ledger.by_key.setdefault(document.key, [])
        if same and able.repeat is Repeat.ANSWERS_FIRST and now - same[0].first < (able.repeat_seconds or 60) * SECOND:
            return Posted(remote_id=f"r-{document.key}", earlier=True)
        same.append(Booked(document, at, now))
        self._ledger.books.append(same[-1])
        return Posted(remote_id=f"r-{document.key}", number=f"N{len(self._ledger.books)}")
