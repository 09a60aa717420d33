"""`asiento doctor`: each thing that can be off is found with why and a command; what is safe is mended, money never."""

import json
import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asiento import __version__
from asiento.cli.diagnosing.findings import WHY, Finding
from asiento.cli.diagnosing.lags import check_clock, check_lag, check_retention
from asiento.cli.diagnosing.standing import duration_text, ledger_findings, open_findings, postings_finding
from asiento.cli.main import app
from asiento.cli.run_directory import RunDirectory
from asiento.runtime.child_process import ProcessIdentity, start_mark, write_pid_file
from asiento.runtime.file_lock import locked
from asiento.runtime.settings import Settings, load_settings
from sinks.lag_exporter.lags import GroupLag, PartitionLag
from sinks.posting.database import POSTINGS
from tests.answering import answering
from tests.projected_stream import STARTED_AT
from tests.report_facts import Facts
from tests.report_installation import NOT_BOOKED, Installation, made_in

HOUR = 3_600_000_000
NOW = STARTED_AT + 48 * HOUR
GONE = ProcessIdentity("sink-ledger", 1, "another boot:0")


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A day; not to be changed."""
    return made_in(tmp_path_factory.mktemp("doctor"), orders=12)


@pytest.fixture(autouse=True)
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunDirectory:
    """An installation's own data directory, empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("ASIENTO_DATA_DIR", str(tmp_path / "data"))
    found = RunDirectory(tmp_path / "data")
    found.pid_files.mkdir(parents=True)
    return found


def _doctor(*words: str, code: int) -> Any:
    result = CliRunner().invoke(app, ["doctor", "--json", *words])
    assert (getattr(result.exception, "exit_code", None) or result.exit_code) == code, result.output
    return json.loads(result.stdout)


def _by_check(findings: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    return {item["check"]: item for item in findings}


def _myself(name: str) -> ProcessIdentity:
    return ProcessIdentity(name, os.getpid(), start_mark(os.getpid()) or "")


def test_pid_files_of_processes_that_are_gone_are_removed_and_no_others(directory: RunDirectory) -> None:
    stale, living = directory.pid_files / "sink-ledger.pid", directory.pid_files / "projector.pid"
    write_pid_file(stale, GONE)
    write_pid_file(living, _myself("projector"))
    found = _by_check(_doctor(code=1))["pid files"]
    assert (found["state"], found["mend"]) == ("problem", "asiento doctor --mend")
    assert str(stale) in found["detail"]
    assert str(living) not in found["detail"]
    shown = _doctor("--mend", "--dry-run", code=1)["mendings"]
    assert shown == [{"check": "pid files", "result": "would", "detail": f"remove {stale}"}]
    assert stale.exists()
    done = _doctor("--mend", code=0)
    assert done["mendings"] == [{"check": "pid files", "result": "done", "detail": f"removed {stale}"}]
    assert (stale.exists(), living.exists()) == (False, True)


def test_half_made_files_are_removed_when_old_and_a_ledger_never(directory: RunDirectory) -> None:
    old, young, ledger = (directory.data_dir / name for name in ("manifest.json.part", "young.part", "ledger.sqlite.part"))
    for path in (old, young, ledger):
        path.write_bytes(b"half")
    for path in (old, ledger):
        os.utime(path, (0, 0))
    assert _by_check(_doctor(code=1))["half-made files"]["detail"] == f"{ledger}, {old}"
    after = _by_check(_doctor("--mend", code=0)["findings"])["half-made files"]
    assert (old.exists(), young.exists(), ledger.exists()) == (False, True, True)
    assert (after["state"], str(ledger) in after["detail"]) == ("note", True)


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux lists its locks")
def test_held_locks_are_told_with_their_process(directory: RunDirectory) -> None:
    (directory.data_dir / "left.lock").touch()
    with locked(directory.data_dir / "up.lock", wait_seconds_max=0):
        found = _by_check(_doctor(code=0))["locks"]
    assert (found["state"], found["detail"]) == ("ok", f"held: up.lock (process {os.getpid()})")


def _running(directory: RunDirectory, urls: Mapping[str, str], *, gone: str = "") -> None:
    for name in ("up", *urls):
        if name != gone:
            write_pid_file(directory.pid_files / f"{name}.pid", _myself(name))
    directory.addresses_file.write_text(json.dumps(urls))


def _metrics(version: str = __version__, *more: str) -> str:
    return "\n".join([f'asiento_build_info{{version="{version}"}} 1.0', *more, ""])


def test_a_process_that_is_not_ready_says_why(directory: RunDirectory) -> None:
    pages = {"readyz": (503, {"ok": False, "reasons": ["the broker is away"]}), "metrics": _metrics()}
    with answering(pages) as url:
        _running(directory, {"worker-1": f"{url}/metrics"})
        found = _by_check(_doctor(code=1))["processes"]
    assert "worker-1 is not ready: the broker is away" in found["detail"]
    assert found["why"] == WHY["processes"]
    assert found["mend"].startswith("asiento ")


def test_a_process_that_is_gone_is_told(directory: RunDirectory) -> None:
    with answering({"readyz": {"ok": True, "reasons": []}, "metrics": _metrics()}) as url:
        _running(directory, {"worker-1": f"{url}/metrics", "sweeper": f"{url}/metrics"}, gone="sweeper")
        found = _by_check(_doctor(code=1))
    assert "sweeper does not run" in found["processes"]["detail"]
    assert "worker-1" not in found["processes"]["detail"]
    assert found["versions"]["state"] == "ok"


def test_another_version_and_a_difference_are_told(directory: RunDirectory) -> None:
    text = _metrics(
        "0.0.9",
        'asiento_tie_out_last_run_timestamp_seconds{ledger="ledger"} 17.0',
        'asiento_tie_out_differences{ledger="ledger",difference="missing"} 3.0',
        'asiento_tie_out_differences{ledger="ledger",difference="doubled"} 0.0',
    )
    with answering({"readyz": {"ok": True, "reasons": []}, "metrics": text}) as url:
        _running(directory, {"tie-out": f"{url}/metrics"})
        found = _by_check(_doctor(code=1))
    assert "tie-out is 0.0.9" in found["versions"]["detail"]
    assert (found["tie-out"]["detail"], found["tie-out"]["mend"]) == ("ledger missing 3", "asiento tie-out run --once --dry-run")


def test_a_prometheus_tells_of_processes_elsewhere() -> None:
    def sample(value: str, **labels: str) -> dict[str, Any]:
        return {"metric": labels, "value": [0, value]}

    worker, ledger = {"job": "asiento-worker", "instance": "a:1"}, {"job": "asiento-ledger", "instance": "b:1"}
    answers: dict[str, object] = {
        "query=up": {"data": {"result": [sample("1", **worker), sample("0", **ledger)]}},
        "build_info": {"data": {"result": [sample("1", **worker, version="0.0.9")]}},
        "last_run": {"data": {"result": [sample("5", ledger="ledger")]}},
        "differences": {"data": {"result": []}},
    }
    with answering(answers) as url:
        found = _by_check(_doctor("--prometheus", url, code=1))
    assert found["processes"]["detail"] == f"asiento-ledger b:1 does not answer ({url})"
    assert "asiento-worker a:1 is 0.0.9" in found["versions"]["detail"]
    assert found["tie-out"]["state"] == "ok"


def test_a_prometheus_that_is_away_is_exit_3() -> None:
    assert _by_check(_doctor("--prometheus", "http://127.0.0.1:9", code=3))["processes"]["state"] == "unreachable"


def _settings(monkeypatch: pytest.MonkeyPatch, installation: Installation) -> Settings:
    monkeypatch.setenv("ASIENTO_DATA_DIR", str(installation.directory))
    return load_settings()


def _open(settings: Settings, now: int = NOW) -> dict[str, Finding]:
    return {finding.check: finding for finding in open_findings(settings, now)}


def test_what_waits_for_a_person_is_counted_with_its_runbook(monkeypatch: pytest.MonkeyPatch, day: Installation) -> None:
    found, facts = _open(_settings(monkeypatch, day)), Facts(day.operational, day.ledger)
    codes = {(row["code"], row["severity"]) for row in facts.discrepancies}
    for code, severity in codes:
        number = sum((row["code"], row["severity"]) == (code, severity) for row in facts.discrepancies)
        assert f"{code} {severity} {number}, oldest " in found["discrepancies"].detail
        assert f"docs/runbooks/discrepancies/{code}.md" in found["discrepancies"].detail
    assert (found["discrepancies"].state, found["discrepancies"].mend) == ("problem", "asiento discrepancies list")
    assert found["parked events"].state == "problem"
    assert found["dead letters"].mend == "asiento dlq list"
    assert _open(_settings(monkeypatch, day), STARTED_AT + HOUR)["parked events"].state == "note"


def test_a_record_ahead_of_the_clock_and_a_disk_that_fills_are_told(
    monkeypatch: pytest.MonkeyPatch, day: Installation, tmp_path: Path
) -> None:
    made = Installation(tmp_path / "copy")
    shutil.copytree(day.directory, made.directory)
    settings = _settings(monkeypatch, made)
    assert _open(settings, STARTED_AT)["clock"].state == "problem"
    assert (_open(settings)["clock"].state, _open(settings)["disk forecast"].state) == ("ok", "ok")
    with closing(sqlite3.connect(made.operational)) as database, database:
        database.execute("UPDATE event SET record_at = record_at + ? WHERE record_offset = 0", (24 * HOUR,))
    usage = type("Usage", (), {"free": 3 * 1024**2})
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    forecast = _open(settings)["disk forecast"]
    assert (forecast.state, "enough for" in forecast.detail) == ("problem", True)


def test_an_unbalanced_ledger_and_acks_that_wait_are_told(monkeypatch: pytest.MonkeyPatch, day: Installation, tmp_path: Path) -> None:
    made = Installation(tmp_path / "copy")
    shutil.copytree(day.directory, made.directory)
    settings, facts = _settings(monkeypatch, made), Facts(day.operational, day.ledger)
    found = {one.check: one for one in ledger_findings(settings, NOW)}
    assert found["trial balance"].state == "ok"
    assert found["acks"].detail.startswith(f"{len(facts.entries) - NOT_BOOKED} entries are booked and not acknowledged")
    with closing(sqlite3.connect(made.ledger)) as ledger, ledger:
        ledger.execute("DROP TRIGGER posting_is_never_changed")
        ledger.execute("UPDATE posting SET amount = amount + 7 WHERE side = 'DEBIT' AND entry_no = 1 AND line = 1")
    found = {one.check: one for one in ledger_findings(settings, NOW)}
    assert (found["trial balance"].state, found["trial balance"].mending) == ("problem", None)
    assert "0.07 more debits" in found["trial balance"].detail or "7 more debits" in found["trial balance"].detail


def test_an_unreadable_operational_database_is_set_aside_only_with_yes(directory: RunDirectory) -> None:
    path = directory.data_dir / "operational.sqlite"
    path.write_bytes(b"no database" * 1_000)
    found = _by_check(_doctor(code=1))["operational database"]
    assert found["mend"] == "asiento doctor --mend --yes"
    assert _doctor("--mend", code=1)["mendings"][0]["result"] == "left"
    assert path.read_bytes().startswith(b"no database")
    done = _doctor("--mend", "--yes", code=0)
    assert "`asiento up` makes it again" in done["mendings"][0]["detail"]
    (aside,) = directory.data_dir.glob("operational.sqlite.unreadable-*")
    assert (path.exists(), aside.read_bytes().startswith(b"no database")) == (False, True)


def test_a_database_that_the_projector_has_is_not_set_aside(directory: RunDirectory) -> None:
    path = directory.data_dir / "operational.sqlite"
    path.write_bytes(b"no database" * 1_000)
    with locked(directory.data_dir / "operational.sqlite.lock", wait_seconds_max=0):
        done = _doctor("--mend", "--yes", code=1)["mendings"][0]
    assert (done["result"], "stop that one first" in done["detail"], path.exists()) == ("failed", True, True)


def test_ledgers_outside_are_told_by_state_and_reason(monkeypatch: pytest.MonkeyPatch, directory: RunDirectory) -> None:
    path = directory.data_dir / "postings.sqlite"
    monkeypatch.setenv("ASIENTO_POSTINGS_URL", f"sqlite:///{path}")
    assert postings_finding(load_settings(), NOW).state == "ok"
    with closing(POSTINGS.open(f"sqlite:///{path}", for_writing=True)) as database:
        POSTINGS.migrate(database)
        database.change("INSERT INTO posting_connection (connection, changes) VALUES ('books-es', 0)")
        for number, (state, reason) in enumerate([("PARKED", "mapping"), ("PARKED", "mapping"), ("UNCERTAIN", None), ("POSTED", None)]):
            database.change(
                "INSERT INTO posting (connection, key, document_group, sequence, kind, reference, body, digest, state, ready_at,"
                " planned_at, reason) VALUES ('books-es', ?, 'g', ?, 'JOURNAL', 'r', '{}', 'd', ?, 0, ?, ?)",
                (f"k{number}", number, state, NOW - 2 * HOUR, reason),
            )
        found = postings_finding(load_settings(), NOW)
        assert found.detail == "books-es: 2 PARKED (mapping), oldest 2 h; books-es: 1 UNCERTAIN, oldest 2 h"
        assert found.mend == "asiento postings list books-es"
        database.change("DELETE FROM posting")
        database.change("UPDATE posting_connection SET doubted_since = ?", (NOW - 72 * HOUR,))
    found = postings_finding(load_settings(), NOW)
    assert (found.state, found.detail) == ("problem", "books-es is doubted since 3 d")


def test_mending_touches_neither_money_nor_what_is_open(monkeypatch: pytest.MonkeyPatch, day: Installation, tmp_path: Path) -> None:
    made = Installation(tmp_path / "copy")
    shutil.copytree(day.directory, made.directory)
    _settings(monkeypatch, made)
    before = made.ledger.read_bytes(), made.operational.read_bytes()
    _doctor("--mend", "--yes", code=1)
    assert (made.ledger.read_bytes(), made.operational.read_bytes()) == before


def _group(name: str, *, members: int = 1, records: int = 0, seconds: float = 0.0, topic: str = "t") -> GroupLag:
    lag = PartitionLag(topic=topic, partition=0, committed=0, end=records, records=records, seconds=seconds)
    return GroupLag(name=name, members=members, partitions=(lag,))


@pytest.mark.parametrize(
    ("group", "state", "said"),
    [
        (_group("orders"), "ok", "every group has read all there is"),
        (_group("orders", records=5, seconds=3.9), "ok", "orders is 5 records behind, the oldest 3 s old"),
        (_group("ledger", members=0, records=5, seconds=3.9), "ok", "ledger is 5 records behind"),
        (_group("ledger", records=5, seconds=120.0), "problem", "the oldest 2 min old"),
        (_group("orders", members=0, records=1), "problem", "and has no member"),
    ],
)
def test_lag_is_told_by_group(group: GroupLag, state: str, said: str) -> None:
    found = check_lag([group], members_of="orders")
    assert (found.state, said in found.detail) == (state, True)


@pytest.mark.parametrize(
    ("ahead", "state", "said"),
    [
        (None, "ok", "not told"),
        (5_000, "ok", "5000 ms ahead of"),
        (5_001, "problem", "5001 ms ahead of"),
        (-9_000, "problem", "9000 ms behind"),
    ],
)
def test_a_broker_of_another_time_is_told(ahead: int | None, state: str, said: str) -> None:
    found = check_clock(ahead)
    assert (found.state, said in found.detail) == (state, True)


def test_what_is_unread_near_the_end_of_its_keeping_is_told() -> None:
    group = _group("fetcher", records=1, seconds=101.0, topic="requests")
    found = check_retention([group], {"requests": 200})
    assert (found.state, found.detail) == ("problem", "fetcher on requests partition 0: 1 min of 3 min")
    assert check_retention([group], {"requests": 202}).state == "ok"
    assert check_retention([group], {"requests": -1}).state == "ok"


@pytest.mark.parametrize("words", [("--yes",), ("--dry-run",)])
def test_words_of_mending_belong_to_it(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, ["doctor", *words])
    assert getattr(result.exception, "exit_code", None) == 2


def test_ages_are_told_in_their_largest_unit() -> None:
    assert [duration_text(seconds) for seconds in (-1, 0, 59, 60, 7_199, 86_400)] == ["0 s", "0 s", "59 s", "1 min", "1 h", "1 d"]
