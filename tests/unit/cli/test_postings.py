"""`asiento postings`: what waits at a ledger outside, and what people decide about it, without any process."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.main import app
from sinks.posting.rows import Planned, PostingState, Waits
from sinks.posting.store import PostingStore
from tests.posting_store_cases import CONNECTION, NOW, document, entry, intake, key_of, posted, step, taken
from tests.unit.sinks.journal import STREAM

ENTRY_ID = entry(1).hashed.entry.entry_id
WHY = ("--reason", "seen by hand", "--by", "ana")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PostingStore]:
    """A connection with a document that stands, one that may stand, one without an account, one that needs that; an entry that waits."""
    url = f"sqlite:///{tmp_path / 'postings.sqlite'}"
    monkeypatch.setenv("ASIENTO_POSTINGS_URL", url)
    with closing(PostingStore.serve(url, CONNECTION)) as store:
        store.intake.bind(STREAM, (0,))
        parts = (
            document("stands", entry_ids=(ENTRY_ID,), group="o1"),
            document("uncertain", entry_ids=(ENTRY_ID,), group="o2"),
            document("unmapped", entry_ids=(ENTRY_ID,), group="o3", account="47\u202e11"),
            document("later", entry_ids=(ENTRY_ID,), group="o4", needs=("unmapped",)),
        )
        waits = Waits(about="revenue:toys EUR", reason="no rule")
        store.intake.take(intake(0, 2, taken(1, Planned(documents=parts)), taken(2, waits)), NOW)
        posted(store, "stands", "r-7")
        _park(store, "uncertain", reason="uncertain", message="no answer", open_since=NOW)
        _park(store, "unmapped", reason="mapping", about="47\u202e11", message="no such account", code="610")
        yield store


def _park(store: PostingStore, name: str, **words: Any) -> None:
    (row,) = store.sending.documents([key_of(name)])
    store.sending.begin_attempt([row], NOW)
    store.sending.settle([step(row, PostingState.PARKED, **words)], NOW)


def _run(*words: str, fails: type[CommandError] | None = None) -> Result:
    result = CliRunner().invoke(app, ["postings", words[0], CONNECTION, *words[1:]])
    assert type(result.exception) is fails if fails else result.exit_code == 0, result.output
    return result


def _json(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run(*words, "--json").stdout)
    return found


def _state(store: PostingStore, name: str) -> PostingState:
    return store.sending.documents([key_of(name)])[0].state


def test_the_list_says_what_is_parked_and_why(store: PostingStore) -> None:
    found = _json("list")
    assert [(one["reference"], one["reason"], one["may_stand"]) for one in found["documents"]] == [
        ("uncertain", "uncertain", True),
        ("unmapped", "mapping", False),
    ]
    assert {(one["state"], one["reason"]): one["documents"] for one in found["standing"]} == {
        ("PLANNED", None): 1,
        ("PARKED", "uncertain"): 1,
        ("PARKED", "mapping"): 1,
    }
    assert found["entries_waiting"] == [{"about": "revenue:toys EUR", "entries": 1, "since": "2025-06-15T15:06:40Z", "reason": "no rule"}]
    text = _run("list").stdout
    assert "PARKED after 1 attempts: uncertain: no answer" in text
    assert "\u202e" not in text
    assert [one["reference"] for one in _json("list", "--state", "posted")["documents"]] == ["stands"]


def test_a_list_goes_on_behind_its_page(store: PostingStore) -> None:
    first = _json("list", "--limit", "1")
    rest = _json("list", "--limit", "1", "--after", str(first["next"]))
    assert [first["documents"][0]["reference"], rest["documents"][0]["reference"]] == ["uncertain", "unmapped"]


def test_a_document_tells_its_history_and_what_it_waits_for(store: PostingStore) -> None:
    shown = _json("show", key_of("later"))
    assert shown["needs"] == [{"key": key_of("unmapped"), "reference": "unmapped", "state": "PARKED"}]
    assert shown["entry_ids"] == [ENTRY_ID]
    assert [event["to"] for event in _json("show", key_of("stands"))["history"]] == ["PLANNED", "SENDING", "POSTED"]
    assert "in the ledger as r-7, number N1" in _run("show", key_of("stands")).stdout


def test_an_entry_tells_all_its_documents(store: PostingStore) -> None:
    shown = _json("show", ENTRY_ID)
    assert [one["reference"] for one in shown["documents"]] == ["stands", "uncertain", "unmapped", "later"]
    assert shown["told"] == "PARKED"
    assert f"entry {ENTRY_ID}" in _run("show", ENTRY_ID).stdout
    _run("show", "nothing", fails=CommandError)


def test_release_tries_all_that_wait_for_something_again(store: PostingStore) -> None:
    assert _json("release", "--about", "47\u202e11", "--dry-run", *WHY)["documents"] == [key_of("unmapped")]
    assert _state(store, "unmapped") is PostingState.PARKED
    _run("release", "--about", "47\u202e11", *WHY)
    assert _state(store, "unmapped") is PostingState.PLANNED
    assert store.sending.history(key_of("unmapped"))[-1].message == "ana: seen by hand"
    assert _json("release", "--about", "revenue:toys EUR", *WHY)["entries_asked_again"] == 1
    assert len(store.intake.entries_to_plan()) == 1
    _run("release", *WHY, fails=UsageError)


def test_release_of_what_may_stand_looks_it_up(store: PostingStore) -> None:
    _run("release", key_of("uncertain"), *WHY)
    assert _state(store, "uncertain") is PostingState.UNCERTAIN


def test_retry_sends_what_a_person_has_not_found(store: PostingStore) -> None:
    _run("retry", key_of("uncertain"), *WHY)
    (row,) = store.sending.documents([key_of("uncertain")])
    assert (row.state, row.open_since) == (PostingState.PLANNED, None)
    _run("retry", key_of("stands"), *WHY, fails=CommandError)
    _run("retry", "nothing", *WHY, fails=CommandError)


def test_confirm_says_that_it_stands(store: PostingStore) -> None:
    _run("confirm", key_of("uncertain"), "--remote-id", "r-9", "--dry-run", *WHY)
    _run("confirm", key_of("uncertain"), "--remote-id", "r-9", "--number", "JE-9", *WHY)
    (row,) = store.sending.documents([key_of("uncertain")])
    assert (row.state, row.remote_id, row.remote_number) == (PostingState.POSTED, "r-9", "JE-9")


def test_reject_gives_up_and_parks_what_needs_it(store: PostingStore) -> None:
    assert _json("reject", key_of("unmapped"), *WHY)["parked"] == [key_of("later")]
    assert _state(store, "unmapped") is PostingState.REJECTED
    acks = store.outbox.pending_acks(10).acks
    assert (acks[-1].ack.status, acks[-1].ack.reason) == ("REJECTED", "operator: ana: seen by hand")


def test_an_unknown_connection_names_those_that_are_there(store: PostingStore) -> None:
    result = CliRunner().invoke(app, ["postings", "list", "another"])
    assert isinstance(result.exception, CommandError)
    assert "there are: books" in str(result.exception)


def test_after_a_restore_every_document_is_looked_up_first(store: PostingStore, tmp_path: Path) -> None:
    assert _json("doubt", *WHY, "--dry-run")["documents"] == 0
    assert _state(store, "later") is PostingState.PLANNED
    assert _json("doubt", *WHY)["documents"] == 1
    store.intake.take(intake(2, 3, taken(3)), NOW)
    assert (_state(store, "later"), _state(store, "d3")) == (PostingState.UNCERTAIN, PostingState.UNCERTAIN)
    assert _json("list")["doubted_since"] is not None
    assert "looked up before it is sent" in _run("list").stdout
    _run("doubt", "--end", *WHY)
    store.intake.take(intake(3, 4, taken(4)), NOW)
    assert _state(store, "d4") is PostingState.PLANNED


def test_a_connection_can_be_doubted_before_its_first_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'lost.sqlite'}"
    monkeypatch.setenv("ASIENTO_POSTINGS_URL", url)
    _run("doubt", *WHY)
    with closing(PostingStore.serve(url, CONNECTION)) as store:
        store.intake.bind(STREAM, (0,))
        store.intake.take(intake(0, 1, taken(1)), NOW)
        assert _state(store, "d1") is PostingState.UNCERTAIN
