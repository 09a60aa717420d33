"""Schema ids beyond the lock file: what the registry said of them, and the bounded wait for what it has not said yet.

An id is adopted (its schema is ours, see `schemas.foreign`), refused for a while, or undecided. Undecided ids hold their partition
(`streams.engine.processor.RangeWaits`) while the registry is asked again and again, up to `registry_wait_seconds_max`; then they are
refused, and at once for as long as `registry_unknown_seconds`. A partition that has waited in vain asks only once for further
ids during that time, so that ever new garbage cannot stall it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final, NamedTuple, TypeVar

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from asiento.runtime.registry_client import RegistryClient, RegistryError, registry_access
from asiento.runtime.settings import Settings
from schemas.events import EventSchema, SchemaUndecided, event_schema
from schemas.foreign import adopt_schema
from schemas.refusal import Refusal
from schemas.registry import registry

ASKS_AT_ONCE_MAX: Final = 4
PAUSE_SECONDS: Final = 0.2
"""Pause before the registry is asked again; doubled up to `PAUSE_SECONDS_MAX`."""
PAUSE_SECONDS_MAX: Final = 5.0
UNREACHABLE_SECONDS: Final = 10.0
"""An id that could not be asked for is refused at once for so long, not longer: the registry may be back."""


_T = TypeVar("_T")


class _Refused(NamedTuple):
    refusal: Refusal
    until: float


class SchemaIds:
    """The ids of one process. Both memories are bounded by `registry_ids_max`; the oldest answers are forgotten first."""

    def __init__(
        self,
        client: RegistryClient,
        settings: Settings,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._ask_seconds_max = settings.registry_timeout_seconds
        self._wait_seconds_max = settings.registry_wait_seconds_max
        self._unknown_seconds = settings.registry_unknown_seconds
        self._ids_max = settings.registry_ids_max
        self._decided = metrics.schema_ids
        self._clock = clock
        self._sleep = sleep
        self._adopted: dict[int, EventSchema] = {}
        self._refused: dict[int, _Refused] = {}
        self._impatient_until: dict[int, float] = {}
        self._away_until = 0.0
        self._asks = asyncio.Semaphore(ASKS_AT_ONCE_MAX)

    def look_up(self, schema_id: int) -> EventSchema | Refusal:
        """What has been decided about an id; raises `SchemaUndecided` where nothing has, or no longer holds."""
        found = self._adopted.get(schema_id)
        if found is not None:
            return found
        refused = self._refused.get(schema_id)
        if refused is None or refused.until <= self._clock():
            raise SchemaUndecided(schema_id)
        return refused.refusal

    async def decide(self, schema_ids: Collection[int], partition: int) -> None:
        """Return when all ids are decided: at once, after a wait, or after the longest wait. Never raises for what the registry does."""
        started = self._clock()
        impatient = self._impatient_until.get(partition, 0.0) > started
        deadline = started if impatient else started + self._wait_seconds_max
        problems: dict[int, str | None] = dict.fromkeys(schema_ids, "not asked, as the registry did not answer a moment ago")
        pause = PAUSE_SECONDS
        while not (impatient and self._away_until > started):
            problems = await self._ask_all(problems, deadline - self._clock())
            now = self._clock()
            if not problems:
                return
            if now >= deadline:
                break
            if pause == PAUSE_SECONDS:
                why = _in_words(problems)
                get_logger().warning(log_events.SCHEMA_IDS_AWAITED, partition=partition, seconds_max=self._wait_seconds_max, why=why)
            await self._sleep(min(pause, deadline - now))
            pause = min(2 * pause, PAUSE_SECONDS_MAX)
        self._give_up(problems, partition, round(self._clock() - started, 1))

    async def _ask_all(self, schema_ids: Collection[int], seconds_left: float) -> dict[int, str | None]:
        """Ask for the ids that are still undecided; of those that stay so the problem, None where the registry knows no such id.

        Takes no longer than the time that is left, or than one question may take.
        """
        undecided = [schema_id for schema_id in schema_ids if not self._is_decided(schema_id)]
        answers: list[str | None] = ["no answer in time"] * len(undecided)
        try:
            async with asyncio.timeout(max(seconds_left, self._ask_seconds_max)):
                answers = await asyncio.gather(*map(self._ask, undecided))
        except TimeoutError:
            self._away_until = self._clock() + UNREACHABLE_SECONDS
        return {schema_id: problem for schema_id, problem in zip(undecided, answers, strict=True) if not self._is_decided(schema_id)}

    def _is_decided(self, schema_id: int) -> bool:
        try:
            self.look_up(schema_id)
        except SchemaUndecided:
            return False
        return True

    async def _ask(self, schema_id: int) -> str | None:
        async with self._asks:
            try:
                registered = await self._client.schema(schema_id)
            except RegistryError as problem:
                self._away_until = self._clock() + UNREACHABLE_SECONDS
                return str(problem)
        if registered is None:
            return None
        if registered.is_plain_avro:
            found = adopt_schema(registered.text, schema_id)
        else:
            found = Refusal("schema_not_ours", f"schema id {schema_id} of the registry is no Avro schema that stands alone", schema_id)
        if isinstance(found, Refusal):
            self._refuse(found, schema_id, self._unknown_seconds)
            self._decided.labels("not_ours").inc()
            get_logger().warning(log_events.SCHEMA_ID_NOT_OURS, schema_id=schema_id, reason=found.reason, detail=found.detail)
        else:
            _remember(self._adopted, schema_id, found, self._ids_max)
            self._decided.labels("adopted").inc()
            get_logger().info(log_events.SCHEMA_ID_ADOPTED, schema_id=schema_id, record=found.record.name)
        return None

    def _give_up(self, problems: dict[int, str | None], partition: int, waited: float) -> None:
        """Refuse what is undecided, for a while, and lose patience with the partition."""
        for schema_id, problem in problems.items():
            if problem is None:
                detail, seconds = f"schema id {schema_id} is neither in the lock file nor in the registry", self._unknown_seconds
            else:
                detail, seconds = f"schema id {schema_id} is not in the lock file, and the registry did not answer", UNREACHABLE_SECONDS
            refusal = Refusal("unknown_schema_id", f"{detail}; waited {waited:g} s", schema_id)
            self._refuse(refusal, schema_id, seconds)
            self._decided.labels("unknown" if problem is None else "unreachable").inc()
        self._impatient_until[partition] = self._clock() + self._unknown_seconds
        get_logger().warning(log_events.SCHEMA_IDS_GIVEN_UP, partition=partition, waited_seconds=waited, why=_in_words(problems))

    def _refuse(self, refusal: Refusal, schema_id: int, seconds: float) -> None:
        _remember(self._refused, schema_id, _Refused(refusal, self._clock() + seconds), self._ids_max)


def _in_words(problems: dict[int, str | None]) -> list[str]:
    return [f"schema id {schema_id}: {problem or 'the registry does not have it'}" for schema_id, problem in problems.items()]


def _remember(memory: dict[int, _T], schema_id: int, found: _T, ids_max: int) -> None:
    memory.pop(schema_id, None)
    while len(memory) >= ids_max:
        del memory[next(iter(memory))]
    memory[schema_id] = found


def schema_ids_of(settings: Settings, metrics: Metrics) -> SchemaIds | None:
    """The ids of a process that asks the registry of the settings; None if none is set. Raises `SettingsError`."""
    access = registry_access(settings)
    if access is None:
        return None
    return SchemaIds(RegistryClient(access, lambda result: metrics.registry_requests.labels(result).inc()), settings, metrics)


class IdClash(NamedTuple):
    """An id that the lock file gives to one event and the registry to another, or to another version."""

    schema_id: int
    locked: str
    registered: str


async def id_clashes(client: RegistryClient) -> tuple[IdClash, ...]:
    """Ids of our events under which the registry keeps another schema that is ours, too: records of them would be misread.

    A schema of other people's under such an id is no clash: nobody writes order events with it. Raises `RegistryError`.
    """
    clashes = []
    for schema_id, known in sorted(registry().by_id.items()):
        registered = await client.schema(schema_id) if known.record.is_event else None
        found = adopt_schema(registered.text, schema_id) if registered is not None and registered.is_plain_avro else None
        if isinstance(found, EventSchema) and found is not event_schema(schema_id):
            clashes.append(IdClash(schema_id, known.locked.subject, found.record.full_name))
    return tuple(clashes)


def clash_words(url: str, clashes: Collection[IdClash]) -> str:
    """What clashes, and how to mend it."""
    each = "; ".join(f"id {clash.schema_id} is {clash.locked} here and {clash.registered} there" for clash in clashes)
    return (
        f"{url}: the registry's ids contradict the lock file: {each}. Records of these ids would be misread. Register our schemas in a "
        "registry or context whose next id is above those of the lock file, or in an empty one in the lock file's order (docs/registry.md)"
    )
