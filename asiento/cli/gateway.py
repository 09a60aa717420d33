"""`asiento gateway`: the process that takes webhooks, and a look at its configuration."""

import asyncio
import signal
import sys
from typing import Annotated, Any

import typer

from asiento.cli.exits import CommandError, Unreachable
from asiento.cli.output import message, print_json, print_text

app = typer.Typer(no_args_is_help=True, help="Take webhooks of shops and payment providers.")


@app.command()
def run() -> None:
    """Take webhooks of the sources in ASIENTO_GATEWAY_CONFIG until SIGTERM; answers what it has begun and exits 0 then.

    Starts without a broker as well: what comes is kept on disk until there is one.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the gateway takes the signal over: nothing has begun
    import uvloop

    from asiento.cli.rest_door import rest_applications
    from asiento.runtime import log_events
    from asiento.runtime.logging import configure_logging, get_logger
    from asiento.runtime.memory_limit import limit_memory
    from asiento.runtime.settings import load_settings
    from sources.gateway.process import GatewayError, run_gateway

    settings = load_settings()
    configure_logging(settings, "gateway")
    limit_memory(settings)
    _look_at_broker(settings)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_gateway(settings, rest_applications(settings)))
    except (GatewayError, OSError) as problem:
        get_logger().error(log_events.PROCESS_FAILED, reason=str(problem))
        raise CommandError(str(problem)) from None
    get_logger().info(log_events.PROCESS_STOPPED)


@app.command()
def check(as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False) -> None:
    """Check the configuration, the listener and every secret, and list the sources; secrets are never shown."""
    from asiento.runtime.settings import load_settings
    from sources.gateway.process import check_configuration

    config, spool = check_configuration(load_settings())
    rows = [_row(source) for source in config.sources]
    if as_json:
        print_json({"file": str(config.path), "spool": str(spool), "sources": rows})
        return
    for row in rows:
        print_text(f"{row['address']}  scheme {row['scheme']}  topic {row['topic']}  secrets: {', '.join(row['secrets']) or 'none'}")
    print_text(f"{len(rows)} sources in {config.path}; records wait in {spool} while the broker is away")


def _row(source: Any) -> dict[str, Any]:
    places = [*source.secrets, *(place for place in (source.client_secret, source.verification_token) if place)]
    where = f"from header {source.topic.header}" if source.topic.header else f"from field {'.'.join(source.topic.field)}"
    return {
        "address": f"/in/{source.tenant}/{source.source}",
        "tenant": source.tenant,
        "source": source.source,
        "scheme": source.scheme,
        "secrets": [str(place) for place in places],
        "topic": source.fixed_topic or where,
        "allow_from": [str(network) for network in source.allow_from],
        "expected_interval_seconds": source.expected_interval_seconds,
    }


def _look_at_broker(settings: Any) -> None:
    """Rights that lack end it; a broker that is away does not."""
    from asiento.runtime import log_events
    from asiento.runtime.broker_access import BrokerDenied, BrokerProblem, check_access
    from asiento.runtime.logging import get_logger
    from asiento.runtime.secret_files import readable_by_all
    from schemas.access_rights import GATEWAY, needs_of

    for advice in readable_by_all(settings):
        get_logger().warning(log_events.SECRET_READABLE, advice=advice)
    try:
        asyncio.run(check_access(settings, GATEWAY, needs_of(GATEWAY, settings.app_id, settings.topic_prefix)))
    except BrokerDenied as denied:
        raise Unreachable(str(denied)) from None
    except BrokerProblem as problem:
        get_logger().warning(log_events.BROKER_AWAY, problem=str(problem))
        message(f"asiento: {problem}; webhooks are kept on disk meanwhile")
