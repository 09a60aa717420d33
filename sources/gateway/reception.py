"""Takes the webhooks of all sources: limits, then proof, then safety, then the answer. No request is logged."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Final

from aiohttp import web

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from sources.gateway.answers import CODES, Refusal, accepted_response, error_response
from sources.gateway.arrival import Arrival
from sources.gateway.configuration import GatewayConfig, SourceConfig
from sources.gateway.dispatcher import Dispatcher, NotSafe
from sources.gateway.limits import Gate, read_body
from sources.gateway.platform_facts import facts_of
from sources.gateway.raw_delivery import Payload, ResourceOf, raw_delivery
from sources.gateway.remote_keys import KeyUnavailable, KeyUnknown
from sources.gateway.replay_window import ReplayWindow
from sources.gateway.schemes import Scheme, SchemeBuilder
from sources.gateway.verifiers.allow_list import Address, Network, inside, sender_of
from sources.gateway.verifiers.verdict import REFUSAL_REASONS, Refused, Verdict

_WOOCOMMERCE_PING: Final = re.compile(rb"webhook_id=[0-9]{1,18}")
_DONE: Final = ("stored", "spooled", "repeated", "greeted")


class Source:
    """One source at work: its scheme, its limits and its metrics, looked up once."""

    def __init__(self, config: SourceConfig, scheme: Scheme, metrics: Metrics) -> None:
        self.config = config
        self.scheme = scheme
        self.facts = facts_of(config.platform)
        self.gate = Gate(config.limits, time.monotonic_ns)
        self.heard_at = time.monotonic()
        self.pings = config.platform == "woocommerce"
        labels = (config.tenant, config.source)
        self.results = {result: metrics.gateway_requests.labels(*labels, result) for result in (*_DONE, *CODES)}
        self.refusals = {reason: metrics.gateway_signature_failures.labels(*labels, reason) for reason in REFUSAL_REASONS}
        metrics.webhook_silence_seconds.labels(*labels).set_function(lambda: time.monotonic() - self.heard_at)
        if config.expected_interval_seconds is not None:
            metrics.webhook_expected_seconds.labels(*labels).set(config.expected_interval_seconds)

    async def judge(self, arrival: Arrival) -> Verdict:
        """What the scheme says; waits only where a published key has to be fetched. Raises `Refusal`."""
        scheme = self.scheme
        if scheme.judge is not None:
            return scheme.judge(arrival)
        if scheme.read is None or scheme.keys is None:
            raise Refusal("keys_unavailable")
        named = scheme.read(arrival)
        if isinstance(named, Refused):
            return named
        try:
            key = scheme.keys.fresh(named.name) or await scheme.keys.key(named.name)
        except KeyUnknown:
            return Refused("key_unknown")
        except KeyUnavailable as problem:
            get_logger().warning(log_events.KEYS_NOT_FETCHED, source=self.config.source, problem=str(problem))
            raise Refusal("keys_unavailable") from None
        return named.judge(key)


class Reception:
    """The handlers of `/in/...`."""

    def __init__(
        self,
        config: GatewayConfig,
        builder: SchemeBuilder,
        dispatcher: Dispatcher,
        metrics: Metrics,
        *,
        resource_of: ResourceOf,
        deliveries_max: int,
        request_seconds_max: float,
        now_microseconds: Callable[[], int],
    ) -> None:
        self._proxies = config.proxies
        self._dispatcher = dispatcher
        self._resource_of = resource_of
        self._seen = ReplayWindow(deliveries_max)
        self._request_seconds_max = request_seconds_max
        self._now_microseconds = now_microseconds
        self._nowhere = {code: metrics.gateway_requests.labels("", "", code) for code in CODES}
        self._sources = {(source.tenant, source.source): Source(source, builder.scheme_of(source), metrics) for source in config.sources}

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Both ways to write an address, every method."""
        return (web.route("*", "/in/{tenant}/{source}", self.receive), web.route("*", "/in/{tenant}/{platform}/{connection}", self.receive))

    async def receive(self, request: web.Request) -> web.Response:
        """Answer one request."""
        match = request.match_info
        name = match.get("source") or f"{match['platform']}:{match['connection']}"
        source = self._sources.get((match["tenant"], name))
        if source is None:
            self._nowhere["unknown_source"].inc()
            return error_response("unknown_source")
        try:
            sender = None
            if source.config.allow_from:
                sender = sender_behind(request, self._proxies)
                if sender is None or not inside(sender, source.config.allow_from):
                    source.refusals["sender_not_allowed"].inc()
                    raise Refusal("sender_not_allowed")
            with source.gate:
                result = await self._take(request, source, sender)
        except Refusal as refusal:
            source.results[refusal.code].inc()
            return error_response(refusal.code)
        if isinstance(result, web.Response):
            source.results["greeted"].inc()
            return result
        source.results[result].inc()
        return accepted_response(source.facts.answer)

    async def _take(self, request: web.Request, source: Source, sender: Address | None) -> str | web.Response:
        if request.method == "GET" and source.scheme.challenge is not None:
            return _answer_challenge(request, source.scheme.challenge)
        if request.method != "POST":
            raise Refusal("method_not_allowed")
        body = None
        try:
            async with asyncio.timeout(self._request_seconds_max):
                body = await read_body(request, source.config.limits.body_bytes_max)
                return await self._store(request, source, body, sender)
        except TimeoutError:
            raise Refusal("request_too_slow" if body is None else "not_safe") from None
        except NotSafe:
            raise Refusal("not_safe") from None

    async def _store(self, request: web.Request, source: Source, body: bytes, sender: Address | None) -> str | web.Response:
        received_at, headers = self._now_microseconds(), request.headers
        arrival = Arrival(
            headers=headers, query=request.rel_url.raw_query_string, body=body, sender=sender, now_seconds=received_at // 1_000_000
        )
        verdict = await source.judge(arrival)
        if isinstance(verdict, Refused):
            if source.pings and verdict.reason == "signature_missing" and _WOOCOMMERCE_PING.fullmatch(body):
                return accepted_response(b"")
            source.refusals[verdict.reason].inc()
            raise Refusal(verdict.reason)
        source.heard_at = time.monotonic()
        payload = Payload(headers, body)
        transport_id = payload.text_at(source.config.transport_id)
        mark = self._seen.mark(f"{source.config.tenant}:{source.config.source}", transport_id, body) if transport_id else None
        if mark is not None and self._seen.seen(mark):
            return "repeated"
        record = raw_delivery(source.config, payload, verdict.proof, transport_id, received_at=received_at, resource_of=self._resource_of)
        safe = await self._dispatcher.deliver(record)
        if mark is not None:
            self._seen.remember(mark)
        return safe


def sender_behind(request: web.BaseRequest, proxies: Sequence[Network]) -> Address | None:
    """The address that a request comes from, our own proxies taken away; None where it has none."""
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    if not isinstance(peer, tuple):
        return None
    try:
        address = ip_address(str(peer[0]).partition("%")[0])
    except ValueError:
        return None
    return sender_of(address, _forwarded(request.headers.getall("X-Forwarded-For", ())), proxies) if proxies else address


def _forwarded(values: Iterable[str]) -> list[str]:
    return [text for value in values for text in value.split(",")][-20:]


def _answer_challenge(request: web.Request, challenge: Callable[[str], str]) -> web.Response:
    code = request.query.get("challenge_code", "")
    if not 0 < len(code) <= 1_000:
        raise Refusal("challenge_missing")
    return web.json_response({"challengeResponse": challenge(code)})
