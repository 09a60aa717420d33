"""docker-compose.yml, checked without a container engine."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for  # type: ignore[import-untyped]
from typer.testing import CliRunner

from asiento.cli.main import app
from asiento.runtime.settings import ENVIRONMENT_PREFIX, Settings, load_settings

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = ROOT / "deploy/docker/Dockerfile"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("asiento:")}


def compose_schema() -> dict[str, Any]:
    """The compose-spec that check-jsonschema carries for use offline."""
    path = distribution("check-jsonschema").locate_file("check_jsonschema/builtin_schemas/vendor/compose-spec.json")
    schema: dict[str, Any] = json.loads(Path(str(path)).read_text(encoding="utf-8"))
    return schema


def problems_of(compose: dict[str, Any]) -> list[str]:
    schema = compose_schema()
    return [error.message for error in validator_for(schema)(schema).iter_errors(compose)]


def variables_of(service: dict[str, Any]) -> set[str]:
    return {name for name in service.get("environment", {}) if name.startswith(ENVIRONMENT_PREFIX)}


def bind_mounts() -> Iterator[str]:
    for service in SERVICES.values():
        yield from (volume.split(":")[0] for volume in service.get("volumes", []) if volume.startswith("."))


def test_the_file_keeps_to_the_compose_specification() -> None:
    assert problems_of(COMPOSE) == []


def test_a_misspelt_key_is_a_problem() -> None:
    assert problems_of({"services": {"kafka": {"image": "x", "healthchek": {}}}}) != []


@pytest.mark.parametrize("name", OURS)
def test_every_command_exists(name: str) -> None:
    result = CliRunner().invoke(app, [*OURS[name]["command"], "--help"])
    assert result.exit_code == 0, result.output


def test_every_variable_is_a_setting_and_every_value_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {ENVIRONMENT_PREFIX + field.upper() for field in Settings.model_fields}
    assert any(variables_of(service) for service in OURS.values())
    for service in OURS.values():
        assert variables_of(service) <= known
        with monkeypatch.context() as patch:
            for name in variables_of(service):
                patch.setenv(name, service["environment"][name])
            load_settings()


def test_every_mounted_path_exists() -> None:
    mounts = list(bind_mounts())
    assert len(mounts) > 1
    for mount in mounts:
        assert (ROOT / mount).exists(), mount


def test_named_volumes_are_declared_and_used() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])


def test_only_loopback_ports_are_published() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} publishes {port}"


def test_images_are_pinned_to_a_version() -> None:
    for name, service in SERVICES.items():
        image, _, tag = service["image"].partition(":")
        assert tag == "local" or re.search(r"\d+\.\d+\.\d+$", tag), f"{name}: {service['image']}"
        assert "bitnami" not in image


def test_everything_that_stays_up_says_whether_it_is_well() -> None:
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) == (service["restart"] != "no"), name


def test_dependencies_are_services_and_wait_for_more_than_a_start() -> None:
    for service in SERVICES.values():
        for dependency, how in service.get("depends_on", {}).items():
            assert dependency in SERVICES
            assert how["condition"] in ("service_healthy", "service_completed_successfully")


def test_only_one_process_writes_each_database() -> None:
    writers = [service["command"][2] for service in OURS.values() if service["command"][:2] == ["sinks", "run"]]
    assert sorted(writers) == ["ledger", "projector"]


def test_workers_have_static_member_ids_of_their_own() -> None:
    workers = [service for service in OURS.values() if service["command"] == ["streams", "run"]]
    ids = {service["environment"]["ASIENTO_INSTANCE_ID"] for service in workers}
    assert len(ids) == len(workers) > 1


def test_the_image_is_built_from_files_that_exist_and_the_context_lets_them_in() -> None:
    build = OURS["ledger"]["build"]
    assert (ROOT / build["context"] / build["dockerfile"]).samefile(DOCKERFILE)
    text = DOCKERFILE.read_text(encoding="utf-8")
    let_in = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) for word in line.split()]
    assert "requirements.lock" in copied
    for path in copied:
        assert (ROOT / path).exists(), path
        assert f"!{path}" in let_in


def test_the_image_does_not_run_as_root_and_installs_by_hash() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)
    installs = re.findall(r"(?:pip install).*", text)
    assert installs
    assert all("--require-hashes" in line or "--offline" in line for line in installs)
