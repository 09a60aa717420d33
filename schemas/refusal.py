"""Why a record never reaches the core: a closed set of reasons, each with its meaning and how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One line for people: what it means, and what the producer or operator does about it."""

    meaning: str
    mend: str


REASONS: dict[str, Reason] = {
    "empty_value": Reason("The record has no value.", "Send the event itself; this topic has no tombstones."),
    "too_large": Reason(
        "The value is longer than 512 KiB, or an entry or the order's state that it causes longer than 8 MiB.",
        "Split the fact, or leave out descriptions; of an order with many thousand events, go on under another order id.",
    ),
    "bad_magic": Reason("The value does not start with byte 0 and a 4-byte schema id.", "Send Confluent-framed Avro."),
    "unknown_schema_id": Reason("No schema of this build has that id.", "Check the producer's registry, or upgrade the workers."),
    "wrong_record_type": Reason("The schema is known, but is no order event.", "Send the record to its own topic."),
    "undecodable": Reason("The bytes are not a value of the schema.", "Check the producer's serializer and schema id."),
    "trailing_bytes": Reason("Bytes follow the record.", "Send one record per message."),
    "too_many_lines": Reason(
        "A list has more than 1 000 items, a line more than 50 taxes, or all lists together more than 8 000.",
        "Split the fact into several events.",
    ),
    "invalid_json": Reason("The line is not one JSON object.", "Write one JSON object per line, UTF-8, without NaN."),
    "unknown_type": Reason("`type` names no event of the contract.", "Use a record name of docs/reference/events.md."),
    "unknown_field": Reason("A field is not in the contract.", "Take the field out, or mend its name."),
    "missing_field": Reason("A required field is absent.", "State the field."),
    "invalid_field": Reason(
        "A field has a value that its type or meaning does not allow.", "Mend the value; the detail says where and what is expected."
    ),
    "card_number": Reason("A free text holds what looks like a card number.", "Take it out at the source: no card data may enter."),
    "wrong_key": Reason("The record's key is not the order key of its event.", "Use tenant:source:order_id, UTF-8, as the key."),
    "wrong_partition": Reason(
        "The record's partition is not murmur2(key) modulo the partition count.",
        "Use the murmur2 partitioner (librdkafka: murmur2_random).",
    ),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that is dead-lettered; `detail` says where and what, never the content (it may be personal)."""

    reason: str
    detail: str
    schema_id: int | None = None

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"{self.reason} is no refusal reason")


class InvalidEvent(ValueError):
    """An event object breaks the contract; `reason` is one of `REASONS`, `detail` names the field."""

    def __init__(self, reason: str, problem: str, at: str = "") -> None:
        super().__init__(reason, problem)
        self.reason = reason
        self.problem = problem
        self.at = at

    @property
    def detail(self) -> str:
        """Where and what."""
        return f"{self.at}: {self.problem}" if self.at else self.problem

    def within(self, place: str) -> "InvalidEvent":
        """The same, seen from the value around it."""
        joint = "" if not self.at or self.at.startswith("[") else "."
        return InvalidEvent(self.reason, self.problem, f"{place}{joint}{self.at}")

    def refusal(self, schema_id: int | None = None) -> Refusal:
        """The refusal of the record that held it."""
        return Refusal(self.reason, self.detail, schema_id)

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"
