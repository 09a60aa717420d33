"""Frame settings under which stock delivery loses or doubles records are refused, wherever they come from."""

import warnings
from typing import Any

import pytest

from asiento.runtime.settings import SettingsError
from streams.engine.checks import check_frame
from tests.unit.streams.offline_engine import Offline


def check(offline: Offline) -> None:
    """The check of the runner."""
    check_frame(offline.engine.app, offline.engine.job)


async def test_the_engine_sets_its_frame_up_rightly() -> None:
    check(Offline())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("id", "another-group"),
        ("processing_guarantee", "exactly_once"),
        ("stream_publish_on_commit", True),
        ("producer_threaded", True),
        ("table_standby_replicas", 1),
        ("topic_allow_declare", True),
        ("topic_disable_leader", False),
        ("store", "rocksdb://"),
    ],
)
async def test_unsafe_setting_is_refused_by_name(setting: str, value: object) -> None:
    offline = Offline()
    with warnings.catch_warnings(action="ignore"):  # Faust warns of a late change
        setattr(offline.engine.app.conf, setting, value)
    with pytest.raises(SettingsError, match=setting):
        check(offline)


async def test_environment_of_the_frame_cannot_switch_a_guarantee_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faust would read these by itself; APP_VERSION alone would rename the group and the changelog."""
    monkeypatch.setenv("PROCESSING_GUARANTEE", "exactly_once")
    monkeypatch.setenv("APP_VERSION", "2")
    check(Offline())


async def test_concurrent_agent_is_refused() -> None:
    offline = Offline()
    for agent in offline.engine.app.agents.values():
        agent.concurrency = 2
    with pytest.raises(SettingsError, match="concurrency"):
        check(offline)


async def test_other_kinds_of_tables_are_refused() -> None:
    offline = Offline()
    offline.engine.app.SetTable("seen")
    with pytest.raises(SettingsError, match="seen"):
        check(offline)


async def test_forwarding_streams_are_refused() -> None:
    """group_by and through send without confirmation and acknowledge."""
    app = Offline().engine.app
    stream: Any = app.stream(app.topic("source"))
    with pytest.raises(SettingsError, match="group_by"):
        stream.group_by(lambda value: value)
    with pytest.raises(SettingsError, match="through"):
        stream.through("other")


async def test_the_consumer_reads_committed_records_only_and_its_time_outs_are_the_settings() -> None:
    """Isolation is no setting of the frame: it stands where the consumer is made."""
    offline = Offline(kafka_session_timeout_seconds=8, kafka_request_timeout_seconds=20)
    thread = offline.consumer._new_consumer_thread()
    consumer: Any = thread._create_worker_consumer(None)
    consumer._closed = True  # it was never started
    thread.thread_loop.close()
    assert (consumer._isolation_level, consumer._enable_auto_commit, consumer._auto_offset_reset) == ("read_committed", False, "earliest")
    patience = (consumer._heartbeat_interval_ms, consumer._session_timeout_ms, consumer._rebalance_timeout_ms, consumer._request_timeout_ms)
    assert patience == (800, 8_000, 15_000, 20_000)
