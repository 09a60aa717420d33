"""Access rules of the broker brought to what a list says: what is missing is added, nothing is ever taken away."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import CreateAclsRequest, DescribeAclsRequest

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.kafka_metadata import OPERATION_BITS
from asiento.runtime.settings import Settings

RESOURCES: Final = {"topic": 2, "group": 3, "cluster": 4, "transactional_id": 5}
PATTERNS: Final = {"literal": 3, "prefixed": 4}
OPERATIONS: Final = {"all": 2, **OPERATION_BITS}
"""Kafka's numbers, beside our words for them."""
ANY: Final = 1
ALLOW: Final = 3
ANY_HOST: Final = "*"


class AclsRefused(Exception):
    """The broker did not show or did not take access rules; the message has its reason and how to mend it."""


class Acl(NamedTuple):
    """One access rule: `principal` (`User:name`) is allowed one operation on one resource, from any host."""

    principal: str
    resource: str
    name: str
    pattern: str
    operation: str


class AclPlan(NamedTuple):
    """What is missing on the broker, and what is there already."""

    create: tuple[Acl, ...]
    unchanged: tuple[Acl, ...]


async def plan_acls(settings: Settings, wanted: Sequence[Acl]) -> AclPlan:
    """Compare the broker's rules with a list. Raises `AclsRefused`, any `KafkaError` where no broker answers."""
    client = AIOKafkaClient(**client_options(settings))
    try:
        await client.bootstrap()
        return _compare(wanted, await _existing(client))
    finally:
        await client.close()


async def apply_acls(settings: Settings, wanted: Sequence[Acl]) -> AclPlan:
    """Add what is missing; answers what that was. Raises as `plan_acls`; a refusal says which rule was not taken."""
    client = AIOKafkaClient(**client_options(settings))
    try:
        await client.bootstrap()
        plan = _compare(wanted, await _existing(client))
        if plan.create:
            await _create(client, plan.create)
        return plan
    finally:
        await client.close()


def _compare(wanted: Iterable[Acl], existing: frozenset[Acl]) -> AclPlan:
    rows = sorted(set(wanted))
    return AclPlan(tuple(row for row in rows if row not in existing), tuple(row for row in rows if row in existing))


async def _existing(client: AIOKafkaClient) -> frozenset[Acl]:
    answer: Any = await client.send(client.get_random_node(), DescribeAclsRequest(ANY, None, ANY, None, None, ANY, ANY))
    _require_taken(answer.error_code, answer.error_message, "the access rules cannot be listed")
    words = {number: word for word, number in OPERATIONS.items()}
    resources = {number: word for word, number in RESOURCES.items()}
    patterns = {number: word for word, number in PATTERNS.items()}
    return frozenset(
        Acl(principal, resources.get(kind, "?"), name, patterns.get(pattern, "?"), words.get(operation, "?"))
        for kind, name, pattern, rules in answer.resources
        for principal, host, operation, permission in rules
        if host == ANY_HOST and permission == ALLOW
    )


async def _create(client: AIOKafkaClient, rows: Sequence[Acl]) -> None:
    for row in rows:  # one by one: aiokafka's request holds one rule
        request = CreateAclsRequest(
            RESOURCES[row.resource], row.name, PATTERNS[row.pattern], row.principal, ANY_HOST, OPERATIONS[row.operation], ALLOW
        )
        answer: Any = await client.send(client.get_random_node(), request)
        for code, reason in answer.creation_responses:
            _require_taken(code, reason, f"{row.principal} was not given {row.operation} on {row.resource} {row.name}")


def _require_taken(code: int, reason: str | None, what: str) -> None:
    if not code:
        return
    mend = {31: "; it takes a user with Alter and Describe on the cluster", 54: "; set authorizer.class.name on the brokers"}.get(code, "")
    raise AclsRefused(f"{what}: {reason or f'error {code}'}{mend}")
