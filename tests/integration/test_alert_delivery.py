"""A real Prometheus with the rules and a real Alertmanager with its routes tell a webhook what is wrong, once, and when it is over.

The waiting times of both are shortened; expressions, labels, routes, groups and inhibitions are those that are shipped.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

import pytest
import yaml

from tests.monitoring_programs import alertmanager_server
from tests.watched_system import WatchedPrometheus

ROOT: Final = Path(__file__).resolve().parents[2]
SECONDS_MAX: Final = 40.0
TOKEN: Final = "of the receiver"
HEALTHY: Final = {
    'asiento_tie_out_differences{ledger="ledger",difference="missing"}': 0,
    'asiento_tie_out_differences{ledger="ledger",difference="doubled"}': 0,
    "asiento_broker_up": 1,
    'asiento_group_lag_seconds{group="asiento-ledger",topic="t",partition="0"}': 0,
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


class Listener:
    """An exporter that shows `figures` on GET, and a receiver of webhooks that keeps what is posted: (path, proof, body)."""

    def __init__(self) -> None:
        self.figures: dict[str, float] = dict(HEALTHY)
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer("".join(f"{name} {value}\n" for name, value in listener.figures.items()).encode())

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                listener.told.append((self.path, self.headers.get("Authorization", ""), body))
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the overridden parameter
                """Nothing on the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"

    def of(self, alert: str, status: str) -> list[tuple[str, str, dict[str, Any]]]:
        """What was told of an alert with that status."""
        return [one for one in self.told if one[2]["groupLabels"].get("alertname") == alert and one[2]["status"] == status]


@contextmanager
def _listening() -> Iterator[Listener]:
    listener = Listener()
    thread = threading.Thread(target=listener.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.server.shutdown()
        listener.server.server_close()
        thread.join(10)


def _routes(folder: Path, address: str) -> Path:
    """The configuration that is shipped, with the receiver of this test."""
    token = folder / "token"
    token.write_text(TOKEN, encoding="utf-8")
    config = yaml.safe_load((ROOT / "deploy/alertmanager/alertmanager.yml").read_text(encoding="utf-8"))
    config["templates"] = [str(ROOT / "deploy/alertmanager" / config["templates"][0])]
    for route in (config["route"], *config["route"]["routes"]):
        route.update({name: "2s" if name == "group_wait" else "1s" for name in ("group_wait", "group_interval") if name in route})
    for receiver in config["receivers"]:
        (webhook,) = receiver["webhook_configs"]
        webhook["url"] = f"http://{address}/{receiver['name']}"
        webhook["http_config"]["authorization"]["credentials_file"] = str(token)
    file = folder / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    return file


def _rules(folder: Path) -> Path:
    """The rules that are shipped, asked each second and believed at once."""
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules/asiento.yml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule.pop("for", None)
    file = folder / "rules.yml"
    file.write_text(yaml.safe_dump(rules), encoding="utf-8")
    return file


def _until(condition: Callable[[], bool], what: Callable[[], object]) -> None:
    deadline = monotonic() + SECONDS_MAX
    while not condition():
        assert monotonic() < deadline, what()
        sleep(0.1)


def test_what_is_wrong_arrives_once_in_one_message_and_so_does_its_end(prometheus: str, amtool: str, tmp_path: Path) -> None:
    with _listening() as listener, alertmanager_server(tmp_path, _routes(tmp_path, listener.address)) as alertmanager:
        target = [("asiento-tie-out", "tie-out", listener.address)]
        to = f"127.0.0.1:{alertmanager.port}"
        with WatchedPrometheus(tmp_path / "p", target, rules=_rules(tmp_path), interval_seconds=1, alertmanager=to) as watching:
            watching.wait_no_alert("AsientoUnexplainedDifference", SECONDS_MAX)
            listener.figures |= dict.fromkeys(list(HEALTHY)[:2], 3)
            _until(lambda: bool(listener.of("AsientoUnexplainedDifference", "firing")), lambda: listener.told)
            path, proof, told = listener.of("AsientoUnexplainedDifference", "firing")[0]
            assert (path, proof) == ("/page", f"Bearer {TOKEN}")
            assert {alert["labels"]["difference"] for alert in told["alerts"]} == {"missing", "doubled"}
            annotations = told["alerts"][0]["annotations"]
            assert annotations["runbook_url"].endswith("asiento-unexplained-difference.md")
            assert annotations["summary"].startswith("ledger differs from the stream, entries ")
            assert annotations["summary_es"].startswith("ledger difiere del flujo, asientos ")
            listener.figures |= HEALTHY
            _until(lambda: bool(listener.of("AsientoUnexplainedDifference", "resolved")), lambda: listener.told)
            assert len(listener.of("AsientoUnexplainedDifference", "firing")) == 1

            listener.figures |= dict(zip(list(HEALTHY)[2:], (0, 600), strict=True))
            _until(lambda: bool(listener.of("AsientoDiskOrBroker", "firing")), lambda: listener.told)
            watching.wait_alert("AsientoMoneyNotFlowing", SECONDS_MAX, {"cause": "lag"})
            listener.figures["asiento_broker_up"] = 1
            _until(lambda: bool(listener.of("AsientoDiskOrBroker", "resolved")), lambda: listener.told)
            _until(lambda: bool(listener.of("AsientoMoneyNotFlowing", "firing")), lambda: listener.told)
            over, follows = (listener.told.index(listener.of(*one)[0]) for one in _ONE_AFTER_THE_OTHER)
            assert over < follows, "what followed from the broker was told while the broker was away"


_ONE_AFTER_THE_OTHER: Final = (("AsientoDiskOrBroker", "resolved"), ("AsientoMoneyNotFlowing", "firing"))
