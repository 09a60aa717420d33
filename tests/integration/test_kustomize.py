"""The overlays as the real kustomize builds them, docker-compose.yml as the library of composes reads it (`make soak-deploy`)."""

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from asiento.runtime.settings import load_settings
from deploy.kubernetes.processes import PROCESSES
from tests.compose_file import ROOT, compose_file
from tests.deployment_programs import compose_loader, kustomize
from tests.kubernetes_files import KUBERNETES, VERSIONS, Object, form_problems, mount_problems, pods, referenced, security_problems

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1_800)]
OVERLAYS = ("demo", "production")
IN_DEMO = {process.name for process in PROCESSES if process.folder == "base"}
OF_STRIMZI = "kafka-cluster-ca-cert"


def run(command: list[str]) -> str:
    """What a command prints."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=OVERLAYS)
def built(request: pytest.FixtureRequest) -> tuple[str, list[Object]]:
    """Name and objects of an overlay."""
    objects = yaml.safe_load_all(run([*kustomize(), str(KUBERNETES / "overlays" / request.param)]))
    return request.param, [one for one in objects if one]


def of_kind(objects: list[Object], *kinds: str) -> dict[str, Object]:
    """Objects by name."""
    return {one["metadata"]["name"]: one for one in objects if one["kind"] in kinds}


def workloads(objects: list[Object]) -> Iterator[Object]:
    """What makes pods of ours."""
    for one in of_kind(objects, "Deployment", "StatefulSet", "Job").values():
        if one["spec"]["template"]["spec"]["containers"][0]["name"] == "asiento":
            yield one


@pytest.mark.parametrize("version", VERSIONS)
def test_all_objects_have_the_form_of_their_kind(built: tuple[str, list[Object]], version: str) -> None:
    assert [problem for one in built[1] for problem in form_problems(one, version)] == []


def test_every_process_is_there_in_one_namespace(built: tuple[str, list[Object]]) -> None:
    overlay, objects = built
    names = {one["metadata"]["name"] for one in workloads(objects)}
    assert names - {"ledger-schema", "topics", "desk"} == (IN_DEMO if overlay == "demo" else {process.name for process in PROCESSES})
    (namespace,) = of_kind(objects, "Namespace")
    assert {one["metadata"].get("namespace") for one in objects if one["kind"] != "Namespace"} == {namespace}


def test_whatever_a_pod_must_have_is_there(built: tuple[str, list[Object]]) -> None:
    _, objects = built
    maps, users = of_kind(objects, "ConfigMap"), of_kind(objects, "KafkaUser")
    page = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    for name, pod in pods(objects):
        for kind, needed in referenced(pod):
            there = needed in maps if kind == "ConfigMap" else needed in users or needed == OF_STRIMZI or f"| `{needed}` |" in page
            assert there, f"{name} needs {kind} {needed}"
        for container in pod["containers"]:
            for variable in container.get("env", []):
                reference = variable.get("valueFrom", {}).get("configMapKeyRef")
                assert reference is None or reference["key"] in maps[reference["name"]]["data"], variable
        assert mount_problems(pod) == [], name
        assert security_problems(pod) == [], name


def test_every_selector_hits_a_pod(built: tuple[str, list[Object]]) -> None:
    _, objects = built
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in of_kind(objects, "Deployment", "StatefulSet", "Job").values()]
    for one in objects:
        spec = one.get("spec", {})
        selector = spec.get("podSelector") or spec.get("selector")
        if one["kind"] in ("NetworkPolicy", "Service", "PodDisruptionBudget", "PodMonitor"):
            wanted = selector.get("matchLabels", selector)
            used = one["metadata"]["name"] != "asiento-outside" or "production" in one["metadata"]["namespace"]
            assert not used or any(wanted.items() <= found.items() for found in labels), one["metadata"]["name"]


def test_every_process_starts_with_settings_that_are_allowed(built: tuple[str, list[Object]], monkeypatch: pytest.MonkeyPatch) -> None:
    _, objects = built
    maps = of_kind(objects, "ConfigMap")
    for one in workloads(objects):
        (container,) = one["spec"]["template"]["spec"]["containers"]
        values: dict[str, Any] = dict(maps[container["envFrom"][0]["configMapRef"]["name"]]["data"])
        for variable in container["env"]:
            source = variable.get("valueFrom", {}).get("configMapKeyRef")
            values[variable["name"]] = maps[source["name"]]["data"][source["key"]] if source else variable.get("value", "a-pod")
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("ASIENTO_")]:
                patch.delenv(name)
            for name, value in values.items():
                patch.setenv(name, value)
            settings = load_settings()
        assert settings.metrics_host == "0.0.0.0"  # noqa: S104 - compared
        if built[0] == "production":
            assert one["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example.com/asiento:0.1.0"
            user = values.get("ASIENTO_KAFKA_SASL_USERNAME")
            assert (user is None) == (one["kind"] == "Job"), one["metadata"]["name"]
            assert str(settings.policy) == "/etc/asiento/policy/policy.yaml"


def test_the_policy_and_the_user_reach_every_process_of_production() -> None:
    objects = [one for one in yaml.safe_load_all(run([*kustomize(), str(KUBERNETES / "overlays/production")])) if one]
    for process in PROCESSES:
        pod = of_kind(objects, process.kind)[process.name]["spec"]["template"]["spec"]
        mounts = {mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
        assert {"/etc/asiento/policy", "/run/secrets/kafka", "/tmp"} <= mounts, process.name
        assert f"'asiento-{process.user}'" in str(pod["volumes"]), process.name
    assert of_kind(objects, "StatefulSet")["worker"]["spec"]["replicas"] == 3
    (ingress,) = of_kind(objects, "Ingress").values()
    for path in ingress["spec"]["rules"][0]["http"]["paths"]:
        service = of_kind(objects, "Service")[path["backend"]["service"]["name"]]
        assert path["backend"]["service"]["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}
    blocks = of_kind(objects, "NetworkPolicy")["asiento-database"]["spec"]["egress"]
    assert blocks == [{"to": [{"ipBlock": {"cidr": "10.20.0.0/24"}}], "ports": [{"protocol": "TCP", "port": 5432}]}]


def test_the_compose_file_comes_to_what_it_says() -> None:
    loaded = yaml.safe_load(run([compose_loader(), "docker-compose.yml"]))
    services = compose_file()["services"]
    assert set(loaded["services"]) == set(services)
    for name, service in services.items():
        found = loaded["services"][name]
        assert found["image"] == service["image"]
        assert found.get("command") == service.get("command")
        assert {key: str(value) for key, value in (found.get("environment") or {}).items()} == service.get("environment", {})
        assert set(found.get("depends_on", {})) == set(service.get("depends_on", {}))
        assert [secret["source"] for secret in found.get("secrets", [])] == service.get("secrets", [])
