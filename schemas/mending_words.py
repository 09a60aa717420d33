"""How to mend a field that is wrong, in a sentence for whoever wrote the event."""

from difflib import get_close_matches
from typing import Final

from schemas.avro_types import Array, AvroType, Enumeration, Field, Mapping, OneOf, Primitive, Record
from schemas.refusal import REASONS

OF_FORMATS: Final[dict[str, str]] = {
    "money": "State money as a whole number of minor units, never as a decimal or a text: 12.10 EUR is 1210, 1210 JPY is 1210.",
    "signed_money": "State money as a whole number of minor units, never as a decimal or a text: 12.10 EUR is 1210.",
    "quantity": 'State a quantity as decimal text, above 0, with at most 6 places: "2.5".',
    "decimal": 'State a decimal as text, without exponent and thousands separators: "0.16".',
    "amount_per_unit": 'State an amount for one unit as decimal text in major units: "12.5".',
    "signed_decimal": 'State a decimal as text, without exponent and thousands separators: "-0.02".',
    "time": "State a time with its offset, as RFC 3339 has it: 2026-01-31T09:30:00Z or 2026-01-31T10:30:00+01:00.",
    "date": "State a day as YYYY-MM-DD: 2026-01-31.",
    "uuid": "State a UUID in its canonical form, 8-4-4-4-12 hexadecimal digits.",
    "sequence": "State a whole number from 1, without a gap per order, or leave the field out.",
    "free_text": "State text in quotes, of at most 2 000 characters, without personal data.",
    "label": "State text in quotes, of at most 2 000 characters.",
}
"""Format of a field -> what to write there."""
_OF_KINDS: Final[dict[str, str]] = {
    "string": "State text in quotes, not empty, of at most 2 000 characters; ids are text even where they are digits.",
    "boolean": "State true or false, without quotes.",
    "long": "State a whole number without quotes.",
    "int": "State a whole number without quotes.",
    "bytes": "State text in quotes.",
}


def mend_of(avro_type: AvroType) -> str:
    """What to write in a field of this type."""
    match avro_type:
        case Primitive(format=str(form)):
            return OF_FORMATS.get(form, REASONS["invalid_field"].mend.en)
        case Primitive(kind=kind):
            return _OF_KINDS[kind]
        case Enumeration(symbols=symbols, unknown_has_meaning=meaningful):
            return "State one of " + ", ".join(symbols if meaningful else symbols[1:]) + "."
        case Array():
            return "State a list in brackets, of at most 1 000 items."
        case Mapping():
            return "State an object of texts, names and texts not longer than 2 000 characters."
        case OneOf(branches=branches):
            return "State an object whose `type` is one of " + ", ".join(branch.name for branch in branches) + "."
        case Record(name=name):
            return f"State an object with the fields of {name}."


def mend_of_missing(field: Field) -> str:
    """What to state where nothing is."""
    return f"State `{field.name}`: {field.doc} {mend_of(field.type)}"


def mend_of_unknown(record: Record, name: str) -> str:
    """What the writer of an unknown name probably meant."""
    near = get_close_matches(name.lower(), record.by_name, n=1)
    return f"Take it out, or write `{near[0]}`." if near else "Take it out: what the contract does not name, nobody reads."
