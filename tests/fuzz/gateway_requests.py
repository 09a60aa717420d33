"""Requests that are wrong in every way that a socket allows, from a seed: bad HTTP, wrong lengths, huge heads, bombs, noise, cut short."""

import base64
import hashlib
import hmac
import random
import zlib
from collections.abc import Callable
from typing import Final

SECRET: Final = b"fuzz-secret"
PATHS: Final = (b"/in/acme/shopify:main", b"/in/acme/stripe:main", b"/in/acme/adyen:main", b"/in/acme/saleor:main", b"/in/acme/mollie:main")
NOWHERE: Final = (
    b"/",
    b"/in",
    b"/in/acme",
    b"/in/acme/none:main",
    b"/in//",
    b"/in/%00/%ff",
    b"*",
    b"http://x/in/acme/shopify:main",
    b"/in/acme/shopify:main/../x",
)
METHODS: Final = (b"POST", b"GET", b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"CONNECT", b"TRACE", b"PRI", b"post", b"P\xd6ST")
JSONS: Final = (
    b"{}",
    b"[]",
    b"null",
    b"{" * 5_000,
    b"[" * 50_000,
    b'{"id": 1e999}',
    b'{"id": "\\ud800"}',
    b'{"notificationItems": [{"NotificationRequestItem": {}}]}',
)


def malformed(chance: random.Random) -> bytes:
    """The bytes of one connection."""
    return chance.choice(_KINDS)(chance)


def well_formed(body: bytes, number: int) -> bytes:
    """A signed request that is right, for between."""
    signature = base64.b64encode(hmac.digest(SECRET, body, hashlib.sha256)).decode()
    head = (
        f"POST /in/acme/shopify:main HTTP/1.1\r\nHost: fuzz\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        f"X-Shopify-Topic: orders/create\r\nX-Shopify-Hmac-SHA256: {signature}\r\nX-Shopify-Webhook-Id: fuzz-{number}\r\n\r\n"
    )
    return head.encode() + body


def _noise(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 400)) + chance.choice((b"", b"\r\n\r\n"))


def _bad_line(chance: random.Random) -> bytes:
    parts = [chance.choice(METHODS), chance.choice(PATHS + NOWHERE), chance.choice((b"HTTP/1.1", b"HTTP/9.9", b"HTTP/1", b"", b"JUNK"))]
    chance.shuffle(parts)
    return chance.choice((b" ", b"  ", b"\t", b"")).join(parts) + b"\r\n" + chance.choice((b"Host: x\r\n", b"")) + b"\r\n"


def _huge_head(chance: random.Random) -> bytes:
    kind, size = chance.randrange(4), chance.randrange(4_000, 70_000)
    line = chance.choice(PATHS)
    if kind == 0:
        return b"POST " + line + b"?" + b"a" * size + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    if kind == 1:
        return b"POST " + line + b" HTTP/1.1\r\nX: " + b"a" * size + b"\r\n\r\n"
    if kind == 2:
        return b"POST " + line + b" HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(size // 20)) + b"\r\n"
    return b"POST " + line + b" HTTP/1.1\r\n" + b"X" * size + b": y\r\n\r\n"


def _bad_length(chance: random.Random) -> bytes:
    length = chance.choice((b"-1", b"+5", b"0x10", b"99999999999999999999", b"5 ", b"1e3", b"", b"5, 5", b"4194305"))
    return b"POST " + chance.choice(PATHS) + b" HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + b"\r\n\r\n" + chance.randbytes(20)


def _smuggled(chance: random.Random) -> bytes:
    codings = chance.choice((b"chunked", b"identity, chunked", b"chunked, identity", b"xchunked", b"\x0bchunked", b"gzip, chunked"))
    lengths = chance.choice((b"Content-Length: 5\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n", b""))
    return (
        b"POST "
        + chance.choice(PATHS)
        + b" HTTP/1.1\r\nHost: x\r\n"
        + lengths
        + b"Transfer-Encoding: "
        + codings
        + b"\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"
    )


def _bad_chunks(chance: random.Random) -> bytes:
    chunk = chance.choice(
        (
            b"Z\r\n",
            b"-1\r\nx\r\n",
            b"FFFFFFFFFFFFFFFF\r\nx",
            b"5\r\nabc\r\n",
            b"1;" + b"e" * 5_000 + b"\r\nx\r\n",
            b"\r\n",
            b"0\r\nX: " + b"y" * 9_000,
        )
    )
    return (
        b"POST "
        + chance.choice(PATHS)
        + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1\r\nx\r\n" * chance.randrange(50)
        + chunk
    )


def _chunk_bomb(chance: random.Random) -> bytes:
    head = b"POST " + chance.choice(PATHS) + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + chance.choice(
        (b"1\r\nx\r\n" * 20_000, b"10000\r\n" + bytes(65_536) + b"\r\n" + b"10000\r\n" + bytes(65_536) + b"\r\n0\r\n\r\n")
    )


def _compressed_bomb(chance: random.Random) -> bytes:
    body = zlib.compress(bytes(5_000_000))
    coding = chance.choice((b"gzip", b"deflate", b"br", b"GZIP", b"zstd"))
    return (
        b"POST "
        + chance.choice(PATHS)
        + b" HTTP/1.1\r\nHost: x\r\nContent-Encoding: "
        + coding
        + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
        + body
    )


def _wrong_signature(chance: random.Random) -> bytes:
    body = chance.choice(JSONS) if chance.random() < 0.5 else chance.randbytes(chance.randrange(3_000))
    name = chance.choice((b"X-Shopify-Hmac-SHA256", b"Stripe-Signature", b"HmacSignature", b"Saleor-Signature", b"X-Other"))
    value = chance.choice((b"a" * 44, b"t=1,v1=00", b"e30..e30", b"\xff\xfe", b"=" * 2_000, b"t=" + b"9" * 5_000 + b",v1=0", b"v1=," * 500))
    path = chance.choice(PATHS[:4])
    return (
        b"POST "
        + path
        + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + name
        + b": "
        + value
        + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
        + body
    )


def _cut_short(chance: random.Random) -> bytes:
    whole = well_formed(b'{"id": 1}' * chance.randrange(1, 300), 0)
    return whole[: chance.randrange(1, len(whole) - 1)]


def _flipped(chance: random.Random) -> bytes:
    whole = bytearray(well_formed(b'{"id": 450789469}', 0))
    for _ in range(chance.randrange(1, 4)):
        whole[chance.randrange(len(whole))] = chance.randrange(256)
    return bytes(whole)


def _pipelined(chance: random.Random) -> bytes:
    return b"".join(_wrong_signature(chance).replace(b"Connection: close\r\n", b"") for _ in range(chance.randrange(2, 8))) + _bad_line(
        chance
    )


_KINDS: Final[tuple[Callable[[random.Random], bytes], ...]] = (
    _noise,
    _bad_line,
    _huge_head,
    _bad_length,
    _smuggled,
    _bad_chunks,
    _chunk_bomb,
    _compressed_bomb,
    _wrong_signature,
    _cut_short,
    _flipped,
    _pipelined,
)
