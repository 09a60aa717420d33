"""kustomize, and the library by which `docker compose` reads its files: the real ones, for the soak that asks for them.

What the machine has is taken. Else it is built with Go below the ignored `.local`, at the versions named here.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from asiento.runtime.file_lock import locked

LOCAL: Final = Path(__file__).resolve().parents[1] / ".local"
KUSTOMIZE: Final = "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1"
COMPOSE: Final = "github.com/compose-spec/compose-go/v2/cmd@v2.9.0"
BUILD_SECONDS_MAX: Final = 900


def kustomize() -> list[str]:
    """The words before the folder that is to be built; skips, saying why, where it cannot be had."""
    if (found := shutil.which("kustomize")) is not None:
        return [found, "build"]
    if (kubectl := shutil.which("kubectl")) is not None and shutil.which("go") is None:
        return [kubectl, "kustomize"]
    return [_built(KUSTOMIZE, "kustomize"), "build"]


def compose_loader() -> str:
    """The command that reads compose files and prints what they come to; skips, saying why, where it cannot be had."""
    return _built(COMPOSE, "cmd")


def _built(module: str, program: str) -> str:
    folder = LOCAL / "go" / module.replace("/", "-")
    if not (folder / program).exists():
        if (go := shutil.which("go")) is None:
            pytest.skip(f"{module} is not here, and without Go it cannot be built")
        with locked(LOCAL / "go.lock", BUILD_SECONDS_MAX):
            environment = os.environ | {"GOBIN": str(folder), "GOFLAGS": "-mod=mod"}
            command = [go, "install", module]
            run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=BUILD_SECONDS_MAX, check=False)
        if run.returncode != 0:
            pytest.skip(f"{module} cannot be had: {run.stderr.strip()[-500:]}")
    return str(folder / program)
