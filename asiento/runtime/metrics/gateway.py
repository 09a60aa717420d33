"""Metrics of what takes requests from outside."""

from typing import Final

from asiento.runtime.metrics import labels
from asiento.runtime.metrics.declaring import Declarer, Exporter
from asiento.runtime.metrics.streams import AGE_BUCKETS

_GATEWAY: Final = (Exporter.GATEWAY,)


class GatewayMetrics:
    """Declared by `Metrics`."""

    def _declare_gateway(self, declare: Declarer) -> None:
        """tenant and source are those of the configuration; both are empty for requests to no source."""
        source = {"tenant": labels.TENANT, "source": labels.SOURCE}
        self.gateway_requests = declare.counter(
            "asiento_gateway_requests", "requests", "Requests answered", _GATEWAY, labels={**source, "result": labels.GATEWAY_RESULT}
        )
        self.gateway_signature_failures = declare.counter(
            "asiento_gateway_signature_failures",
            "requests",
            "Requests that did not prove who sent them",
            _GATEWAY,
            labels={**source, "reason": labels.SIGNATURE_FAILURE},
        )
        self.gateway_stored_seconds = declare.histogram(
            "asiento_gateway_stored_seconds",
            "seconds",
            "Time from taking a record to the brokers' confirmation, records of the spool left out",
            _GATEWAY,
            buckets=AGE_BUCKETS,
        )
        self.gateway_broker_there = declare.gauge(
            "asiento_gateway_broker_there", "0 or 1", "1 while records go to Kafka without a detour", _GATEWAY
        )
        self._declare_spool(declare)
        self.webhook_silence_seconds = declare.gauge(
            "asiento_webhook_silence_seconds",
            "seconds",
            "Time since a source sent something that was proven, or since the start: platforms end subscriptions without a word",
            _GATEWAY,
            labels=source,
        )
        self.webhook_expected_seconds = declare.gauge(
            "asiento_webhook_expected_seconds",
            "seconds",
            "Longest silence that is usual for a source, from the configuration",
            _GATEWAY,
            labels=source,
        )

    def _declare_spool(self, declare: Declarer) -> None:
        self.gateway_spool_records = declare.gauge(
            "asiento_gateway_spool_records", "records", "Records on disk that are not in Kafka yet", _GATEWAY
        )
        self.gateway_spool_bytes = declare.gauge("asiento_gateway_spool_bytes", "bytes", "Bytes of those records", _GATEWAY)
        self.gateway_spool_age_seconds = declare.gauge(
            "asiento_gateway_spool_age_seconds", "seconds", "Age of the oldest of those records, 0 if none", _GATEWAY
        )
