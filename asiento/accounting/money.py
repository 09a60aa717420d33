"""Integer money: rounding, decimals as ratios, and the pinned table of currency exponents."""

from functools import lru_cache
from typing import Final, NamedTuple

MICRO_UNITS_PER_UNIT: Final = 1_000_000


class Ratio(NamedTuple):
    """An exact decimal: `numerator` / `denominator`, the latter a power of ten."""

    numerator: int
    denominator: int


def round_half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` rounded to an integer, halves away from zero; `denominator` > 0."""
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((denominator - 2 * numerator) // (2 * denominator))


@lru_cache(maxsize=4096)
def parse_decimal(text: str) -> Ratio:
    """A decimal string (`"0.16"`) as an exact ratio; raises ValueError where it is none."""
    whole, _, fraction = text.partition(".")
    return Ratio(int(whole + fraction), 10 ** len(fraction))


def major_units_text(amount: int, exponent: int) -> str:
    """Minor units as a decimal text in major units: 19900 with 2 decimals -> "199.00", -5 with 0 -> "-5"."""
    digits = str(abs(amount)).rjust(exponent + 1, "0")
    text = f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits
    return f"-{text}" if amount < 0 else text


def grouped_units_text(minor_units: int, exponent: int) -> str:
    """Minor units as people read them, in major units: 12345678 with 2 decimals -> "123,456.78"."""
    whole, point, fraction = major_units_text(abs(minor_units), exponent).partition(".")
    return f"{'-' if minor_units < 0 else ''}{int(whole):,}{point}{fraction}"


def cost_of_units(unit_cost: str, quantity: int, exponent: int) -> int:
    """Cost in minor units of `quantity` micro-units at `unit_cost` major units each."""
    price = parse_decimal(unit_cost)
    return round_half_up(price.numerator * quantity * 10**exponent, price.denominator * MICRO_UNITS_PER_UNIT)


_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_TWO_DECIMALS = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU
CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS
KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB
PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD
TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_WITH_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_WITH_FOUR_DECIMALS = "CLF UYW"

CURRENCY_EXPONENTS: dict[str, int] = {
    code: exponent
    for exponent, codes in ((0, _WITHOUT_DECIMALS), (2, _WITH_TWO_DECIMALS), (3, _WITH_THREE_DECIMALS), (4, _WITH_FOUR_DECIMALS))
    for code in codes.split()
}
"""ISO 4217 code -> number of decimals of its minor unit; pinned, never taken from a sender."""
