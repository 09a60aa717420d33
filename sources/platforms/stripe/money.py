"""Stripe's amounts and times: whole numbers of its own minor units, seconds since 1970."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from sources.platforms.payload import Node
from sources.platforms.stated_money import Money, money_called

STATED_EXPONENTS: Final[Mapping[str, int]] = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Where Stripe counts in other units than ISO: krona and shilling in hundredths all the same, ariary in whole ones."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_MAX: Final = 7_258_118_400
"""The year 2200: where the contract's times end."""


def money_of(node: Node) -> Money:
    """The currency of an object."""
    return money_called(node.need("currency"), STATED_EXPONENTS)


def moment_of(node: Node) -> datetime:
    """Seconds since 1970 as UTC."""
    seconds = node.integer()
    if not 0 <= seconds < _SECONDS_MAX:
        raise node.malformed("seconds since 1970")
    return _EPOCH + timedelta(seconds=seconds)
