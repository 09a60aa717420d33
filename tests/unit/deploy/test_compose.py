"""docker-compose.yml, checked without a container engine; what runs by it on real parts: tests/acceptance/test_composed_processes.py."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from asiento.runtime.settings import load_settings
from tests.compose_file import (
    ROOT,
    SECRETS_FOLDER,
    command_problem,
    compose_file,
    form_problems,
    mounted_files,
    ours,
    path_problems,
    processes,
    variable_problems,
)

COMPOSE = compose_file()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ours(COMPOSE)
PROCESSES = processes(COMPOSE)
CONNECTIONS = yaml.safe_load((ROOT / "deploy/compose/ledgers.yaml").read_text(encoding="utf-8"))["connections"]
CORE = {"worker-1", "worker-2", "ledger", "projector", "sweeper", "tie-out", "lag-exporter"}
PROFILES = {
    "obs": {"prometheus", "alertmanager", "grafana"},
    "sources": {"normalizer", "gateway", "fetcher"},
    "ledgers": {f"connection-{name}" for name in CONNECTIONS},
    "ui": {"kafka-ui"},
    "desk": {"desk"},
}


def test_the_file_keeps_to_the_compose_specification() -> None:
    assert form_problems(COMPOSE) == []


def test_a_misspelt_key_is_a_problem() -> None:
    assert form_problems({"services": {"kafka": {"image": "x", "healthchek": {}}}}) != []


def test_a_process_has_the_name_that_all_other_pages_give_it() -> None:
    core = {name for name, service in PROCESSES.items() if "profiles" not in service}
    assert core == CORE
    assert {name for name in SERVICES if "profiles" not in SERVICES[name]} == core | {"kafka", "postgres", "topics", "ledger-schema"}


def test_every_profile_has_its_services() -> None:
    found: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for profile in service.get("profiles", []):
            found.setdefault(profile, set()).add(name)
    assert found == PROFILES


@pytest.mark.parametrize("name", OURS)
def test_every_command_exists(name: str) -> None:
    assert command_problem(OURS[name]["command"], CONNECTIONS) is None


@pytest.mark.parametrize("command", [["streams", "rn"], ["sinks", "run", "boooks"], ["ledger", "migrate", "--writr", "x"], ["lag-exportr"]])
def test_a_command_that_does_not_exist_is_found(command: list[str]) -> None:
    assert command_problem(command, CONNECTIONS) is not None


def test_every_variable_is_a_setting_and_every_value_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, service in OURS.items():
        assert service["environment"]["ASIENTO_KAFKA_BOOTSTRAP_SERVERS"] == "kafka:19092", name
        assert variable_problems(service["environment"]) == [], name
        with monkeypatch.context() as patch:
            for variable, value in service["environment"].items():
                assert isinstance(value, str), f"{name}: {variable} is read as another type by YAML: quote it"
                patch.setenv(variable, value)
            load_settings()


def test_a_variable_that_is_no_setting_is_found() -> None:
    assert variable_problems({"ASIENTO_METRIC_PORT": "1", "KAFKA_NODE_ID": "1"}) == ["ASIENTO_METRIC_PORT is no setting"]


def test_every_file_is_there_and_given_to_who_names_it() -> None:
    assert sum(len(mounted_files(service)) for service in SERVICES.values()) > 5
    assert path_problems(COMPOSE) == []


def test_a_file_that_is_not_there_or_not_given_is_found() -> None:
    compose = compose_file()
    services = compose["services"]
    services["prometheus"]["volumes"].append("./deploy/prometheus/prometeus.yml:/etc/prometheus/x.yml:ro")
    services["ledger"]["environment"]["ASIENTO_LEDGER_PASSWORD_FILE"] = "/run/secrets/ledger_writter"
    services["gateway"]["environment"]["ASIENTO_GATEWAY_CONFIG"] = "/etc/asiento/gatewy.yaml"
    services["gateway"]["secrets"] = ["shopify_webhok"]
    del services["alertmanager"]["secrets"]
    assert [problem for problem in path_problems(compose) if problem not in path_problems(COMPOSE)] == [
        "ledger: /run/secrets/ledger_writter is not given to it",
        "gateway: /etc/asiento/gatewy.yaml is not given to it",
        "gateway: /run/secrets/shopify_webhook is not given to it",
        "gateway: shopify_webhok is no secret",
        "prometheus: ./deploy/prometheus/prometeus.yml does not exist",
        "alertmanager: /run/secrets/alert-page-token is not given to it",
        "alertmanager: /run/secrets/alert-ticket-token is not given to it",
    ]


def test_named_volumes_are_declared_and_used() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])


def test_no_two_processes_write_one_volume() -> None:
    used = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", []) if not volume.startswith(".")]
    assert len(used) == len(set(used))


def test_only_loopback_ports_are_published_each_once() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert len({port.split(":")[1] for port in published}) == len(published)


def test_images_are_pinned_to_a_version() -> None:
    for name, service in SERVICES.items():
        image, _, tag = service["image"].rpartition(":")
        assert image == "asiento" or re.fullmatch(r"v?\d+\.\d+(\.\d+)?", tag), f"{name}: {service['image']}"
        assert "bitnami" not in image


def test_everything_that_stays_up_says_whether_it_is_well() -> None:
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) == (service["restart"] != "no"), name


def test_everything_has_bounds_and_no_more_rights_than_it_needs() -> None:
    for name, service in SERVICES.items():
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"]), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only", False) == (name != "kafka"), name
        assert not {"privileged", "network_mode", "pid", "devices", "cap_add"} & set(service), name
        assert not any("docker.sock" in str(volume) for volume in service.get("volumes", [])), name


def test_what_is_mounted_from_the_tree_cannot_be_written() -> None:
    assert all(volume.endswith(":ro") for service in SERVICES.values() for volume in service.get("volumes", []) if volume.startswith("."))


def test_dependencies_are_services_and_wait_for_more_than_a_start() -> None:
    for service in SERVICES.values():
        for dependency, how in service.get("depends_on", {}).items():
            assert dependency in SERVICES
            assert how["condition"] in ("service_healthy", "service_completed_successfully")
            assert set(SERVICES[dependency].get("profiles", [])) <= set(service.get("profiles", []))


def test_whoever_uses_a_database_waits_for_it() -> None:
    for name, service in PROCESSES.items():
        uses = {value for key, value in service["environment"].items() if key.endswith("_URL")}
        assert ("postgres" in service["depends_on"]) == bool(uses), name
        assert ("ledger-schema" in service["depends_on"]) == ("ASIENTO_LEDGER_URL" in service["environment"]), name


def test_only_one_process_writes_each_database() -> None:
    writers = [service["command"][2] for service in OURS.values() if service["command"][:2] == ["sinks", "run"]]
    assert sorted(writers) == sorted(["ledger", "projector", *CONNECTIONS])
    users = [
        (name, value)
        for name, service in PROCESSES.items()
        for key, value in service["environment"].items()
        if "//asiento_writer@" in value
    ]
    assert [name for name, _ in users] == ["ledger"]


def test_workers_have_static_member_ids_of_their_own_and_a_place_for_their_last_words() -> None:
    workers = {name: service for name, service in OURS.items() if service["command"] == ["streams", "run"]}
    assert len(workers) > 1
    for name, worker in workers.items():
        assert worker["environment"]["ASIENTO_INSTANCE_ID"] == name
        assert f"{name}-data:/var/lib/asiento" in worker["volumes"]


def test_no_secret_stands_in_the_file_and_each_is_made() -> None:
    made = re.search(r"^for name in ([^;]*); do$", (ROOT / "deploy/compose/make-secrets.sh").read_text(encoding="utf-8"), re.MULTILINE)
    assert made is not None
    assert COMPOSE["secrets"] == {name: {"file": f"./deploy/compose/secrets/{name}"} for name in made.group(1).replace("\\", "").split()}
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            assert "PASSWORD" not in key or value.startswith(SECRETS_FOLDER), f"{name}: {key}"
    assert "deploy/compose/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_secrets_are_made_once_and_kept_from_other_users(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets.sh"
    script.write_bytes((ROOT / "deploy/compose/make-secrets.sh").read_bytes())
    subprocess.run(["sh", script], check=True, capture_output=True)
    folder = tmp_path / "secrets"
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(first) == set(COMPOSE["secrets"])
    assert len(set(first.values())) == len(first)
    assert all(re.fullmatch(rb"[A-Za-z0-9_-]{32}", value) for value in first.values())
    assert folder.stat().st_mode & 0o777 == 0o700
    subprocess.run(["sh", script], check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_what_the_servers_read_is_mounted_where_they_look() -> None:
    command = SERVICES["alertmanager"]["command"][0].partition("=")[2]
    folder, name = command.rpartition("/")[::2]
    assert (ROOT / mounted_files(SERVICES["alertmanager"])[folder] / name).is_file()
    prometheus = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert mounted_files(SERVICES["prometheus"])["/etc/prometheus/rules"] == "./deploy/prometheus/rules"
    assert prometheus["rule_files"] == ["rules/*.yml"]
    assert prometheus["alerting"]["alertmanagers"][0]["static_configs"] == [{"targets": ["alertmanager:9093"]}]
