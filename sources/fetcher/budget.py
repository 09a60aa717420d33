"""A source's budget: requests leave evenly, never more than so many in a minute."""

from typing import Final

MINUTE_SECONDS: Final = 60.0


class Budget:
    """`wait_from(now)` takes the next place and says how many seconds it is away; times in seconds of any steady clock."""

    def __init__(self, requests_per_minute: int) -> None:
        self._gap = MINUTE_SECONDS / requests_per_minute
        self._next_at = 0.0

    def wait_from(self, now: float) -> float:
        """Seconds until this request may leave; 0 at once."""
        at = max(now, self._next_at)
        self._next_at = at + self._gap
        return at - now

    def not_before(self, moment: float) -> None:
        """No request leaves before this moment: the platform asked for it."""
        self._next_at = max(self._next_at, moment)
