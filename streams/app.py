"""The order worker: settings in, a Faust app or a running process out."""

import asyncio
from typing import Final

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.registry_client import RegistryClient, RegistryError, registry_access
from asiento.runtime.settings import Settings, SettingsError
from streams.engine.app import Engine, EngineApp
from streams.engine.faults import faults_from
from streams.engine.runner import run_worker
from streams.orders import order_job
from streams.policies import load_policies, log_policies
from streams.schema_ids import clash_words, id_clashes

CHECK_SECONDS_MAX: Final = 15.0
"""Longest look at the registry before the start; what it has not answered by then is not checked."""


def create_app(settings: Settings, metrics: Metrics | None = None) -> EngineApp:
    """The Faust app of the order worker, its table and agent attached. Call it on the running event loop."""
    metrics = metrics or Metrics(Exporter.WORKER)
    return Engine(settings, order_job(settings, metrics, load_policies(settings.policy)), metrics, faults_from(settings)).app


def run_order_worker(settings: Settings) -> None:
    """Run one order worker until SIGTERM; see `streams.engine.runner.run_worker` for what it raises.

    Also raises `SettingsError` if a registry is set whose ids contradict the lock file: which of both a producer meant, nobody can tell.
    """
    metrics, policies = Metrics(Exporter.WORKER), load_policies(settings.policy)
    log_policies(settings.policy, policies)
    access = registry_access(settings)
    if access is not None:
        asyncio.run(_check_registry(RegistryClient(access)))
    run_worker(settings, order_job(settings, metrics, policies), metrics)


async def _check_registry(client: RegistryClient) -> None:
    """A registry that does not answer now stops nobody: the ids of the lock file are read without it."""
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            clashes = await id_clashes(client)
    except (RegistryError, TimeoutError) as problem:
        get_logger().warning(
            log_events.REGISTRY_NOT_CHECKED, problem=str(problem) or "too slow", advice="see docs/registry.md, Ids that clash"
        )
        return
    if clashes:
        raise SettingsError(clash_words(client.url, clashes))
