"""PID files: a process is known by id and start, never by id alone."""

import os
from pathlib import Path

from asiento.runtime.child_process import ProcessIdentity, end_process, read_pid_file, start_mark, write_pid_file


def test_a_pid_file_finds_exactly_its_process(tmp_path: Path) -> None:
    mark = start_mark(os.getpid())
    assert mark is not None
    own = ProcessIdentity("test", os.getpid(), mark)
    write_pid_file(tmp_path / "own.pid", own)
    assert read_pid_file(tmp_path / "own.pid") == own


def test_an_id_taken_over_by_another_process_is_nobody_and_never_signalled(tmp_path: Path) -> None:
    stranger = ProcessIdentity("broker", os.getpid(), "started at another time")
    write_pid_file(tmp_path / "broker.pid", stranger)
    assert read_pid_file(tmp_path / "broker.pid") is None
    end_process(stranger, seconds_max=0)  # would end this very test


def test_a_missing_or_damaged_pid_file_names_nobody(tmp_path: Path) -> None:
    (tmp_path / "damaged.pid").write_text("4711")
    assert read_pid_file(tmp_path / "damaged.pid") is None
    assert read_pid_file(tmp_path / "missing.pid") is None
