"""The fields of an event from its targets: amounts to minor units, texts kept to what the contract and privacy allow."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from schemas.avro_types import Enumeration, Field, Primitive
from schemas.card_numbers import holds_card_number
from sources.platforms.mapped.evaluation import Evaluation, plain, rounded, slug
from sources.platforms.mapped.paths import Scope, find, find_placed, pointer_of, text_of
from sources.platforms.mapped.rules import PartRule, Parts, Scalar, Target, Value, Words
from sources.platforms.minor_units import decimal_text, to_minor_units
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node

QUANTITY_PLACES: Final = 6
DECIMAL_PLACES: Final = 12
POSTAL_PREFIX_CHARACTERS: Final = 3
_ID: Final = re.compile(r"[!-{}~]{1,128}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_SCANNED: Final = frozenset(
    {"description", "code", "reason", "reason_code", "sku", "store", "warehouse", "kind", "product_tax_code", "unit_code"}
)
"""Texts that people write: none of them may hold a card number."""


@dataclass(slots=True)
class Builder:
    """Builds the fields of one event. came_from: target -> where it was found, for people (None: not asked for)."""

    evaluation: Evaluation
    came_from: dict[str, str] | None = None
    notices: list[str] = field(default_factory=list)

    def fields(self, targets: tuple[Target, ...], scope: Scope, at: str = "") -> EventTwin:
        """Field -> value; optional fields that are not in the payload are left out. Raises `Unjudged`."""
        twin: EventTwin = {}
        for target in targets:
            name = target.field.name
            value = self._target(target, scope, f"{at}{name}")
            if value is not None:
                twin[name] = value
        return twin

    def _target(self, target: Target, scope: Scope, at: str) -> Any:
        match target:
            case Scalar():
                found = self._scalar(target.field, target.value, scope)
                self._note(at, found)
                if found is None and not target.field.nullable and target.field.json_default is None:
                    raise self.evaluation.missing(target.value, scope)
                return found
            case Words():
                texts = {name: self.evaluation.text(value, scope) for name, value in target.values.items()}
                self._note(at, texts)
                return {name: text for name, text in texts.items() if text} or None
            case Parts(single=True):
                items = self._items(target.rules[0], scope, at, 0)
                return items[0] if items else None
            case Parts():
                listed: list[EventTwin] = []
                for rule in target.rules:
                    listed += self._items(rule, scope, at, len(listed))
                return listed

    def _items(self, rule: PartRule, scope: Scope, at: str, first: int) -> list[EventTwin]:
        places = [scope.inside(node, place) for node, place in find_placed(rule.each, scope)] if rule.each is not None else [scope]
        found: list[EventTwin] = []
        for place in _without_repeats(rule, places):
            if self.evaluation.holds(rule.when, place):
                self.evaluation.read.clear()
                item = self.fields(rule.targets, place, f"{at}[{first + len(found)}].")
                if rule.record.name == "Line":
                    item.setdefault("unit_price", _price_of(item, self.evaluation.exponent or 0))
                found.append(item)
        return found

    def _note(self, at: str, value: Any) -> None:
        where = self.evaluation.taken()
        if self.came_from is not None and value is not None:
            self.came_from[at] = where or "default"

    def _scalar(self, to: Field, value: Value, scope: Scope) -> Any:
        match to.type:
            case Primitive(format="money" | "signed_money"):
                return self._amount(to, value, scope)
            case Primitive(format="quantity" | "signed_quantity"):
                return self._decimal(self.evaluation.number(value, scope, money=False), value, scope, QUANTITY_PLACES)
            case Primitive(format="decimal" | "amount_per_unit" | "signed_decimal"):
                money = to.name in {"unit_price", "unit_cost"}
                number = self.evaluation.number(value, scope, money=money)
                return self._decimal(None if number is None else rounded(number, DECIMAL_PLACES), value, scope, DECIMAL_PLACES)
            case Primitive(format="time"):
                moment = self.evaluation.moment(value, scope)
                return None if moment is None else moment.isoformat().replace("+00:00", "Z")
            case Primitive(kind="boolean"):
                return self._flag(value, scope)
            case Primitive(kind="long" | "int"):
                return self._whole(value, scope)
            case Enumeration(symbols=symbols):
                constant = self.evaluation.constant(value, scope)
                if constant is not None and constant not in symbols:
                    raise self._malformed(value, scope, "one of " + ", ".join(symbols[1:]))
                return constant
            case _:
                return self._text(to, value, scope)

    def _malformed(self, value: Value, scope: Scope, expected: str) -> Unjudged:
        pointer = pointer_of(value.paths[0], scope) if value.paths else scope.node.pointer
        return Unjudged("reject_malformed", f"{pointer or 'the payload'}: {expected} is expected ({value.place})", pointer)

    def _amount(self, to: Field, value: Value, scope: Scope) -> int | None:
        number = self.evaluation.number(value, scope, money=True)
        if number is None:
            return None
        pointer = pointer_of(value.paths[0], scope) if value.paths else scope.node.pointer
        amount = to_minor_units(number, self.evaluation.exponent or 0, pointer)
        if amount < 0 and getattr(to.type, "format", "") == "money":
            raise self._malformed(value, scope, "an amount of 0 or more (is `sign: flip` missing?)")
        return amount

    def _decimal(self, number: Decimal | None, value: Value, scope: Scope, places: int) -> str | None:
        if number is None:
            return None
        text = plain(number, places)
        if text is None:
            raise self._malformed(value, scope, f"a number with at most {places} decimals")
        return text

    def _flag(self, value: Value, scope: Scope) -> bool | None:
        constant = self.evaluation.constant(value, scope)
        if constant in ("true", "false"):
            return constant == "true"
        if constant is not None and not isinstance(constant, bool):
            raise self._malformed(value, scope, "true or false")
        return constant

    def _whole(self, value: Value, scope: Scope) -> int | None:
        text = self.evaluation.text(value, scope)
        return None if text is None else Node(text, pointer_of(value.paths[0], scope) if value.paths else scope.node.pointer).integer()

    def _text(self, to: Field, value: Value, scope: Scope) -> str | None:
        text = self.evaluation.text(value, scope)
        name = to.name
        if text is None:
            return None
        if name.endswith(("_id", "_ref", "_reference")):
            if not _ID.fullmatch(text) or (name == "customer_ref" and "@" in text):
                raise self._malformed(value, scope, "an id of at most 128 visible characters without blanks and bars (no mail address)")
            return text
        if name == "gateway":
            return slug(text)
        if name == "channel":
            return self.evaluation.context.connection.channels.get(text, text)
        if name == "postal_prefix":
            return text[:POSTAL_PREFIX_CHARACTERS].strip() or None
        if name == "country" and not _COUNTRY.fullmatch(text):
            raise self._malformed(value, scope, "a country code of two letters like ES")
        if name in _SCANNED and holds_card_number(text):
            if not to.nullable:
                raise self._malformed(value, scope, "a text without card numbers")
            self.notices.append(f"{name} was left out: it holds what looks like a card number")
            return None
        return text


def _without_repeats(rule: PartRule, places: list[Scope]) -> list[Scope]:
    """The items without those that are there twice."""
    if rule.once is None:
        return places
    seen: dict[str, Scope] = {}
    for place in places:
        ids = find(rule.once, place)
        if not ids or text_of(ids[0]) is None:
            raise place.node.malformed(f"an item with {rule.once.text}")
        first = seen.setdefault(str(text_of(ids[0])), place)
        if first.node.value != place.node.value:
            raise ids[0].malformed("an id that no other item has")
    return list(seen.values())


def _price_of(line: EventTwin, exponent: int) -> str:
    """The price of one unit where the source states none: gross over quantity. It informs, nothing is booked from it."""
    quantity = Decimal(line["quantity"])
    price = Decimal(line["gross"]).scaleb(-exponent) / quantity if quantity else Decimal(0)
    return decimal_text(rounded(price, QUANTITY_PLACES))
