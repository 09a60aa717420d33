"""The platforms that are understood; each one's module is imported when it is asked for."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from sources.platforms.adapter import Adapter
from sources.platforms.mapped.mappers import adapters_in, shipped_adapter, shipped_files


def _amazon_sp_api() -> Adapter:
    from sources.platforms.amazon_sp_api.adapter import ADAPTER

    return ADAPTER


def _shopify() -> Adapter:
    from sources.platforms.shopify.adapter import ADAPTER

    return ADAPTER


    "stripe": _stripe,
