"""Remembers deliveries that are safe, so that a platform's repeat of the same one is answered without being stored again."""

import hashlib
from collections import OrderedDict


class ReplayWindow:
    """The newest deliveries, so many at most. A delivery is its source, the platform's id of it and its body: all three."""

    def __init__(self, deliveries_max: int) -> None:
        self._deliveries_max = deliveries_max
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def mark(self, source: str, transport_id: str, body: bytes) -> bytes:
        """What a delivery is remembered by."""
        digest = hashlib.blake2b(digest_size=16)
        for part in (source.encode(), transport_id.encode("utf-8", "surrogateescape"), body):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.digest()

    def seen(self, mark: bytes) -> bool:
        """Whether this delivery is safe already."""
        if mark not in self._seen:
            return False
        self._seen.move_to_end(mark)
        return True

    def remember(self, mark: bytes) -> None:
        """This delivery is safe."""
        self._seen[mark] = None
        while len(self._seen) > self._deliveries_max:
            self._seen.popitem(last=False)
