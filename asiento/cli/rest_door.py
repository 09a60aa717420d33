"""Wires the REST door: the SDK's producer behind it, receipts from the operational database."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from asiento.cli.exits import Unreachable
from asiento.cli.receipts import read_receipt
from asiento.runtime.settings import Settings
from schemas.event_messages import EventMessage
from sources.gateway.rest.api_keys import load_api_keys
from sources.gateway.rest.door import NotSent, ReadReceipt, ReceiptsUnavailable, RestLimits, create_rest_app
from sources.sdk.producer import AsyncProducer, BrokerUnavailable, ProducerError


class PatientProducer:
    """Connects with the first events, and again after the broker was lost: the door opens without a broker as well."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connecting = asyncio.Lock()
        self._producer: AsyncProducer | None = None

    async def deliver(self, events: Sequence[EventMessage], *, wait_seconds_max: float) -> None:
        """Send all, and return when the broker has confirmed each; raises `NotSent`."""
        try:
            async with asyncio.timeout(wait_seconds_max):
                producer = await self._connected()
            await producer.deliver(events, wait_seconds_max=wait_seconds_max)
        except BrokerUnavailable as problem:
            await self.close()
            raise NotSent(str(problem)) from None
        except (ProducerError, TimeoutError) as problem:
            raise NotSent(str(problem)) from None

    async def close(self) -> None:
        """Let go of the broker."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _connected(self) -> AsyncProducer:
        async with self._connecting:
            if self._producer is None:
                producer = AsyncProducer(self._settings)
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer


def receipts_of(settings: Settings) -> ReadReceipt:
    """Reads receipts for the door."""

    def read(event_id: str, language: str) -> dict[str, Any] | None:
        try:
            return read_receipt(settings, event_id, lang=language)
        except Unreachable as problem:
            raise ReceiptsUnavailable(str(problem)) from None

    return read


def rest_applications(settings: Settings) -> dict[str, web.Application]:
    """What the gateway mounts: the REST door, where API keys are configured. Raises `SettingsError`."""
    if settings.gateway_api_keys is None:
        return {}
    limits = RestLimits(
        events_max=settings.gateway_events_max,
        idempotency_keys_max=settings.gateway_idempotency_keys_max,
        idempotency_from_body=settings.gateway_idempotency_from_body,
        body_seconds_max=settings.gateway_request_seconds_max,
    )
    producer = PatientProducer(settings)
    app = create_rest_app(settings, producer, load_api_keys(settings.gateway_api_keys), limits, receipts=receipts_of(settings))

    async def close(_: web.Application) -> None:
        await producer.close()

    app.on_cleanup.append(close)
    return {"/v1": app}
