"""A raw record is refused for the first thing that is wrong with it, and says what."""

import pytest

from schemas.raw_records import FETCH_DEPTH_MAX, RawRecord, encode_raw_record
from sources.platforms.catalogue import adapter_of
from sources.platforms.facts import Fetch
from sources.platforms.outcome import Problem
from sources.platforms.raw_address import raw_address
from sources.platforms.raw_judgement import Answer, OpenedRaw, RawRefused, open_raw

KEY = b"acme:shopify:main:1"
FETCH = Fetch("orders/updated", "orders/1", "only an id")
POINTS = Problem("refetch", "fetch the order", "", FETCH)
UNREADABLE = Problem("reject_malformed", "no order", "")


def raw(fetch_depth: int | None = None, fetch_error: str | None = None) -> RawRecord:
    return RawRecord(
        source_topic="orders/create", origin="WEBHOOK", received_at=0, body=b"{}", fetch_depth=fetch_depth, fetch_error=fetch_error
    )


def opened(record: RawRecord) -> OpenedRaw:
    return open_raw(raw_address(KEY), encode_raw_record(record), adapter_of)


@pytest.mark.parametrize(
    ("key", "value", "reason", "platform"),
    [
        (b"acme", b"noise", "wrong_key", "unknown"),
        (b"acme:elsewhere:main:1", b"noise", "undecodable", "elsewhere"),
        (b"acme:elsewhere:main:1", encode_raw_record(raw()), "unknown_platform", "unknown"),
    ],
)
def test_address_then_record_then_adapter(key: bytes, value: bytes, reason: str, platform: str) -> None:
    with pytest.raises(RawRefused) as refused:
        open_raw(raw_address(key), value, adapter_of)
    assert (refused.value.reason, refused.value.platform, refused.value.pointer) == (reason, platform, None)


@pytest.mark.parametrize(
    ("record", "answers", "reason"),
    [
        (raw(fetch_error="404 of the shop"), (UNREADABLE,), "fetch_failed"),
        (raw(), (POINTS, UNREADABLE), "reject_malformed"),
        (raw(), (POINTS,), None),
    ],
)
def test_what_could_not_be_fetched_then_what_cannot_be_judged(record: RawRecord, answers: tuple[Answer, ...], reason: str | None) -> None:
    if reason is None:
        opened(record).require_whole(answers)
        return
    with pytest.raises(RawRefused) as refused:
        opened(record).require_whole(answers)
    assert refused.value.reason == reason


def test_objects_are_fetched_once_and_not_for_ever() -> None:
    assert opened(raw()).wanted((POINTS, POINTS, UNREADABLE)) == (FETCH,)
    assert opened(raw(FETCH_DEPTH_MAX)).wanted((UNREADABLE,)) == ()
    with pytest.raises(RawRefused, match="refetch"):
        opened(raw(FETCH_DEPTH_MAX)).wanted((POINTS,))
