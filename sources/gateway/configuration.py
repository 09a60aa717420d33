"""The gateway's configuration, read and checked: whose requests it takes, and how each is proven."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from sources.gateway.platform_facts import NOWHERE, Where
from sources.gateway.verifiers.allow_list import Network
from sources.gateway.verifiers.hmac_keys import Algorithm, Encoding

BODY_BYTES_MAX: Final = 4 * 1024 * 1024
"""No source may send more: a raw record with it must fit into its topic."""


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where a secret is: a file or an environment variable; never the secret itself."""

    kind: Literal["file", "environment"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one source may use."""

    body_bytes_max: int = 1_048_576
    requests_per_second_max: int = 1_000
    burst_requests_max: int = 2_000
    concurrent_requests_max: int = 500
    signed_age_seconds_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """One connection to one platform of one tenant; what a scheme does not need is None."""

    tenant: str
    platform: str
    connection: str
    scheme: str
    secrets: tuple[SecretPlace, ...] = ()
    header: str | None = None
    encoding: Encoding = "hex"
    algorithm: Algorithm = "sha256"
    prefix: str = ""
    user: str | None = None
    url: str | None = None
    webhook_id: str | None = None
    ca_file: Path | None = None
    jwks_url: str | None = None
    key_url: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    client_secret: SecretPlace | None = None
    verification_token: SecretPlace | None = None
    fixed_topic: str | None = None
    topic: Where = NOWHERE
    transport_id: Where = NOWHERE
    allow_from: tuple[Network, ...] = ()
    limits: Limits = Limits()
    expected_interval_seconds: int | None = None

    @property
    def source(self) -> str:
        """`<platform>:<connection>`, as order keys have it."""
        return f"{self.platform}:{self.connection}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """All sources, in the order of the file; `proxies` are our own, whose X-Forwarded-For is believed."""

    path: Path
    sources: tuple[SourceConfig, ...]
    proxies: tuple[Network, ...] = ()
