"""Python values to the JSON twin: what is exact is converted, what is not is handed on as it is, for the checks to refuse."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final, TypeAlias
from uuid import UUID

from schemas.avro_types import Array, AvroType, Mapping, OneOf, Primitive, Record
from schemas.formats import is_time, time_text

Number: TypeAlias = str | int | Decimal
"""A quantity, price, rate or cost: "2.5", 2 or Decimal("2.5"). Never a float."""
Time: TypeAlias = str | datetime
"""RFC 3339 text with an offset, or a datetime with a time zone."""
Day: TypeAlias = str | date
Id: TypeAlias = str | UUID

_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of an event, named after its record of the contract."""

    RECORD: ClassVar[str]


def twin_of(record: Record, part: Any) -> dict[str, Any]:
    """The fields of an event or a part as the JSON twin writes them; absent ones are left out."""
    found: dict[str, Any] = {}
    for field in record.fields:
        value = getattr(part, field.name, None)
        if value is not None:
            found[field.name] = _twin(field.type, value)
    return found


def _twin(avro_type: AvroType, value: Any) -> Any:
    match avro_type:
        case Record() if isinstance(value, Part):
            return twin_of(avro_type, value)
        case Array(items=items) if isinstance(value, list | tuple):
            return [_twin(items, item) for item in value]
        case OneOf() if hasattr(value, "to_json"):
            return value.to_json()
        case Mapping() if isinstance(value, dict):
            return dict(value)
        case Primitive(format="time") if isinstance(value, datetime):
            return time_twin(value)
        case Primitive(format="date") if isinstance(value, date):
            return value.isoformat()
        case Primitive(kind="string") if isinstance(value, UUID):
            return str(value)
        case Primitive(format="quantity" | "decimal" | "amount_per_unit" | "signed_decimal"):
            return number_text(value)
        case _:
            return value


def time_twin(value: Time) -> str:
    """A time as RFC 3339 in UTC; one without time zone stays without, and is refused by the checks."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        return value.isoformat()
    micros = (value - _EPOCH) // _MICROSECOND
    return time_text(micros) if is_time(micros) else value.isoformat()


def number_text(value: Any) -> Any:
    """An exact number as decimal text: 2 -> "2", Decimal("1E-2") -> "0.01"; anything else as it is."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value
