"""The order worker: settings in, a Faust app or a running process out."""

from asiento.accounting.policy import DEFAULT_POLICIES, PolicyBook
from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import Settings, SettingsError, load_yaml
from schemas.policy_file import InvalidPolicy, policies_from_mapping
from streams.engine.app import Engine, EngineApp
from streams.engine.faults import faults_from
from streams.engine.runner import run_worker
from streams.orders import order_job


def create_app(settings: Settings, metrics: Metrics | None = None) -> EngineApp:
    """The Faust app of the order worker, its table and agent attached. Call it on the running event loop."""
    metrics = metrics or Metrics()
    return Engine(settings, order_job(settings, metrics, policies_of(settings)), metrics, faults_from(settings)).app


def run_order_worker(settings: Settings) -> None:
    """Run one order worker until SIGTERM; see `streams.engine.runner.run_worker` for what it raises."""
    metrics = Metrics()
    run_worker(settings, order_job(settings, metrics, policies_of(settings)), metrics)


def policies_of(settings: Settings) -> PolicyBook:
    """The policies that the settings name. Raises `SettingsError` naming the file."""
    if settings.policy is None:
        return DEFAULT_POLICIES
    try:
        return policies_from_mapping(load_yaml(settings.policy))
    except InvalidPolicy as problem:
        raise SettingsError(f"{settings.policy}: {problem}") from None
