"""Topics and users as Strimzi's objects: what `asiento topics plan` and `asiento topics acls` say, and who logs in as whom."""

from typing import Any, Final

from deploy.kubernetes.processes import USERS
from deploy.kubernetes.workloads import Object, labels
from schemas.access_rights import COMPONENTS, Right, rights_of
from schemas.topics import catalogue

VERSION: Final = "kafka.strimzi.io/v1"
CLUSTER: Final = "kafka"
"""Name of the Kafka object; an overlay with another one replaces the label."""
APP_ID: Final = "asiento"
PARTITIONS: Final = 48
COPIES: Final = 3
IN_SYNC: Final = 2
KEEP: Final = {"argocd.argoproj.io/sync-options": "Prune=false", "kustomize.toolkit.fluxcd.io/prune": "disabled"}
"""Whoever removes the object of a topic removes the topic: tools that tidy up must not."""
USER_FOLDER: Final = "/run/secrets/kafka"
_RESOURCES: Final = {"topic": "topic", "group": "group", "transactional_id": "transactionalId", "cluster": "cluster"}
_PATTERNS: Final = {"literal": "literal", "prefixed": "prefix"}


def topics() -> list[Object]:
    """One KafkaTopic for each topic of the catalogue."""
    return [
        {
            "apiVersion": VERSION,
            "kind": "KafkaTopic",
            "metadata": {"name": spec.name, "labels": _labels("topics"), "annotations": dict(KEEP)},
            "spec": {
                "topicName": spec.name,
                "partitions": spec.partitions,
                "replicas": spec.replication_factor,
                "config": dict(spec.config),
            },
        }
        for spec in catalogue(APP_ID, PARTITIONS, COPIES, IN_SYNC)
    ]


def users() -> list[Object]:
    """One KafkaUser for each component with rights, its password in a Secret of the same name."""
    found: dict[str, list[Right]] = {component: [] for component in COMPONENTS}
    for right in rights_of(APP_ID):
        found[right.component].append(right)
    return [
        {
            "apiVersion": VERSION,
            "kind": "KafkaUser",
            "metadata": {"name": user_name(component), "labels": _labels(component)},
            "spec": {
                "authentication": {"type": "scram-sha-512"},
                "authorization": {"type": "simple", "acls": [_rule(right) for right in rights]},
            },
        }
        for component, rights in found.items()
    ]


def user_name(component: str) -> str:
    """The user of a component, as `topics acls` names it."""
    return f"{APP_ID}-{component}"


def credentials(component: str) -> Object:
    """A patch for the workloads of one component (label): its user, and the CA of the brokers."""
    kind, user = USERS[component]
    secrets = [
        {"secret": {"name": user_name(user), "items": [{"key": "password", "path": "password"}]}},
        {"secret": {"name": f"{CLUSTER}-cluster-ca-cert", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
    container = {
        "name": "asiento",
        "env": [{"name": "ASIENTO_KAFKA_SASL_USERNAME", "value": user_name(user)}],
        "volumeMounts": [{"name": "kafka", "mountPath": USER_FOLDER, "readOnly": True}],
    }
    pod = {"containers": [container], "volumes": [{"name": "kafka", "projected": {"defaultMode": 0o440, "sources": secrets}}]}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": component}, "spec": {"template": {"spec": pod}}}


def kustomization() -> dict[str, Any]:
    """The component: topics, users, and a patch for each component that runs."""
    settings = {
        "ASIENTO_KAFKA_BOOTSTRAP_SERVERS": f"{CLUSTER}-kafka-bootstrap:9093",
        "ASIENTO_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "ASIENTO_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "ASIENTO_KAFKA_SASL_PASSWORD_FILE": f"{USER_FOLDER}/password",
        "ASIENTO_KAFKA_CA_FILE": f"{USER_FOLDER}/ca.crt",
        "ASIENTO_APP_ID": APP_ID,
        "ASIENTO_PARTITIONS": str(PARTITIONS),
        "ASIENTO_REPLICATION_FACTOR": str(COPIES),
        "ASIENTO_MIN_INSYNC_REPLICAS": str(IN_SYNC),
    }
    return {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": ["topics.yaml", "users.yaml"],
        "configMapGenerator": [
            {"name": "asiento-settings", "behavior": "merge", "literals": [f"{name}={value}" for name, value in settings.items()]}
        ],
        "patches": [
            {
                "path": f"credentials/{component}.yaml",
                "target": {"labelSelector": f"app.kubernetes.io/component={component}", "kind": kind},
            }
            for component, (kind, _) in USERS.items()
        ],
    }


def _labels(component: str) -> Object:
    return {**labels(component), "strimzi.io/cluster": CLUSTER}


def _rule(right: Right) -> Object:
    resource: Object = {"type": _RESOURCES[right.resource]}
    if right.resource != "cluster":
        resource |= {"name": right.name, "patternType": _PATTERNS[right.pattern]}
    return {"resource": resource, "operations": [_spelled(operation) for operation in right.operations]}


def _spelled(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))
