"""Processes and tasks as objects of Kubernetes, complete with probes, rights and bounds."""

from typing import Any, Final, TypeAlias

from deploy.kubernetes.processes import DESK, DESK_DATABASES, Database, File, Process, Task

Object: TypeAlias = dict[str, Any]

IMAGE: Final = "asiento"
"""Overlays name registry and tag (`images:`)."""
USER: Final = 10001
METRICS_PORT: Final = 9464
DATA_FOLDER: Final = "/var/lib/asiento"
DATABASE_FOLDER: Final = "/run/secrets/database"
DRAIN_SECONDS_MAX: Final = 20
"""A process ends within so long of SIGTERM."""
GRACE_SECONDS: Final = DRAIN_SECONDS_MAX + 10
LEAVE_SERVICE_SECONDS: Final = 5
"""How long a pod of a Service goes on after it was told to end, until nobody sends to it any more."""
STARTUP_TRIES: Final = 120
"""Of 5 s each: a worker reads the states of its orders first."""
TASK_TRIES: Final = 20
TASK_KEPT_SECONDS: Final = 600
"""A finished task is removed after so long, so that the next `kubectl apply` makes it again."""


def labels(component: str) -> Object:
    """What an object of this component is found by."""
    return {"app.kubernetes.io/name": "asiento", "app.kubernetes.io/component": component}


def _identity(process: Process) -> Object:
    """`labels` and the name: connections share a component."""
    return {**labels(process.component), "app.kubernetes.io/instance": process.name}


def objects_of(process: Process) -> list[Object]:
    """The workload, and the Service that it needs."""
    found = [_workload(process)]
    if process.kind == "StatefulSet":
        found.append(_service(process, f"{process.name}-pods", headless=True))
    if process.port is not None:
        found.append(_service(process, process.name, headless=False))
    if process.replicas > 1 or process.port is not None:
        found.append(_disruption_budget(process))
    return found


def task_object(task: Task) -> Object:
    """A Job that tries again until what it needs is there, and goes when it is done."""
    owners = (task.owner,) if task.owner is not None else ()
    container = _container(task.command, _settings(owners))
    container["volumeMounts"] += _database_mounts(owners)
    pod = _pod(container, [_database_volume(owners, "asiento-database-owner")] if owners else [])
    found_by = {**labels(task.name), **_uses(database=bool(owners), outside=False)}
    template = {"metadata": {"labels": found_by}, "spec": {**pod, "restartPolicy": "OnFailure"}}
    spec = {"backoffLimit": TASK_TRIES, "ttlSecondsAfterFinished": TASK_KEPT_SECONDS, "template": template}
    return _object("batch/v1", "Job", task.name, labels(task.name), spec)


def desk() -> Object:
    """A pod that only waits for `kubectl exec`: commands with all that they read, and no more rights than reading takes."""
    container = _container((), _settings(DESK_DATABASES))
    del container["args"]
    container |= {"command": ["sleep", "infinity"]}
    container["volumeMounts"] += _database_mounts(DESK_DATABASES)
    pod = _pod(container, [_database_volume(DESK_DATABASES, "asiento-database")])
    template = {
        "metadata": {"labels": {**labels(DESK), **_uses(database=True, outside=False)}},
        "spec": {**pod, "terminationGracePeriodSeconds": 1},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": labels(DESK)}, "template": template}
    return _object("apps/v1", "Deployment", DESK, labels(DESK), spec)


def _object(version: str, kind: str, name: str, found_by: Object, spec: Object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": found_by}, "spec": spec}


def _workload(process: Process) -> Object:
    template = {
        "metadata": {"labels": {**_identity(process), **_uses(database=bool(process.databases), outside=process.outside)}},
        "spec": _process_pod(process),
    }
    spec: Object = {"replicas": process.replicas, "selector": {"matchLabels": _identity(process)}}
    if process.kind == "Deployment":
        spec |= {"strategy": {"type": "Recreate"}}
    else:
        spec |= {"serviceName": f"{process.name}-pods", "podManagementPolicy": "Parallel", "ordinals": {"start": 1}}
    spec["template"] = template
    if process.storage is not None:
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": process.storage}}}
        spec["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": claim}]
    return _object("apps/v1", process.kind, process.name, _identity(process), spec)


def _process_pod(process: Process) -> Object:
    container = _container(process.command, [*_member(process), *_settings(process.databases, process.files, process.settings)])
    container["ports"] = [{"name": "metrics", "containerPort": METRICS_PORT}]
    if process.port is not None:
        container["ports"].append({"name": "http", "containerPort": process.port})
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": LEAVE_SERVICE_SECONDS}}}
    container |= {
        "startupProbe": {**_probe("startupz"), "periodSeconds": 5, "failureThreshold": STARTUP_TRIES},
        "readinessProbe": {**_probe("readyz"), "periodSeconds": 5, "failureThreshold": 3},
        "livenessProbe": {**_probe("livez"), "periodSeconds": 10, "failureThreshold": 3},
        "resources": {
            "requests": {"cpu": process.cpu, "memory": process.memory[0]},
            "limits": {"memory": process.memory[1]},
        },
    }
    container["volumeMounts"] += _database_mounts(process.databases)
    container["volumeMounts"] += [{"name": file.name, "mountPath": file.folder, "readOnly": True} for file in process.files]
    volumes = [_database_volume(process.databases, "asiento-database")] if process.databases else []
    volumes += [_file_volume(file) for file in process.files]
    if process.storage is not None:
        container["volumeMounts"].append({"name": "data", "mountPath": DATA_FOLDER})
    pod = _pod(container, volumes)
    leaving = LEAVE_SERVICE_SECONDS if process.port is not None else 0
    return {**pod, "terminationGracePeriodSeconds": GRACE_SECONDS + leaving, **_spread(process)}


def _pod(container: Object, volumes: list[Object]) -> Object:
    """What every pod of ours has: no way to the API, no variables of Services (they would look like settings), no root."""
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}, *volumes],
    }


def _container(command: tuple[str, ...], environment: list[Object]) -> Object:
    return {
        "name": "asiento",
        "image": IMAGE,
        "args": list(command),
        "envFrom": [{"configMapRef": {"name": "asiento-settings"}}],
        "env": environment,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - of the container
    }


def _probe(page: str) -> Object:
    return {"httpGet": {"path": f"/{page}", "port": "metrics"}, "timeoutSeconds": 5}


def _member(process: Process) -> list[Object]:
    pods_name = {"fieldRef": {"fieldPath": "metadata.name"}}
    return [{"name": "ASIENTO_INSTANCE_ID", "valueFrom": pods_name}] if process.member else []


def _settings(databases: tuple[Database, ...], files: tuple[File, ...] = (), settings: tuple[tuple[str, str], ...] = ()) -> list[Object]:
    found: list[Object] = []
    for database in databases:
        url = {"configMapKeyRef": {"name": "asiento-databases", "key": database.key}}
        found += [
            {"name": f"{database.variable}_URL", "valueFrom": url},
            {"name": f"{database.variable}_PASSWORD_FILE", "value": f"{DATABASE_FOLDER}/{database.key}"},
        ]
    found += [{"name": file.variable, "value": f"{file.folder}/{file.key}"} for file in files]
    return [*found, *({"name": name, "value": value} for name, value in settings)]


def _database_mounts(databases: tuple[Database, ...]) -> list[Object]:
    return [{"name": "database", "mountPath": DATABASE_FOLDER, "readOnly": True}] if databases else []


def _database_volume(databases: tuple[Database, ...], secret: str) -> Object:
    """Of the passwords only those of this process; the CA where the installation has one."""
    passwords = {"name": secret, "items": [{"key": database.key, "path": database.key} for database in databases]}
    authority = {"name": "asiento-database-ca", "optional": True, "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    return {"name": "database", "projected": {"defaultMode": 0o440, "sources": [{"secret": passwords}, {"configMap": authority}]}}


def _file_volume(file: File) -> Object:
    sources: list[Object] = [{"configMap": {"name": file.name}}]
    if file.secrets is not None:
        sources.append({"secret": {"name": file.secrets}})
    return {"name": file.name, "projected": {"defaultMode": 0o440, "sources": sources}}


def _uses(*, database: bool, outside: bool) -> Object:
    """Labels by which the network policies let a pod out."""
    return {**({"asiento-database": "used"} if database else {}), **({"asiento-outside": "used"} if outside else {})}


def _spread(process: Process) -> Object:
    if process.kind != "StatefulSet":
        return {}
    constraint = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": _identity(process)},
    }
    return {"topologySpreadConstraints": [constraint]}


def _service(process: Process, name: str, *, headless: bool) -> Object:
    port, port_name = (METRICS_PORT, "metrics") if headless or process.port is None else (process.port, "http")
    spec = {
        **({"clusterIP": "None"} if headless else {"type": "ClusterIP"}),
        "selector": _identity(process),
        "ports": [{"name": port_name, "port": port, "targetPort": port_name}],
    }
    return _object("v1", "Service", name, _identity(process), spec)


def _disruption_budget(process: Process) -> Object:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": _identity(process)}}
    return _object("policy/v1", "PodDisruptionBudget", process.name, _identity(process), spec)
