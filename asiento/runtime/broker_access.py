"""Why a broker cannot be used, in words for people: address, TLS, password, or a right that is missing.

aiokafka says of all of these that it is "unable to bootstrap"; so the way is walked once more here, step by step.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.conn import create_conn
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TransactionalIdAuthorizationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from asiento.runtime.kafka_clients import client_options, principal_of
from asiento.runtime.kafka_metadata import NOT_AUTHORIZED, ClusterMetadata, DescribedTopic, ask_metadata
from asiento.runtime.loopback import on_loopback
from asiento.runtime.settings import Settings

CONNECT_SECONDS_MAX: Final = 10.0
"""Longest look at one broker: a listener that takes connections and says nothing does not hold a start up."""

HOST_MISMATCH: Final = (62, 64)
EXPIRED: Final = (9, 10)
UNKNOWN_CA: Final = (18, 19, 20, 21)
"""OpenSSL's codes of what is wrong with a certificate."""


class BrokerProblem(Exception):
    """The broker cannot be used by this process; the message says what, where and how to mend it."""


class BrokerDenied(BrokerProblem):
    """The broker knows this user and refuses what the process needs."""


class Need(Protocol):
    """Operations on one resource, without which a process cannot work; a name that is a prefix stands for what starts with it."""

    @property
    def resource(self) -> str:
        """`topic`, `group` or `transactional_id`."""

    @property
    def name(self) -> str:
        """The full name on the broker."""

    @property
    def operations(self) -> tuple[str, ...]:
        """Words of `OPERATION_BITS`."""


async def check_access(settings: Settings, component: str, needs: Sequence[Need]) -> None:
    """Connect and compare what this user may do with what a component needs.

    Raises `BrokerDenied`, `BrokerProblem` or `SettingsError`. Topics that do not exist are no matter of rights and pass.
    """
    client = AIOKafkaClient(**client_options(settings))
    try:
        await client.bootstrap()
        cluster = await ask_metadata(client, [need.name for need in needs if need.resource == "topic"])
        _require_private(settings, cluster)
        refused = [*_refused_topics(needs, cluster.topics), *await _refused_names(client, needs)]
    except (KafkaError, OSError, TimeoutError, NotImplementedError) as error:
        raise BrokerProblem(await connection_words(settings, error)) from None
    finally:
        await client.close()
    if refused:
        user = principal_of(settings)
        spelled = user if user.startswith("User:") else "User:NAME"
        raise BrokerDenied(
            f"{user} may not {'; may not '.join(refused)}. The {component} needs it: "
            f"`asiento topics acls --principal {component}={spelled}` lists what to grant, `topics acls apply` grants it"
        )


def _refused_topics(needs: Iterable[Need], topics: Iterable[DescribedTopic]) -> list[str]:
    found = {topic.name: topic for topic in topics}
    refused = []
    for need in needs:
        topic = found.get(need.name)
        if topic is None or (topic.error and topic.error != NOT_AUTHORIZED and not topic.operations):
            continue
        missing = [word for word in need.operations if word not in topic.operations]
        if missing:
            refused.append(f"{' or '.join(missing)} topic {need.name}")
    return refused


async def _refused_names(client: AIOKafkaClient, needs: Iterable[Need]) -> list[str]:
    """Groups and transactional ids that this user may not even look up; any right on them would let it."""
    refused = []
    for need in needs:
        if need.resource == "topic":
            continue
        kind = CoordinationType.GROUP if need.resource == "group" else CoordinationType.TRANSACTION
        try:
            await client.coordinator_lookup(kind, need.name)
        except (GroupAuthorizationFailedError, TransactionalIdAuthorizationFailed):
            refused.append(f"{' or '.join(need.operations)} {need.resource.replace('_', ' ')} {need.name}")
        except KafkaError:  # a coordinator that is not there yet says nothing of rights
            continue
    return refused


def _require_private(settings: Settings, cluster: ClusterMetadata) -> None:
    """A broker on loopback may send its clients elsewhere; there, too, nothing goes out readable."""
    if settings.kafka_allow_plaintext or not settings.kafka_security_protocol.endswith("PLAINTEXT"):
        return
    outside = [f"{host}:{port}" for host, port in cluster.brokers if not on_loopback(host)]
    if outside:
        raise BrokerProblem(
            f"the broker at {settings.kafka_bootstrap_servers} sends its clients to {', '.join(outside)}, over "
            f"{settings.kafka_security_protocol}: correct its advertised.listeners, set ASIENTO_KAFKA_SECURITY_PROTOCOL=SASL_SSL, "
            "or ASIENTO_KAFKA_ALLOW_PLAINTEXT=true if the network is trusted"
        )


async def connection_words(settings: Settings, error: BaseException) -> str:
    """What stands between this process and its brokers; `error` is what a client said, for where nothing is found."""
    options = client_options(settings)
    servers: list[str] = options["bootstrap_servers"]
    said, advertised = [], []
    for server in servers:
        words, brokers = await _walk(settings, options, server)
        if words:
            said.append(words)
        advertised += [broker for broker in brokers if broker not in servers and broker not in advertised]
    if len(said) == len(servers):
        return "; ".join(dict.fromkeys(said))
    for broker in advertised:
        words, _ = await _walk(settings, options, broker)
        if words:
            return f"{words} (an address that the broker at {settings.kafka_bootstrap_servers} advertises)"
    return (
        f"no usable answer from the broker at {settings.kafka_bootstrap_servers} ({type(error).__name__}: {error}). Is it running, "
        "and are address and security protocol right (`asiento doctor`)?"
    )


async def _walk(settings: Settings, options: dict[str, Any], server: str) -> tuple[str, tuple[str, ...]]:
    """Connect to one broker: what went wrong ("" if nothing), and the brokers that it advertises."""
    host, _, port = server.rpartition(":")
    how = {name: value for name, value in options.items() if name not in ("bootstrap_servers", "request_timeout_ms")}
    connection = None
    try:
        async with asyncio.timeout(CONNECT_SECONDS_MAX):
            connection = await create_conn(host.strip("[]"), int(port), request_timeout_ms=round(CONNECT_SECONDS_MAX * 1000), **how)
            answer = await connection.send(MetadataRequest([]))
            return "", tuple(f"{broker[1]}:{broker[2]}" for broker in answer.brokers)
    except (KafkaError, OSError, TimeoutError) as error:
        return _words(settings, server, error), ()
    finally:
        if connection is not None:
            connection.close()


def _words(settings: Settings, server: str, error: BaseException) -> str:
    protocol = settings.kafka_security_protocol
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_words(settings, server, error)
    if isinstance(error, ssl.SSLError):
        return (
            f"{server} does not speak TLS as we do ({error.reason or error}): is this the port of a PLAINTEXT listener? "
            f"ASIENTO_KAFKA_SECURITY_PROTOCOL is {protocol}; TLS 1.2 or newer is spoken"
        )
    match error:
        case SaslAuthenticationFailed():
            return (
                f"the broker at {server} does not accept user {settings.kafka_sasl_username} with the password in "
                f"{settings.kafka_sasl_password_file} ({settings.kafka_sasl_mechanism}): correct ASIENTO_KAFKA_SASL_USERNAME, "
                "_PASSWORD_FILE or _MECHANISM, or the user on the broker"
            )
        case UnsupportedSaslMechanismError() | IllegalSaslStateError():
            return (
                f"the broker at {server} does not take {settings.kafka_sasl_mechanism} on this listener: correct "
                f"ASIENTO_KAFKA_SASL_MECHANISM, or ASIENTO_KAFKA_SECURITY_PROTOCOL ({protocol}) if it asks for no password"
            )
        case ConnectionRefusedError():
            return f"no broker answers at {server}: nobody listens there. Start it, or correct ASIENTO_KAFKA_BOOTSTRAP_SERVERS"
        case socket.gaierror():
            return f"no broker answers at {server}: the host name is not known. Correct ASIENTO_KAFKA_BOOTSTRAP_SERVERS"
        case TimeoutError():
            return f"no broker answers at {server} within {CONNECT_SECONDS_MAX:.0f} s: is this a broker, and no firewall between?"
        case KafkaConnectionError() | ConnectionError():
            return f"{server} hung up on us: its listener may want another ASIENTO_KAFKA_SECURITY_PROTOCOL than {protocol}" + (
                ", or a client certificate (ASIENTO_KAFKA_CERT_FILE, ASIENTO_KAFKA_KEY_FILE)" if protocol.endswith("SSL") else ""
            )
        case _:
            return f"no broker answers at {server} ({type(error).__name__}: {error})"


def _certificate_words(settings: Settings, server: str, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in HOST_MISMATCH:
        return (
            f"the certificate of the broker at {server} is for another host ({error.verify_message}): name the host as its certificate "
            "does, or give the broker a certificate with this name"
        )
    if error.verify_code in UNKNOWN_CA:
        trusted = settings.kafka_ca_file or "the system's list"
        return (
            f"the certificate of the broker at {server} is signed by no CA in {trusted}: name the one that signed it in "
            "ASIENTO_KAFKA_CA_FILE"
        )
    late = "; renew it" if error.verify_code in EXPIRED else ""
    return f"the certificate of the broker at {server} is not accepted: {error.verify_message}{late}"
