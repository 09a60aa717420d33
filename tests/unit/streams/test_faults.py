"""The switch for tests: refused off loopback, refused for unknown words, and exact."""

import signal

import pytest

from asiento.runtime.settings import SettingsError, load_settings
from streams.engine.faults import STEPS, faults_from
from streams.engine.transaction import transactional_id


def _faults(words: str | None, servers: str = "127.0.0.1:9092") -> object:
    return faults_from(load_settings({"kafka_bootstrap_servers": servers, "unsafe_engine": words, "kafka_allow_plaintext": True}))


def test_nothing_is_switched_off_by_default() -> None:
    faults = faults_from(load_settings({"kafka_bootstrap_servers": "127.0.0.1:9092"}))
    assert transactional_id("app-orders", 3, faults) == transactional_id("app-orders", 3, faults) == "app-orders-3"
    for step in STEPS:
        faults.reach(step)


@pytest.mark.parametrize("words", ["no-fence", "crash:nowhere:1", "crash:after_begin", "crash:after_begin:often", ""])
def test_unknown_words_are_refused(words: str) -> None:
    with pytest.raises(SettingsError, match="ASIENTO_UNSAFE_ENGINE"):
        _faults(words)


def test_refused_unless_every_broker_is_on_loopback() -> None:
    with pytest.raises(SettingsError, match="loopback"):
        _faults("no-fencing", servers="127.0.0.1:9092,kafka.example.org:9092")


def test_without_fencing_every_producer_has_an_id_of_its_own() -> None:
    faults = faults_from(load_settings({"kafka_bootstrap_servers": "localhost:9092", "unsafe_engine": "no-fencing"}))
    assert transactional_id("app-orders", 3, faults) != transactional_id("app-orders", 3, faults)


def test_signal_comes_at_the_nth_time_of_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr("os.kill", lambda _, number: sent.append(number))
    settings = load_settings({"kafka_bootstrap_servers": "127.0.0.1:9092", "unsafe_engine": "stop:after_produce:2, crash:after_commit:1"})
    faults = faults_from(settings)
    faults.reach("after_produce")
    assert sent == []
    faults.reach("after_produce")
    faults.reach("after_produce")
    faults.reach("after_commit")
    assert sent == [signal.SIGSTOP, signal.SIGKILL]
