"""One HTTP call to a ledger: sent once over a real socket, and its failures told apart by whether anything can have been booked."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from sinks.external.amounts import json_number
from sinks.external.http_calls import Answer, HttpCalls, call_failure
from sinks.external.port import Request
from sinks.external.results import AuthRefused, CallFailed, NotSent, Throttled, Uncertain
from tests.standins.frame import RunningStandin, running

pytestmark = pytest.mark.slow
BOOK = Request(method="POST", path="/book", body={"amount": json_number(1010, 2)}, headers={"X-Key": "k1"})


@pytest.fixture(scope="module")
def vendor() -> Iterator[RunningStandin]:
    with running("tests.standins.plain_calls") as standin:
        yield standin


@pytest.fixture
async def calls(vendor: RunningStandin) -> AsyncIterator[HttpCalls]:
    client = HttpCalls(vendor.base_url, answer_seconds_max=5)
    yield client
    await client.close()


async def test_amounts_arrive_digit_by_digit(vendor: RunningStandin, calls: HttpCalls) -> None:
    answer = await calls.send(BOOK, {"Authorization": "Bearer s3cret"})
    assert answer.json() == {"id": 1, "amount": "10.10"}
    assert vendor.state()["held"][-1] == {"key": "k1", "body": '{"amount":10.10}', "type": "application/json"}


@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
async def test_a_lost_answer_is_uncertain(vendor: RunningStandin, calls: HttpCalls, fault: str) -> None:
    before = len(vendor.state()["held"])
    vendor.set(faults={"once": [fault]})
    with pytest.raises(Uncertain, match="ended before the answer") as lost:
        await calls.send(BOOK, {"Authorization": "Bearer s3cret"})
    assert "s3cret" not in str(lost.value)
    assert len(vendor.state()["held"]) == before + (fault == "drop_after"), "sent once, never again by itself"


async def test_nobody_there_is_not_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = HttpCalls(f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(NotSent, match="cannot be reached"):
            await client.send(BOOK, {})
        await client.close()


@pytest.mark.parametrize(
    ("status", "writes", "failure"),
    [
        (200, True, None),
        (400, True, None),
        (404, True, None),
        (401, True, AuthRefused),
        (429, True, Throttled),
        (408, True, Uncertain),
        (500, True, Uncertain),
        (503, True, Uncertain),
        (504, True, Uncertain),
        (503, False, NotSent),
        (302, True, NotSent),
    ],
)
async def test_statuses_are_told_apart(calls: HttpCalls, status: int, writes: bool, failure: type[CallFailed] | None) -> None:
    answer = await calls.send(Request(method="GET", path=f"/say/{status}", body=None, headers={}), {})
    found = call_failure(answer, writes=writes)
    assert type(found) is (failure or type(None))


async def test_a_too_long_answer_is_uncertain(calls: HttpCalls) -> None:
    with pytest.raises(Uncertain, match="longer than"):
        await calls.send(Request(method="GET", path="/long", body=None, headers={}), {})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "Sun, 29 Nov 2026 12:00:30 GMT", "date": "Sun, 29 Nov 2026 12:00:00 GMT"}, 30),
        ({"retry-after": "Sun, 29 Nov 2026 11:00:00 GMT", "date": "Sun, 29 Nov 2026 12:00:00 GMT"}, 0),
        ({"retry-after": "9999999"}, 86_400),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_has_two_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert Answer(status=429, headers=headers, body=b"").retry_after_seconds == seconds


def test_a_body_that_is_no_json_says_nothing() -> None:
    with pytest.raises(Uncertain, match="no JSON: <html> busy"):
        Answer(status=200, headers={}, body=b"<html>\n busy").json()
