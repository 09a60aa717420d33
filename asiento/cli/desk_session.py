"""Opens the desk for one command: the operational database, the broker, who acts and when."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from asiento.cli.exits import CommandError, Unreachable
from asiento.cli.json_lines import open_input
from asiento.cli.run_directory import client_settings
from asiento.runtime.settings import Settings
from sinks.desk.desk import Desk, caught_up_reader
from sinks.desk.errors import DeskRefused, DeskUnavailable
from sinks.desk.kafka_broker import KafkaBroker
from sinks.desk.outgoing import Broker
from sinks.desk.raw_letters import RawSources
from sinks.projector.errors import OperationalError, OperationalUnavailable
from sinks.projector.reader import OperationalReader
from sources.platforms.adapter import Adapter
from sources.platforms.connection import Connection

NOBODY = ""
"""The actor of a command that only looks."""


def new_broker(settings: Settings) -> Broker:
    """The desk's way to Kafka."""
    return KafkaBroker(settings)


@contextmanager
def desk_errors() -> Iterator[None]:
    """Turn what the desk and its database say into the errors of the command line."""
    try:
        yield
    except DeskRefused as problem:
        raise CommandError(str(problem)) from None
    except (DeskUnavailable, OperationalUnavailable) as problem:
        raise Unreachable(str(problem)) from None
    except OperationalError as problem:
        raise CommandError(str(problem)) from None


@contextmanager
def looking() -> Iterator[Desk]:
    """The desk of a command that sends nothing."""
    settings = _quiet_settings()
    with desk_errors(), OperationalReader.at(settings.operational_location) as reader:
        yield _desk(settings, reader, new_broker(settings), NOBODY)


@contextmanager
def acting(actor: str, *, dry_run: bool) -> Iterator[Desk]:
    """The desk of a command that sends: the database has every earlier action, so that nothing is decided twice."""
    settings = _quiet_settings()
    broker = new_broker(settings)
    with desk_errors():
        location = settings.operational_location
        reader = OperationalReader.at(location) if dry_run else caught_up_reader(location, broker, _actions_topic(settings))
        with reader:
            yield _desk(settings, reader, broker, actor)


def read_event_file(name: str | None) -> dict[str, Any] | None:
    """The JSON object of a file, or of stdin for `-`; None for no file. Raises `CommandError` where it is none."""
    from schemas.events import JSON_BYTES_MAX, parse_object
    from schemas.refusal import InvalidEvent

    if name is None:
        return None
    with open_input(name) as stream:
        content = stream.read(JSON_BYTES_MAX + 1)
    try:
        found = parse_object(content)
    except InvalidEvent as problem:
        raise CommandError(f"{name}: {problem}") from None
    if not isinstance(found, dict):
        raise CommandError(f"{name}: one JSON object is expected")
    return found


def _quiet_settings() -> Settings:
    from asiento.runtime.logging import configure_logging

    settings = client_settings()
    configure_logging(settings, "desk")
    return settings


def _actions_topic(settings: Settings) -> str:
    from schemas.topics import ACCOUNTING_ACTIONS

    return settings.topic(ACCOUNTING_ACTIONS)


def _desk(settings: Settings, reader: OperationalReader, broker: Broker, actor: str) -> Desk:
    from schemas.topics import ORDERS_EVENTS
    from streams.policies import load_policies

    return Desk(
        reader=reader,
        broker=broker,
        policies=load_policies(settings.policy),
        actor=actor,
        at=time.time_ns() // 1000,
        events_topic=settings.topic(ORDERS_EVENTS),
        raw=_raw_sources(settings),
        approval_limit=settings.approval_limit,
    )


def _raw_sources(settings: Settings) -> RawSources:
    """Mappers and connections are read when a raw payload asks for them: most commands of the desk have none."""
    from schemas.topics import ORDERS_RAW
    from sources.platforms.catalogue import adapters_with
    from streams.normalizer.connections import load_connections

    adapters = cache(lambda: adapters_with(settings.mappers))
    connections = cache(lambda: load_connections(settings.connections))

    def adapter_of(platform: str) -> Adapter | None:
        return adapters()(platform)

    def connection_of(tenant: str, source: str) -> Connection:
        return connections().of(tenant, source)

    return RawSources(topic=settings.topic(ORDERS_RAW), adapter_of=adapter_of, connection_of=connection_of)
