"""The shops of the day: what they sell, where, in which money, under which taxes, and how they are paid."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class TaxRule:
    """One tax: `rate` is decimal text of a fraction ("0.21"); `liable_party` pays it to the state."""

    jurisdiction: str
    type: str
    code: str
    rate: str
    liable_party: str = "SELLER"

    @property
    def fraction(self) -> Fraction:
        """The rate, exact."""
        return Fraction(self.rate)


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold: `price` and `cost` in minor units per unit; `weighed` goods are sold in grams."""

    sku: str
    description: str
    price: int
    taxes: tuple[TaxRule, ...]
    category: str | None = None
    cost: int | None = None
    kind: str = "GOODS"
    weighed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One sales channel. `gateways` are (tender, gateway) with how often out of 100; `fee` is (permille, fixed) of cards."""

    source: str
    channel: str
    legal_entity: str
    country: str
    currency: str
    exponent: int
    utc_offset_hours: int
    taxes_included: bool
    products: tuple[Product, ...]
    gateways: tuple[tuple[str, str, int], ...]
    fee: tuple[int, int] = (0, 0)
    charges: tuple[Product, ...] = ()
    gift_card: Product | None = None
    store: str | None = None
    warehouse: str | None = None
    cash_step: int = 1
    is_till: bool = False
    states_shares: bool = False
    numbers_events: bool = False
    document_fields: tuple[tuple[str, str], ...] = ()

    @property
    def major(self) -> int:
        """Minor units of one unit of money."""
        return int(10**self.exponent)


ES21 = (TaxRule("ES", "VAT", "IVA21", "0.21"),)
ES10 = (TaxRule("ES", "VAT", "IVA10", "0.10"),)
ES4 = (TaxRule("ES", "VAT", "IVA4", "0.04"),)
MX16 = (TaxRule("MX", "VAT", "IVA", "0.16"),)
MX0 = (TaxRule("MX", "VAT", "IVA0", "0"),)
CL19 = (TaxRule("CL", "VAT", "IVA", "0.19"),)
JP10 = (TaxRule("JP", "VAT", "CT10", "0.10"),)
JP8 = (TaxRule("JP", "VAT", "CT8", "0.08"),)
TEXAS = (TaxRule("US-TX", "SALES", "STATE", "0.0625"), TaxRule("US-TX", "SALES", "AUSTIN", "0.02"))
CALIFORNIA = (TaxRule("US-CA", "SALES", "STATE", "0.0725", "MARKETPLACE"), TaxRule("US-CA-LA", "SALES", "COUNTY", "0.0225", "MARKETPLACE"))

MADRID = Shop(
    source="web:madrid",
    channel="web",
    legal_entity="ES-TIENDA",
    country="ES",
    currency="EUR",
    exponent=2,
    utc_offset_hours=1,
    taxes_included=True,
    products=(
        Product("ES-CAM", "Camiseta de algodón", 1995, ES21, "ropa", 740),
        Product("ES-ZAP", "Zapatillas de lona", 4950, ES21, "ropa", 2115),
        Product("ES-ACE", "Aceite de oliva 1 l", 1179, ES4, "alimentacion", 655),
        Product("ES-TUR", "Turrón blando", 899, ES10, "alimentacion", 412),
        Product("ES-LIB", "Novela de bolsillo", 1095, ES4, "libros"),
        Product("ES-ARR", "Arreglo de ropa", 1250, ES21, "servicios", kind="SERVICE"),
    ),
    gateways=(("CARD", "redsys", 55), ("WALLET", "paypal", 15), ("BANK_TRANSFER", "caixa", 15), ("CASH_ON_DELIVERY", "correos", 15)),
    fee=(14, 25),
    charges=(
        Product("ES-ENVIO", "Gastos de envío", 495, ES21, kind="SHIPPING"),
        Product("ES-CR", "Recargo contra reembolso", 250, ES21, kind="FEE"),
    ),
    gift_card=Product("ES-REGALO", "Tarjeta regalo", 2500, (), kind="GIFT_CARD"),
    warehouse="getafe",
)

CDMX = Shop(
    source="web:cdmx",
    channel="web",
    legal_entity="MX-COMERCIO",
    country="MX",
    currency="MXN",
    exponent=2,
    utc_offset_hours=-6,
    taxes_included=True,
    products=(
        Product("MX-HUI", "Huipil bordado", 89900, MX16, "ropa", 41250),
        Product("MX-REB", "Rebozo de seda", 129999, MX16, "ropa", 60010),
        Product("MX-TAZ", "Taza de talavera", 18950, MX16, "hogar", 7333),
        Product("MX-CAF", "Café de altura 500 g", 21500, MX0, "alimentos", 11800),
    ),
    gateways=(("CARD", "conekta", 45), ("WALLET", "mercadopago", 35), ("OTHER", "oxxo", 20)),
    fee=(36, 300),
    charges=(Product("MX-ENVIO", "Envío a domicilio", 9900, MX16, kind="SHIPPING"),),
    gift_card=Product("MX-REGALO", "Tarjeta de regalo", 50000, (), kind="GIFT_CARD"),
    warehouse="vallejo",
    document_fields=(("FormaPago", "04"), ("UsoCFDI", "G03")),
)

AUSTIN = Shop(
    source="web:austin",
    channel="web",
    legal_entity="US-OUTFIT",
    country="US",
    currency="USD",
    exponent=2,
    utc_offset_hours=-6,
    taxes_included=False,
    products=(
        Product("US-BOOT", "Leather boots", 14999, TEXAS, "footwear", 6120),
        Product("US-HAT", "Felt hat", 5995, TEXAS, "accessories", 2204),
        Product("US-SOCK", "Wool socks", 1233, TEXAS, "accessories", 401),
        Product("US-BAG", "Canvas bag", 3333, TEXAS, "accessories", 1290),
        Product("US-ENGRAVE", "Engraving", 1500, (), "services", kind="SERVICE"),
    ),
    gateways=(("CARD", "stripe", 75), ("WALLET", "paypal", 25)),
    fee=(29, 30),
    charges=(Product("US-SHIP", "Ground shipping", 795, TEXAS, kind="SHIPPING"),),
    gift_card=Product("US-GIFT", "Gift card", 5000, (), kind="GIFT_CARD"),
    warehouse="dallas",
    states_shares=True,
    numbers_events=True,
)

AMAZON = Shop(
    source="amazon:us",
    channel="amazon",
    legal_entity="US-OUTFIT",
    country="US",
    currency="USD",
    exponent=2,
    utc_offset_hours=-8,
    taxes_included=False,
    products=(
        Product("US-SOCK", "Wool socks", 1299, CALIFORNIA, "accessories", 401),
        Product("US-BELT", "Leather belt", 3450, CALIFORNIA, "accessories", 1175),
        Product("US-MUG", "Enamel mug", 1667, CALIFORNIA, "home", 525),
    ),
    gateways=(("MARKETPLACE", "amazon", 100),),
    charges=(Product("AMZ-SHIP", "Standard delivery", 599, CALIFORNIA, kind="SHIPPING"),),
    warehouse="fba",
)

TOKYO = Shop(
    source="web:tokyo",
    channel="wholesale",
    legal_entity="JP-TRADE",
    country="JP",
    currency="JPY",
    exponent=0,
    utc_offset_hours=9,
    taxes_included=False,
    products=(
        Product("JP-TEA", "Green tea, case", 12_345, JP8, "food", 7_100),
        Product("JP-CUP", "Tea cups, box", 8_640, JP10, "home", 3_955),
        Product("JP-POT", "Iron tea pot", 15_001, JP10, "home", 8_200),
    ),
    gateways=(("BANK_TRANSFER", "mizuho", 100),),
    charges=(Product("JP-SHIP", "Freight", 1_800, JP10, kind="SHIPPING"),),
    warehouse="yokohama",
)

ROMA = Shop(
    source="pos:roma",
    channel="pos",
    legal_entity="MX-COMERCIO",
    country="MX",
    currency="MXN",
    exponent=2,
    utc_offset_hours=-6,
    taxes_included=True,
    products=(
        Product("MX-CAP", "Capuchino", 6500, MX16, "cafeteria", 1850),
        Product("MX-CON", "Concha", 2800, MX0, "cafeteria", 900),
        Product("MX-GRA", "Café en grano por kilo", 42000, MX0, "alimentos", 23600, weighed=True),
        Product("MX-TAZ", "Taza de talavera", 18950, MX16, "hogar", 7333),
    ),
    gateways=(("CASH", "caja", 55), ("CARD", "clip", 45)),
    fee=(36, 0),
    charges=(Product("MX-PROP", "Propina", 1500, (), kind="TIP"),),
    store="roma",
    is_till=True,
)

SANTIAGO = Shop(
    source="pos:santiago",
    channel="pos",
    legal_entity="CL-TIENDA",
    country="CL",
    currency="CLP",
    exponent=0,
    utc_offset_hours=-3,
    taxes_included=True,
    products=(
        Product("CL-VIN", "Vino carmenere", 7_990, CL19, "bebidas", 3_870),
        Product("CL-MIE", "Miel de ulmo", 5_493, CL19, "alimentos", 2_310),
        Product("CL-PAN", "Pan amasado por kilo", 2_490, CL19, "alimentos", 1_105, weighed=True),
    ),
    gateways=(("CASH", "caja", 60), ("CARD", "transbank", 40)),
    fee=(19, 0),
    store="providencia",
    cash_step=10,
    is_till=True,
)

SHOPS = ((MADRID, 26), (CDMX, 18), (AUSTIN, 18), (AMAZON, 12), (TOKYO, 8), (ROMA, 10), (SANTIAGO, 8))
"""Every shop with how many of 100 orders are its own."""
