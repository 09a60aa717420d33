"""The programs that judge plain-text books: `bean-check` and `hledger`, fetched by the first test that needs them.

Both are under the GPL: they are called as commands and never come into the product's environment. beancount is installed with pinned
hashes into an environment of its own below the ignored `.local`; hledger comes from the system's packages where we are root.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from asiento.runtime.file_lock import locked

ROOT = Path(__file__).resolve().parents[1]
LOCAL = ROOT / ".local"
BEANCOUNT_LOCK = ROOT / "tests" / "requirements-beancount.lock"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
INSTALL_SECONDS_MAX = 240
"""Longest wait for another test process that installs them, and for each command of an installation."""


def bean_check() -> str:
    """The command; skips, saying why, where it cannot be had."""
    found = shutil.which("bean-check")
    if found is not None:
        return found
    home = LOCAL / f"beancount-{hashlib.sha256(BEANCOUNT_LOCK.read_bytes()).hexdigest()[:12]}"
    with locked(LOCAL / "beancount.lock", INSTALL_SECONDS_MAX):
        if not (home / ".ready").exists():
            shutil.rmtree(home, ignore_errors=True)
            _run("bean-check", [sys.executable, "-m", "venv", "--without-pip", str(home)])
            uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--python", str(home / "bin" / "python")]
            _run("bean-check", [*uv, "--require-hashes", "-r", str(BEANCOUNT_LOCK)])
            (home / ".ready").touch()
    return str(home / "bin" / "bean-check")


def hledger() -> str:
    """The command; skips, saying why, where it cannot be had."""
    found = shutil.which("hledger")
    if found is not None:
        return found
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        pytest.skip("hledger is not installed, and only root can install it here: apt-get install --no-install-recommends hledger")
    with locked(LOCAL / "hledger.lock", INSTALL_SECONDS_MAX):
        if shutil.which("hledger") is None:
            _run("hledger", [apt, "update", "-qq"])
            _run("hledger", [apt, "install", "-y", "-qq", "--no-install-recommends", "hledger"])
    return shutil.which("hledger") or "hledger"


def _run(program: str, command: list[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"} | ({"UV_SYSTEM_CERTS": "1"} if CERTIFICATES.exists() else {})
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=INSTALL_SECONDS_MAX)
    except (OSError, subprocess.TimeoutExpired) as problem:
        pytest.skip(f"{program} cannot be had: {problem}")
    if run.returncode != 0:
        pytest.skip(f"{program} cannot be had: {' '.join(command)} ended with {run.returncode}: {run.stderr.strip()[-500:]}")
