"""The process `asiento gateway run`: puts configuration, spool, broker and server together and ends them in order."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from asiento.runtime import log_events
from asiento.runtime.file_lock import LockHeld
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.logging import get_logger
from asiento.runtime.loopback import on_loopback
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.service_process import ServiceProcess, now_microseconds, service_process
from asiento.runtime.settings import Settings, SettingsError
from schemas.topics import ORDERS_EVENTS, ORDERS_RAW
from sources.gateway.broker_link import BrokerLink, KafkaLink
from sources.gateway.config_file import load_gateway_config
from sources.gateway.configuration import GatewayConfig
from sources.gateway.dispatcher import Dispatcher
from sources.gateway.http_server import GuardedRunner, application
from sources.gateway.key_client import KeyClient
from sources.gateway.reception import Reception
from sources.gateway.resources import resource_of
from sources.gateway.schemes import SchemeBuilder
from sources.gateway.spool.segments import SpoolDamaged
from sources.gateway.spool.spool import Spool, open_spool, spool_lock
from sources.platforms.catalogue import adapters_with

FIRST_TRY_SECONDS_MAX: Final = 5.0
REQUESTS_END_SECONDS_MAX: Final = 8.0
BACKLOG: Final = 1_024
TOPICS: Final = (ORDERS_RAW, ORDERS_EVENTS)


class GatewayError(Exception):
    """The gateway cannot work; the message says why and how to mend it."""


def gateway_config(settings: Settings) -> GatewayConfig:
    """The configuration that the settings name. Raises `SettingsError`."""
    if settings.gateway_config is None:
        raise SettingsError("no sources are configured: set ASIENTO_GATEWAY_CONFIG to a YAML file (docs/gateway.md)")
    return load_gateway_config(settings.gateway_config)


def listener_tls(settings: Settings) -> ssl.SSLContext | None:
    """TLS of the listener, None without. Raises `SettingsError`, also where plain HTTP would leave the machine."""
    cert, key = settings.gateway_cert_file, settings.gateway_key_file
    if (cert is None) != (key is None):
        raise SettingsError("ASIENTO_GATEWAY_CERT_FILE and ASIENTO_GATEWAY_KEY_FILE belong together: set both or none")
    if cert is None or key is None:
        if not on_loopback(settings.gateway_host) and not settings.gateway_allow_plaintext:
            raise SettingsError(
                f"the gateway would take webhooks readable at {settings.gateway_host}: set ASIENTO_GATEWAY_CERT_FILE and "
                "ASIENTO_GATEWAY_KEY_FILE, or ASIENTO_GATEWAY_ALLOW_PLAINTEXT=true behind a proxy that ends TLS"
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key, password=lambda: "")
    except OSError as error:
        raise SettingsError(
            f"ASIENTO_GATEWAY_CERT_FILE {cert} and ASIENTO_GATEWAY_KEY_FILE {key} are no pair of a PEM certificate and its key without a "
            f"password ({error.strerror or error})"
        ) from None
    return context


async def run_gateway(settings: Settings, mounted: Mapping[str, web.Application] | None = None) -> None:
    """Take webhooks until SIGTERM or SIGINT; returns after a clean stop. `mounted`: further applications, by prefix.

    Raises `GatewayError` and `SettingsError`, whose messages are written for people, and `OSError` where the port is taken.
    """
    config, tls = gateway_config(settings), listener_tls(settings)
    client_options(settings)  # what is wrong with them is said before anything begins
    with _spool(settings) as spool, service_process(settings, "gateway", Exporter.GATEWAY) as process:
        metrics = process.metrics
        _watch_spool(metrics, spool)
        dispatcher = Dispatcher(
            spool,
            _connector(settings),
            seconds_max=settings.gateway_stored_seconds_max,
            stored=metrics.gateway_stored_seconds.observe,
            broker_there=lambda there: metrics.gateway_broker_there.set(int(there)),
        )
        process.obstacles = dispatcher.reasons
        client = KeyClient()
        try:
            runner = _runner(settings, config, dispatcher, client, metrics, mounted=mounted)
            await _serve(settings, runner, tls, dispatcher=dispatcher, spool=spool, process=process)
        finally:
            await client.close()
            await spool.close()


def _runner(
    settings: Settings,
    config: GatewayConfig,
    dispatcher: Dispatcher,
    client: KeyClient,
    metrics: Metrics,
    *,
    mounted: Mapping[str, web.Application] | None,
) -> GuardedRunner:
    reception = Reception(
        config,
        SchemeBuilder(client, lambda: now_microseconds() // 1_000_000),
        dispatcher,
        metrics,
        resource_of=partial(resource_of, adapter_of=adapters_with(settings.mappers)),
        deliveries_max=settings.gateway_deliveries_max,
        request_seconds_max=settings.gateway_request_seconds_max,
        now_microseconds=now_microseconds,
    )
    return GuardedRunner(
        application(dispatcher, reception.routes(), mounted),
        connections_max=settings.gateway_connections_max,
        head_seconds_max=settings.gateway_request_seconds_max,
        malformed=metrics.gateway_requests.labels("", "", "request_malformed").inc,
        stop_seconds_max=REQUESTS_END_SECONDS_MAX,
    )


async def _serve(
    settings: Settings,
    runner: GuardedRunner,
    tls: ssl.SSLContext | None,
    *,
    dispatcher: Dispatcher,
    spool: Spool,
    process: ServiceProcess,
) -> None:
    bringing = asyncio.create_task(dispatcher.run())
    bringing.add_done_callback(lambda _: process.stop.set())
    try:
        await dispatcher.tried(FIRST_TRY_SECONDS_MAX)
        await runner.setup()
        await web.TCPSite(runner, settings.gateway_host, settings.gateway_port, ssl_context=tls, backlog=BACKLOG).start()
        url = f"{'https' if tls else 'http'}://{settings.gateway_host}:{runner.addresses[0][1]}"
        get_logger().info(log_events.GATEWAY_LISTENING, url=url, spooled_records=spool.records)
        process.started()
        await process.stop.wait()
        get_logger().info(log_events.PROCESS_STOPPING, spooled_records=spool.records)
    finally:
        await runner.cleanup()
        bringing.cancel()
        try:
            await bringing
        except asyncio.CancelledError:
            pass
        except SpoolDamaged as damage:
            raise GatewayError(str(damage)) from None
        await dispatcher.settled()


@contextmanager
def _spool(settings: Settings) -> Iterator[Spool]:
    directory = settings.gateway_spool
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with spool_lock(directory):
            yield open_spool(directory, bytes_max=settings.gateway_spool_bytes_max, records_max=settings.gateway_spool_records_max)
    except LockHeld:
        raise GatewayError(f"another gateway uses the spool {directory}: give each its own ASIENTO_GATEWAY_SPOOL_DIR") from None
    except SpoolDamaged as damage:
        raise GatewayError(str(damage)) from None


def _connector(settings: Settings) -> Callable[[Callable[[str], None]], "asyncio.Future[BrokerLink]"]:
    async def connect(failed: Callable[[str], None]) -> BrokerLink:
        link = KafkaLink(client_options(settings), settings.topic, settings.partitions, settings.gateway_linger_ms / 1000, failed=failed)
        try:
            await link.start(TOPICS)
        except BaseException:
            await link.abandon()
            raise
        return link

    return lambda failed: asyncio.ensure_future(connect(failed))


def _watch_spool(metrics: Metrics, spool: Spool) -> None:
    def age() -> float:
        oldest = spool.oldest_ms
        return max(time.time() - oldest / 1000, 0) if oldest is not None else 0

    metrics.gateway_spool_records.set_function(lambda: spool.records)
    metrics.gateway_spool_bytes.set_function(lambda: spool.frame_bytes)
    metrics.gateway_spool_age_seconds.set_function(age)


def check_configuration(settings: Settings) -> tuple[GatewayConfig, Path]:
    """Configuration, listener and every secret, as far as that goes without starting. Raises `SettingsError`."""
    config = gateway_config(settings)
    listener_tls(settings)
    builder = SchemeBuilder(None, lambda: 0)
    for source in config.sources:
        builder.scheme_of(source)
    return config, settings.gateway_spool
