"""The envelope of every order event and the parts that events share."""

from schemas.declared.words import (
    BOOL,
    DATE,
    DECIMAL,
    INT,
    LABEL,
    LONG,
    MONEY,
    QUANTITY,
    SIGNED_DECIMAL,
    SIGNED_MONEY,
    TEXT,
    TIME,
    UNIT_COST,
    UUID,
    Declared,
    array,
    enum,
    optional,
    record,
    required,
)

LIABLE_PARTY = enum("LiableParty", "SELLER", "MARKETPLACE", doc="Who owes the tax or bears the discount.")
TENDER = enum(
    "Tender",
    "CARD",
    "WALLET",
    "BANK_TRANSFER",
    "CASH",
    "GIFT_CARD",
    "STORE_CREDIT",
    "MARKETPLACE",
    "CASH_ON_DELIVERY",
    "OTHER",
    doc="Means of payment; decides the clearing account.",
)

FX = record(
    "Fx",
    "Rate from the order currency to the book currency, frozen by the source or its adapter.",
    required("book_currency", TEXT, "ISO 4217 code of the books."),
    required("rate", DECIMAL, "Book currency units for one unit of the order currency."),
    required("rate_date", DATE, "Day the rate is of."),
    required("rate_source", TEXT, "Who published the rate."),
)

PLACE = record(
    "Place",
    "A coarse place: never a street, never a full postal code.",
    required("country", TEXT, "ISO 3166-1 alpha-2 code."),
    optional("region", TEXT, "State, province or department."),
    optional("postal_prefix", TEXT, "Leading characters of the postal code, as few as taxes need."),
)

TAX = record(
    "Tax",
    "One tax as the source stated it.",
    required("jurisdiction", TEXT, "Country or country-region that levies it (MX, US-CA)."),
    required("type", TEXT, "Kind of tax (VAT, SALES, EXCISE)."),
    required("code", TEXT, "The source's code of the tax."),
    required("rate", DECIMAL, "Fraction: 0.16 is 16 percent."),
    required("base", MONEY, "Amount the tax was computed on, minor units."),
    required("amount", MONEY, "The tax, minor units."),
    required("included", BOOL, "True: contained in the line's gross."),
    required("liable_party", LIABLE_PARTY, "Who owes the tax to the authority."),
)

LINE = record(
    "Line",
    "One order line.",
    required("line_id", TEXT, "Unique within the order."),
    optional("parent_line_id", TEXT, "The bundle line it belongs to."),
    required(
        "kind",
        enum("LineKind", "GOODS", "SERVICE", "GIFT_CARD", "SHIPPING", "FEE", "TIP", "DUTY", "DEPOSIT", "ROUNDING", doc="What is sold."),
        "Decides the account.",
    ),
    optional("sku", TEXT, "Article number of the seller."),
    optional("description", LABEL, "Of the product; never about the customer."),
    required("quantity", QUANTITY, "Micro-units: 1 unit is 1 000 000."),
    required("unit_price", SIGNED_DECIMAL, "Price of one unit, major units; informative, never posted."),
    required("gross", SIGNED_MONEY, "Before discounts, tax included if prices include tax; negative on ROUNDING lines only."),
    required("discount", MONEY, "Discount of this line, same basis as gross."),
    optional("order_discount", MONEY, "This line's share of order-level discounts; absent: to be allocated."),
    required("taxes", array(TAX), "Taxes of the line."),
    optional("revenue_category", TEXT, "Qualifier of the revenue account; absent: sales."),
    optional("unit_cost", UNIT_COST, "Cost of one unit, major units of the order's currency."),
    optional("product_tax_code", TEXT, "Fiscal classification of the product."),
    optional("unit_code", TEXT, "Fiscal unit of measure."),
    optional("tax_exemption", TEXT, "Fiscal reason for an exemption."),
)

ORDER_DISCOUNT = record(
    "OrderDiscount",
    "A discount on the whole order.",
    required("code", TEXT, "Promotion or coupon."),
    required("amount", MONEY, "Minor units, same basis as gross."),
    required("funded_by", LIABLE_PARTY, "Who bears it; the JSON twin may leave it out: SELLER.", json_default="SELLER"),
)

CREDIT_TAX = record(
    "CreditTax",
    "A tax amount stated by a refund.",
    required("jurisdiction", TEXT, "As on the order line."),
    required("type", TEXT, "As on the order line."),
    required("code", TEXT, "As on the order line."),
    required("amount", MONEY, "Minor units."),
    required("liable_party", LIABLE_PARTY, "Who owes the tax to the authority."),
)

ENVELOPE: tuple[Declared, ...] = (
    required("event_id", UUID, "Unique for ever; adapters derive it."),
    required("tenant", TEXT, "Whose books; without a colon. First part of the order key."),
    required("source", TEXT, "platform:connection, exactly one colon. Second part of the order key."),
    required("order_id", TEXT, "The source's order number. Rest of the order key."),
    required("business_key", TEXT, "What makes it the same fact under another event id (refund:8812)."),
    required("occurred_at", TIME, "When it happened at the source."),
    required("received_at", TIME, "When it arrived; decides the policy version and the close."),
    optional("source_event_id", TEXT, "The source's id of the message; not part of the content."),
    optional("correlation_id", TEXT, "Trace through systems; not part of the content."),
    optional("causation_id", TEXT, "The message that caused this one; not part of the content."),
    optional("source_sequence", {"type": LONG, "format": "sequence"}, "Gapless number per order, from 1, where the source has one."),
    optional("source_version", LONG, "Monotone per order; only compared."),
    required("test_mode", BOOL, "True: never posted, counted as ignored."),
    optional("currency", TEXT, "ISO 4217 code; required where the event states money."),
    optional("currency_exponent", INT, "Decimal places of the currency; required where the event states money."),
    optional("fx", FX, "Order currency to book currency."),
)
