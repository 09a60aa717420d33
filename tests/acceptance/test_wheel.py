"""The built wheel works where the sources are not."""

import subprocess
import sys
import venv
from pathlib import Path

import orjson
import pytest

from sources.synthetic.day import trading_day

ROOT = Path(__file__).resolve().parents[2]
INSTALL_SECONDS_MAX = 240.0
COMMAND_SECONDS_MAX = 60.0


def run_installed(*argv: str | Path, cwd: Path, seconds_max: float = COMMAND_SECONDS_MAX) -> str:
    """What a program of an installed environment prints; nothing of this checkout's own environment reaches it."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [str(word) for word in argv], cwd=cwd, env=environment, capture_output=True, text=True, timeout=seconds_max, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `asiento` program of an environment that has the wheel and the locked dependencies, and no way to the sources."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(build, cwd=ROOT, capture_output=True, timeout=INSTALL_SECONDS_MAX, check=True)
    venv.create(place / "env", with_pip=False)
    install = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--python", str(place / "env")]
    locked = ["--require-hashes", "--requirement", str(ROOT / "requirements.lock")]
    subprocess.run([*install, *locked], capture_output=True, timeout=INSTALL_SECONDS_MAX, check=True)
    wheels = list(place.glob("*.whl"))
    assert len(wheels) == 1
    subprocess.run([*install, "--no-deps", str(wheels[0])], capture_output=True, timeout=INSTALL_SECONDS_MAX, check=True)
    return place / "env" / "bin" / "asiento"


@pytest.mark.slow
def test_the_wheel_helps_simulates_and_normalizes(installed: Path, tmp_path: Path) -> None:
    events = trading_day(5, 3).events
    (tmp_path / "events.jsonl").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events))
    assert "simulate" in run_installed(installed, "--help", cwd=tmp_path)
    told = run_installed(installed, "simulate", "events.jsonl", cwd=tmp_path).splitlines()
    summary = orjson.loads(told[-1])["summary"]
    assert summary["consumed"] == len(events)
    assert summary["posted"] > 0
    assert all(sum(accounts.values()) == 0 for accounts in summary["trial_balance"].values())
    payload = ROOT / "tests" / "contract" / "shopify_life" / "1-orders-create.json"
    normalized = run_installed(
        installed, "normalize", "--tenant", "t", "--source", "shopify:s", "--topic", "orders/create", payload, cwd=tmp_path
    ).splitlines()
    assert [orjson.loads(line)["type"] for line in normalized] == ["OrderPlaced"]


@pytest.mark.slow
def test_the_wheel_carries_no_path_to_the_sources(installed: Path, tmp_path: Path) -> None:
    code = "import asiento, schemas, sources, streams, sinks; print(asiento.__file__, schemas.__file__)"
    places = run_installed(installed.with_name("python"), "-c", code, cwd=tmp_path)
    assert str(ROOT) not in places
