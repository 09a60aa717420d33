"""What an order event must say beyond its types, compiled per record from the formats in its schema.

`apply` works on avro values from either door (Avro or JSON), so both judge alike. It brings them to the one normal form
that fingerprints are taken of (decimals, quantities as text, ids in lower case, empty optional texts and maps absent)
and builds the immutable value of `asiento.accounting.order_events` where there is one.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from asiento.accounting import order_events
from schemas.avro_types import Array, Enumeration, Field, Mapping, OneOf, Primitive, Record
from schemas.card_numbers import holds_card_number
from schemas.formats import COST_MAX, MICRO, MONEY_MAX, QUANTITY_MAX, TIME_MAX, parse_date, parse_decimal, parse_uuid, quantity_text
from schemas.refusal import InvalidEvent

FREE_TEXT_LENGTH_MAX = 2_000
GATEWAY_NOT_NEEDED = frozenset({"CASH", "BANK_TRANSFER", "GIFT_CARD", "STORE_CREDIT"})
DECLARED_DOCUMENT_FIELDS = frozenset(
    {
        "RFC",
        "UsoCFDI",
        "FormaPago",
        "MetodoPago",
        "RegimenFiscal",
        "NIF",
        "CIF",
        "VAT",
        "RUT",
        "RUC",
        "CUIT",
        "CUIL",
        "NIT",
        "CNPJ",
        "CPF",
        "CUFE",
    }
)
"""Fiscal ids by name: like all ids they are not looked through for card numbers."""

_TEXTS: dict[str, Callable[[str], str]] = {"signed_decimal": parse_decimal, "date": parse_date, "uuid": parse_uuid}


def _invalid(name: str, problem: str) -> InvalidEvent:
    return InvalidEvent("invalid_field", problem, name)


def _not_negative_decimal(text: str) -> str:
    if text.startswith("-"):
        raise ValueError("0 or more is expected")
    return parse_decimal(text)


_TEXTS["decimal"] = _TEXTS["amount_per_unit"] = _not_negative_decimal


class RecordRules:
    """The rules of one record type: the names of its fields, grouped by what is checked."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.value_class: type[Any] | None = getattr(order_events, record.name, None)
        fields = record.fields
        self._texts = tuple((field.name, _TEXTS[form]) for field in fields if (form := _format(field)) in _TEXTS)
        self._money = _named(fields, "money")
        self._signed_money = _named(fields, "signed_money")
        self._quantities = _named(fields, "quantity")
        self._times = _named(fields, "time")
        self._free_texts = _named(fields, "free_text")
        self._sequence = _named(fields, "sequence")
        self._may_be_empty = frozenset((*_named(fields, "label"), *self._free_texts))
        self._meaningful = tuple(f.name for f in fields if isinstance(f.type, Enumeration) and not f.type.unknown_has_meaning)
        self._maps = tuple(field.name for field in fields if isinstance(field.type, Mapping))
        self._lists = tuple(
            (f.name, rules_of(f.type.items)) for f in fields if isinstance(f.type, Array) and isinstance(f.type.items, Record)
        )
        self._parts = tuple((f.name, rules_of(f.type)) for f in fields if isinstance(f.type, Record))
        self._branches = tuple(field for field in fields if isinstance(field.type, OneOf))
        self._whole = tuple(rule for test, rule in _WHOLE if test(record))

    def apply(self, values: dict[str, Any]) -> dict[str, Any]:
        """Check `values`, bring them to normal form in place, and give the arguments of the value class.

        Raises `InvalidEvent`.
        """
        self._check_fields(values)
        for rule in self._whole:
            rule(self.record, values)
        arguments = dict(values)
        for name, rules in self._parts:
            if name in values:
                try:
                    arguments[name] = rules.build(values[name])
                except InvalidEvent as problem:
                    raise problem.within(name) from None
        for name, rules in self._lists:
            if name in values:
                arguments[name] = rules.build_all(values[name], name)
        for field in self._branches:
            if field.name in values:
                self._apply_branch(field, values)
        for name in self._quantities:
            values[name] = quantity_text(values[name])
        for name in self._maps:
            if name in values:
                arguments[name] = tuple(sorted(values[name].items()))
        return arguments

    def build(self, values: dict[str, Any]) -> Any:
        """Check one part and build its value (None where the core has no class for it yet)."""
        arguments = self.apply(values)
        return None if self.value_class is None else self.value_class(**arguments)

    def build_all(self, items: list[dict[str, Any]], name: str) -> tuple[Any, ...]:
        """Check and build the items of a list."""
        built = []
        for index, item in enumerate(items):
            try:
                built.append(self.build(item))
            except InvalidEvent as problem:
                raise problem.within(f"{name}[{index}]") from None
        return tuple(built)

    def _check_fields(self, values: dict[str, Any]) -> None:
        if "" in values.values():
            self._drop_empty(values)
        for name in self._money:
            if not 0 <= values.get(name, 0) <= MONEY_MAX:
                raise _invalid(name, "an amount from 0 to 10^15 minor units is expected")
        for name in self._signed_money:
            if not -MONEY_MAX <= values.get(name, 0) <= MONEY_MAX:
                raise _invalid(name, "an amount within 10^15 minor units is expected")
        for name in self._quantities:
            if not 0 < values.get(name, 1) <= QUANTITY_MAX:
                raise _invalid(name, "a quantity above 0 and at most a thousand million is expected")
        for name in self._times:
            if not 0 <= values.get(name, 0) < TIME_MAX:
                raise _invalid(name, "a time from 1970 to 2199 is expected")
        for name in self._sequence:
            if values.get(name, 1) < 1:
                raise _invalid(name, "sequence numbers start at 1")
        for name in self._meaningful:
            if values.get(name) == "UNKNOWN":
                raise _invalid(name, "UNKNOWN has no meaning here")
        for name, parse in self._texts:
            if name in values:
                try:
                    values[name] = parse(values[name])
                except ValueError as problem:
                    raise _invalid(name, str(problem)) from None
        for name in self._free_texts:
            if name in values:
                _check_free_text(name, values[name])
        for name in self._maps:
            if name in values:
                _check_document_fields(name, values)

    def _drop_empty(self, values: dict[str, Any]) -> None:
        """An empty optional text counts as absent, an empty required one is refused unless it is a label."""
        for name in [name for name, value in values.items() if value == ""]:
            field = self.record.by_name.get(name)
            if field is not None and field.nullable:
                del values[name]
            elif name not in self._may_be_empty:
                raise _invalid(name, "the text is empty")

    def _apply_branch(self, field: Field, values: dict[str, Any]) -> None:
        chosen = values[field.name]
        branches = field.type.branches if isinstance(field.type, OneOf) else ()
        record = next(branch for branch in branches if branch.name == chosen["type"])
        try:
            rules_of(record).apply(chosen)
        except InvalidEvent as problem:
            raise problem.within(field.name) from None


@cache
def rules_of(record: Record) -> RecordRules:
    """The rules of a record type, compiled once."""
    return RecordRules(record)


def _format(field: Field) -> str | None:
    return field.type.format if isinstance(field.type, Primitive) else None


def _named(fields: tuple[Field, ...], form: str) -> tuple[str, ...]:
    return tuple(field.name for field in fields if _format(field) == form)


def _check_free_text(name: str, text: str) -> None:
    if len(text) > FREE_TEXT_LENGTH_MAX:
        raise _invalid(name, f"a text of at most {FREE_TEXT_LENGTH_MAX} characters is expected")
    if holds_card_number(text):
        raise InvalidEvent("card_number", "the text holds what looks like a card number", name)


def _check_document_fields(name: str, values: dict[str, Any]) -> None:
    if not values[name]:
        del values[name]
        return
    for key, text in values[name].items():
        if not key:
            raise _invalid(name, "a name is empty")
        if len(text) > FREE_TEXT_LENGTH_MAX:
            raise _invalid(name, f"texts of at most {FREE_TEXT_LENGTH_MAX} characters are expected")
        if key not in DECLARED_DOCUMENT_FIELDS and (holds_card_number(key) or holds_card_number(text)):
            raise InvalidEvent("card_number", "an undeclared field holds what looks like a card number", name)


def _check_order_key(_record: Record, values: dict[str, Any]) -> None:
    if ":" in values["tenant"]:
        raise _invalid("tenant", "a tenant without a colon is expected")
    platform, _, connection = values["source"].partition(":")
    if not platform or not connection or ":" in connection:
        raise _invalid("source", "<platform>:<connection> with exactly one colon is expected")


def _check_currency(_record: Record, values: dict[str, Any]) -> None:
    for name in ("currency", "currency_exponent"):
        if name not in values:
            raise InvalidEvent("missing_field", "an event with money needs it", name)


def _check_gateway(_record: Record, values: dict[str, Any]) -> None:
    if not values["gateway"] and values.get("tender") not in GATEWAY_NOT_NEEDED:
        raise _invalid("gateway", "the text is empty")


def _check_gross(_record: Record, values: dict[str, Any]) -> None:
    """A negative line of another kind than ROUNDING is the core's to reject (D06); a negative price beside it is not."""
    if values["unit_price"].startswith("-") and values["gross"] > 0:
        raise _invalid("unit_price", "a price below 0 belongs to a negative line")


def _check_cost(_record: Record, values: dict[str, Any]) -> None:
    cost = values.get("unit_cost")
    if cost is not None and (int(cost.partition(".")[0]) + 1) * values["quantity"] > COST_MAX * MICRO:
        raise _invalid("unit_cost", "a cost of at most 10^11 major units for all units is expected")


_WHOLE: tuple[tuple[Callable[[Record], bool], Callable[[Record, dict[str, Any]], None]], ...] = (
    (lambda record: record.is_event, _check_order_key),
    (lambda record: record.states_money, _check_currency),
    (lambda record: "gateway" in record.by_name, _check_gateway),
    (lambda record: "unit_price" in record.by_name, _check_gross),
    (lambda record: "unit_cost" in record.by_name, _check_cost),
)
"""Rules about several fields together, and the records they are for."""
