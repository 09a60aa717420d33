"""What a poster counts; the children are looked up once per connection."""

from collections.abc import Sequence

from asiento.runtime.metrics import Metrics
from asiento.runtime.metrics.standing import StandingGauge
from sinks.external.results import AuthRefused, CallFailed, NotSent, QuotaSpent, Throttled
from sinks.posting.rows import OPEN_STATES, Move, PostingState
from sinks.posting.sending_store import PAUSES, StateCount


class PosterMetrics:
    """The metrics of one connection."""

    def __init__(self, metrics: Metrics, connection: str) -> None:
        self._metrics = metrics
        self._connection = connection
        self._standing = StandingGauge(metrics.postings_standing)

    def called(self, call: str, failure: CallFailed | None) -> None:
        """One call ended."""
        self._metrics.posting_calls.labels(self._connection, call, _result(failure)).inc()

    def moved(self, moves: Sequence[Move]) -> None:
        """Documents took steps."""
        for step in moves:
            if step.state is not PostingState.PLANNED and step.state is not step.before:
                self._metrics.postings.labels(self._connection, step.state.value.lower(), step.reason or "").inc()

    def duplicate_prevented(self) -> None:
        """A document was found that would have been sent again."""
        self.duplicates_prevented(1)

    def duplicates_prevented(self, documents: int) -> None:
        """So many documents stood there already."""
        self._metrics.posting_duplicates_prevented.labels(self._connection).inc(documents)

    def quota_remaining(self, calls: int) -> None:
        """Calls that are left today."""
        self._metrics.posting_quota_remaining.labels(self._connection).set(calls)

    def breaker(self, *, is_open: bool) -> None:
        """Where the breaker stands."""
        self._metrics.posting_breaker_open.labels(self._connection).set(int(is_open))

    def paused(self, reason: str | None) -> None:
        """Why the connection pauses; None: it does not."""
        for known in PAUSES:
            self._metrics.posting_paused.labels(self._connection, known).set(int(known == reason))

    def standing(self, counts: Sequence[StateCount], now: int) -> None:
        """What does not stand in the ledger yet; asked every now and then, by whoever has the store."""
        waiting: dict[tuple[str, str], int] = {}
        for count in counts:
            place = (count.state.value.lower(), count.reason)
            waiting[place] = waiting.get(place, 0) + count.documents
        self._standing.show({(self._connection, *place): documents for place, documents in waiting.items()})
        oldest = min((count.oldest_at for count in counts if count.state in OPEN_STATES), default=now)
        self._metrics.posting_oldest_seconds.labels(self._connection).set((now - oldest) / 1_000_000)


def _result(failure: CallFailed | None) -> str:
    match failure:
        case None:
            return "answered"
        case AuthRefused():
            return "auth_refused"
        case QuotaSpent():
            return "quota_spent"
        case Throttled():
            return "throttled"
        case NotSent():
            return "not_sent"
        case _:
            return "uncertain"
