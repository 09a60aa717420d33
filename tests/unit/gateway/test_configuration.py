"""The gateway's file: what is read, and that every fault names its place and its mend, and shows no secret."""

from pathlib import Path
from typing import Any

import pytest

from asiento.runtime.settings import Settings, SettingsError
from asiento.runtime.yaml_files import RefusedFile
from sources.gateway.config_file import load_gateway_config
from sources.gateway.config_keys import SCHEMES
from sources.gateway.configuration import GatewayConfig, SecretPlace
from sources.gateway.platform_facts import NOT_OVER_HTTP, PLATFORMS, Where
from sources.gateway.process import check_configuration, listener_tls
from sources.gateway.schemes import SchemeBuilder

WHOLE = """
proxies: [10.0.0.0/8]
limits:
  requests_per_second_max: 50
tenants:
  acme:
    shopify:main:
      secrets:
        - file: {folder}/shopify-new
        - environment: SHOPIFY_OLD
      expected_interval_seconds: 3600
      limits:
        body_bytes_max: 2000000
    woocommerce:shop:
      secrets: [{{file: {folder}/plain}}]
    stripe:main:
      secrets: [{{file: {folder}/plain}}]
    square:main:
      url: https://hooks.example.com/in/acme/square:main
      secrets: [{{file: {folder}/plain}}]
    adyen:main:
      secrets: [{{file: {folder}/hexadecimal}}]
    paypal:main:
      webhook_id: 7WX12345AB678901C
    mercado-pago:main:
      secrets: [{{file: {folder}/plain}}]
    mollie:main:
    saleor:main:
      jwks_url: https://shop.example.com/.well-known/jwks.json
    ebay:main:
      url: https://hooks.example.com/in/acme/ebay:main
      client_id: Acme-PRD-1
      client_secret: {{file: {folder}/plain}}
      verification_token: {{file: {folder}/plain}}
    zoho:main:
      secrets: [{{file: {folder}/plain}}]
      topic_header: X-Event
    bigcommerce:main:
      header: X-Asiento-Token
      secrets: [{{file: {folder}/plain}}]
    mercado-libre:main:
      allow_from: [203.0.113.0/24, "2001:db8::/32"]
  other:
    home-grown:tills:
      scheme: hmac
      header: X-Signature
      encoding: hex
      prefix: sha256=
      topic: sale
      secrets: [{{file: {folder}/plain}}]
    shipstation:main:
      scheme: basic
      user: asiento
      topic_field: resource_type.name
      secrets: [{{file: {folder}/plain}}]
"""


def written(folder: Path, text: str) -> Path:
    """The file, and the secrets that it names."""
    for name, secret in (("shopify-new", "a-secret-nobody-sees\n"), ("plain", "plain-secret"), ("hexadecimal", "44782DEF547AAA06")):
        folder.joinpath(name).write_text(secret)
    path = folder / "gateway.yaml"
    path.write_text(text)
    return path


def loaded(folder: Path, text: str) -> GatewayConfig:
    """What is read."""
    return load_gateway_config(written(folder, text))


def refusal(folder: Path, text: str) -> str:
    """Why the file is refused."""
    with pytest.raises(RefusedFile) as refused:
        loaded(folder, text)
    return str(refused.value)


def source(text: str, name: str = "shopify:main") -> str:
    """A file with one source."""
    inner = "\n".join(f"      {line}" for line in text.splitlines())
    return f"tenants:\n  acme:\n    {name}:\n{inner}\n"


def test_a_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = loaded(tmp_path, WHOLE.format(folder=tmp_path))
    by_name = {(one.tenant, one.source): one for one in config.sources}
    shopify = by_name["acme", "shopify:main"]
    assert shopify.secrets == (SecretPlace("file", f"{tmp_path}/shopify-new"), SecretPlace("environment", "SHOPIFY_OLD"))
    assert (shopify.limits.body_bytes_max, shopify.limits.requests_per_second_max) == (2_000_000, 50)
    assert shopify.topic == Where(header="X-Shopify-Topic")
    assert by_name["acme", "zoho:main"].topic == Where(header="X-Event")
    assert by_name["other", "home-grown:tills"].fixed_topic == "sale"
    assert by_name["other", "shipstation:main"].topic == Where(field=("resource_type", "name"))
    assert by_name["acme", "mollie:main"].fixed_topic == "webhook"
    assert {one.scheme for one in config.sources} | {"header", "allow-list"} == set(SCHEMES)
    builder = SchemeBuilder(None, lambda: 0, {"SHOPIFY_OLD": "old"})
    for one in config.sources:
        builder.scheme_of(one)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tenants: {}", "gateway.yaml:1:1: tenants: at least one source is expected"),
        ("tenants:\n  acme:", "tenants: at least one source is expected"),
        ("tenantz:\n  acme: {}", "tenantz: there is no such key; the nearest is tenants"),
        ("tenants:\n  acme: 5", "gateway.yaml:2:3: tenants.acme: a mapping is expected"),
        (source("secretz: []"), "gateway.yaml:4:7: tenants.acme.shopify:main.secretz: there is no such key; the nearest is secrets"),
        (source("secrets: []"), "a list of one to 10 secrets is expected"),
        (source("topic: x"), "secrets is missing: scheme shopify cannot do without it"),
        (source("secrets: [{file: a}]\nurl: https://x.example/"), "scheme shopify does not use it"),
        (source("secrets: [{file: a}]\ntopic: a\ntopic_header: b"), "topic and topic_header exclude each other"),
        (source("secrets: [{environment: ASIENTO_SECRET}]"), "variables that begin with ASIENTO_ are settings"),
        (source("secrets: [{environment: a-b}]"), "no name of an environment variable"),
        (source("scheme: shopfy"), "there is no scheme 'shopfy'; the nearest is shopify"),
        (source("secrets: [{file: a}]\nlimits: {body_bytes_max: 99999999}"), "limits.body_bytes_max: 99999999 is out of bounds"),
        (source("secrets: [{file: a}]\nlimits: 5"), "5 is no mapping"),
        (source("x: 1", "shopify"), "tenants.acme.shopify: a source is `<platform>:<connection>`, for example shopify:main"),
        (source("x: 1", "shopify:a:b"), "a source is `<platform>:<connection>`"),
        (source("secrets: [{file: a}]", "Mercado_Pago:main"), "a source is `<platform>:<connection>`"),
        (source("secrets: [{file: a}]", "shopify:a+b"), "'a+b' is no name of a connection"),
        (source("secrets: [{file: a}]", "shopify:a b"), "a source is `<platform>:<connection>`"),
        (source("x: 1", "shopfy:main"), "platform shopfy has no scheme of its own; the nearest is shopify"),
        (source("5", "shopify:main"), "tenants.acme.shopify:main: a mapping is expected"),
        (source("url: http://hooks.example.com/\nsecrets: [{file: a}]", "square:m"), "is no https address"),
        (source("url: https://a:b@hooks.example.com/\nsecrets: [{file: a}]", "square:m"), "is no https address"),
        (source("webhook_id: 5", "paypal:m"), "numbers in quotes"),
        (source("header: a b\nsecrets: [{file: a}]", "vtex:m"), "is no name of a header"),
        (source("allow_from: 10.0.0.0/8", "mercado-libre:m"), "is no list"),
        (source("allow_from: [10.0.0.1/8]", "mercado-libre:m"), "'10.0.0.1/8' is no network"),
        (source("scheme: hmac\nheader: X\nencoding: base32\nsecrets: [{file: a}]", "till:m"), "is not one of hex, base64"),
        ("proxies: 5\n" + source("secrets: [{file: a}]"), "proxies: 5 is no list"),
    ],
)
def test_a_fault_names_its_place_and_its_mend(tmp_path: Path, text: str, wanted: str) -> None:
    assert wanted in refusal(tmp_path, text)


@pytest.mark.parametrize("platform", sorted(NOT_OVER_HTTP))
def test_platforms_that_send_no_webhooks_say_what_to_do_instead(tmp_path: Path, platform: str) -> None:
    assert NOT_OVER_HTTP[platform] in refusal(tmp_path, source("secrets: [{file: a}]", f"{platform}:m"))


@pytest.mark.parametrize(
    "text", ["secrets: [hush-hush]", "secrets: hush-hush", "secrets: [{file: a, environment: hush-hush}]", "secrets: [{value: hush-hush}]"]
)
def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    message = refusal(tmp_path, source(text))
    assert "hush-hush" not in message
    assert "file: <path>`" in message


def test_every_platform_has_a_scheme_that_exists() -> None:
    assert {facts.scheme for facts in PLATFORMS.values()} - {None} <= set(SCHEMES)


def _settings(**values: Any) -> Settings:
    return Settings(**values)


def test_check_reads_every_secret_and_names_the_one_that_is_missing(tmp_path: Path) -> None:
    path = written(tmp_path, source(f"secrets: [{{file: {tmp_path}/plain}}, {{environment: NOT_SET_ANYWHERE}}]"))
    with pytest.raises(SettingsError, match=r"tenants\.acme\.shopify:main: the environment variable NOT_SET_ANYWHERE is not set"):
        check_configuration(_settings(gateway_config=path))
    path = written(tmp_path, source(f"secrets: [{{file: {tmp_path}/none}}]"))
    with pytest.raises(SettingsError, match=r"tenants\.acme\.shopify:main: .*none: No such file"):
        check_configuration(_settings(gateway_config=path))
    path = written(tmp_path, source(f"secrets: [{{file: {tmp_path}/plain}}]", "adyen:main"))
    with pytest.raises(SettingsError, match="hexadecimal"):
        check_configuration(_settings(gateway_config=path))
    with pytest.raises(SettingsError, match="ASIENTO_GATEWAY_CONFIG"):
        check_configuration(_settings())


def test_plain_http_stays_on_loopback_unless_told_otherwise(tmp_path: Path) -> None:
    assert listener_tls(_settings()) is None
    with pytest.raises(SettingsError, match="ASIENTO_GATEWAY_ALLOW_PLAINTEXT"):
        listener_tls(_settings(gateway_host="0.0.0.0"))  # noqa: S104 - refused
    assert listener_tls(_settings(gateway_host="0.0.0.0", gateway_allow_plaintext=True)) is None  # noqa: S104
    with pytest.raises(SettingsError, match="belong together"):
        listener_tls(_settings(gateway_cert_file=tmp_path / "a"))
    with pytest.raises(SettingsError, match="no pair"):
        listener_tls(_settings(gateway_cert_file=tmp_path / "a", gateway_key_file=tmp_path / "b"))
