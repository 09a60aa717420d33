"""Kafka client options: what is refused, and that passwords stay hidden."""

import re
import ssl
from pathlib import Path
from typing import Any

import pytest

from asiento.runtime.kafka_clients import client_options, sasl_credentials
from asiento.runtime.settings import Settings, SettingsError


def _settings(**values: Any) -> Settings:
    return Settings(**{"kafka_bootstrap_servers": "127.0.0.1:9092", **values})


@pytest.mark.parametrize("server", ["127.0.0.1:9092", "localhost:9092", "[::1]:9092", "127.8.8.8:1"])
def test_plaintext_on_loopback_is_fine(server: str) -> None:
    assert client_options(_settings(kafka_bootstrap_servers=server)) == {
        "bootstrap_servers": [server],
        "security_protocol": "PLAINTEXT",
        "request_timeout_ms": 40000,
    }


@pytest.mark.parametrize("server", ["kafka:9092", "10.0.0.1:9092", "127.0.0.1:9092,kafka:9092", "localhost.example:9092"])
@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SASL_PLAINTEXT"])
def test_plaintext_off_loopback_is_refused(server: str, protocol: str) -> None:
    with pytest.raises(SettingsError, match="ASIENTO_KAFKA_ALLOW_PLAINTEXT"):
        client_options(_settings(kafka_bootstrap_servers=server, kafka_security_protocol=protocol))


def test_plaintext_off_loopback_can_be_allowed() -> None:
    options = client_options(_settings(kafka_bootstrap_servers="kafka:9092", kafka_allow_plaintext=True))
    assert options["bootstrap_servers"] == ["kafka:9092"]


@pytest.mark.parametrize("servers", [None, "", " , ", "broker", ":9092", "broker:", "broker:0", "broker:99999", "broker:http"])
def test_an_address_that_is_none_is_refused(servers: str | None) -> None:
    with pytest.raises(SettingsError, match="ASIENTO_KAFKA_BOOTSTRAP_SERVERS"):
        client_options(_settings(kafka_bootstrap_servers=servers))


def test_tls_checks_names_and_certificates() -> None:
    context = client_options(_settings(kafka_bootstrap_servers="kafka:9093", kafka_security_protocol="SSL"))["ssl_context"]
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_ca_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(SettingsError, match=re.escape(str(path))):
            client_options(_settings(kafka_security_protocol="SSL", kafka_ca_file=path))


def test_a_ca_file_without_tls_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="uses no TLS"):
        client_options(_settings(kafka_ca_file=tmp_path / "ca.pem"))


def _sasl(password_file: Path, **values: Any) -> Settings:
    given: dict[str, Any] = {
        "kafka_security_protocol": "SASL_SSL",
        "kafka_sasl_mechanism": "SCRAM-SHA-512",
        "kafka_sasl_username": "worker",
        "kafka_sasl_password_file": password_file,
    }
    return _settings(**(given | values))


def test_the_password_comes_from_its_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret \n")
    settings = _sasl(tmp_path / "password")
    options = client_options(settings)
    assert (options["sasl_mechanism"], options["sasl_plain_username"]) == ("SCRAM-SHA-512", "worker")
    assert options["sasl_plain_password"] == "s3cret "
    assert "s3cret" not in repr(sasl_credentials(settings)) + repr(settings)


@pytest.mark.parametrize("missing", ["kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password_file"])
def test_what_sasl_lacks_is_named(tmp_path: Path, missing: str) -> None:
    (tmp_path / "password").write_text("s3cret")
    with pytest.raises(SettingsError, match=f"ASIENTO_{missing.upper()}"):
        client_options(_sasl(tmp_path / "password", **{missing: None}))


def test_a_password_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    for name in ("empty", "missing"):
        with pytest.raises(SettingsError, match=re.escape(str(tmp_path / name))):
            client_options(_sasl(tmp_path / name))
