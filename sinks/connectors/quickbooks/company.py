"""One QuickBooks company as a connection describes it: what its documents must look like."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.runtime.settings import SettingsError
from sinks.external.connections import Connection

OPTIONS: Final[Mapping[str, str]] = {
    "realm_id": "number of the company, digits",
    "home_currency": "the company's own currency, ISO 4217",
    "multicurrency": "yes where Multicurrency is switched on in the company; default no",
    "sales_tax": "us (one sales tax a document, lines taxable or not; default) or global (tax codes on lines: VAT, GST)",
    "no_tax_code": "tax code of lines without tax; default NON with sales_tax us, none with global",
}
NEEDED: Final = frozenset({"realm_id", "home_currency"})
NO_TAX_CODE_OF_US: Final = "NON"
_REALM: Final = re.compile(r"\d{1,20}")
_Word = TypeVar("_Word", bound=StrEnum)


class SalesTax(StrEnum):
    """How a company's edition of QuickBooks has taxes on sales."""

    US = "us"
    GLOBAL = "global"


class Switch(StrEnum):
    """A setting that is on or off."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company. no_tax_code: what lines without tax are marked with; None = with nothing."""

    realm_id: str
    home_currency: str
    multicurrency: bool
    sales_tax: SalesTax
    no_tax_code: str | None

    def path(self, resource: str) -> str:
        """The path of a resource of this company below the base URL."""
        return f"/v3/company/{self.realm_id}/{resource}"


def company_of(connection: Connection) -> Company:
    """The company that a connection names; raises `SettingsError` for options that cannot be."""
    options, place = connection.options, f"connections.{connection.name}.options"
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise SettingsError(f"{place}.{unknown[0]} is no option of quickbooks; there are {', '.join(OPTIONS)}")
    missing = sorted(NEEDED - set(options))
    if missing:
        raise SettingsError(f"{place}.{missing[0]} is missing: {OPTIONS[missing[0]]}")
    if not _REALM.fullmatch(options["realm_id"]):
        raise SettingsError(f"{place}.realm_id: the number of the company is expected, digits in quotes")
    if options["home_currency"] not in CURRENCY_EXPONENTS:
        raise SettingsError(f"{place}.home_currency: a code of ISO 4217 like USD is expected")
    sales_tax = _choice(SalesTax, options.get("sales_tax", SalesTax.US.value), f"{place}.sales_tax")
    return Company(
        realm_id=options["realm_id"],
        home_currency=options["home_currency"],
        multicurrency=_choice(Switch, options.get("multicurrency", Switch.NO.value), f"{place}.multicurrency") is Switch.YES,
        sales_tax=sales_tax,
        no_tax_code=options.get("no_tax_code", NO_TAX_CODE_OF_US if sales_tax is SalesTax.US else None),
    )


def _choice(words: type[_Word], text: str, place: str) -> _Word:
    if text in tuple(words):
        return words(text)
    raise SettingsError(f"{place}: one of {', '.join(words)} is expected")
