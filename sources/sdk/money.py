"""Money of a shop to the minor units of the contract, exactly or not at all."""

import re
from decimal import Decimal, localcontext
from typing import Final, TypeAlias

from asiento.accounting.money import CURRENCY_EXPONENTS, major_units_text
from schemas.formats import MONEY_MAX

Amount: TypeAlias = str | int | Decimal
"""Major units: "12.10", Decimal("12.10") or 12. Never a float."""

_AMOUNT: Final = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")
_PRECISION: Final = 60


class InexactMoney(ValueError):
    """An amount cannot be stated exactly in its currency; the message says why and how to mend it, and does not quote it."""


def exponent_of(currency: str) -> int:
    """Decimals of a currency by the pinned ISO table: EUR 2, JPY 0, KWD 3. Raises `InexactMoney` for an unknown code."""
    try:
        return CURRENCY_EXPONENTS[currency]
    except (KeyError, TypeError):
        raise InexactMoney("the currency is not in the ISO 4217 table: state a code of three capital letters, such as EUR") from None


def minor_units(amount: Amount, currency: str) -> int:
    """Major units -> minor units: ("12.10", "EUR") -> 1210, (5, "JPY") -> 5. Raises `InexactMoney`; nothing is rounded."""
    exponent = exponent_of(currency)
    with localcontext() as context:
        context.prec = _PRECISION
        scaled = _exact(amount).scaleb(exponent)
        if scaled != scaled.to_integral_value():
            raise InexactMoney(
                f"the amount has more decimals than {currency} has ({exponent}): round it where it is made, and say there how; "
                "it is not rounded here"
            )
        if abs(scaled) > MONEY_MAX:
            raise InexactMoney("the amount is beyond 10^15 minor units: split the fact")
        return int(scaled)


def major_units(amount: int, currency: str) -> str:
    """Minor units -> decimal text in major units: (1210, "EUR") -> "12.10"."""
    return major_units_text(amount, exponent_of(currency))


def _exact(amount: Amount) -> Decimal:
    """The amount as a decimal; raises `InexactMoney` for what cannot be read without guessing."""
    if isinstance(amount, float):
        raise InexactMoney(
            "a float cannot hold money: 0.1 + 0.2 is not 0.3. Use text or Decimal from where the amount is read, "
            "for JSON json.loads(text, parse_float=Decimal)"
        )
    if isinstance(amount, bool) or not isinstance(amount, str | int | Decimal):
        raise InexactMoney(f'an amount is text, int or Decimal in major units, such as "12.10"; this is {type(amount).__name__}')
    if isinstance(amount, str) and _AMOUNT.fullmatch(amount) is None:
        raise InexactMoney(
            'the text is no plain amount: digits, a point, digits, such as "1234.50"; no currency, blanks, commas or exponent'
        )
    found = Decimal(amount)
    if not found.is_finite():
        raise InexactMoney("NaN and infinity are no amounts")
    if found and not -18 <= found.adjusted() <= 18:
        raise InexactMoney("the amount has more than 18 digits before or after the point")
    return found
