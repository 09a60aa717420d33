"""What the broker says: how far every group is behind, whether a topic may let go of what is not read yet, what time it is."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from aiokafka.errors import KafkaError

from asiento.cli.diagnosing.findings import Finding
from asiento.cli.diagnosing.standing import CLOCK_SECONDS_MAX, duration_text
from asiento.cli.run_directory import client_settings
from asiento.cli.topics import catalogue_of
from asiento.runtime.broker_clock import clock_ahead_milliseconds
from asiento.runtime.settings import Settings
from sinks.lag_exporter.lags import GroupLag
from sinks.lag_exporter.process import read_lags

LAG_SECONDS_MAX: Final = 60
_LOOK: Final = "asiento lag-exporter --once"


def lag_findings(settings: Settings) -> Iterator[Finding]:
    """One look at the broker; nothing where there is none. Raises `SettingsError`."""
    own = settings if settings.kafka_bootstrap_servers is not None else client_settings()
    if own.kafka_bootstrap_servers is None:
        return
    try:
        groups = asyncio.run(read_lags(own))
    except (KafkaError, OSError, TimeoutError) as error:
        yield Finding("lag", "unreachable", f"{own.kafka_bootstrap_servers}: {error!r}", "asiento doctor")
        return
    yield check_clock(asyncio.run(_clock(own)))
    yield check_lag(groups, members_of=own.orders_id)
    kept = {own.topic(spec.name): int(spec.config.get("retention.ms", "-1")) // 1_000 for spec in catalogue_of(own)}
    yield check_retention(groups, kept)


async def _clock(settings: Settings) -> int | None:
    try:
        return await clock_ahead_milliseconds(settings)
    except (KafkaError, OSError):
        return None


def check_clock(ahead: int | None) -> Finding:
    """The broker's clock and ours agree; `ahead`: milliseconds, None where it does not tell."""
    if ahead is None:
        return Finding("broker clock", "ok", "not told: an older broker, or no right to describe the cluster")
    detail = f"the broker's clock is {abs(ahead)} ms {'ahead of' if ahead >= 0 else 'behind'} this machine's"
    if abs(ahead) > CLOCK_SECONDS_MAX * 1_000:
        return Finding("broker clock", "problem", detail, "timedatectl timesync-status")
    return Finding("broker clock", "ok", detail)


def check_lag(groups: Iterable[GroupLag], *, members_of: str) -> Finding:
    """No group is behind by more than `LAG_SECONDS_MAX`; records of the group `members_of` wait for a member of it."""
    words, bad = [], False
    for group in groups:
        records = sum(one.records for one in group.partitions)
        seconds = int(max((one.seconds for one in group.partitions), default=0))
        without = group.name == members_of and not group.members and records > 0
        bad |= without or seconds > LAG_SECONDS_MAX
        if records or without:
            nobody = ", and has no member" if without else ""
            words.append(f"{group.name} is {records} records behind, the oldest {duration_text(seconds)} old{nobody}")
    if bad:
        return Finding("lag", "problem", "; ".join(words), _LOOK)
    return Finding("lag", "ok", "; ".join(words) or "every group has read all there is")


def check_retention(groups: Iterable[GroupLag], kept_seconds: Mapping[str, int]) -> Finding:
    """Nothing that is not read yet has used up half of the time that its topic keeps it; below 0 it is kept for ever."""
    near = [
        f"{group.name} on {one.topic} partition {one.partition}: {duration_text(int(one.seconds))} of {duration_text(kept)}"
        for group in groups
        for one in group.partitions
        if (kept := kept_seconds.get(one.topic, -1)) > 0 and one.seconds * 2 > kept
    ]
    if near:
        return Finding("retention", "problem", "; ".join(near), _LOOK)
    return Finding("retention", "ok", "nothing that is not read yet is near the end of its keeping")
