"""The wheel with the compiled core: the core's tests hold for it where the sources of its modules are not."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from hatch_build import compiled_modules
from tests.acceptance.test_wheel import INSTALL_SECONDS_MAX, ROOT, run_installed

COMPILE_SECONDS_MAX = 900.0
TESTS_SECONDS_MAX = 2_400.0
CORE_TESTS = ("tests/unit/accounting", "tests/scenarios", "tests/oracle", "tests/contract/test_core_values.py")
READERS_OF_SOURCES = ("tests/scenarios/test_coverage.py",)
PACKAGES_MET_BY_TESTS = ("bench", "deploy", "docs", "tests")

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the compiled wheel, the locked dependencies and no source of a compiled module."""
    place = tmp_path_factory.mktemp("compiled")
    build = ["env", "HATCH_BUILD_HOOKS_ENABLE=true", sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(build, cwd=ROOT, capture_output=True, timeout=COMPILE_SECONDS_MAX, check=True)
    venv.create(place / "env", with_pip=False)
    install = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--python", str(place / "env")]
    locked = ["--require-hashes", "--requirement", str(ROOT / "requirements.lock")]
    subprocess.run([*install, *locked], capture_output=True, timeout=INSTALL_SECONDS_MAX, check=True)
    [wheel] = place.glob("*.whl")
    assert not wheel.name.endswith("-none-any.whl")
    subprocess.run([*install, "--no-deps", str(wheel)], capture_output=True, timeout=INSTALL_SECONDS_MAX, check=True)
    [site] = (place / "env" / "lib").glob("python*/site-packages")
    for module in compiled_modules(ROOT):
        (site / module).unlink()
    return place / "env" / "bin" / "python"


def test_the_program_tells_that_its_core_is_compiled(python: Path, tmp_path: Path) -> None:
    assert run_installed(python.with_name("asiento"), "--version", cwd=tmp_path).endswith("(core: compiled)\n")


def test_the_tests_of_the_core_hold_for_the_compiled_one(python: Path, tmp_path: Path) -> None:
    checkout, vectors = tmp_path / "checkout", ROOT.parent / "shared" / "vectors"
    for package in PACKAGES_MET_BY_TESTS:
        shutil.copytree(ROOT / package, checkout / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "hatch_build.py"):
        shutil.copy(ROOT / file, checkout)
    if vectors.is_dir():
        shutil.copytree(vectors, tmp_path / "shared" / "vectors")
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "1800", "-m", "not kafka and not soak"]
    left_out = [word for path in READERS_OF_SOURCES for word in ("--ignore", path)]
    told = run_installed(python, *command, *left_out, *CORE_TESTS, cwd=checkout, seconds_max=TESTS_SECONDS_MAX)
    assert " passed" in told
    assert " failed" not in told
