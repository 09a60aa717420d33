"""What Prometheus 2.42 understands, Prometheus 3 understands, too, and takes it to mean the same: `make soak-rules`."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.newer_promtool import BUILD_SECONDS_MAX, newer_promtool

PROMETHEUS: Final = Path(__file__).resolve().parents[2] / "deploy" / "prometheus"

pytestmark = [pytest.mark.soak, pytest.mark.timeout(BUILD_SECONDS_MAX + 600)]


@pytest.fixture(scope="module")
def promtool_3() -> str:
    """The command, built by the first test."""
    return newer_promtool()


def _succeeds(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_understands_rules_and_configuration(promtool_3: str) -> None:
    _succeeds(promtool_3, "check", "rules", PROMETHEUS / "rules" / "asiento.yml")
    _succeeds(promtool_3, "check", "config", PROMETHEUS / "prometheus.yml")


@pytest.mark.parametrize("file", sorted((PROMETHEUS / "tests").glob("*.yml")), ids=lambda file: file.stem)
def test_alerts_fire_stay_silent_and_end(promtool_3: str, file: Path) -> None:
    _succeeds(promtool_3, "test", "rules", file)
