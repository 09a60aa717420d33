"""docker-compose.yml as data: its services, which of them are ours, and what is wrong with it, without a container engine."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema.validators import validator_for  # type: ignore[import-untyped]
from typer.testing import CliRunner

from asiento.cli.main import app
from asiento.runtime.settings import ENVIRONMENT_PREFIX, Settings

ROOT: Final = Path(__file__).resolve().parents[1]
SECRETS_FOLDER: Final = "/run/secrets/"
SINKS: Final = ("ledger", "projector")
"""What `sinks run` takes beside the names of connections."""


def compose_file() -> dict[str, Any]:
    """A copy of the file of its own, merges done."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def ours(compose: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run our image."""
    return {name: service for name, service in compose["services"].items() if service["image"].startswith("asiento:")}


def processes(compose: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Those of them that stay up."""
    return {name: service for name, service in ours(compose).items() if service["restart"] != "no"}


def compose_schema() -> dict[str, Any]:
    """The compose-spec that check-jsonschema carries for use offline."""
    path = distribution("check-jsonschema").locate_file("check_jsonschema/builtin_schemas/vendor/compose-spec.json")
    schema: dict[str, Any] = json.loads(Path(str(path)).read_text(encoding="utf-8"))
    return schema


def form_problems(compose: Mapping[str, Any]) -> list[str]:
    """Against the compose specification."""
    schema = compose_schema()
    return [error.message for error in validator_for(schema)(schema).iter_errors(compose)]


def command_problem(command: list[str], connections: Mapping[str, Any]) -> str | None:
    """Why there is no such `asiento` command; None where there is one."""
    if command[:2] == ["sinks", "run"] and command[2] not in (*SINKS, *connections):
        return f"sinks run {command[2]}: neither {' nor '.join(SINKS)} nor one of the connections {', '.join(connections)}"
    result = CliRunner().invoke(app, [*command, "--help"])
    return None if result.exit_code == 0 else f"{' '.join(command)}: {result.output}"


def variable_problems(environment: Mapping[str, Any]) -> list[str]:
    """The ASIENTO_ variables that are no setting."""
    known = {ENVIRONMENT_PREFIX + field.upper() for field in Settings.model_fields} | {"ASIENTO_CONFIG"}
    return [f"{name} is no setting" for name in environment if name.startswith(ENVIRONMENT_PREFIX) and name not in known]


def mounted_files(service: Mapping[str, Any]) -> dict[str, str]:
    """Place in the container -> place beside docker-compose.yml, of what is mounted from the tree."""
    mounts = (volume.split(":") for volume in service.get("volumes", []) if volume.startswith("."))
    return {mount[1]: mount[0] for mount in mounts}


def path_problems(compose: Mapping[str, Any]) -> list[str]:
    """Files that are mounted and not there, and files that a service names and does not get."""
    found = []
    for name, service in compose["services"].items():
        mounts = mounted_files(service)
        found += [f"{name}: {path} does not exist" for path in mounts.values() if not (ROOT / path).exists()]
        given = {*mounts, *(SECRETS_FOLDER + secret for secret in service.get("secrets", []))}
        named = [value for value in _texts(service.get("environment", {})) if value.startswith(("/etc/asiento/", SECRETS_FOLDER))]
        if name != "desk":
            named += [secret for path in mounts.values() for secret in _secrets_named_in(ROOT / path)]
        found += [f"{name}: {path} is not given to it" for path in named if path not in given]
        found += [f"{name}: {secret} is no secret" for secret in service.get("secrets", []) if secret not in compose.get("secrets", {})]
    return found


def _secrets_named_in(path: Path) -> list[str]:
    """In a file of settings, or in those of a folder."""
    files = [path] if path.is_file() else sorted(path.glob("*.yml"))
    texts = [file.read_text(encoding="utf-8") for file in files if file.suffix in (".yaml", ".yml")]
    return [found for text in texts for found in re.findall(rf"{SECRETS_FOLDER}[\w-]+", text)]


def _texts(environment: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(value) for value in environment.values())
