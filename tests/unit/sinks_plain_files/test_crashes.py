"""Processes that die, and processes that race: the book is whole, nothing is lost, nothing is there twice."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sinks.connectors.plain_files import files
from sinks.external.results import NotSent, Posted, Uncertain
from tests.unit.sinks_plain_files.books import DIALECTS, book, document, keys_in, posted, texts
from tests.unit.sinks_plain_files.racing import DOCUMENTS

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "tests.unit.sinks_plain_files"


@pytest.mark.slow
@pytest.mark.parametrize("name", DIALECTS)
def test_killed_at_any_step_all_or_nothing_stands_there(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", f"{PACKAGE}.crashing", str(tmp_path), name]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", DIALECTS)
def test_two_processes_at_one_book(name: str, tmp_path: Path) -> None:
    commands = [[sys.executable, "-m", f"{PACKAGE}.racing", str(tmp_path / "book"), name, way] for way in ("1", "-1")]
    running = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for command in commands]
    errors = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], errors
    assert keys_in(tmp_path / "book") == {one.key: 1 for one in DOCUMENTS}
    posted(book(tmp_path / "alone", DIALECTS[name]), DOCUMENTS)
    assert texts(tmp_path / "book") == texts(tmp_path / "alone")


def test_all_is_durable_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a power cut could lose is not yet what the manifest says."""
    done: list[str] = []

    def noted(call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def called(first: Any, *rest: Any) -> Any:
            place = Path(f"/proc/self/fd/{first}").readlink() if isinstance(first, int) else Path(first)
            done.append(f"{name} {place.relative_to(tmp_path)}")
            return call(first, *rest)

        return called

    monkeypatch.setattr(os, "fsync", noted(os.fsync, "durable"))
    monkeypatch.setattr(Path, "replace", noted(Path.replace, "renamed"))
    posted(book(tmp_path / "book", DIALECTS["hledger"]), [document(1)])
    counts = done.index("renamed book/.new-manifest.json")
    before, after = done[:counts], done[counts:]
    assert {f"durable book/{path}" for path in (".new-accounts.journal", ".new-main.journal", "2025/.new-2025-06.journal")} <= set(before)
    assert {"durable book", "durable book/2025", "durable ."} <= set(before)
    assert "durable book/.new-manifest.json" in before
    renamed = [step for step in after if step.startswith("renamed")]
    assert renamed[1:] == ["renamed book/.new-accounts.journal", "renamed book/2025/.new-2025-06.journal", "renamed book/.new-main.journal"]
    assert done[-2:] == ["durable book", "durable book/2025"]


def test_a_disk_that_fails_before_is_not_sent_and_after_is_uncertain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = book(tmp_path, DIALECTS["hledger"])
    posted(one, [document(1)])

    def broken(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "_write", broken)
        with pytest.raises(NotSent, match="No space left"):
            one.post([document(2)])
    real, renames = Path.replace, []

    def second_fails(path: Path, target: Path) -> Path:
        renames.append(target)
        if len(renames) == 2:
            broken()
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", second_fails)
        with pytest.raises(Uncertain, match="No space left"):
            one.post([document(3)])
    assert isinstance(one.find(document(3)), Posted)
    assert one.find(document(2)) is None
    assert keys_in(tmp_path) == {document(1).key: 1, document(3).key: 1}


def test_what_was_edited_while_a_change_was_cut_off_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new text waits until what somebody made of the old one is away."""
    posted(book(tmp_path, DIALECTS["hledger"]), [document(1)])
    month, real = tmp_path / "2025" / "2025-06.journal", Path.replace

    def cut_off(path: Path, target: Path) -> Path:
        if target == month:
            raise OSError(5, "Input/output error")
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut_off)
        with pytest.raises(Uncertain):
            book(tmp_path, DIALECTS["hledger"]).post([document(2)])
    before = month.read_bytes()
    month.write_bytes(before + b"; mine\n")
    again = book(tmp_path, DIALECTS["hledger"])
    with pytest.raises(NotSent, match="was changed by somebody"):
        again.find(document(2))
    assert month.read_bytes().endswith(b"; mine\n")
    month.write_bytes(before)
    assert isinstance(again.find(document(2)), Posted)
    assert keys_in(tmp_path) == {document(1).key: 1, document(2).key: 1}
