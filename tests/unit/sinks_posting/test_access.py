"""Access: tokens kept sealed, refreshed by one at a time, kept before they are used."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.fernet import Fernet

from asiento.runtime.settings import SettingsError
from sinks.external.access import OAuth
from sinks.external.capabilities import CallLimits
from sinks.external.connections import Connection
from sinks.external.http_calls import Answer
from sinks.external.port import Request
from sinks.external.results import AuthRefused, NotSent, QuotaSpent, Uncertain
from sinks.posting.access import CountedAccess, SecretFile, access_of, limits_of
from sinks.posting.clock import SECOND
from sinks.posting.oauth_tokens import HttpTokenRequest, OAuthTokens
from sinks.posting.store import PostingStore
from sinks.posting.token_place import token_seconds
from tests.posting_faults import KillableStore, Killed, KillPlan, VirtualClock

PLACE = "https://vendor.example/token"


@dataclass
class Vendor:
    """Rotates refresh tokens: each is good once."""

    good: str = "r0"
    given: int = 0
    life: int = 1800
    asked: list[str] = field(default_factory=list)

    async def __call__(self, client_id: str, client_secret: str, refresh_token: str) -> dict[str, object]:
        assert (client_id, client_secret) == ("id-1", "hush")
        self.asked.append(refresh_token)
        if refresh_token != self.good:
            raise AuthRefused("invalid_grant")
        self.given += 1
        self.good = f"r{self.given}"
        return {"access_token": f"a{self.given}", "refresh_token": self.good, "expires_in": self.life}


@dataclass
class Office:
    """A connection with secrets, a store and a clock."""

    store: PostingStore
    connection: Connection
    clock: VirtualClock = field(default_factory=VirtualClock)
    vendor: Vendor = field(default_factory=Vendor)
    kills: KillPlan = field(default_factory=KillPlan)

    def tokens(self) -> OAuthTokens:
        return OAuthTokens(self.connection, self.vendor, KillableStore(self.store, self.kills), self.clock)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    secrets = {"client_id": "id-1", "client_secret": "hush", "refresh_token": "r0", "token_key": Fernet.generate_key().decode()}
    for name, text in secrets.items():
        (tmp_path / name).write_text(f"{text}\n")
    connection = Connection(name="books", kind="any", secrets={name: tmp_path / name for name in secrets})
    with closing(PostingStore.serve(f"sqlite:///{tmp_path / 'postings.sqlite'}", "books")) as store:
        yield Office(store, connection)


async def test_a_token_is_had_once_and_kept_over_restarts(office: Office) -> None:
    first = office.tokens()
    assert [await first.token(), await first.token()] == ["a1", "a1"]
    assert await office.tokens().token() == "a1"
    assert office.vendor.asked == ["r0"]


async def test_an_old_token_is_refreshed_with_the_newest_refresh_token(office: Office) -> None:
    tokens = office.tokens()
    await tokens.token()
    office.clock.time += 1_741 * SECOND  # less than a minute before its end
    assert await tokens.token() == "a2"
    assert office.vendor.asked == ["r0", "r1"]


async def test_a_refused_token_is_not_given_again(office: Office) -> None:
    tokens = office.tokens()
    await tokens.refused(await tokens.token())
    assert await tokens.token() == "a2"


async def test_tokens_are_sealed(office: Office) -> None:
    await office.tokens().token()
    sealed = office.store.calls.tokens().sealed
    assert sealed is not None
    assert b"access_token" not in sealed
    (office.connection.secrets["token_key"]).write_text(Fernet.generate_key().decode())
    with pytest.raises(AuthRefused, match="another token_key"):
        await office.tokens().token()


async def test_a_person_who_connects_again_wins(office: Office) -> None:
    await office.tokens().token()
    office.vendor.good = "fresh"
    office.connection.secrets["refresh_token"].write_text("fresh")
    assert await office.tokens().token() == "a2"
    assert office.vendor.asked == ["r0", "fresh"]


async def test_nobody_refreshes_while_another_one_does(office: Office) -> None:
    assert office.store.calls.hold_tokens("another process", office.clock.now(), office.clock.now() + 3_600 * SECOND)
    with pytest.raises(NotSent, match="another process"):
        await office.tokens().token()
    assert office.vendor.asked == []
    office.clock.time += 3_600 * SECOND  # it has died
    assert await office.tokens().token() == "a1"


async def test_a_death_at_any_await_loses_the_connection_at_one_moment_only(office: Office) -> None:
    """Between the vendor's answer and the row that keeps it; whatever token was ever used, its refresh token is kept."""
    lost = 0
    for number in range(1, 30):
        office.vendor, office.kills = Vendor(), KillPlan(at=frozenset({number}))
        office.store.session.database.change("DELETE FROM posting_token")
        try:
            await office.tokens().token()
        except Killed:
            office.kills = KillPlan()
            office.clock.time += 3_600 * SECOND
            office.vendor.life = 36_000
            try:
                assert (await office.tokens().token()).startswith("a")
            except AuthRefused:
                lost += 1
        else:
            assert number > 8
            assert lost == 1
            return


async def test_a_refused_refresh_waits_for_a_person_and_lets_go(office: Office) -> None:
    office.vendor.good = "something else"
    with pytest.raises(AuthRefused, match="invalid_grant"):
        await office.tokens().token()
    assert office.store.calls.tokens().held_until is None


async def test_a_token_of_short_life_is_used_for_half_of_it(office: Office) -> None:
    office.vendor.life = 20
    tokens = office.tokens()
    assert await tokens.token() == "a1"
    office.clock.time += 9 * SECOND
    assert await tokens.token() == "a1"
    office.clock.time += 2 * SECOND
    assert await tokens.token() == "a2"


async def test_a_missing_secret_says_which(office: Office) -> None:
    office.connection.secrets["client_secret"].unlink()
    with pytest.raises(AuthRefused, match=r"connection books: secrets\.client_secret"):
        await office.tokens().token()


async def test_an_api_key_is_read_anew_for_every_call(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("one\n")
    access = SecretFile(path, "connection books: secrets.api_key")
    assert await access.token() == "one"
    path.write_text("two\n")
    assert await access.token() == "two"
    path.unlink()
    with pytest.raises(AuthRefused, match="api_key"):
        await access.token()


async def test_every_call_is_counted_before_it_leaves(office: Office) -> None:
    limits = CallLimits(per_second=1, per_day=3)
    calls = KillableStore(office.store, KillPlan())
    started = office.clock.now()
    for _ in range(3):  # each of another process
        assert await CountedAccess(None, calls, limits, office.clock).token() == ""
    assert office.clock.now() - started >= 2 * SECOND
    office.clock.time += 10 * SECOND
    with pytest.raises(QuotaSpent, match="all 3 calls") as spent:
        await CountedAccess(None, calls, limits, office.clock).token()
    assert spent.value.retry_after_seconds is not None
    office.clock.time += round(spent.value.retry_after_seconds * SECOND)
    assert await CountedAccess(None, calls, limits, office.clock).token() == ""


def test_the_file_s_limits_count_before_the_vendor_s() -> None:
    connection = Connection(name="books", kind="any", limits=CallLimits(per_day=10))
    assert limits_of(connection, CallLimits(per_minute=60, per_day=5_000)) == CallLimits(per_minute=60, per_day=10)


def test_tokens_are_asked_for_over_a_safe_way_only(office: Office) -> None:
    with pytest.raises(SettingsError, match="https"):
        HttpTokenRequest("http://vendor.example/token", client_in_body=False)
    oauth = OAuth(token_url=None, rotates=True)
    with pytest.raises(SettingsError, match="token_url"):
        access_of(office.connection, oauth, CallLimits(), KillableStore(office.store, KillPlan()), office.clock)


@dataclass
class Answering:
    """Answers a token request."""

    answer: Answer | None
    sent: list[tuple[Request, Mapping[str, str]]] = field(default_factory=list)

    async def send(self, request: Request, secret_headers: Mapping[str, str]) -> Answer:
        self.sent.append((request, secret_headers))
        if self.answer is None:
            raise Uncertain("the connection ended")
        return self.answer


def _answered(status: int, values: Any) -> Answering:
    return Answering(Answer(status=status, headers={}, body=orjson.dumps(values)))


@pytest.mark.parametrize("in_body", [True, False])
async def test_the_refresh_is_the_one_of_the_standard(in_body: bool) -> None:
    calls = _answered(200, {"access_token": "a1", "refresh_token": "r1", "expires_in": 1800, "token_type": "Bearer"})
    request = HttpTokenRequest("https://vendor.example/token", client_in_body=in_body, calls=calls)
    tokens = await request("id-1", "hush", "r/0")
    assert (tokens["access_token"], tokens["refresh_token"], tokens["expires_in"]) == ("a1", "r1", 1800)
    ((sent, secret),) = calls.sent
    assert sent.method == "POST"
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = "grant_type=refresh_token&refresh_token=r%2F0"
    if in_body:
        assert (sent.body, dict(secret)) == (f"{form}&client_id=id-1&client_secret=hush", {})
    else:
        assert (sent.body, dict(secret)) == (form, {"Authorization": "Basic aWQtMTpodXNo"})


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_grant"}, AuthRefused),
        (401, {"error": "invalid_client"}, AuthRefused),
        (429, {"error": "slow_down"}, NotSent),
        (503, {}, NotSent),
        (200, ["no", "object"], NotSent),
        (0, None, NotSent),
    ],
)
async def test_a_refresh_that_fails_says_whether_a_person_is_needed(status: int, body: Any, error: type[NotSent]) -> None:
    calls = _answered(status, body) if status else Answering(None)
    request = HttpTokenRequest("https://vendor.example/token", client_in_body=True, calls=calls)
    with pytest.raises(error) as raised:
        await request("id-1", "hush", "r0")
    assert type(raised.value) is error
    assert "hush" not in str(raised.value)
    assert "r0" not in str(raised.value)


async def test_an_answer_without_a_token_waits_for_a_person(office: Office) -> None:
    calls = _answered(200, {"no": "token"})
    request = HttpTokenRequest("https://vendor.example/token", client_in_body=True, calls=calls)
    tokens = OAuthTokens(office.connection, request, KillableStore(office.store, KillPlan()), office.clock)
    with pytest.raises(AuthRefused, match="no access_token"):
        await tokens.token()


async def test_options_that_the_vendor_wants_go_along_with_a_refresh() -> None:
    calls = _answered(200, {"access_token": "a1"})
    request = HttpTokenRequest("https://vendor.example/token", client_in_body=True, extra={"redirect_uri": "https://shop/"}, calls=calls)
    await request("id-1", "hush", "r0")
    ((sent, _),) = calls.sent
    assert sent.body.startswith("grant_type=refresh_token&refresh_token=r0&redirect_uri=https%3A%2F%2Fshop%2F&")


async def test_they_are_the_connection_s(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _answered(200, {"access_token": "a1"})
    monkeypatch.setattr("sinks.posting.token_place.HttpCalls", lambda *_, **__: calls)
    oauth = OAuth(token_url=PLACE, rotates=True, sends=("redirect_uri", "other"))
    connection = replace(office.connection, options={"redirect_uri": "https://shop/", "business": "1"})
    access = access_of(connection, oauth, CallLimits(), KillableStore(office.store, KillPlan()), office.clock)
    assert await access.token() == "a1"
    assert calls.sent[0][0].body == "grant_type=refresh_token&refresh_token=r0&redirect_uri=https%3A%2F%2Fshop%2F"


async def test_an_api_key_counts_before_tokens(office: Office, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("full access\n")
    connection = replace(office.connection, secrets={**office.connection.secrets, "api_key": tmp_path / "key"})
    oauth = OAuth(token_url=PLACE, rotates=True)
    access = access_of(connection, oauth, CallLimits(), KillableStore(office.store, KillPlan()), office.clock)
    assert await access.token() == "full access"


@pytest.mark.parametrize(("said", "seconds"), [("3600", 3_540), (3600, 3_540), (60, 30), (0, 240), (None, 240), ("soon", 240)])
def test_how_long_a_token_is_used(said: object, seconds: int) -> None:
    assert token_seconds({"expires_in": said}) == seconds
