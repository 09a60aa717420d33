"""Time-outs in an order that could book twice, or blame a record for a slow broker, are refused with the reason and the mend."""

import pytest

from asiento.cli.running_system import DRAIN_SECONDS_MAX as SUPERVISOR_SECONDS_MAX
from asiento.runtime.loop_watchdog import TICK_SECONDS
from asiento.runtime.service_process import STOP_SECONDS_MAX
from asiento.runtime.settings import SettingsError, load_settings
from asiento.runtime.time_outs import HEARTBEATS_PER_SESSION, REBALANCE_SHARE_OF_REQUEST
from sinks.ledger_process import ACKS_DRAIN_SECONDS_MAX
from streams.engine.runner import DRAIN_SECONDS_MAX


def test_the_defaults_are_in_order() -> None:
    settings = load_settings()
    heartbeat = settings.kafka_session_timeout_seconds / HEARTBEATS_PER_SESSION
    rebalance = settings.kafka_request_timeout_seconds * REBALANCE_SHARE_OF_REQUEST
    assert heartbeat < settings.kafka_producer_request_timeout_seconds <= settings.kafka_session_timeout_seconds
    assert settings.kafka_session_timeout_seconds <= rebalance < settings.kafka_request_timeout_seconds
    assert rebalance <= settings.chunk_age_seconds_max + TICK_SECONDS < settings.kafka_transaction_timeout_seconds


def test_whoever_drains_is_done_before_the_supervisor_kills() -> None:
    assert DRAIN_SECONDS_MAX < SUPERVISOR_SECONDS_MAX <= 20
    assert ACKS_DRAIN_SECONDS_MAX + STOP_SECONDS_MAX < SUPERVISOR_SECONDS_MAX


@pytest.mark.parametrize(
    ("values", "named", "reason"),
    [
        ({"kafka_producer_request_timeout_seconds": 7}, "KAFKA_PRODUCER_REQUEST_TIMEOUT_SECONDS is 7", "have another owner"),
        ({"kafka_session_timeout_seconds": 41}, "KAFKA_SESSION_TIMEOUT_SECONDS is 41", "the group would never settle"),
        ({"kafka_request_timeout_seconds": 5}, "KAFKA_REQUEST_TIMEOUT_SECONDS \\(5\\)", "the group would never settle"),
        (
            {"kafka_session_timeout_seconds": 20, "kafka_transaction_timeout_seconds": 20, "chunk_age_seconds_max": 10},
            "KAFKA_SESSION_TIMEOUT_SECONDS is 20.*KAFKA_TRANSACTION_TIMEOUT_SECONDS \\(20\\) less 5",
            "still owns its partition",
        ),
        ({"chunk_age_seconds_max": 6}, "CHUNK_AGE_SECONDS_MAX \\(6\\)", "a broker that is slow"),
        ({"chunk_age_seconds_max": 56}, "CHUNK_AGE_SECONDS_MAX is 56", "take itself for fenced"),
        ({"replication_factor": 1, "min_insync_replicas": 2}, "MIN_INSYNC_REPLICAS is 2", "no record would ever be accepted"),
        ({"min_insync_replicas": 1}, "MIN_INSYNC_REPLICAS is 1", "only one broker has"),
    ],
)
def test_an_order_that_is_broken_is_refused(values: dict[str, float], named: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"ASIENTO_{named}") as refused:
        load_settings(values)
    assert reason in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_one_copy_needs_no_second_setting() -> None:
    settings = load_settings({"replication_factor": 1})
    assert (settings.replication_factor, settings.min_insync_replicas) == (1, 1)


def test_the_borders_are_allowed() -> None:
    load_settings({"kafka_session_timeout_seconds": 40, "kafka_producer_request_timeout_seconds": 7, "chunk_age_seconds_max": 55})
