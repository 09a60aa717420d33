"""The order worker: settings in, a Faust app or a running process out."""

from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import Settings
from streams.engine.app import Engine, EngineApp
from streams.engine.faults import faults_from
from streams.engine.runner import run_worker
from streams.orders import order_job
from streams.policies import load_policies, log_policies


def create_app(settings: Settings, metrics: Metrics | None = None) -> EngineApp:
    """The Faust app of the order worker, its table and agent attached. Call it on the running event loop."""
    metrics = metrics or Metrics()
    return Engine(settings, order_job(settings, metrics, load_policies(settings.policy)), metrics, faults_from(settings)).app


def run_order_worker(settings: Settings) -> None:
    """Run one order worker until SIGTERM; see `streams.engine.runner.run_worker` for what it raises."""
    metrics, policies = Metrics(), load_policies(settings.policy)
    log_policies(settings.policy, policies)
    run_worker(settings, order_job(settings, metrics, policies), metrics)
