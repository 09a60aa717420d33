"""HMAC keys, prepared once: several may be active while one replaces the other."""

import base64
import hmac
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

Encoding: TypeAlias = Literal["base64", "hex"]
Algorithm: TypeAlias = Literal["sha256", "sha512", "sha1"]
ALGORITHMS: Final = ("sha256", "sha512", "sha1")


class HmacKey:
    """A secret of which the first half of every HMAC is already done. Shows nothing of itself."""

    __slots__ = ("_prepared",)

    def __init__(self, secret: bytes, algorithm: Algorithm = "sha256") -> None:
        self._prepared = hmac.new(secret, digestmod=algorithm)

    def digest(self, *parts: bytes) -> bytes:
        """The HMAC over the parts, one after the other."""
        state = self._prepared.copy()
        for part in parts:
            state.update(part)
        return state.digest()


def signed_by_one(keys: Sequence[HmacKey], given: Sequence[str], parts: Sequence[bytes], encoding: Encoding) -> bool:
    """Whether one of the keys signed the parts with one of the given texts.

    Texts are compared as they would have been written, so that no second spelling of a signature passes; every key and every text
    is compared to the end, however early one fits.
    """
    texts = [text.encode("utf-8", "surrogateescape") for text in given]
    fits = False
    for key in keys:
        digest = key.digest(*parts)
        expected = base64.b64encode(digest) if encoding == "base64" else digest.hex().encode()
        for text in texts:
            fits |= hmac.compare_digest(expected, text)
    return fits
