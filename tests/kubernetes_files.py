"""deploy/kubernetes as data: objects and kustomizations as they stand in the files, and what is wrong with them.

Nothing is resolved here: `kustomize` does that, in tests/integration/test_kustomize.py.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml
from jsonschema.validators import validator_for  # type: ignore[import-untyped]
from kubernetes_validate import utils  # type: ignore[import-untyped]

from tests.compose_file import ROOT, command_problem, variable_problems

Object: TypeAlias = dict[str, Any]
KUBERNETES: Final = ROOT / "deploy/kubernetes"
VERSIONS: Final = ("1.31", "1.37")
"""Oldest and newest version of Kubernetes that the manifests are for."""
SCHEMAS: Final = Path(__file__).resolve().parent / "custom_resources"
KUSTOMIZATION: Final = "kustomization.yaml"
KUSTOMIZATION_KEYS: Final = {
    *(
        "apiVersion",
        "kind",
        "namespace",
        "resources",
        "components",
        "images",
        "replicas",
        "configMapGenerator",
        "generatorOptions",
        "patches",
    ),
}
WORKLOADS: Final = ("Deployment", "StatefulSet", "Job")
utils.schema_contents = cache(utils.schema_contents)  # else every object reads the megabytes of its version again


def folders() -> list[Path]:
    """Every folder with a kustomization, of the whole tree."""
    return sorted(path.parent for path in (ROOT / "deploy").rglob(KUSTOMIZATION))


@cache
def kustomization(folder: Path) -> Object:
    """The kustomization of a folder; not to be changed."""
    loaded: Object = yaml.safe_load((folder / KUSTOMIZATION).read_text(encoding="utf-8"))
    return loaded


@cache
def objects_in(path: Path) -> list[Object]:
    """The objects of one file; not to be changed."""
    return [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]


def resources(folder: Path) -> Iterator[tuple[Path, Object]]:
    """The complete objects of one kustomization, with their file."""
    for name in kustomization(folder).get("resources", []):
        if (folder / name).is_file():
            yield from ((folder / name, one) for one in objects_in(folder / name))


def closure(folder: Path) -> list[Path]:
    """A kustomization and all that it builds on."""
    content = kustomization(folder)
    below = [*content.get("resources", []), *content.get("components", [])]
    found = [folder.resolve()]
    for name in below:
        if (folder / name).is_dir():
            found += closure((folder / name).resolve())
    return list(dict.fromkeys(found))


def form_problems(found: Object, version: str) -> list[str]:
    """Against the API of this version, unknown keys refused; custom resources against schemas of our own."""
    name = f"{found.get('kind')} {found.get('metadata', {}).get('name')}"
    schema = SCHEMAS / f"{found.get('kind')}.json"
    if schema.is_file():
        document = json.loads(schema.read_text(encoding="utf-8"))
        return [f"{name}: {error.message}" for error in validator_for(document)(document).iter_errors(found)]
    try:
        utils.validate(found, version, strict=True)
    except utils.ValidationError as problem:
        return [f"{name}: {'.'.join(str(part) for part in problem.path)}: {problem.message}"]
    except utils.SchemaNotFoundError as problem:
        return [f"{name}: {problem.message}"]
    return []


def file_problems(folder: Path) -> list[str]:
    """What a kustomization names that is not there, and what lies beside it and is named by nobody."""
    content = kustomization(folder)
    named = [*content.get("resources", []), *content.get("components", []), *(patch["path"] for patch in content.get("patches", []))]
    named += [name for generator in content.get("configMapGenerator", []) for name in generator.get("files", [])]
    found = [f"{key} is no key of a kustomization" for key in content if key not in KUSTOMIZATION_KEYS]
    for name in named:
        place = folder / name
        if not place.exists() or (place.is_dir() and not (place / KUSTOMIZATION).is_file()):
            found.append(f"{name} does not exist")
    if folder.is_relative_to(KUBERNETES):
        beside = {path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml")}
        found += [f"{name} is named by no kustomization" for name in sorted(beside - set(named) - {KUSTOMIZATION})]
    return found


def patch_problems(folder: Path) -> list[str]:
    """The patches of a kustomization that hit nothing of what could be built with it."""
    known = [one for below in _reachable(folder) for _, one in resources(below)]
    return [
        f"{patch['path']} hits nothing"
        for patch in kustomization(folder).get("patches", [])
        if not any(_hits(patch["target"], one) for one in known)
    ]


def _reachable(folder: Path) -> list[Path]:
    """Of an overlay its own closure; of a component all that an overlay may put beside it."""
    return (
        closure(folder) if kustomization(folder)["kind"] == "Kustomization" else [one for one in folders() if "overlays" not in one.parts]
    )


def _hits(target: Mapping[str, str], found: Object) -> bool:
    labels = {label.partition("=")[0]: label.partition("=")[2] for label in target.get("labelSelector", "").split(",") if label}
    return (
        re.fullmatch(target.get("kind", ".*"), found["kind"]) is not None
        and re.fullmatch(target.get("name", ".*"), found["metadata"]["name"]) is not None
        and labels.items() <= found["metadata"].get("labels", {}).items()
    )


def pods(objects: Iterable[Object]) -> Iterator[tuple[str, Object]]:
    """The pods that workloads make, by the name of the workload."""
    for found in objects:
        if found["kind"] in WORKLOADS:
            yield found["metadata"]["name"], found["spec"]["template"]["spec"]


def referenced(pod: Object) -> set[tuple[str, str]]:
    """(kind, name) of every ConfigMap, Secret and claim that a pod must have; what is optional is left out."""
    found: set[tuple[str, str]] = set()
    for container in pod["containers"]:
        for source in container.get("envFrom", []):
            found |= {
                (kind, source[key]["name"]) for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")) if key in source
            }
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {})
            found |= {
                (kind, source[key]["name"]) for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")) if key in source
            }
    for volume in pod.get("volumes", []):
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                if key in source and not source[key].get("optional"):
                    found.add((kind, source[key].get("name") or source[key]["secretName"]))
        if "persistentVolumeClaim" in volume:
            found.add(("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]))
    return found


def generated_maps(folder: Path) -> dict[str, set[str]]:
    """ConfigMaps that a kustomization and all below it generate, with their keys."""
    found: dict[str, set[str]] = {}
    for below in closure(folder):
        for generator in kustomization(below).get("configMapGenerator", []):
            keys = found.setdefault(generator["name"], set())
            keys |= {literal.partition("=")[0] for literal in generator.get("literals", [])}
            keys |= {Path(name).name for name in generator.get("files", [])}
    return found


def settings_of(folder: Path) -> dict[str, str]:
    """The ConfigMap asiento-settings as an overlay has it: what is merged last wins."""
    found: dict[str, str] = {}
    for below in reversed(closure(folder)):
        for generator in kustomization(below).get("configMapGenerator", []):
            if generator["name"] == "asiento-settings":
                found |= dict(literal.split("=", 1) for literal in generator["literals"])
    return found


def mount_problems(pod: Object) -> list[str]:
    """Volumes that are mounted and not there or there and not mounted, and files that variables name where nothing is mounted."""
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    found = []
    for container in pod["containers"]:
        mounts = {mount["name"]: mount["mountPath"] for mount in container.get("volumeMounts", [])}
        found += [f"{name} is mounted and no volume" for name in mounts if name not in volumes and name != "data"]
        found += [f"{name} is a volume and not mounted" for name in volumes - set(mounts)]
        for variable in container.get("env", []):
            value = str(variable.get("value", ""))
            if value.startswith(("/etc/", "/run/")) and not any(value.startswith(f"{path}/") for path in mounts.values()):
                found.append(f"{variable['name']} names {value}, where nothing is mounted")
    return found


@cache
def _command_problem(command: tuple[str, ...], connections: tuple[str, ...]) -> str | None:
    return command_problem(list(command), dict.fromkeys(connections))


def program_problems(pod: Object, connections: Iterable[str]) -> list[str]:
    """Commands and variables of our containers that do not exist."""
    found = []
    for container in pod["containers"]:
        if container["image"] == "asiento":
            problem = _command_problem(tuple(container["args"]), tuple(connections)) if "args" in container else None
            found += [problem] if problem is not None else []
            found += variable_problems({variable["name"]: "" for variable in container["env"]})
    return found


def security_problems(pod: Object) -> list[str]:
    """What the profile `restricted` of Pod Security asks for, and more."""
    found = []
    context = pod.get("securityContext", {})
    if not (context.get("runAsNonRoot") and context.get("runAsUser", 0) > 0 and context.get("fsGroup", 0) > 0):
        found.append("may run as root")
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        found.append("has no seccomp profile")
    if pod.get("automountServiceAccountToken") is not False:
        found.append("has a token of the API")
    if pod.get("enableServiceLinks") is not False:
        found.append("gets variables of Services, which look like settings")
    if {"hostNetwork", "hostPID", "hostIPC"} & set(pod) or any("hostPath" in volume for volume in pod.get("volumes", [])):
        found.append("uses the node")
    for container in pod["containers"]:
        own = container.get("securityContext", {})
        if own.get("allowPrivilegeEscalation") is not False or own.get("capabilities") != {"drop": ["ALL"]} or own.get("privileged"):
            found.append(f"{container['name']} may get more rights")
        if own.get("readOnlyRootFilesystem") is not True and not container["image"].startswith("apache/kafka"):
            found.append(f"{container['name']} can write its root")
        bounds = container.get("resources", {})
        if set(bounds.get("requests", {})) != {"cpu", "memory"} or "memory" not in bounds.get("limits", {}):
            found.append(f"{container['name']} has no bounds")
    return found
