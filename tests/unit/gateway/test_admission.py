"""What stands before a record: rates, requests at once, deliveries already seen, published keys."""

import asyncio
from collections.abc import Mapping

import pytest

from sources.gateway.answers import CODES, Refusal, error_body, status_of
from sources.gateway.configuration import Limits
from sources.gateway.limits import Gate, TokenBucket
from sources.gateway.remote_keys import FETCHES_PER_MINUTE_MAX, KeyUnavailable, KeyUnknown, RemoteKeys
from sources.gateway.replay_window import ReplayWindow
from sources.gateway.verifiers.verdict import REFUSAL_REASONS

SECOND = 1_000_000_000


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    now = [0]
    bucket = TokenBucket(10, 3, lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now[0] = SECOND // 10
    assert [bucket.take() for _ in range(2)] == [True, False]
    now[0] = 100 * SECOND
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_a_gate_lets_so_many_in_at_once() -> None:
    gate = Gate(Limits(concurrent_requests_max=2), lambda: 0)
    with gate, gate, pytest.raises(Refusal, match="too_many_requests"), gate:
        pass
    with gate:
        pass


def test_a_delivery_is_source_id_and_body() -> None:
    window = ReplayWindow(10)
    window.remember(window.mark("a:shopify:x", "id-1", b"body"))
    assert window.seen(window.mark("a:shopify:x", "id-1", b"body"))
    for other in (
        ("a:shopify:y", "id-1", b"body"),
        ("a:shopify:x", "id-2", b"body"),
        ("a:shopify:x", "id-1", b"bodY"),
        ("a:shopify:x", "id-1b", b"ody"),
    ):
        assert not window.seen(window.mark(*other))


def test_the_oldest_deliveries_are_forgotten() -> None:
    window = ReplayWindow(3)
    marks = [window.mark("s", str(number), b"") for number in range(5)]
    for mark in marks[:3]:
        window.remember(mark)
    assert window.seen(marks[0])
    for mark in marks[3:]:
        window.remember(mark)
    assert [window.seen(mark) for mark in marks] == [True, False, False, True, True]
    assert len(window) == 3


class Provider:
    """Keys at a platform."""

    def __init__(self) -> None:
        self.now = 1_000_000
        self.known: dict[str, bytes] = {"k1": b"first", "k2": b"second"}
        self.up = True
        self.asked: list[str] = []
        self.keys = RemoteKeys(self.fetch, lambda name: f"at/{name}", self.read, lambda: self.now)

    async def fetch(self, place: str) -> bytes:
        self.asked.append(place)
        for _ in range(2):
            await asyncio.sleep(0)
        if not self.up:
            raise KeyUnavailable("down")
        name = place.removeprefix("at/")
        if name not in self.known:
            raise KeyUnknown(name)
        return self.known[name]

    def read(self, answer: bytes, name: str, now: int) -> Mapping[str, object]:
        if answer == b"broken":
            raise ValueError("broken")
        return {name: answer, "beside": answer}


async def test_a_key_is_fetched_once_an_hour_however_many_ask() -> None:
    provider = Provider()
    assert await asyncio.gather(*(provider.keys.key("k1") for _ in range(20))) == [b"first"] * 20
    assert await provider.keys.key("beside") == b"first"
    assert provider.asked == ["at/k1"]
    provider.now += 3_600
    assert await provider.keys.key("k1") == b"first"
    assert provider.asked == ["at/k1"] * 2


async def test_a_key_is_believed_for_a_day_while_nobody_answers() -> None:
    provider = Provider()
    await provider.keys.key("k1")
    provider.up = False
    provider.now += 86_399
    assert await provider.keys.key("k1") == b"first"
    provider.now += 1
    with pytest.raises(KeyUnavailable):
        await provider.keys.key("k1")


async def test_an_unknown_key_is_not_asked_for_again_within_a_minute() -> None:
    provider = Provider()
    for _ in range(3):
        with pytest.raises(KeyUnknown):
            await provider.keys.key("none")
    assert provider.asked == ["at/none"]
    provider.known["none"] = b"now there"
    provider.now += 60
    assert await provider.keys.key("none") == b"now there"


async def test_invented_names_do_not_make_us_ask_without_end() -> None:
    provider = Provider()
    await provider.keys.key("k1")
    for number in range(100):
        with pytest.raises((KeyUnknown, KeyUnavailable)):
            await provider.keys.key(f"invented-{number}")
    assert len(provider.asked) == FETCHES_PER_MINUTE_MAX
    assert await provider.keys.key("k1") == b"first"
    provider.now += 61
    assert await provider.keys.key("k2") == b"second"


async def test_an_answer_without_a_key_is_no_key() -> None:
    provider = Provider()
    provider.known["k1"] = b"broken"
    with pytest.raises(KeyUnavailable):
        await provider.keys.key("k1")


def test_every_reason_of_refusal_has_an_answer_of_401() -> None:
    assert {status_of(reason) for reason in REFUSAL_REASONS} == {401}
    assert set(REFUSAL_REASONS) < set(CODES)
    assert all(error_body(code).startswith(b'{"error":{"code":"') for code in CODES)
