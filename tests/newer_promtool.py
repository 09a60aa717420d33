"""promtool of Prometheus 3, built from its Go module into the ignored `.local`; skips where there is no Go."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from asiento.runtime.file_lock import locked

VERSION: Final = "v0.305.0"
"""Of the module; Prometheus 3.5.0, as in the compose file."""
HOME: Final = Path(__file__).resolve().parents[1] / ".local" / "promtool-3"
BUILD_SECONDS_MAX: Final = 3_000


def newer_promtool() -> str:
    """The command; the first time it is built, which takes minutes and a gigabyte of memory."""
    go, program = shutil.which("go"), HOME / VERSION / "promtool"
    if program.exists():
        return str(program)
    if go is None:
        pytest.skip("promtool of Prometheus 3 is built with Go, which is not installed")
    source = program.parent / "source"
    with locked(HOME.parent / "promtool-3.lock", BUILD_SECONDS_MAX):
        source.mkdir(parents=True, exist_ok=True)
        (source / "go.mod").write_text("module rules\n\ngo 1.24\n", encoding="utf-8")
        package = "github.com/prometheus/prometheus/cmd/promtool"
        for words in (["get", f"{package}@{VERSION}"], ["build", "-o", str(program), package]):
            environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
            run = subprocess.run(
                [go, *words], cwd=source, env=environment, capture_output=True, text=True, timeout=BUILD_SECONDS_MAX, check=False
            )
            if run.returncode:
                pytest.skip(f"promtool {VERSION} cannot be built: {run.stderr.strip()[-500:]}")
    return str(program)
