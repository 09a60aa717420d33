"""How far each partition of the requests is done, although answers come in any order: offsets to commit."""

from typing import Final

DONE_AHEAD_MAX: Final = 1_000
"""Most requests of one partition that may be in work or done behind the oldest one that is not."""


class PartitionProgress:
    """Offsets in work of one partition; what is done counts from the oldest one on that is not."""

    def __init__(self) -> None:
        self._open: dict[int, bool] = {}

    @property
    def full(self) -> bool:
        """Whether nothing more should be taken on."""
        return len(self._open) >= DONE_AHEAD_MAX

    def begin(self, offset: int) -> None:
        """A request is taken on; in the order of offsets."""
        self._open[offset] = False

    def done(self, offset: int) -> int | None:
        """A request is answered; the new next offset to commit, None where an older one is still open."""
        if offset not in self._open:
            return None
        self._open[offset] = True
        next_offset = None
        for first in list(self._open):
            if not self._open[first]:
                break
            del self._open[first]
            next_offset = first + 1
        return next_offset
