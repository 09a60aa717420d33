"""Settings of every process: defaults < YAML file < environment (`ASIENTO_*`) < options.

A misspelt name is an error that names the nearest right one. Bounds on resources live here; bounds that
can change the books live in the policy.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from asiento.runtime.database_safety import require_verified, require_whole
from asiento.runtime.database_urls import POSTGRESQL_PREFIX, SQLITE_PREFIX, place_of, with_password
from asiento.runtime.time_outs import problems_of

ENVIRONMENT_PREFIX = "ASIENTO_"
RESTING_ROLES: Final = (
    "accounts_receivable",
    "contract_liability",
    "refunds_payable",
    "psp_clearing",
    "marketplace_clearing",
    "carrier_clearing",
    "bank_clearing",
    "facilitator_tax_clearing",
    "dispute_receivable",
    "suspense",
)
"""Roles of accounts whose balance must come to rest: what the tie-out tells the age of."""


class SettingsError(Exception):
    """The settings cannot be used; the message says what, where and how to mend it."""


class Settings(BaseSettings):
    """All settings with name, unit and default; `ASIENTO_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, extra="forbid", frozen=True)

    kafka_bootstrap_servers: str | None = Field(None, description="Brokers, `host:port,...`; unset: `asiento up` starts a local broker")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How brokers are spoken to"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(None, description="SASL mechanism")
    kafka_sasl_username: str | None = Field(None, description="SASL user")
    kafka_sasl_password_file: Path | None = Field(None, description="File that holds the SASL password")
    kafka_ca_file: Path | None = Field(None, description="CA certificates (PEM) that broker certificates are checked with")
    kafka_cert_file: Path | None = Field(None, description="Client certificate (PEM, chain included) that is shown to brokers which ask")
    kafka_key_file: Path | None = Field(None, description="Private key (PEM, not encrypted) of the client certificate")
    kafka_allow_plaintext: bool = Field(False, description="Allow PLAINTEXT to a broker that is not on loopback")
    kafka_session_timeout_seconds: float = Field(
        6.0, ge=6, le=300, description="A worker that is not heard of for so long loses its partitions; 6 is the least a broker takes"
    )
    kafka_transaction_timeout_seconds: float = Field(60.0, ge=10, le=900, description="Longest life of an open transaction")
    kafka_request_timeout_seconds: float = Field(
        40.0, ge=5, le=300, description="Longest wait for one broker answer; a worker's group settles within three quarters of it"
    )
    kafka_producer_request_timeout_seconds: float = Field(
        6.0, ge=1, le=300, description="Longest wait of a worker for the answer to one write; it then asks again"
    )

    app_id: str = Field("asiento", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="First word of group, changelog and transactional ids")
    topic_prefix: str = Field("", pattern=r"^[a-zA-Z0-9._-]{0,64}$", description="Put before every topic name, changelogs included")
    instance_id: str | None = Field(None, description="Static member id of this process; unset: dynamic member")
    partitions: int = Field(48, ge=1, le=1024, description="Partitions of every topic of this generation")
    replication_factor: int = Field(3, ge=1, le=9, description="Copies of each partition")
    min_insync_replicas: int = Field(2, ge=1, le=9, description="Copies that must have a record before it counts")

    chunk_bytes_max: int = Field(1_048_576, ge=16_384, description="Most bytes fetched from one partition at once")
    merged_records_max: int = Field(1_000, ge=1, description="Most records in one transaction of a partition")
    chunk_age_seconds_max: float = Field(30.0, ge=2, description="A chunk in work for longer ends the process")
    unpacked_bytes_max: int = Field(
        67_108_864, ge=1_048_576, le=4_294_967_296, description="A compressed batch that unpacks to more ends the process that reads it"
    )
    memory_bytes_max: int | None = Field(
        None, ge=536_870_912, description="Most address space of a worker, sink, projector or sweeper; unset: no limit but the system's"
    )
    producer_linger_ms: int = Field(0, ge=0, le=100, description="Wait for more records before a produce request")

    registry_url: str | None = Field(
        None, description="Confluent-compatible schema registry, asked for ids the lock file does not have; unset: the lock file alone"
    )
    registry_username: str | None = Field(None, description="User at the registry (basic authentication)")
    registry_password_file: Path | None = Field(None, description="File that holds the registry password")
    registry_ca_file: Path | None = Field(None, description="CA certificates (PEM) that the registry's certificate is checked with")
    registry_timeout_seconds: float = Field(5.0, gt=0, le=60, description="Longest wait for one registry answer, tries included")
    registry_wait_seconds_max: float = Field(30.0, ge=0, le=3600, description="A partition waits so long for an unknown schema id")
    registry_unknown_seconds: float = Field(300.0, ge=10, description="An id that was not found is refused at once for so long")
    registry_ids_max: int = Field(10_000, ge=10_000, le=1_000_000, description="Most schema ids kept from the registry, found or not")
    operational_url: str | None = Field(
        None,
        repr=False,
        description="Operational database, `sqlite:///path` or `postgresql://...`; unset: operational.sqlite in the data directory",
    )
    operational_password_file: Path | None = Field(None, description="File that holds the password of the user that operational_url names")
    postings_url: str | None = Field(
        None,
        repr=False,
        description="Database of postings to ledgers outside, `sqlite:///path` or `postgresql://...`, which may be the operational one; "
        "unset: postings.sqlite in the data directory",
    )
    postings_password_file: Path | None = Field(None, description="File that holds the password of the user that postings_url names")
    posting_answer_seconds_max: int = Field(
        130,
        ge=1,
        le=3_600,
        description="A request to a ledger outside that had no answer for so long is over: what is not found there then was never booked",
    )
    posting_tried_hours_max: int = Field(24, ge=1, le=720, description="A document that a ledger outside fails for so long is parked")
    database_allow_unverified: bool = Field(False, description="Allow a PostgreSQL off loopback without sslmode=verify-full")
    data_dir: Path = Field(Path(".asiento"), description="Where local broker, ledger, logs and PID files live")
    ledger_url: str | None = Field(
        None, repr=False, description="Ledger, `sqlite:///path` or `postgresql://...`; unset: ledger.sqlite in the data directory"
    )
    ledger_password_file: Path | None = Field(None, description="File that holds the password of the user that ledger_url names")
    sink_batch_entries_max: int = Field(
        2_000, ge=1, le=10_000, description="Most entries in one ledger transaction; batches grow to it while the stream is behind"
    )
    sweeper_orders_max: int = Field(1_000_000, ge=2, description="Most orders whose next deadline the sweeper holds, about 300 bytes each")
    sweeper_unanswered_max: int = Field(10_000, ge=1, description="Most deadlines that the sweeper tells before workers have judged them")
    sweeper_events_per_second_max: int = Field(200, ge=1, le=10_000, description="Most deadlines that the sweeper tells in a second")
    sweeper_clock_step_back_seconds_max: int = Field(60, ge=0, le=3_600, description="A clock that is set back further ends the sweeper")
    projector_batch_records_max: int = Field(
        1_000, ge=1, le=20_000, description="Most records in one transaction of the operational database"
    )
    tie_out_interval_seconds: int = Field(
        15,
        ge=1,
        le=3_600,
        description="Ledger and stream are compared so often; a comparison that takes longer than half of it, less often",
    )
    tie_out_balance_age_days_max: dict[str, int] = Field(
        {"suspense": 0},
        description="Balances of these roles raise D30 when they are so many days old or stand on the wrong side, as JSON: "
        '{"suspense": 0, "refunds_payable": 30}; roles that are not named are not looked at (docs/tie-out.md)',
    )
    lag_exporter_interval_seconds: float = Field(5.0, ge=1, le=300, description="How often the lag exporter looks at the brokers")
    gateway_config: Path | None = Field(None, description="YAML file with the sources whose webhooks the gateway takes")
    gateway_host: str = Field("127.0.0.1", description="Address at which the gateway takes webhooks")
    gateway_port: int = Field(
        8080, ge=0, le=65_535, description="Port at which the gateway takes webhooks; 0: a free one, printed at start"
    )
    gateway_cert_file: Path | None = Field(None, description="Certificate (PEM, chain included) that the gateway shows; unset: no TLS")
    gateway_key_file: Path | None = Field(None, description="Private key (PEM, not encrypted) of that certificate")
    gateway_allow_plaintext: bool = Field(
        False, description="Allow the gateway to listen off loopback without TLS, behind a proxy that ends it"
    )
    gateway_spool_dir: Path | None = Field(None, description="Where records wait while the broker is away; unset: in the data directory")
    gateway_spool_bytes_max: int = Field(
        1_073_741_824, ge=1_048_576, le=1_099_511_627_776, description="Most bytes that wait there; then senders hear 503"
    )
    gateway_spool_records_max: int = Field(1_000_000, ge=100, le=100_000_000, description="Most records that wait there")
    gateway_linger_ms: int = Field(15, ge=0, le=100, description="Wait of the gateway for more records before a produce request")
    gateway_stored_seconds_max: float = Field(
        2.0, ge=0.1, le=30, description="A record that the brokers have not stored by then goes to the spool, and all after it"
    )
    gateway_request_seconds_max: float = Field(10.0, ge=1, le=120, description="Longest time of a request, and of its head alone")
    gateway_connections_max: int = Field(2_000, ge=1, le=100_000, description="Most connections at once")
    gateway_deliveries_max: int = Field(
        100_000, ge=0, le=10_000_000, description="Most deliveries remembered to know a repeated one, 100 bytes each"
    )
    gateway_api_keys: Path | None = Field(
        None, description="YAML file with the API keys of POST /v1/events (docs/producers.md); unset: the gateway has no such door"
    )
    gateway_events_max: int = Field(500, ge=1, le=1_000, description="Most events in one request to POST /v1/events")
    gateway_idempotency_keys_max: int = Field(10_000, ge=1, le=1_000_000, description="Most Idempotency-Keys remembered, for a day")
    gateway_idempotency_from_body: bool = Field(
        False, description="A request without Idempotency-Key is taken, with the hash of its body as the key"
    )
    approval_limit: dict[str, int] = Field(
        {"default": 100_000},
        description="Most that one person books alone to resolve a discrepancy, in minor units by currency, and `default` for all "
        'others, as JSON: {"default": 100000, "JPY": 50000}; above, a second person approves',
    )
    policy: Path | None = Field(None, description="YAML file with the accounting policy; unset: policy version 1 with its defaults")
    connections: Path | None = Field(
        None, description="YAML file with what payloads do not say, by tenant and source (docs/normalize.md); unset: defaults everywhere"
    )
    fetcher_sources: Path | None = Field(
        None, description="YAML file that says where and how the fetcher reads the objects of each source (docs/fetcher.md)"
    )
    fetch_hours_max: int = Field(
        72, ge=1, le=720, description="The fetcher tries so long to get an object, then says that it cannot be had"
    )
    mappers: Path | None = Field(
        None, description="Directory with mapper files of sources that no platform is built in for; unset: the shipped ones only"
    )
    ledger_connections: Path | None = Field(None, description="YAML file with the connections to ledgers outside; unset: there are none")
    mapping: Path | None = Field(
        None, description="YAML file with the account mapping of connections that name none (docs/mapping-accounts.md)"
    )

    metrics_host: str = Field("127.0.0.1", description="Address of /metrics and the health pages")
    metrics_port: int = Field(0, ge=0, le=65_535, description="Port of /metrics and the health pages; 0: a free one, printed at start")
    log_format: Literal["json", "console"] | None = Field(None, description="Unset: console on a terminal, else json")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severity that is logged")
    unsafe_engine: SecretStr | None = Field(
        None, exclude=True, description="Tests only: names a guarantee to switch off, so that a test of it can fail"
    )

    @field_validator("ledger_url", "operational_url", "postings_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith((SQLITE_PREFIX, POSTGRESQL_PREFIX)):
            raise ValueError("must start with sqlite:/// or postgresql://")
        require_whole(value or "")
        return value

    @field_validator("approval_limit")
    @classmethod
    def _limits(cls, value: dict[str, int]) -> dict[str, int]:
        if "default" not in value:
            raise ValueError('must name "default"')
        for currency, limit in value.items():
            if currency != "default" and not (len(currency) == 3 and currency.isascii() and currency.isupper()):
                raise ValueError(f'{currency} is neither a currency like EUR nor "default"')
            if limit < 0:
                raise ValueError(f"{currency}: a limit is 0 or more minor units")
        return value

    @field_validator("tie_out_balance_age_days_max")
    @classmethod
    def _days(cls, value: dict[str, int]) -> dict[str, int]:
        for role, days in value.items():
            if role not in RESTING_ROLES:
                raise ValueError(f"{role} is no role whose balance must come to rest; there are {', '.join(RESTING_ROLES)}")
            if not 0 <= days <= 36_500:
                raise ValueError(f"{role}: a number of days from 0 to 36500 is expected")
        return value

    @model_validator(mode="after")
    def _databases_are_verified(self) -> Self:
        if not self.database_allow_unverified:
            for name in ("ledger_url", "operational_url", "postings_url"):
                try:
                    require_verified(getattr(self, name) or "", os.environ)
                except ValueError as error:
                    raise PydanticCustomError("unverified", "{name}: {reason}", {"name": name, "reason": str(error)}) from None
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options first, then the environment, then the YAML file named by ASIENTO_CONFIG."""
        config = os.environ.get("ASIENTO_CONFIG")
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        return (*sources, InitSettingsSource(settings_cls, _file_values(Path(config)))) if config else sources

    def topic(self, name: str) -> str:
        """The name of a topic on the broker: the catalogue's name behind the prefix."""
        return self.topic_prefix + name

    @property
    def orders_id(self) -> str:
        """Faust id of the order worker: also its group and the start of its transactional ids."""
        return f"{self.app_id}-orders"

    @property
    def normalizer_id(self) -> str:
        """Faust id of the normalizer: also its group and the start of its transactional ids."""
        return f"{self.app_id}-normalizer"

    @property
    def fetcher_group(self) -> str:
        """Consumer group of the fetcher."""
        return f"{self.app_id}-fetcher"

    @property
    def ledger_group(self) -> str:
        """The group name under which the ledger sink's positions are noted on the broker, for lag tools."""
        return f"{self.app_id}-ledger"

    def connection_group(self, connection: str) -> str:
        """The group name under which the positions of a connection to a ledger outside are noted on the broker, for lag tools."""
        return f"{self.app_id}-connector-{connection}"

    @property
    def ledger_location(self) -> str:
        """The ledger's URL, the default one spelled out, the password of its file in it: never to be shown, see `ledger_place`.

        Raises `SettingsError` where the password file cannot be read.
        """
        url = self.ledger_url or f"{SQLITE_PREFIX}{self.data_dir / 'ledger.sqlite'}"
        return _whole_url(url, self.ledger_password_file, "ASIENTO_LEDGER_PASSWORD_FILE")

    @property
    def ledger_place(self) -> str:
        """What messages and logs call the ledger; without a password."""
        return place_of(self.ledger_url or f"{SQLITE_PREFIX}{self.data_dir / 'ledger.sqlite'}")

    @property
    def gateway_spool(self) -> Path:
        """The directory of the gateway's spool."""
        return self.gateway_spool_dir or self.data_dir / "gateway-spool"

    @property
    def projector_group(self) -> str:
        """The group name under which the projector's positions are noted on the broker, for lag tools."""
        return f"{self.app_id}-projector"

    @property
    def operational_location(self) -> str:
        """The operational database's URL, the default one spelled out, the password of its file in it: never to be shown.

        Raises `SettingsError` where the password file cannot be read.
        """
        url = self.operational_url or f"{SQLITE_PREFIX}{self.data_dir / 'operational.sqlite'}"
        return _whole_url(url, self.operational_password_file, "ASIENTO_OPERATIONAL_PASSWORD_FILE")

    @property
    def postings_location(self) -> str:
        """The URL of the database of postings, the default one spelled out, the password of its file in it: never to be shown.

        Raises `SettingsError` where the password file cannot be read.
        """
        url = self.postings_url or f"{SQLITE_PREFIX}{self.data_dir / 'postings.sqlite'}"
        return _whole_url(url, self.postings_password_file, "ASIENTO_POSTINGS_PASSWORD_FILE")


def _file_values(config: Path) -> dict[str, Any]:
    """The settings file, read as bounded as all YAML here; raises `RefusedFile`, a `SettingsError`."""
    from asiento.runtime.yaml_files import load_yaml  # which knows these errors

    return load_yaml(config)


def _whole_url(url: str, password_file: Path | None, variable: str) -> str:
    from asiento.runtime.secret_files import read_secret  # which knows these settings

    if password_file is None or not url.startswith(POSTGRESQL_PREFIX):
        return url
    return with_password(url, read_secret(password_file, variable).get_secret_value())


def load_settings(options: Mapping[str, Any] | None = None) -> Settings:
    """Read and check the settings; `options` win over environment and file. Raises `SettingsError`."""
    _refuse_unknown_variables(os.environ)
    config = os.environ.get("ASIENTO_CONFIG")
    if config and not Path(config).is_file():
        raise SettingsError(f"ASIENTO_CONFIG names {config}, which is not a file")
    given = {name: value for name, value in (options or {}).items() if value is not None}
    try:
        settings = _on_one_copy(Settings(**given))
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(item, config) for item in error.errors())) from None
    except UnreadableSetting as error:
        raise SettingsError(f"{error}: JSON is expected, see `asiento config schema`") from None
    problems = list(problems_of(settings))
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _on_one_copy(settings: Settings) -> Settings:
    """Of one copy, one is in sync: whoever asks for one copy need not say so twice."""
    if settings.replication_factor > 1 or "min_insync_replicas" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"min_insync_replicas": 1})


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = {ENVIRONMENT_PREFIX + name.upper() for name in Settings.model_fields} | {"ASIENTO_CONFIG", "ASIENTO_CORPUS"}
    for name in sorted(environment):
        if name.startswith(ENVIRONMENT_PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise SettingsError(f"{name} is no setting; the nearest is {near[0]} (see `asiento config schema`)")


def _explain(item: Any, config: str | None) -> str:
    name = str(item["loc"][0]) if item["loc"] else item.get("ctx", {}).get("name", "settings")
    if item["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=0.0)
        return f"{config or 'option'}: {name} is no setting; the nearest is {near[0]}"
    variable = ENVIRONMENT_PREFIX + name.upper()
    where = f"environment variable {variable}" if variable in os.environ else f"{name} in {config or 'the options'}"
    return f"{where}: {item.get('ctx', {}).get('reason', item['msg'])}"
