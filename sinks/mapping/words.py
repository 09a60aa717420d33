"""Words by which accounts are called, in English and Spanish, for each role, and the side of the books that a vendor's kind means."""

import re
import unicodedata
from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple

from sinks.plaintext.account_names import ROOTS

WHOLE_LETTERS_MAX: Final = 4
"""Words as short as this are compared whole (or with a plural s), longer ones by their beginning."""


class RoleWords(NamedTuple):
    """Beginnings of words: `telling` ones say the role, `helping` ones only speak for it."""

    telling: str
    helping: str


WORDS: Final[dict[str, RoleWords]] = {
    "accounts_receivable": RoleWords("receivable debtor clientes deudor cobrar", "accounts customer trade cuentas"),
    "bad_debt": RoleWords("doubtful incobrable insolvenc moros bad", "debt credit loss deuda perdida"),
    "bank_clearing": RoleWords("transfer transferenc transit", "bank banco clearing compensacion"),
    "carrier_clearing": RoleWords("carrier cod delivery contrareembolso transportista", "clearing cash puente reembolso"),
    "carrier_fees": RoleWords("carrier freight courier transporte porte flete mensajer", "fee expense gasto comision envio shipping"),
    "cash": RoleWords("cash till caja efectivo petty", "drawer hand tienda"),
    "cogs": RoleWords("cogs cost coste costo", "goods sold sale venta mercaderia vendid"),
    "contract_liability": RoleWords(
        "unearned deferred advance prepay anticipo diferid", "customer revenue income clientes liabilit contract"
    ),
    "dispute_fees": RoleWords("dispute chargeback disputa contracargo", "fee comision"),
    "dispute_losses": RoleWords("dispute chargeback disputa contracargo", "loss lost perdida perdid"),
    "dispute_receivable": RoleWords("dispute chargeback disputa contracargo", "receivable payment cobrar pago"),
    "duties_payable": RoleWords("duty duties customs arancel aduan", "payable pagar"),
    "facilitator_tax_clearing": RoleWords("facilitator marketplace", "tax clearing impuesto"),
    "gift_card_liability": RoleWords("gift regalo", "card liabilit tarjeta vale"),
    "inventory": RoleWords("inventory stock existencia mercaderia inventario almacen merchandise", "goods asset finished producto"),
    "inventory_write_off": RoleWords("write writt shrink scrap merma deterioro obsolet", "inventory stock existencia inventario"),
    "marketplace_clearing": RoleWords("marketplace amazon ebay", "clearing puente"),
    "marketplace_fees": RoleWords("marketplace amazon ebay", "fee commission comision"),
    "other_revenue": RoleWords("other otros otras", "revenue income ingreso"),
    "psp_clearing": RoleWords(
        "stripe paypal adyen psp gateway provider pasarela tpv undeposited clearing puente", "payment pago tarjeta card fund"
    ),
    "psp_fees": RoleWords("merchant processing comision bancari bank payment", "fee charge gasto servicio"),
    "refundable_deposits": RoleWords("deposit fianza", "customer refundable received recibid"),
    "refunds_payable": RoleWords("refund reembolso devolver", "payable pagar"),
    "return_fee_income": RoleWords("restock return devoluc", "fee income ingreso"),
    "revenue": RoleWords("sale venta revenue", "goods product income ingreso mercaderia"),
    "rounding": RoleWords("round redonde", "difference diferenc"),
    "sales_allowances": RoleWords("allowance rebaja bonific goodwill", "sale venta"),
    "sales_discounts": RoleWords("discount descuento rappel", "sale venta given"),
    "sales_returns": RoleWords("return devoluc", "sale venta"),
    "shipping_revenue": RoleWords("shipping delivery envio porte freight", "income revenue ingreso charged"),
    "store_credit_liability": RoleWords("credit credito vale", "store liabilit customer tienda clientes"),
    "suspense": RoleWords("suspense pendiente unallocated", "clearing partida aplicacion puente"),
    "tax_payable": RoleWords("vat iva gst tax impuesto igic hst repercut", "payable output pagar sale venta"),
    "tax_receivable": RoleWords("vat iva gst soportad recoverable input", "tax impuesto receivable purchase compras"),
    "tips_payable": RoleWords("tip propina gratuit", "payable pagar"),
    "withholding_receivable": RoleWords("withh retencion retenid", "tax receivable impuesto"),
}


BRANDS: Final = frozenset({"stripe", "paypal", "adyen", "amazon", "ebay"})
"""Telling words that are qualifiers as well: an account named after one is that gateway's."""
ON_EITHER_SIDE: Final = frozenset(role for role in WORDS if role.endswith("_clearing")) | {"rounding", "suspense"}
"""Roles whose account stands among assets, liabilities or expenses, as a company likes."""
OTHER_WORDS: Final = frozenset({"other", "others", "otro", "otros", "otra", "otras"})
"""Words that keep an account apart from what the rest of its name says."""
CONTROL_WORDS: Final = frozenset({"receivable", "receivables", "debtors", "cobrar"})
"""Words of a kind that is the ledger's receivable control."""


class BookSide(StrEnum):
    """A part of the books; the values are those of the plain text names."""

    ASSETS = "Assets"
    LIABILITIES = "Liabilities"
    INCOME = "Income"
    EXPENSES = "Expenses"


_SIDES: Final = (
    (BookSide.ASSETS, "prepa"),
    (BookSide.LIABILITIES, "liab payable pasivo creditor unearned equity patrimonio"),
    (BookSide.EXPENSES, "expense cost overhead gasto coste loss deprec"),
    (BookSide.INCOME, "income revenue sales ingreso venta"),
    (BookSide.ASSETS, "asset bank cash current receivable inventor stock fixed activo existenc debtor cobrar"),
)
"""What a vendor's kind contains -> side; the first that fits."""
_SIDE_OF: Final = {role: BookSide(root) for root, roles in ROOTS.items() for role in roles.split()}


def side_of_role(role: str) -> BookSide | None:
    """The side of a role; None of one that only manual journals name."""
    return _SIDE_OF.get(role)


@cache
def side_of_kind(kind: str) -> BookSide | None:
    """The side that a vendor's word for a kind of account means; None where it says nothing."""
    plain = plain_text(kind)
    return next((side for side, parts in _SIDES if any(part in plain for part in parts.split())), None)


def plain_text(text: str) -> str:
    """Small letters without accents."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))


@cache
def words_of(text: str) -> tuple[str, ...]:
    """The words of a name, plain."""
    return tuple(re.findall(r"[^\W_]+", plain_text(text)))


def is_called(word: str, beginning: str) -> bool:
    """Whether a word is meant by a beginning of the lists."""
    return word.removesuffix("s") == beginning or word == beginning or (len(beginning) > WHOLE_LETTERS_MAX and word.startswith(beginning))
