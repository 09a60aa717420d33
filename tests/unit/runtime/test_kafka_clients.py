"""Kafka client options: what is refused, and that passwords stay hidden."""

import re
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from asiento.runtime.kafka_clients import client_options, sasl_credentials
from asiento.runtime.secret_files import readable_by_all
from asiento.runtime.settings import Settings, SettingsError
from tests.certificates import authority


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


@pytest.mark.parametrize("server", ["0.0.0.0:9092", "[::]:9092", "[::ffff:10.0.0.1]:9092", "127.1:9092", "localhost.localdomain:9092"])
def test_what_only_looks_like_loopback_is_none(server: str) -> None:
    with pytest.raises(SettingsError, match="ASIENTO_KAFKA_ALLOW_PLAINTEXT"):
        client_options(_settings(kafka_bootstrap_servers=server))


@pytest.mark.parametrize("server", ["[::ffff:127.0.0.1]:9092", "LOCALHOST:9092"])
def test_other_spellings_of_loopback_are_known(server: str) -> None:
    assert client_options(_settings(kafka_bootstrap_servers=server))["bootstrap_servers"] == [server]


def test_nothing_older_than_tls_1_2_is_spoken() -> None:
    context = client_options(_settings(kafka_security_protocol="SSL"))["ssl_context"]
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_client_certificate_needs_its_key_and_tls(tmp_path: Path) -> None:
    certificate, key = authority(tmp_path, "own").issue("worker")
    other_key = authority(tmp_path, "other").issue("worker")[1]
    with pytest.raises(SettingsError, match="belong together"):
        client_options(_settings(kafka_security_protocol="SSL", kafka_cert_file=certificate))
    with pytest.raises(SettingsError, match="ASIENTO_KAFKA_CERT_FILE is set, but PLAINTEXT uses no TLS"):
        client_options(_settings(kafka_cert_file=certificate, kafka_key_file=key))
    with pytest.raises(SettingsError, match="are no pair"):
        client_options(_settings(kafka_security_protocol="SSL", kafka_cert_file=certificate, kafka_key_file=other_key))
    assert "ssl_context" in client_options(_settings(kafka_security_protocol="SSL", kafka_cert_file=certificate, kafka_key_file=key))


def test_a_key_with_a_password_is_refused_and_asks_nobody(tmp_path: Path) -> None:
    certificate, key = authority(tmp_path, "own").issue("worker")
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    encryption = serialization.BestAvailableEncryption(b"pw")
    key.write_bytes(loaded.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    with pytest.raises(SettingsError, match="without a password"):
        client_options(_settings(kafka_security_protocol="SSL", kafka_cert_file=certificate, kafka_key_file=key))


@pytest.mark.parametrize("content", [b"first\nsecond\n", b"tab\there", b"x" * 5_000, b"\xff"])
def test_a_file_that_holds_no_password_is_refused_without_its_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "password").write_bytes(content)
    with pytest.raises(SettingsError, match="ASIENTO_KAFKA_SASL_PASSWORD_FILE") as refused:
        client_options(_sasl(tmp_path / "password"))
    assert "first" not in str(refused.value)
    assert "here" not in str(refused.value)


def test_secret_files_that_everybody_can_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "open").write_text("s3cret")
    (tmp_path / "open").chmod(0o644)
    (tmp_path / "closed").write_text("s3cret")
    (tmp_path / "closed").chmod(0o640)
    settings = _sasl(tmp_path / "open", registry_password_file=tmp_path / "closed", ledger_password_file=tmp_path / "missing")
    (line,) = readable_by_all(settings)
    assert line.startswith(f"ASIENTO_KAFKA_SASL_PASSWORD_FILE: every user of this machine can read {tmp_path / 'open'}")
