"""A running `asiento up` that a real Prometheus watches by the rules of `deploy/prometheus/rules`, for tests that hurt it and look.

Every process is a target of the job that production gives it, its name is the label `instance`. All of it is on loopback, in one folder.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

import yaml

from asiento.runtime.child_process import ProcessIdentity, end_process, read_pid_file
from tests.monitoring_programs import MonitoringServer, alertmanager_server, prometheus_server

RULES: Final = Path(__file__).resolve().parents[1] / "deploy" / "prometheus" / "rules"
START_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 60.0
COMMAND_SECONDS_MAX = 90.0
POLL_SECONDS = 0.2
_LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))

Alert: TypeAlias = dict[str, Any]
"""As `GET /api/v1/alerts` gives it: labels, annotations, state (`pending` or `firing`), activeAt, value."""


def job_of(process: str) -> str:
    """The job of a process of `asiento up` by its name."""
    if process.startswith("worker-"):
        return "asiento-worker"
    if process == "sink-ledger":
        return "asiento-ledger"
    return "asiento-connection" if process.startswith("sink-") else f"asiento-{process}"


class WatchedPrometheus:
    """A Prometheus with the rules of this installation, or those named, that scrapes `targets`: (job, process name, host:port).

    Alerts go to `alertmanager` (host:port) if one is named. Runs inside a `with`; its data and log are in `folder`.
    """

    def __init__(
        self,
        folder: Path,
        targets: Sequence[tuple[str, str, str]],
        *,
        rules: Path = RULES,
        interval_seconds: int = 5,
        alertmanager: str | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        jobs: dict[str, list[dict[str, Any]]] = {}
        for job, process, address in targets:
            jobs.setdefault(job, []).append({"targets": [address], "labels": {"instance": process}})
        every = f"{interval_seconds}s"
        config: dict[str, Any] = {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [str(rules / "*.yml") if rules.is_dir() else str(rules)],
            "scrape_configs": [{"job_name": job, "static_configs": configs} for job, configs in jobs.items()],
        }
        if alertmanager is not None:
            config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
        file = folder / "prometheus.yml"
        file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        self.server: MonitoringServer = prometheus_server(folder, file)

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    def query(self, promql: str, at: float | None = None) -> list[dict[str, Any]]:
        """The result of an instant query, now or at a time: one `{"metric": labels, "value": [time, text]}` for each series."""
        words = {"query": promql} if at is None else {"query": promql, "time": f"{at:.3f}"}
        found: list[dict[str, Any]] = self._get(f"query?{urllib.parse.urlencode(words)}")["result"]
        return found

    def query_range(self, promql: str, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """The result of a query over time: one `{"metric": labels, "values": [[time, text], ...]}` for each series; times in seconds."""
        words = {"query": promql, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        found: list[dict[str, Any]] = self._get(f"query_range?{urllib.parse.urlencode(words)}")["result"]
        return found

    def label_values(self, label: str, metric: str) -> list[str]:
        """The values that a label of a metric has."""
        found: list[str] = self._get(f"label/{label}/values?{urllib.parse.urlencode({'match[]': metric})}")
        return found

    def value(self, promql: str) -> float | None:
        """The number of a query that gives at most one series; None where it gives none."""
        found = self.query(promql)
        assert len(found) < 2, f"{promql} gives {len(found)} series"
        return float(found[0]["value"][1]) if found else None

    def alerts(self) -> list[Alert]:
        """All alerts that are pending or firing."""
        found: list[Alert] = self._get("alerts")["alerts"]
        return found

    def firing(self, name: str, labels: Mapping[str, str] | None = None) -> list[Alert]:
        """The alerts of that name that fire and have at least these labels."""
        wanted = {"alertname": name, **(labels or {})}
        return [alert for alert in self.alerts() if alert["state"] == "firing" and wanted.items() <= alert["labels"].items()]

    def wait_alert(self, name: str, seconds: float, labels: Mapping[str, str] | None = None) -> Alert:
        """Wait until it fires; raises AssertionError, with all alerts of the moment, when `seconds` are over."""
        self._wait(lambda: bool(self.firing(name, labels)), seconds, f"{name} {dict(labels or {})} does not fire")
        return self.firing(name, labels)[0]

    def wait_no_alert(self, name: str, seconds: float, labels: Mapping[str, str] | None = None) -> None:
        """Wait until it does not fire; raises AssertionError when `seconds` are over."""
        self._wait(lambda: not self.firing(name, labels), seconds, f"{name} {dict(labels or {})} still fires")

    def wait_value(self, promql: str, value: float, seconds: float) -> None:
        """Wait until a query gives this number; raises AssertionError when `seconds` are over."""
        self._wait(lambda: self.value(promql) == value, seconds, f"{promql} is not {value:g}")

    def _wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                seen = [f"{alert['state']} {alert['labels']} {alert['value']}" for alert in self.alerts()]
                raise AssertionError(f"{what} after {seconds:g} s; alerts: {seen}")
            time.sleep(POLL_SECONDS)

    def _get(self, path: str) -> Any:
        with _LOOPBACK.open(f"{self.server.url}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]


class WatchedSystem:
    """`asiento up` with a data directory of its own below `folder`, watched by a Prometheus; runs inside a `with`.

    `up_options` go to the command (`--demo`, `--orders 200`); `settings` are those of the installation by name, in lower case without
    prefix. `alertmanager_config` starts an Alertmanager that gets the alerts. Processes: worker-1.., sink-ledger, projector, ...
    """

    def __init__(
        self,
        folder: Path,
        *up_options: str,
        settings: Mapping[str, str] | None = None,
        rules: Path = RULES,
        interval_seconds: int = 5,
        alertmanager_config: Path | None = None,
    ) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.prometheus: WatchedPrometheus
        self.alertmanager: MonitoringServer | None = None
        self.metrics_urls: dict[str, str] = {}
        """By the name of the process; `up` itself is among them."""
        self._options = up_options
        self._settings = dict(settings or {})
        self._rules = rules
        self._interval_seconds = interval_seconds
        self._alertmanager_config = alertmanager_config
        self._open = ExitStack()
        self._up: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Ours without settings of the product, with those of this system."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")}
        own = {"data_dir": str(self.data_dir), "log_format": "json", **self._settings}
        return {**kept, **{f"ASIENTO_{name.upper()}": value for name, value in own.items()}}

    def __enter__(self) -> Self:
        try:
            self._start_up()
            address = None
            if self._alertmanager_config is not None:
                self.alertmanager = self._open.enter_context(alertmanager_server(self.folder, self._alertmanager_config))
                address = f"127.0.0.1:{self.alertmanager.port}"
            targets = [(job_of(name), name, urllib.parse.urlsplit(url).netloc) for name, url in self.metrics_urls.items()]
            watching = WatchedPrometheus(
                self.folder / "prometheus", targets, rules=self._rules, interval_seconds=self._interval_seconds, alertmanager=address
            )
            self.prometheus = self._open.enter_context(watching)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def query(self, promql: str) -> list[dict[str, Any]]:
        """See `WatchedPrometheus.query`."""
        return self.prometheus.query(promql)

    def alerts(self) -> list[Alert]:
        """See `WatchedPrometheus.alerts`."""
        return self.prometheus.alerts()

    def wait_alert(self, name: str, seconds: float, labels: Mapping[str, str] | None = None) -> Alert:
        """See `WatchedPrometheus.wait_alert`."""
        return self.prometheus.wait_alert(name, seconds, labels)

    def wait_no_alert(self, name: str, seconds: float, labels: Mapping[str, str] | None = None) -> None:
        """See `WatchedPrometheus.wait_no_alert`."""
        self.prometheus.wait_no_alert(name, seconds, labels)

    def asiento(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """What the command gives on this system, from another shell as it were."""
        command = [sys.executable, "-m", "asiento.cli.main", *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False)

    def discrepancies(self, *options: str) -> Any:
        """`asiento discrepancies list --json`, read."""
        answer = self.asiento("discrepancies", "list", "--json", *options)
        assert answer.returncode in {0, 1}, answer.stderr
        return json.loads(answer.stdout)

    def processes(self) -> dict[str, ProcessIdentity]:
        """All that live by their PID files, by name; `up` and the local `broker` are among them."""
        files = [*(self.data_dir / "run").glob("*.pid"), self.data_dir / "kafka" / "broker.pid"]
        return {file.stem: identity for file in files if (identity := read_pid_file(file)) is not None}

    def signal(self, process: str, number: signal.Signals) -> ProcessIdentity:
        """Send a signal to a process by its name, as SIGKILL, SIGSTOP or SIGCONT; answers whom it was sent to."""
        identity = self.processes()[process]
        os.kill(identity.pid, number)
        return identity

    def output(self) -> str:
        """What `asiento up` printed so far, messages included."""
        return (self.folder / "up.log").read_text(encoding="utf-8", errors="replace")

    def wait_output(self, text: str, seconds: float) -> None:
        """Wait until `asiento up` printed it, as `running; stop with` where the demo is over."""
        assert self._up is not None
        deadline = time.monotonic() + seconds
        while text not in self.output():
            ended = self._up.poll()
            assert ended is None, f"`asiento up` ended with {ended}:\n{self.output()[-3000:]}"
            assert time.monotonic() < deadline, f"`asiento up` did not print {text!r} within {seconds:g} s:\n{self.output()[-3000:]}"
            time.sleep(POLL_SECONDS)

    def _start_up(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "asiento.cli.main", "up", *self._options]
        with (self.folder / "up.log").open("wb") as log:
            self._up = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        self._open.callback(self._stop_up, self._up)
        self.wait_output("(up)\n", START_SECONDS_MAX)  # the addresses come together, when all processes are ready
        names = {file.stem for file in (self.data_dir / "run").glob("*.pid")}
        for name in names:
            self.wait_output(f"({name})\n", START_SECONDS_MAX)
        words = [line.split() for line in self.output().splitlines() if line.startswith("metrics ")]
        self.metrics_urls = {name.strip("()"): url for _, url, name in words}

    def _stop_up(self, process: "subprocess.Popen[bytes]") -> None:
        """SIGTERM; what is left after a kill of `up` itself ends too."""
        for identity in self.processes().values():  # one that was frozen would not hear of it
            os.kill(identity.pid, signal.SIGCONT)
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        finally:
            process.kill()
            process.wait(STOP_SECONDS_MAX)
            for identity in self.processes().values():
                end_process(identity, STOP_SECONDS_MAX)
