"""Amazon's words for charges, taxes and fees, which differ between its reports, in one spelling."""

import re
from typing import Final, Literal, TypeAlias

from schemas.card_numbers import holds_card_number

Reason: TypeAlias = Literal["GOODS", "SHIPPING", "OTHER", "WITHHELD", "FEE"]

_FEE_CHARACTERS_MAX: Final = 64
_WITHHELD = re.compile(r"marketplacefacilitator|lowvaluegoods|taxwithheld|withheldtax|^(item)?t[cd]s", re.IGNORECASE)
_FEE = re.compile(r"fee(s)?$|commission$|chargeback$|holdback$|hb$|costofpoints", re.IGNORECASE)
_SHIPPING = re.compile(r"^shipping", re.IGNORECASE)
_GOODS = re.compile(
    r"^(principal|principle|tax|ourprice|productcharges|producttax|itemprice|itempromotion|promo|exportcharge)", re.IGNORECASE
)


def reason_of(word: str) -> Reason:
    """What a charge type, breakdown type or amount description stands for. Promotions count as the thing they make cheaper."""
    plain = fee_kind(word)
    if _WITHHELD.search(plain):
        return "WITHHELD"
    if _FEE.search(plain):
        return "FEE"
    if _SHIPPING.search(plain):
        return "SHIPPING"
    return "GOODS" if _GOODS.search(plain) else "OTHER"


def fee_kind(word: str) -> str:
    """A fee's name as part of an account: its letters and digits, so that all reports name it alike."""
    plain = "".join(character for character in word if character.isascii() and character.isalnum())[:_FEE_CHARACTERS_MAX]
    return plain if plain and not holds_card_number(plain) else "Other"
