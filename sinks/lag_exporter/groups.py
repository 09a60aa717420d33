"""The consumer groups of one installation, by its settings: never a list of whatever groups a cluster has."""

from dataclasses import dataclass

from asiento.runtime.settings import Settings
from schemas.topics import ACCOUNTING_ENTRIES, FETCH_REQUESTS, ORDERS_EVENTS, ORDERS_RAW
from sinks.connectors.configured import known_connections
from sinks.projector.topics import projected_topics


@dataclass(frozen=True, slots=True)
class WatchedGroup:
    """One group and the topics that it reads, as the brokers call them.

    expected: it is shown even if it never committed anything; else only from its first commit or its topic's first record on.
    """

    name: str
    topics: tuple[str, ...]
    expected: bool = True


def watched_groups(settings: Settings) -> tuple[WatchedGroup, ...]:
    """All of them. Raises `SettingsError` where the file of ledger connections cannot be used.

    Normalizer and fetcher run where somebody delivers payloads; whether that is so is not in the settings of every process.
    """
    entries = (settings.topic(ACCOUNTING_ENTRIES),)
    normalizes = bool(settings.gateway_config or settings.fetcher_sources or settings.connections or settings.mappers)
    return (
        WatchedGroup(settings.orders_id, (settings.topic(ORDERS_EVENTS),)),
        WatchedGroup(settings.ledger_group, entries),
        WatchedGroup(settings.projector_group, tuple(topic.on_broker for topic in projected_topics(settings))),
        WatchedGroup(settings.normalizer_id, (settings.topic(ORDERS_RAW),), expected=normalizes),
        WatchedGroup(settings.fetcher_group, (settings.topic(FETCH_REQUESTS),), expected=bool(settings.fetcher_sources)),
        *(WatchedGroup(settings.connection_group(name), entries) for name in sorted(known_connections(settings))),
    )
