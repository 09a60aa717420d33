"""What an order event must say beyond its types: the rules of one field, by format, and of several fields together.

`schemas.event_builder` puts them into one function per record. They work on avro values from either door (Avro or JSON),
so both judge alike, and raise `InvalidEvent`.
"""

from collections.abc import Callable
from itertools import chain
from typing import Any

from schemas.avro_types import Array, Mapping, OneOf, Primitive, Record
from schemas.card_numbers import holds_card_number
from schemas.formats import COST_MAX, MICRO, MONEY_MAX, QUANTITY_MAX, TIME_MAX, parse_date, parse_decimal, parse_uuid
from schemas.refusal import InvalidEvent

TEXT_LENGTH_MAX = 2_000
"""Most characters of any text: an id or a description comes back in every entry that names its line."""
TAXES_MAX = 50
"""Most taxes of one line: a shipment may name a line a thousand times, and its invoice shows them each time."""
RATE_MAX = 1_000
"""Tax rates lie below it (100 000 percent): base times rate stays within 64 bits."""
DUE_DAYS_MAX = 36_500
"""Longest term of payment, a hundred years: the calendar has no day for many more."""
GATEWAY_NOT_NEEDED = frozenset({"CASH", "BANK_TRANSFER", "GIFT_CARD", "STORE_CREDIT"})
DECLARED_DOCUMENT_FIELDS = frozenset(
    {"RFC", "UsoCFDI", "FormaPago", "MetodoPago", "RegimenFiscal", "NIF", "CIF", "VAT"}
    | {"RUT", "RUC", "CUIT", "CUIL", "NIT", "CNPJ", "CPF", "CUFE"}
)
"""Fiscal ids by name: like all ids they are not looked through for card numbers."""

EVENT_ITEMS_MAX = 8_000
"""Most items in all lists of an event together, taxes of lines included: their sum stays within 64 bits."""
ITEM_BYTES_MIN = 3
"""An item takes at least so many bytes of Avro (a short id and a quantity): a shorter record cannot hold too many."""

NUMBER_RANGES: dict[str, tuple[int, int, str]] = {
    "money": (0, MONEY_MAX, "an amount from 0 to 10^15 minor units is expected"),
    "signed_money": (-MONEY_MAX, MONEY_MAX, "an amount within 10^15 minor units is expected"),
    "quantity": (1, QUANTITY_MAX, "a quantity above 0 and at most a thousand million is expected"),
    "time": (0, TIME_MAX - 1, "a time from 1970 to 2199 is expected"),
    "sequence": (1, 2**63 - 1, "sequence numbers start at 1"),
}
"""Format -> lowest and highest value, and what is expected."""

MAY_BE_EMPTY = frozenset({"label", "free_text"})
"""Formats whose required texts may be empty."""


def check_items(values: Any) -> None:
    """The lists of an event hold at most `EVENT_ITEMS_MAX` items in all."""
    if count_items(values) > EVENT_ITEMS_MAX:
        raise InvalidEvent("too_many_lines", f"more than {EVENT_ITEMS_MAX} items in all lists together")


def count_items(value: Any) -> int:
    """Items of all lists in a value, whatever their depth."""
    if isinstance(value, dict):
        return sum(count_items(part) for part in value.values() if isinstance(part, list | dict))
    return len(value) + sum(count_items(item) for item in value if isinstance(item, dict))


def check_texts(record: Record, values: dict[str, Any]) -> None:
    """No text of a record, whatever its depth, is longer than `TEXT_LENGTH_MAX`."""
    for field in record.fields:
        value = values.get(field.name)
        try:
            match field.type:
                case Record() if value is not None:
                    check_texts(field.type, value)
                case Array(items=Record() as items):
                    for index, item in enumerate(value or ()):
                        _check_item_texts(items, item, index)
                case OneOf(branches=branches) if value is not None:
                    check_texts(next(branch for branch in branches if branch.name == value["type"]), value)
                case Mapping():
                    check_texts_of_map(value or {})
                case Primitive(kind="string") if value is not None:
                    _check_length(value)
        except InvalidEvent as problem:
            raise problem.within(field.name) from None


def check_texts_of_map(values: dict[str, str]) -> None:
    """No name and no text of a map is too long."""
    for text in chain.from_iterable(values.items()):
        _check_length(text)


def _check_item_texts(record: Record, values: dict[str, Any], index: int) -> None:
    try:
        check_texts(record, values)
    except InvalidEvent as problem:
        raise problem.within(f"[{index}]") from None


def _check_length(text: str) -> None:
    if len(text) > TEXT_LENGTH_MAX:
        raise invalid("", f"a text of at most {TEXT_LENGTH_MAX} characters is expected")


def not_negative_decimal(text: str) -> str:
    """A decimal of 0 or more in its normal form; raises `ValueError`."""
    normal = parse_decimal(text)
    if normal[0] == "-":
        raise ValueError("0 or more is expected")
    return normal


TEXT_FORMS: dict[str, Callable[[str], str]] = {
    "uuid": parse_uuid,
    "date": parse_date,
    "decimal": not_negative_decimal,
    "amount_per_unit": not_negative_decimal,
    "signed_decimal": parse_decimal,
}
"""Format -> its one normal form."""


def invalid(name: str, problem: str) -> InvalidEvent:
    """The refusal of one field."""
    return InvalidEvent("invalid_field", problem, name)


def drop_empty_texts(record: Record, values: dict[str, Any]) -> None:
    """An empty optional text counts as absent, an empty required one is refused unless its format allows it."""
    for name in [name for name, value in values.items() if value == ""]:
        field = record.by_name.get(name)
        if field is not None and field.nullable:
            del values[name]
        elif field is not None and getattr(field.type, "format", None) not in MAY_BE_EMPTY:
            raise invalid(name, "the text is empty")


def check_free_text(name: str, text: str) -> None:
    """A text for people holds no card number."""
    if holds_card_number(text):
        raise InvalidEvent("card_number", "the text holds what looks like a card number", name)


def check_map(name: str, values: dict[str, Any]) -> None:
    """Fiscal data: names not empty, no card number but in declared ids; an empty map counts as absent."""
    if not values[name]:
        del values[name]
        return
    for key, text in values[name].items():
        if not key:
            raise invalid(name, "a name is empty")
        if key not in DECLARED_DOCUMENT_FIELDS and (holds_card_number(key) or holds_card_number(text)):
            raise InvalidEvent("card_number", "an undeclared field holds what looks like a card number", name)


def check_order_key(values: dict[str, Any]) -> None:
    """Tenant without a colon, source with exactly one: else two orders could share a key."""
    if ":" in values["tenant"]:
        raise invalid("tenant", "a tenant without a colon is expected")
    platform, _, connection = values["source"].partition(":")
    if not platform or not connection or ":" in connection:
        raise invalid("source", "<platform>:<connection> with exactly one colon is expected")


def check_currency(values: dict[str, Any]) -> None:
    """Money has a currency; whether it is the right one is the core's to judge (D24)."""
    for name in ("currency", "currency_exponent"):
        if name not in values:
            raise InvalidEvent("missing_field", "an event with money needs it", name)


def check_gateway(values: dict[str, Any]) -> None:
    """Clearing accounts are named after the gateway; tenders without one need none."""
    if not values["gateway"] and values.get("tender") not in GATEWAY_NOT_NEEDED:
        raise invalid("gateway", "the text is empty")


def check_unit_price(values: dict[str, Any]) -> None:
    """A negative line of another kind than ROUNDING is the core's to reject (D06); a negative price on a positive line is ours."""
    if values["unit_price"][0] == "-" and values["gross"] > 0:
        raise invalid("unit_price", "a price below 0 belongs to a negative line")


def check_cost(values: dict[str, Any]) -> None:
    """The cost of all units, in minor units, stays within 64 bits."""
    cost = values.get("unit_cost")
    if cost is not None and (int(cost.partition(".")[0]) + 1) * values["quantity"] > COST_MAX * MICRO:
        raise invalid("unit_cost", "a cost of at most 10^11 major units for all units is expected")


def check_taxes(values: dict[str, Any]) -> None:
    """A line has a bounded number of taxes."""
    if len(values.get("taxes") or ()) > TAXES_MAX:
        raise InvalidEvent("too_many_lines", f"more than {TAXES_MAX} taxes", "taxes")


def check_rate(values: dict[str, Any]) -> None:
    """A tax rate is a fraction; a percentage is the core's to warn of (D05), far more than that is no rate."""
    if int(values["rate"].partition(".")[0]) >= RATE_MAX:
        raise invalid("rate", f"a fraction below {RATE_MAX} is expected")


def check_due_days(values: dict[str, Any]) -> None:
    """A due date is on the calendar, and not before its invoice."""
    if not 0 <= values.get("due_days", 0) <= DUE_DAYS_MAX:
        raise invalid("due_days", f"days from 0 to {DUE_DAYS_MAX} are expected")


def check_withholding(values: dict[str, Any]) -> None:
    """Tax withheld is a claim on an authority: its account is named after it."""
    if values.get("kind") == "WITHHOLDING" and not values.get("jurisdiction"):
        raise InvalidEvent("missing_field", "WITHHOLDING needs the authority", "jurisdiction")


RECORD_RULES: tuple[tuple[Callable[[Record], bool], Callable[[dict[str, Any]], None]], ...] = (
    (lambda record: record.is_event, check_order_key),
    (lambda record: record.states_money, check_currency),
    (lambda record: "gateway" in record.by_name, check_gateway),
    (lambda record: "unit_price" in record.by_name, check_unit_price),
    (lambda record: "unit_cost" in record.by_name, check_cost),
    (lambda record: "taxes" in record.by_name, check_taxes),
    (lambda record: {"rate", "base"} <= record.by_name.keys(), check_rate),
    (lambda record: "due_days" in record.by_name, check_due_days),
    (lambda record: "adjustment_id" in record.by_name, check_withholding),
)
"""Rules about several fields together, and the records they are for."""
