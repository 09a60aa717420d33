"""Topics on the broker brought to what a catalogue says: a plan that can be read, then the same plan carried out.

What could lose records or move orders to other partitions is refused, never done: other partition counts, other replication
factors, less retention, another cleanup policy.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError

from asiento.runtime.broker_access import connection_words
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings

SET_ON_THE_TOPIC = 1
"""`config_source` of a value that was set on the topic itself, in the Kafka protocol."""
SETTLE_SECONDS_MAX = 30.0
POLL_SECONDS = 0.1
UNLIMITED = -1


class TopicSpec(Protocol):
    """One topic as a catalogue states it; the name is without prefix, config values are texts as Kafka spells them."""

    @property
    def name(self) -> str:
        """Name without prefix."""

    @property
    def partitions(self) -> int:
        """Partition count, fixed for the generation."""

    @property
    def replication_factor(self) -> int:
        """Copies of each partition."""

    @property
    def config(self) -> Mapping[str, str]:
        """Topic configuration that differs from the broker's defaults."""


class TopicsError(Exception):
    """The broker refused a change; the message has its reason."""


class TopicsRefused(Exception):
    """The plan holds what is never done; nothing was changed. `plan.refused` has the reasons."""

    def __init__(self, plan: "TopicPlan") -> None:
        super().__init__("\n".join(f"{refusal.topic}: {refusal.reason}" for refusal in plan.refused))
        self.plan = plan


class BrokerUnreachable(Exception):
    """No broker answered; the message names the address."""


@dataclass(frozen=True, slots=True)
class TopicCreation:
    """A topic that does not exist yet."""

    topic: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One configuration value that differs."""

    topic: str
    key: str
    current: str | None
    wanted: str


@dataclass(frozen=True, slots=True)
class TopicRefusal:
    """A difference that is never mended automatically, and why."""

    topic: str
    reason: str


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """What `apply` would do, or did."""

    create: tuple[TopicCreation, ...] = ()
    alter: tuple[ConfigChange, ...] = ()
    refused: tuple[TopicRefusal, ...] = ()
    unchanged: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the broker already has what the catalogue says."""
        return not (self.create or self.alter or self.refused)


@dataclass(frozen=True, slots=True)
class ExistingTopic:
    """A topic as the broker has it; `own_config` is what was set on the topic itself, `has_leaders` whether it can be used."""

    partitions: int
    replication_factor: int
    config: Mapping[str, str | None]
    own_config: Mapping[str, str | None]
    has_leaders: bool = True


async def plan(settings: Settings, topics: Sequence[TopicSpec]) -> TopicPlan:
    """Compare the broker with the catalogue; changes nothing. Raises `BrokerUnreachable`, `SettingsError`."""
    async with _admin(settings) as admin:
        return compare(settings, topics, await _existing(admin, {settings.topic(spec.name) for spec in topics}))


async def apply(settings: Settings, topics: Sequence[TopicSpec]) -> TopicPlan:
    """Carry out the plan and wait until it shows; returns what was done.

    Raises `TopicsRefused` before any change if something is refused, `TopicsError` if the broker refuses, `BrokerUnreachable`.
    """
    names = {settings.topic(spec.name) for spec in topics}
    async with _admin(settings) as admin:
        existing = await _existing(admin, names)
        todo = compare(settings, topics, existing)
        if todo.refused:
            raise TopicsRefused(todo)
        await _create(admin, todo.create)
        await _alter(admin, todo.alter, existing)
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        while True:
            existing = await _existing(admin, names)
            left = compare(settings, topics, existing)
            if left.refused:  # somebody else created a topic meanwhile
                raise TopicsRefused(left)
            if left.is_empty and all(topic.has_leaders for topic in existing.values()):
                return todo
            if time.monotonic() > deadline:
                raise TopicsError(f"the broker did not show all topics as wanted, with leaders, within {SETTLE_SECONDS_MAX:.0f} s: {left}")
            await asyncio.sleep(POLL_SECONDS)


def compare(settings: Settings, topics: Iterable[TopicSpec], existing: Mapping[str, ExistingTopic]) -> TopicPlan:
    """The plan as a pure function of catalogue and broker state (`existing` by full name)."""
    create, alter, refused, unchanged = [], [], [], []
    for spec in topics:
        name = settings.topic(spec.name)
        found = existing.get(name)
        if found is None:
            create.append(TopicCreation(name, spec.partitions, spec.replication_factor, dict(spec.config)))
            continue
        changes = [ConfigChange(name, key, found.config.get(key), wanted) for key, wanted in spec.config.items()]
        changes = [change for change in changes if change.current != change.wanted]
        reasons = [*_shape_reasons(spec, found), *_config_reasons(changes)]
        refused += [TopicRefusal(name, reason) for reason in reasons]
        alter += changes if not reasons else []
        unchanged += [name] if not (changes or reasons) else []
    return TopicPlan(tuple(create), tuple(alter), tuple(refused), tuple(unchanged))


def _shape_reasons(spec: TopicSpec, found: ExistingTopic) -> Iterator[str]:
    if found.partitions != spec.partitions:
        yield (
            f"has {found.partitions} partitions, {spec.partitions} are wanted. Another count would send orders to other partitions, "
            f"so it is fixed for a topic generation: set ASIENTO_PARTITIONS={found.partitions}, "
            "or migrate to new topics (another ASIENTO_TOPIC_PREFIX)"
        )
    if found.replication_factor != spec.replication_factor:
        yield (
            f"has replication factor {found.replication_factor}, {spec.replication_factor} is wanted: move its replicas with Kafka's "
            f"reassignment tool, or set ASIENTO_REPLICATION_FACTOR={found.replication_factor}"
        )


def _config_reasons(changes: Iterable[ConfigChange]) -> Iterator[str]:
    for change in changes:
        if change.key == "cleanup.policy" or (
            change.key in {"retention.ms", "retention.bytes"} and _is_less(change.wanted, change.current)
        ):
            yield (
                f"{change.key} is {change.current}, {change.wanted} is wanted: that can delete records. "
                "Alter it with Kafka's own tool if it is meant"
            )


def _is_less(wanted: str, current: str | None) -> bool:
    """Whether a limit shrinks; -1 is unlimited."""
    if int(wanted) == UNLIMITED:
        return False
    return current is None or int(current) == UNLIMITED or int(wanted) < int(current)


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
        yield admin
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokerUnreachable(await connection_words(settings, error)) from error
    finally:
        await admin.close()


async def _existing(admin: AIOKafkaAdminClient, names: set[str]) -> dict[str, ExistingTopic]:
    """The named topics that exist. All topics are asked for: asking by name may create one."""
    described = await admin.describe_topics()
    shapes: dict[str, list[dict[str, Any]]] = {topic["topic"]: topic["partitions"] for topic in described if topic["topic"] in names}
    if not shapes:
        return {}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in sorted(shapes)])
    found = {}
    for resource in (resource for answer in answers for resource in answer.to_object()["resources"]):
        name, entries = resource["resource_name"], resource["config_entries"]
        if resource["error_code"] == UnknownTopicOrPartitionError.errno:  # just created, and this broker has not heard of it
            continue
        if resource["error_code"]:
            raise TopicsError(f"{name}: its configuration cannot be read: {resource['error_message']}")
        found[name] = ExistingTopic(
            partitions=len(shapes[name]),
            replication_factor=min(len(partition["replicas"]) for partition in shapes[name]),
            config={entry["config_names"]: entry["config_value"] for entry in entries},
            own_config={entry["config_names"]: entry["config_value"] for entry in entries if entry["config_source"] == SET_ON_THE_TOPIC},
            has_leaders=all(partition["leader"] >= 0 for partition in shapes[name]),
        )
    return found


async def _create(admin: AIOKafkaAdminClient, creations: Sequence[TopicCreation]) -> None:
    if not creations:
        return
    wanted = [NewTopic(item.topic, item.partitions, item.replication_factor, topic_configs=dict(item.config)) for item in creations]
    answer = await admin.create_topics(wanted)
    failed = [(topic, text) for topic, code, text in answer.topic_errors if code not in {0, TopicAlreadyExistsError.errno}]
    if failed:
        raise TopicsError("\n".join(f"{topic} was not created: {text}" for topic, text in failed))


async def _alter(admin: AIOKafkaAdminClient, changes: Sequence[ConfigChange], existing: Mapping[str, ExistingTopic]) -> None:
    """Set values; the request replaces a topic's whole own configuration, so what is already set goes along."""
    if not changes:
        return
    resources = []
    for topic in sorted({change.topic for change in changes}):
        wanted = {change.key: change.wanted for change in changes if change.topic == topic}
        resources.append(ConfigResource(ConfigResourceType.TOPIC, topic, configs={**existing[topic].own_config, **wanted}))
    for answer in await admin.alter_configs(resources):
        for code, text, _, topic in answer.resources:
            if code:
                raise TopicsError(f"{topic} was not altered: {text}")
