"""The platforms that are understood; each one's module is imported when it is asked for."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from sources.platforms.adapter import Adapter


def _amazon_sp_api() -> Adapter:
    from sources.platforms.amazon_sp_api.adapter import ADAPTER

    return ADAPTER


def _shopify() -> Adapter:
    from sources.platforms.shopify.adapter import ADAPTER

    return ADAPTER


def _sylius() -> Adapter:
    from sources.platforms.sylius.adapter import ADAPTER

    return ADAPTER


def _woocommerce() -> Adapter:
    from sources.platforms.woocommerce.adapter import ADAPTER

    return ADAPTER


_LOADERS: Final[Mapping[str, Callable[[], Adapter]]] = {
    "amazon-sp-api": _amazon_sp_api,
    "shopify": _shopify,
    "sylius": _sylius,
    "woocommerce": _woocommerce,
}
"""Name in sources -> what imports its adapter."""

PLATFORMS: Final = tuple(sorted(_LOADERS))


@cache
def adapter_of(platform: str) -> Adapter | None:
    """The adapter of a platform; None where there is none."""
    load = _LOADERS.get(platform)
    return load() if load is not None else None
