"""What one source may use before anything of its requests is looked at: requests in time, requests at once, bytes."""

from collections.abc import Callable

from aiohttp import web

from sources.gateway.answers import Refusal
from sources.gateway.configuration import Limits

NANOSECONDS = 1_000_000_000


class TokenBucket:
    """So many requests in a second, and so many at once after a pause. `clock_ns` is a monotonic clock in nanoseconds."""

    def __init__(self, per_second: int, burst: int, clock_ns: Callable[[], int]) -> None:
        self._cost_ns = NANOSECONDS // per_second
        self._full_ns = self._cost_ns * burst
        self._clock_ns = clock_ns
        self._level_ns = self._full_ns
        self._at_ns = clock_ns()

    def take(self) -> bool:
        """Whether one more request is within the limit; if so, it is counted."""
        now = self._clock_ns()
        level = min(self._full_ns, self._level_ns + now - self._at_ns)
        self._at_ns = now
        if level < self._cost_ns:
            self._level_ns = level
            return False
        self._level_ns = level - self._cost_ns
        return True


class Gate:
    """Lets requests of one source in, as a context: not too often, not too many at once. Raises `Refusal`."""

    def __init__(self, limits: Limits, clock_ns: Callable[[], int]) -> None:
        self._bucket = TokenBucket(limits.requests_per_second_max, limits.burst_requests_max, clock_ns)
        self._most = limits.concurrent_requests_max
        self._inside = 0

    def __enter__(self) -> None:
        if self._inside >= self._most or not self._bucket.take():
            raise Refusal("too_many_requests")
        self._inside += 1

    def __exit__(self, *_: object) -> None:
        self._inside -= 1


async def read_body(request: web.BaseRequest, bytes_max: int) -> bytes:
    """The raw body; no more of it is held than allowed. Raises `Refusal`. How long it may take is the caller's to limit."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refusal("body_encoded")
    length = request.content_length
    if length is None and "Transfer-Encoding" not in request.headers:
        raise Refusal("length_unknown")
    if length is not None and length > bytes_max:
        raise Refusal("body_too_large")
    content, parts, size = request.content, [], 0
    while True:
        part = await content.readany()
        if not part:
            break
        size += len(part)
        if size > bytes_max:
            raise Refusal("body_too_large")
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
