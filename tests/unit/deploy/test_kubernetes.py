"""deploy/kubernetes, checked without a cluster and without kustomize: form, files, references, rights. It is resolved in a soak."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from asiento.cli.acls import wanted_acls
from asiento.runtime.settings import load_settings
from deploy.kubernetes import generate
from deploy.kubernetes.generate import main
from deploy.kubernetes.processes import PROCESSES
from deploy.kubernetes.workloads import DRAIN_SECONDS_MAX, LEAVE_SERVICE_SECONDS
from schemas.topics import catalogue
from tests.compose_file import ROOT, compose_file, processes, variable_problems
from tests.kubernetes_files import (
    KUBERNETES,
    SCHEMAS,
    VERSIONS,
    closure,
    file_problems,
    folders,
    form_problems,
    generated_maps,
    kustomization,
    mount_problems,
    objects_in,
    patch_problems,
    pods,
    program_problems,
    referenced,
    resources,
    security_problems,
    settings_of,
)

OVERLAYS = [KUBERNETES / "overlays/demo", KUBERNETES / "overlays/production"]
OBJECTS = [(path, one) for folder in folders() for path, one in resources(folder)]
PODS = [(name, pod) for _, one in OBJECTS for name, pod in pods([one])]
PAGE = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")


def named(kind: str, name: str) -> dict[str, Any]:
    """A copy of one object."""
    (found,) = [one for _, one in OBJECTS if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return copy.deepcopy(found)


def ids(path_or_name: Any) -> str:
    """What a case is called."""
    return path_or_name.relative_to(ROOT / "deploy").as_posix() if isinstance(path_or_name, Path) else str(path_or_name)


def test_what_is_generated_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert (main(["--check"]), capsys.readouterr().err) == (0, "")


def test_a_generated_file_that_was_edited_or_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "files", lambda: {generate.HOME / "base/worker.yaml": "edited", generate.HOME / "base/gone.yaml": ""})
    assert main(["--check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"base/{name}.yaml is not current: python -m deploy.kubernetes.generate" for name in ("worker", "gone")
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_has_the_form_of_its_kind(version: str) -> None:
    assert len(OBJECTS) > 50
    assert [problem for _, one in OBJECTS for problem in form_problems(one, version)] == []


def test_a_misspelt_key_of_every_kind_of_object_is_found() -> None:
    kinds = {one["kind"]: one for _, one in OBJECTS}
    assert {path.stem for path in SCHEMAS.glob("*.json")} < set(kinds)
    for found in kinds.values():
        broken = copy.deepcopy(found)
        broken.setdefault("spec", {})["replicass"] = 1
        assert form_problems(broken, VERSIONS[0]) != [], found["kind"]


def test_rules_about_rights_are_checked_to_the_bottom() -> None:
    user = named("KafkaUser", "asiento-worker")
    rule = user["spec"]["authorization"]["acls"][0]
    for broken in (
        {"operation": "Read"},
        {"operations": ["Reed"]},
        {"resource": {"type": "topic"}},
        {"resource": {"type": "cluster", "name": "x"}},
    ):
        user["spec"]["authorization"]["acls"][0] = {**rule, **broken}
        assert form_problems(user, VERSIONS[0]) != [], broken


@pytest.mark.parametrize("folder", folders(), ids=ids)
def test_every_file_is_there_and_named_and_every_patch_hits(folder: Path) -> None:
    assert file_problems(folder) == []
    assert patch_problems(folder) == []


def test_a_kustomization_that_names_what_is_not_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text(
        "kind: Kustomization\nresource: []\nresources: [workr.yaml]\npatches: [{path: a.yaml, target: {kind: Pod}}]\n"
    )
    assert file_problems(tmp_path) == ["resource is no key of a kustomization", "workr.yaml does not exist", "a.yaml does not exist"]
    assert patch_problems(tmp_path) == ["a.yaml hits nothing"]


@pytest.mark.parametrize("overlay", OVERLAYS, ids=ids)
def test_whatever_a_pod_must_have_is_generated_or_a_secret_that_the_page_names(overlay: Path) -> None:
    maps = set(generated_maps(overlay))
    needed = {one for folder in closure(overlay) for _, found in resources(folder) for _, pod in pods([found]) for one in referenced(pod)}
    assert {name for kind, name in needed if kind == "ConfigMap"} <= maps
    assert {kind for kind, _ in needed} <= {"ConfigMap", "Secret"}
    assert {name for kind, name in needed if kind == "Secret"} <= set(secrets_of_page())


def secrets_of_page() -> dict[str, set[str]]:
    """Secret -> keys, of the table in docs/deployment.md."""
    table = PAGE.partition("<!-- secrets: begin")[2].partition("<!-- secrets: end -->")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    return {row[1].strip().strip("`"): set(re.findall(r"`([\w.-]+)`", row[2])) for row in rows}


def test_the_page_names_the_keys_of_every_secret_and_no_other() -> None:
    used: dict[str, set[str]] = {}
    for _, pod in PODS:
        for volume in pod.get("volumes", []):
            for source in volume.get("projected", {}).get("sources", []):
                if "secret" in source:
                    items = source["secret"].get("items", [])
                    used.setdefault(source["secret"]["name"], set()).update(item["key"] for item in items)
    page = secrets_of_page()
    assert set(used) <= set(page)
    for name, keys in used.items():
        assert keys <= page[name], name
    overlay = KUBERNETES / "overlays/production"
    for name, file in (
        ("asiento-gateway-secrets", "gateway.yaml"),
        ("asiento-fetcher-secrets", "fetcher.yaml"),
        ("asiento-ledger-secrets", "ledgers.yaml"),
    ):
        text = (overlay / file).read_text(encoding="utf-8")
        assert all(key in text for key in page[name]), name


def test_a_reference_to_nothing_is_found() -> None:
    pod = named("Deployment", "ledger")["spec"]["template"]["spec"]
    pod["containers"][0]["envFrom"][0]["configMapRef"]["name"] = "asiento-setings"
    pod["volumes"][1]["projected"]["sources"][0]["secret"]["name"] = "asiento-databse"
    assert {("ConfigMap", "asiento-setings"), ("Secret", "asiento-databse")} <= referenced(pod)
    assert "asiento-setings" not in generated_maps(OVERLAYS[0])
    assert "asiento-databse" not in secrets_of_page()


@pytest.mark.parametrize(("name", "pod"), PODS, ids=[name for name, _ in PODS])
def test_commands_variables_and_mounts_exist(name: str, pod: dict[str, Any]) -> None:
    connections = yaml.safe_load((KUBERNETES / "overlays/production/ledgers.yaml").read_text(encoding="utf-8"))["connections"]
    assert program_problems(pod, connections) == []
    assert mount_problems(pod) == []


def test_misspelt_commands_variables_and_mounts_are_found() -> None:
    pod = named("Deployment", "connection-books")["spec"]["template"]["spec"]
    container = pod["containers"][0]
    container["args"] = ["sinks", "run", "boks"]
    container["env"].append({"name": "ASIENTO_LEDGER_CONECTIONS", "value": "/etc/asiento/leders/ledgers.yaml"})
    container["volumeMounts"][0]["name"] = "tpm"
    assert len(program_problems(pod, ["books"])) == 2
    assert mount_problems(pod) == [
        "tpm is mounted and no volume",
        "tmp is a volume and not mounted",
        "ASIENTO_LEDGER_CONECTIONS names /etc/asiento/leders/ledgers.yaml, where nothing is mounted",
    ]


@pytest.mark.parametrize("overlay", OVERLAYS, ids=ids)
def test_every_setting_of_an_overlay_exists_and_is_allowed(overlay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(overlay)
    assert variable_problems(settings) == []
    assert settings["ASIENTO_METRICS_PORT"] == "9464"
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for key in ("ledger_writer", "operations", "postings"):
        variable = {"ledger_writer": "LEDGER", "operations": "OPERATIONAL", "postings": "POSTINGS"}[key]
        (url,) = [line.split("=", 1)[1] for line in _database_lines(overlay) if line.startswith(f"{key}=")][:1]
        monkeypatch.setenv(f"ASIENTO_{variable}_URL", url)
    load_settings()


def _database_lines(overlay: Path) -> list[str]:
    """Literals of asiento-databases, those of the overlay first."""
    generators = [one for folder in closure(overlay) for one in kustomization(folder).get("configMapGenerator", [])]
    return [line for one in generators if one["name"] == "asiento-databases" for line in one["literals"]]


@pytest.mark.parametrize(("name", "pod"), PODS, ids=[name for name, _ in PODS])
def test_no_pod_has_more_rights_than_it_needs(name: str, pod: dict[str, Any]) -> None:
    assert security_problems(pod) == []


def test_a_pod_with_too_many_rights_is_found() -> None:
    pod = named("StatefulSet", "worker")["spec"]["template"]["spec"]
    pod["securityContext"]["runAsNonRoot"] = False
    pod["enableServiceLinks"] = True
    pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] = False
    del pod["containers"][0]["resources"]["limits"]
    assert len(security_problems(pod)) == 4


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
def test_every_process_is_asked_how_it_is_and_has_time_to_drain(process: Any) -> None:
    spec = named(process.kind, process.name)["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    pages = {probe: container[probe]["httpGet"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert {probe: page["path"] for probe, page in pages.items()} == {
        "startupProbe": "/startupz",
        "readinessProbe": "/readyz",
        "livenessProbe": "/livez",
    }
    assert {"name": "metrics", "containerPort": 9464} in container["ports"]
    assert container["livenessProbe"]["timeoutSeconds"] >= 5
    before = LEAVE_SERVICE_SECONDS if "lifecycle" in container else 0
    assert ("lifecycle" in container) == (process.port is not None)
    assert pod["terminationGracePeriodSeconds"] > before + DRAIN_SECONDS_MAX
    if process.kind == "Deployment":
        assert spec["strategy"] == {"type": "Recreate"}
        assert spec["replicas"] == 1, "one writer"
    if process.member:
        assert {"name": "ASIENTO_INSTANCE_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}} in container["env"]
        assert process.kind == "StatefulSet"


def test_only_the_sink_has_the_password_of_the_ledgers_writer() -> None:
    with_password = {name for name, pod in PODS if "ledger_writer" in str(pod)}
    assert with_password == {"ledger"}
    assert {name for name, pod in PODS if "asiento-database-owner" in str(pod)} == {"ledger-schema", "postgres"}


def test_the_processes_are_those_of_the_compose_file() -> None:
    composed = {re.sub(r"^worker-\d+$", "worker", name): tuple(one["command"]) for name, one in processes(compose_file()).items()}
    assert composed == {process.name: process.command for process in PROCESSES}


def test_nothing_goes_in_or_out_unless_it_is_named() -> None:
    policies = [one["spec"] for _, one in OBJECTS if one["kind"] == "NetworkPolicy"]
    (closed,) = [one for one in policies if set(one) == {"podSelector", "policyTypes"}]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    for _, one in OBJECTS:
        if one["kind"] in ("Deployment", "StatefulSet", "Job") and one["spec"]["template"]["spec"]["containers"][0]["image"] == "asiento":
            labels = one["spec"]["template"]["metadata"]["labels"]
            assert closed["podSelector"]["matchLabels"].items() <= labels.items()
            assert ("asiento-database" in labels) == ("database" in str(one["spec"]["template"]["spec"]["volumes"]))
    to_the_inside = [rule for one in policies for rule in one.get("egress", []) if {} in rule["to"] or not rule.get("ports")]
    assert to_the_inside == []
    assert all(rule.get("from") and rule.get("ports") for one in policies for rule in one.get("ingress", []))


def test_users_have_the_rights_that_the_command_line_grants() -> None:
    spelled = {"transactionalId": "transactional_id", "prefix": "prefixed"}
    found = set()
    for user in objects_in(KUBERNETES / "components/strimzi/users.yaml"):
        for rule in user["spec"]["authorization"]["acls"]:
            resource = rule["resource"]
            kind = spelled.get(resource["type"], resource["type"])
            name, pattern = resource.get("name", "kafka-cluster"), resource.get("patternType", "literal")
            principal = f"User:{user['metadata']['name']}"
            found |= {(principal, kind, name, spelled.get(pattern, pattern), _snake(operation)) for operation in rule["operations"]}
    assert found == {tuple(one) for one in wanted_acls(load_settings(), [])}


def _snake(operation: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", operation).lower()


def test_topics_are_those_of_the_catalogue_and_no_tool_tidies_them_away() -> None:
    settings = load_settings()
    wanted = catalogue(settings.app_id, settings.partitions, settings.replication_factor, settings.min_insync_replicas)
    found = {topic["spec"]["topicName"]: topic for topic in objects_in(KUBERNETES / "components/strimzi/topics.yaml")}
    assert set(found) == {spec.name for spec in wanted}
    for spec in wanted:
        topic = found[spec.name]
        assert topic["spec"]["config"] == dict(spec.config)
        assert (topic["spec"]["partitions"], topic["spec"]["replicas"]) == (spec.partitions, spec.replication_factor)
        assert topic["metadata"]["annotations"] == {
            "argocd.argoproj.io/sync-options": "Prune=false",
            "kustomize.toolkit.fluxcd.io/prune": "disabled",
        }


def test_jobs_of_prometheus_are_named_as_everywhere() -> None:
    (endpoint,) = named("PodMonitor", "asiento")["spec"]["podMetricsEndpoints"]
    relabeled = {one["targetLabel"]: one for one in endpoint["relabelings"]}
    components = {process.component for process in PROCESSES}
    assert relabeled["job"]["replacement"] == "asiento-$1"
    jobs = {
        job["job_name"] for job in yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    }
    assert {f"asiento-{component}" for component in components} == jobs - {"prometheus", "asiento-up"}


def test_the_rules_are_those_of_prometheus() -> None:
    rule = named("PrometheusRule", "asiento")
    alone = [
        group for path in sorted((ROOT / "deploy/prometheus/rules").glob("*.yml")) for group in yaml.safe_load(path.read_text())["groups"]
    ]
    assert rule["spec"]["groups"] == alone


def test_the_boards_are_all_of_the_boards() -> None:
    maps = kustomization(ROOT / "deploy/grafana")["configMapGenerator"]
    boards = {path.name for path in (ROOT / "deploy/grafana/dashboards").glob("*.json")}
    assert {Path(one["files"][0]).name for one in maps} == boards
    assert sum((ROOT / "deploy/grafana/dashboards" / board).stat().st_size for board in boards) < 4 * 1_000_000


@pytest.mark.parametrize("overlay", OVERLAYS, ids=ids)
def test_images_are_pinned_to_a_version(overlay: Path) -> None:
    (ours,) = kustomization(overlay)["images"]
    assert ours["name"] == "asiento"
    assert ours["newTag"] == "local" or re.fullmatch(r"\d+\.\d+\.\d+", str(ours["newTag"]))
    others = {
        container["image"]
        for folder in closure(overlay)
        for _, one in resources(folder)
        for _, pod in pods([one])
        for container in pod["containers"]
    }
    composed = {service["image"] for service in compose_file()["services"].values()}
    assert others - {"asiento"} <= composed
