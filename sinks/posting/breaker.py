"""The breaker of a connection: after failures in a row no call goes out for a while, then one that asks whether it works again. Pure."""

from random import Random

from sinks.posting.clock import SECOND
from sinks.posting.rules import PostingRules


class Breaker:
    """One connection's; times in UTC microseconds."""

    def __init__(self, rules: PostingRules, random: Random) -> None:
        self._rules = rules
        self._random = random
        self._failures = 0
        self._opened = 0
        self._until: int | None = None

    @property
    def is_closed(self) -> bool:
        """Calls go out."""
        return self._until is None

    def wait_seconds(self, now: int) -> float:
        """How long no call goes out; 0 where it is closed, or one call may ask."""
        return 0.0 if self._until is None else max(0, self._until - now) / SECOND

    def succeeded(self) -> bool:
        """A call had an answer; answers whether the breaker was open."""
        was_open, self._until, self._failures, self._opened = self._until is not None, None, 0, 0
        return was_open

    def failed(self, now: int) -> bool:
        """A call had none; answers whether this opens the breaker."""
        self._failures += 1
        if self._until is None and self._failures < self._rules.breaker_failures:
            return False
        opens = self._until is None
        seconds = min(self._rules.breaker_open_max, self._rules.breaker_open * 2**self._opened)
        self._opened = min(self._opened + 1, 30)
        self._until = now + round(seconds * (1 + self._random.random() * self._rules.slack_share) * SECOND)
        return opens
