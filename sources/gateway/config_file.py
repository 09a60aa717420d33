"""Reads the gateway's YAML file; all faults at once, each with its line, column and field."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

from asiento.runtime.yaml_files import YamlFile, read_yaml
from schemas.policy_keys import nearest_hint, shown
from sources.gateway.config_keys import COMMON_KEYS, LIMIT_KEYS, NAME_PATTERN, SCHEME_KEYS, SCHEMES, Networks, Rule
from sources.gateway.configuration import GatewayConfig, Limits, SecretPlace, SourceConfig
from sources.gateway.platform_facts import NOT_OVER_HTTP, NOWHERE, PLATFORMS, UNNAMED_TOPIC, Where, facts_of
from sources.gateway.verifiers.allow_list import Network
from sources.platforms.source_files import SOURCE, each_source

_TOPIC_KEYS = ("topic", "topic_header", "topic_field")
_ROOT_KEYS: Mapping[str, Rule] = {"proxies": Networks()}


def load_gateway_config(path: Path) -> GatewayConfig:
    """Read and check the file. Raises `SettingsError` where there is none, `RefusedFile` with all faults."""
    file = read_yaml(path)
    reading = _Reading()
    config = reading.config(file)
    if reading.faults or file.faults:
        raise file.refusal(reading.faults)
    return config


class SourceName(NamedTuple):
    """Which source, and where it stands in the file."""

    tenant: str
    platform: str
    connection: str
    field: str


class _Reading:
    """Collects faults; what has none becomes configuration."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, str]] = []

    def config(self, file: YamlFile) -> GatewayConfig:
        values = self._values(
            {k: v for k, v in file.values.items() if k not in ("limits", "tenants")}, _ROOT_KEYS, "", ("limits", "tenants")
        )
        limits = self._limits(file.values.get("limits", {}), "limits", Limits())
        sources = tuple(self._sources(file.values.get("tenants"), limits))
        if not sources and not self.faults:
            self._fault("tenants", "at least one source is expected, as `acme:` with `shopify:main:` below it")
        return GatewayConfig(path=file.path, sources=sources, proxies=_networks(values.get("proxies", ())))

    def _sources(self, tenants: Any, limits: Limits) -> Iterable[SourceConfig]:
        for entry in each_source({"tenants": tenants}, self.faults):
            named = SOURCE.fullmatch(entry.source)
            if named is not None:
                name = SourceName(entry.tenant, named["platform"], named["connection"], entry.place)
                yield from self._source(name, entry.content, limits)

    def _source(self, name: SourceName, values: Mapping[str, Any], limits: Limits) -> Iterable[SourceConfig]:
        platform, field = name.platform, name.field
        self._check_name(name.tenant, field, "tenant")
        self._check_name(name.connection, field, "connection")
        if platform in NOT_OVER_HTTP:
            self._fault(field, NOT_OVER_HTTP[platform])
            return
        scheme = values.get("scheme", facts_of(platform).scheme)
        if scheme not in SCHEMES:
            self._fault(field, self._no_scheme(platform, scheme))
            return
        yield self._checked(name, str(scheme), values, limits)

    def _checked(self, name: SourceName, scheme: str, values: Mapping[str, Any], limits: Limits) -> SourceConfig:
        field, needs, facts = name.field, SCHEMES[scheme], facts_of(name.platform)
        keys = {**COMMON_KEYS, **{key: SCHEME_KEYS[key] for key in (*needs.needed, *needs.allowed) if key in SCHEME_KEYS}}
        known = self._values({k: v for k, v in values.items() if k != "limits"}, keys, field, ("limits",), scheme)
        for key in needs.needed:
            if key not in values:
                self._fault(field, f"{key} is missing: scheme {scheme} cannot do without it")
        topics = [key for key in _TOPIC_KEYS if key in values]
        if len(topics) > 1:
            self._fault(field, f"{' and '.join(topics)} exclude each other: keep one")
        own_limits = self._limits(values.get("limits", {}), f"{field}.limits", limits)
        rest = {key: value for key, value in known.items() if key not in ("scheme", "allow_from", *_TOPIC_KEYS, *_SECRET_KEYS)}
        if "ca_file" in rest:
            rest["ca_file"] = Path(rest["ca_file"])
        return SourceConfig(
            tenant=name.tenant,
            platform=name.platform,
            connection=name.connection,
            scheme=scheme,
            secrets=tuple(map(_place, known.get("secrets", ()))),
            client_secret=_place(known["client_secret"]) if "client_secret" in known else None,
            verification_token=_place(known["verification_token"]) if "verification_token" in known else None,
            fixed_topic=known.get("topic", None if topics or facts.topic != NOWHERE else UNNAMED_TOPIC),
            topic=_where(known) if topics else facts.topic,
            transport_id=facts.transport_id,
            allow_from=_networks(known.get("allow_from", ())),
            limits=own_limits,
            **rest,
        )

    def _limits(self, values: Any, field: str, above: Limits) -> Limits:
        if not isinstance(values, dict):
            self._fault(field, f"{shown(values)} is no mapping: limits with their values are expected")
            return above
        known = self._values(values, LIMIT_KEYS, field)
        names = [*LIMIT_KEYS]
        return Limits(**{name: known.get(name, getattr(above, name)) for name in names})

    def _values(
        self, values: Mapping[str, Any], keys: Mapping[str, Rule], field: str, also: tuple[str, ...] = (), scheme: str | None = None
    ) -> dict[str, Any]:
        """The values that are right; a secret that was written into the file is not shown."""
        right: dict[str, Any] = {}
        for name, value in values.items():
            rule, inner = keys.get(name), f"{field}.{name}" if field else name
            if rule is None:
                self._fault(inner, _unknown(name, (*keys, *also), scheme))
                continue
            fault = rule.fault(value)
            if fault is None:
                right[name] = value
            else:
                self._fault(inner, fault)
        return right

    def _no_scheme(self, platform: str, scheme: Any) -> str:
        if scheme is None:
            near = nearest_hint(platform, PLATFORMS)
            return f"platform {platform} has no scheme of its own{near}: add `scheme:` with one of {', '.join(SCHEMES)}"
        return f"there is no scheme {shown(scheme)}{nearest_hint(scheme, SCHEMES)}; there are {', '.join(SCHEMES)}"

    def _check_name(self, name: str, field: str, what: str) -> None:
        if not NAME_PATTERN.fullmatch(name):
            self._fault(field, f"{shown(name)} is no name of a {what}: letters, digits, dot, hyphen and underscore, 64 at most")

    def _fault(self, field: str, message: str) -> None:
        self.faults.append((field, message))


_SECRET_KEYS = ("secrets", "client_secret", "verification_token")


def _unknown(name: str, names: Iterable[str], scheme: str | None) -> str:
    known = list(names)
    if scheme is not None and name in SCHEME_KEYS:
        return f"scheme {scheme} does not use it: take it out, or name another scheme"
    return f"there is no such key{nearest_hint(name, known) or '; there are ' + ', '.join(known)}"


def _place(value: Mapping[str, str]) -> SecretPlace:
    kind, name = next(iter(value.items()))
    return SecretPlace("file" if kind == "file" else "environment", name)


def _where(known: Mapping[str, Any]) -> Where:
    if "topic_header" in known:
        return Where(header=known["topic_header"])
    return Where(field=tuple(known["topic_field"].split("."))) if "topic_field" in known else NOWHERE


def _networks(values: Iterable[str]) -> tuple[Network, ...]:
    return tuple(ip_network(value) for value in values)
