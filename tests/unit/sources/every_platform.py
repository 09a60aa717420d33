"""A life of every platform that is understood, from the payloads of its own tests: what tests of all platforms run over.

A platform that is not named here is looked for in `<platform>_payloads.py`, as `LIFE`; without one the tests of all platforms fail.
"""

import importlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from sources.platforms.catalogue import MAPPERS, PLATFORMS
from sources.platforms.connection import Connection, connection_from_mapping
from tests.unit.sources.deliveries import Delivery
from tests.unit.sources.mapped import shipped_payloads

CONNECTION: Final[Connection] = connection_from_mapping(
    {"default_currency": "EUR", "country": "ES", "time_zone": "Europe/Madrid", "automatic_capture": True}
)
EVERY: Final = (*PLATFORMS, *MAPPERS)


def _shopify() -> Sequence[Delivery]:
    folder = Path(__file__).parents[2] / "contract" / "shopify_life"
    files = sorted(folder.glob("[0-9]-*.json"))
    return [Delivery(path.stem.split("-", 1)[1].replace("-", "/"), json.loads(path.read_text(encoding="utf-8"))) for path in files]


def _amazon() -> Sequence[Delivery]:
    from tests.unit.sources.test_amazon_any_payload import PAYLOADS

    return [Delivery("any", payload) for payload in PAYLOADS]


def _of(module: str, *names: str) -> Callable[[], Sequence[Delivery]]:
    def found() -> Sequence[Delivery]:
        lives = (life for name in names for life in getattr(importlib.import_module(f"tests.unit.sources.{module}"), name))
        return [Delivery(*life) if isinstance(life, tuple) else Delivery("any", life) for life in lives]

    return found


def _shipped(*payloads: Any) -> Callable[[], Sequence[Delivery]]:
    return lambda: [Delivery("any", payload) for payload in payloads]


_LIVES: Final[dict[str, Callable[[], Sequence[Delivery]]]] = {
    "adyen": _of("test_adyen", "LIFE", "FAILED_LIFE"),
    "amazon-sp-api": _amazon,
    "commercetools": _of("commercetools_payloads", "COMMERCETOOLS"),
    "mercado-pago": _of("mercado_pago_payloads", "LIFE", "POINT_LIFE", "ORDER_LIFE"),
    "mollie": _of("test_mollie", "ORDER_LIFE", "PAYMENT_LIFE"),
    "saleor": _of("saleor_payloads", "SALEOR"),
    "shopify": _shopify,
    "square": _of("square_payloads", "LIFE"),
    "stripe": _of("test_stripe", "LIFE"),
    "sylius": _of("sylius_payloads", "SYLIUS"),
    "woocommerce": _of("woocommerce_payloads", "WOOCOMMERCE"),
    "bigcommerce": _shipped(shipped_payloads.BIGCOMMERCE, shipped_payloads.BIGCOMMERCE_WEBHOOK),
    "ebay": _shipped(shipped_payloads.EBAY, shipped_payloads.EBAY_NOTIFICATION, shipped_payloads.EBAY_DELETION),
    "mercado-libre": _shipped(shipped_payloads.MERCADO_LIBRE),
    "odoo-pos": _shipped(shipped_payloads.ODOO),
    "salesforce-om": _shipped(shipped_payloads.SALESFORCE, shipped_payloads.SALESFORCE_EVENT),
    "shipstation": _shipped(shipped_payloads.SHIPSTATION, shipped_payloads.SHIPSTATION_SHIPMENTS),
    "toms-like": _shipped(shipped_payloads.TOMS),
    "vtex": _shipped(shipped_payloads.VTEX),
    "zoho-inventory": _shipped(shipped_payloads.ZOHO),
}


@cache
def life_of(platform: str) -> tuple[Delivery, ...]:
    """The deliveries of a platform, payloads as plain JSON values; raises `LookupError` where no test has any."""
    made = _LIVES.get(platform)
    if made is None:
        module = f"{platform.replace('-', '_')}_payloads"
        try:
            return _plain(_of(module, "LIFE")())
        except (ImportError, AttributeError):
            raise LookupError(f"{platform} has no payloads: name them in {Path(__file__).name}, or write {module}.py with LIFE") from None
    return _plain(made())


def _plain(deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
    return tuple(Delivery(topic, orjson.loads(json.dumps(payload))) for topic, payload in deliveries)
