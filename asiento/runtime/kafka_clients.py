"""Options of every Kafka client, from the settings: address, TLS, SASL, patience. Passwords come from files only."""

import ssl
from typing import Any

from pydantic import SecretStr

from asiento.runtime.kafka_codecs import bound_unpacking
from asiento.runtime.loopback import on_loopback
from asiento.runtime.secret_files import read_secret, trusting
from asiento.runtime.settings import Settings, SettingsError


def client_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments that aiokafka's consumer, producer and admin client share. Raises `SettingsError`.

    Whoever has them reads compressed batches within `unpacked_bytes_max` only.
    """
    bound_unpacking(settings.unpacked_bytes_max)
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap_servers(settings),
        "security_protocol": settings.kafka_security_protocol,
        "request_timeout_ms": round(settings.kafka_request_timeout_seconds * 1000),
    }
    context = tls_context(settings)
    if context is not None:
        options["ssl_context"] = context
    if settings.kafka_security_protocol.startswith("SASL_"):
        user, password = sasl_credentials(settings)
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": user,
            "sasl_plain_password": password.get_secret_value(),
        }
    return options


def bootstrap_servers(settings: Settings) -> list[str]:
    """The brokers as `host:port` texts; refuses a broker off loopback without TLS unless `kafka_allow_plaintext`."""
    servers = [server.strip() for server in (settings.kafka_bootstrap_servers or "").split(",") if server.strip()]
    if not servers:
        raise SettingsError("no broker is named: set ASIENTO_KAFKA_BOOTSTRAP_SERVERS=host:port, or run `asiento up` for a local one")
    for server in servers:
        host, _, port = server.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise SettingsError(f"ASIENTO_KAFKA_BOOTSTRAP_SERVERS: {server!r} is not host:port")
        if settings.kafka_security_protocol.endswith("PLAINTEXT") and not settings.kafka_allow_plaintext and not on_loopback(host):
            raise SettingsError(
                f"{settings.kafka_security_protocol} to {server} would send everything readable over the network: "
                "set ASIENTO_KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL, or ASIENTO_KAFKA_ALLOW_PLAINTEXT=true if the network is trusted"
            )
    return servers


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with host names and certificates checked, against `kafka_ca_file` or the system's CAs; None without TLS.

    Shows `kafka_cert_file` to brokers that ask for a certificate.
    """
    files = {
        "ASIENTO_KAFKA_CA_FILE": settings.kafka_ca_file,
        "ASIENTO_KAFKA_CERT_FILE": settings.kafka_cert_file,
        "ASIENTO_KAFKA_KEY_FILE": settings.kafka_key_file,
    }
    if settings.kafka_security_protocol.endswith("PLAINTEXT"):
        for variable, path in files.items():
            if path is not None:
                raise SettingsError(f"{variable} is set, but {settings.kafka_security_protocol} uses no TLS: set SSL or SASL_SSL")
        return None
    context = trusting(settings.kafka_ca_file, "ASIENTO_KAFKA_CA_FILE")
    if (settings.kafka_cert_file is None) != (settings.kafka_key_file is None):
        raise SettingsError("ASIENTO_KAFKA_CERT_FILE and ASIENTO_KAFKA_KEY_FILE belong together: set both or none")
    if settings.kafka_cert_file is not None and settings.kafka_key_file is not None:
        try:
            context.load_cert_chain(settings.kafka_cert_file, settings.kafka_key_file, password=_no_password)
        except OSError as error:  # ssl.SSLError is one
            raise SettingsError(
                f"ASIENTO_KAFKA_CERT_FILE {settings.kafka_cert_file} and ASIENTO_KAFKA_KEY_FILE {settings.kafka_key_file} are no pair of a "
                f"PEM certificate and its key without a password ({error.strerror or error})"
            ) from None
    return context


def _no_password() -> str:
    """Without this OpenSSL would ask the terminal for the password of an encrypted key."""
    return ""


def sasl_credentials(settings: Settings) -> tuple[str, SecretStr]:
    """User and password for SASL; the password is the content of its file without the final line end."""
    wanted = {
        "ASIENTO_KAFKA_SASL_MECHANISM": settings.kafka_sasl_mechanism,
        "ASIENTO_KAFKA_SASL_USERNAME": settings.kafka_sasl_username,
        "ASIENTO_KAFKA_SASL_PASSWORD_FILE": settings.kafka_sasl_password_file,
    }
    missing = [name for name, value in wanted.items() if value is None]
    if missing or settings.kafka_sasl_username is None or settings.kafka_sasl_password_file is None:
        raise SettingsError(f"{settings.kafka_security_protocol} also needs {', '.join(missing)}")
    return settings.kafka_sasl_username, read_secret(settings.kafka_sasl_password_file, "ASIENTO_KAFKA_SASL_PASSWORD_FILE")


def principal_of(settings: Settings) -> str:
    """The user that brokers see, as access rules spell it; with a client certificate alone its name is the broker's to say."""
    if settings.kafka_security_protocol.startswith("SASL_"):
        return f"User:{settings.kafka_sasl_username}"
    return f"the user of {settings.kafka_cert_file}" if settings.kafka_cert_file else "User:ANONYMOUS"
