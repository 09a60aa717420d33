"""The platforms that are understood; each one's module is imported when it is asked for."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from sources.platforms.adapter import Adapter
from sources.platforms.mapped.mappers import adapters_in, shipped_adapter, shipped_files


def _adyen() -> Adapter:
    from sources.platforms.adyen.adapter import ADAPTER

    return ADAPTER


def _amazon_sp_api() -> Adapter:
    from sources.platforms.amazon_sp_api.adapter import ADAPTER

    return ADAPTER


def _commercetools() -> Adapter:
    from sources.platforms.commercetools.adapter import ADAPTER

    return ADAPTER


def _mercado_pago() -> Adapter:
    from sources.platforms.mercado_pago.adapter import ADAPTER

    return ADAPTER


def _mollie() -> Adapter:
    from sources.platforms.mollie.adapter import ADAPTER

    return ADAPTER


def _paypal() -> Adapter:
    from sources.platforms.paypal.adapter import ADAPTER

    return ADAPTER


def _saleor() -> Adapter:
    from sources.platforms.saleor.adapter import ADAPTER

    return ADAPTER


def _shopify() -> Adapter:
    from sources.platforms.shopify.adapter import ADAPTER

    return ADAPTER


def _square() -> Adapter:
    from sources.platforms.square.adapter import ADAPTER

    return ADAPTER


def _stripe() -> Adapter:
    from sources.platforms.stripe.adapter import ADAPTER

    return ADAPTER


def _sylius() -> Adapter:
    from sources.platforms.sylius.adapter import ADAPTER

    return ADAPTER


def _woocommerce() -> Adapter:
    from sources.platforms.woocommerce.adapter import ADAPTER

    return ADAPTER


_LOADERS: Final[Mapping[str, Callable[[], Adapter]]] = {
    "adyen": _adyen,
    "amazon-sp-api": _amazon_sp_api,
    "commercetools": _commercetools,
    "mercado-pago": _mercado_pago,
    "mollie": _mollie,
    "paypal": _paypal,
    "saleor": _saleor,
    "shopify": _shopify,
    "square": _square,
    "stripe": _stripe,
    "sylius": _sylius,
    "woocommerce": _woocommerce,
}
"""Name in sources -> what imports its adapter."""

PLATFORMS: Final = tuple(sorted(_LOADERS))
MAPPERS: Final = tuple(shipped_files())
"""Names of the mappers that are shipped: previews, written from documentation."""


@cache
def adapter_of(platform: str) -> Adapter | None:
    """The adapter of a platform, else of a shipped mapper; None where there is none."""
    load = _LOADERS.get(platform)
    return load() if load is not None else shipped_adapter(platform)


def adapters_with(directory: Path | None) -> Callable[[str], Adapter | None]:
    """Like `adapter_of`, the mappers of a directory among them; they are read now, and all of them must be in order (`SettingsError`)."""
    own = adapters_in(directory, _LOADERS.__contains__) if directory is not None else {}
    return lambda platform: own.get(platform) or adapter_of(platform)
