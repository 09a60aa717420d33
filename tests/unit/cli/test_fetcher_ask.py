"""`asiento fetcher ask` by hand: it asks on the broker that `asiento up` runs where no other is named."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from asiento.cli import broker_access, run_directory
from asiento.cli.fetcher import app
from asiento.runtime.settings import Settings, load_settings
from schemas.raw_records import FetchRequest
from sources.fetcher import asking

ADDRESS = "127.0.0.1:19092"
OPTIONS = ("ask", "--tenant", "acme", "--source", "shopify:main", "--topic", "orders/updated", "orders/4711")


def test_without_a_named_broker_the_local_one_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[str | None, bytes, str]] = []

    async def ask_for(settings: Settings, key: bytes, request: FetchRequest) -> None:
        asked.append((settings.kafka_bootstrap_servers, key, request.resource))

    monkeypatch.delenv("ASIENTO_KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setenv("ASIENTO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(run_directory, "client_settings", lambda: run_directory.on_local_broker(load_settings(), ADDRESS))
    monkeypatch.setattr(broker_access, "require_access", lambda *_: None)
    monkeypatch.setattr(asking, "ask_for", ask_for)
    done = CliRunner().invoke(app, OPTIONS)
    assert done.exit_code == 0, done.output
    assert asked == [(ADDRESS, b"acme:shopify:main:4711", "orders/4711")]
