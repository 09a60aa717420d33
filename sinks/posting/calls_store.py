"""The side of the store that counts calls, and keeps tokens with who refreshes them."""

from dataclasses import dataclass

from sinks.external.capabilities import CallLimits
from sinks.posting.database import PostingSession
from sinks.posting.limits import Counter, Permission, permit, remaining_of_day


@dataclass(frozen=True, slots=True)
class SealedTokens:
    """Tokens as they are kept, sealed; and until when somebody refreshes them."""

    sealed: bytes | None
    held_until: int | None


class CallsStore:
    """See the module; every method that writes is one transaction."""

    def __init__(self, session: PostingSession) -> None:
        self._session = session

    def ask(self, limits: CallLimits, now: int) -> Permission:
        """Ask for one call, and count it where it may leave now."""
        with self._session.writing():
            permission = permit(limits, self._counters(), now)
            for window, counter in permission.counters.items():
                values: dict[str, object] = {"call_window": window, "window_at": counter.at, "calls": counter.calls}
                self._session.change("put_call", values)
        return permission

    def wait_seconds(self, limits: CallLimits, now: int) -> Permission:
        """How long one call would wait now; counts nothing."""
        return permit(limits, self._counters(), now)

    def remaining_of_day(self, limits: CallLimits, now: int) -> int | None:
        """Calls that are left today; None without such a limit."""
        return remaining_of_day(limits, self._counters(), now)

    def tokens(self) -> SealedTokens:
        """The tokens that are kept."""
        rows = self._session.query("token")
        return SealedTokens(None if not rows or rows[0][0] is None else bytes(rows[0][0]), rows[0][3] if rows else None)

    def hold_tokens(self, holder: str, now: int, until: int) -> bool:
        """Become the one who refreshes the tokens until then; False while another one is."""
        with self._session.writing():
            rows = self._session.query("token")
            if rows and rows[0][2] not in (None, holder) and (rows[0][3] or 0) > now:
                return False
            self._session.change("hold_token", {"holder": holder, "until": until, "at": now})
        return True

    def keep_tokens(self, sealed: bytes, now: int) -> None:
        """Keep new tokens; whoever held them is done."""
        with self._session.writing():
            self._session.change("put_token", {"sealed": sealed, "at": now})

    def release_tokens(self, holder: str) -> None:
        """Hold the tokens no more."""
        with self._session.writing():
            self._session.change("release_token", {"holder": holder})

    def _counters(self) -> dict[str, Counter]:
        return {row[0]: Counter(row[1], row[2]) for row in self._session.query("calls")}
