"""The words of mapper files: every key of every kind of block, with what it means. Reader, editors' schema and reference page use it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Form: TypeAlias = Literal[
    "name", "text", "flag", "number", "path", "paths", "texts", "value", "values", "conditions", "known", "targets", "parts", "words",
    "file_format", "objects", "facts", "nothing", "hold", "checks", "fetch", "enum", "unit", "sign", "time", "zone", "form", "share",
    "topics", "event", "repeat", "grade", "cumulative", "constant", "columns", "control_row", "group", "count", "encoding", "sign_mark",
]  # fmt: skip
"""How a key's value is written."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a block: how it is written, whether it must be there, and what it means."""

    form: Form
    doc: str
    required: bool = False


Block: TypeAlias = Mapping[str, Key]

FILE: Final[Block] = {
    "mapper": Key("name", "Name of the mapper, and the platform of its sources: lower case letters, digits and dashes.", required=True),
    "title": Key("text", "What people call the source.", required=True),
    "grade": Key("grade", "A: tried with real payloads. B: with the source's own samples. C: from documentation, a preview (default)."),
    "about": Key("text", "What it was written from, and what was not seen."),
    "topics": Key("topics", "Topic, or kind of object that is polled -> what it is, for people."),
    "zone": Key("zone", "Zone of times without offset, like Europe/Madrid; default: time_zone of the connection file."),
    "unit": Key("unit", "How amounts are written: major (12.50), minor (1250), or hundredths, thousandths whatever the currency."),
    "delimited": Key("file_format", "Payloads are CSV or TSV files, not JSON."),
    "objects": Key("objects", "Name -> how one kind of object becomes facts. The first that fits a payload is taken.", required=True),
}
DELIMITED: Final[Block] = {
    "delimiter": Key("text", "The sign between cells: one character, or tab. Default: a comma."),
    "quote": Key("text", "The sign around cells that hold the delimiter. Default: a double quote."),
    "encoding": Key("encoding", "utf-8 (default; a byte order mark is taken off), latin-1 or cp1252."),
    "decimal_sign": Key("sign_mark", "The sign before decimals: a point (default) or a comma."),
    "thousands_sign": Key("sign_mark", "The sign between thousands: none (default), a point, a comma, a blank or an apostrophe."),
    "numbers": Key("columns", "Columns that hold numbers; only these are read with the two signs above."),
    "columns": Key("columns", "Columns that must be in the header; a file without one of them is refused."),
    "group": Key("group", "Which rows are one order. Without it every row is an object of its own."),
    "control_row": Key("control_row", "The row with the file's control totals; a file whose totals differ releases nothing."),
}
GROUP: Final[Block] = {
    "by": Key("columns", "Rows with the same values in these columns are one object.", required=True),
    "header": Key("columns", "Columns that must say the same in all rows of the group; they are fields of the object."),
}
CONTROL_ROW: Final[Block] = {
    "where": Key("known", "Column -> value that only the control row has. Exactly one row must fit.", required=True),
    "rows": Key("text", "Column of the control row with the number of data rows."),
    "sums": Key("words", "Column of the data rows -> column of the control row that holds its sum."),
}
OBJECT: Final[Block] = {
    "topics": Key("texts", "Topics under which this object comes; a hint, used where `when` does not decide."),
    "when": Key("conditions", "What must hold of the whole payload. An object with neither topics nor when fits every payload."),
    "each": Key(
        "paths",
        "Where the objects stand in the payload, a path or several of which the first that is there counts; default: $, the payload.",
    ),
    "order_id": Key("value", "Id of the order that the object is about.", required=True),
    "currency": Key("value", "Currency of all its amounts; where it is missing: default_currency of the connection file."),
    "decimals": Key("value", "A field that states the currency's decimals; it is only checked against the ISO table."),
    "occurred_at": Key("value", "When it happened; facts may say another time."),
    "version": Key("value", "A whole number or a time that grows with every change; older states change nothing."),
    "test": Key("conditions", "What holds of test data, which is never booked."),
    "known": Key("known", "Field -> the values this mapper knows; any other value is a problem."),
    "nothing": Key("nothing", "When there is nothing to book, and the reason; looked at before checks and facts."),
    "hold": Key("hold", "When nothing may be told, and the sentence of the problem."),
    "checks": Key("checks", "Sums that must be exact before anything is told."),
    "fetch": Key("fetch", "The payload is only a pointer: what to fetch."),
    "facts": Key("facts", "The events that the object proves, in the order in which they happen."),
}
NOTHING: Final[Block] = {
    "when": Key("conditions", "What must hold.", required=True),
    "reason": Key("text", "Why there is nothing to book, for people.", required=True),
}
HOLD: Final[Block] = {
    "when": Key("conditions", "What must hold.", required=True),
    "message": Key("text", "What is wrong and what to do, for people.", required=True),
}
CHECK: Final[Block] = {
    "name": Key("text", "What adds up, for people.", required=True),
    "sum": Key("values", "Amounts that are added.", required=True),
    "equals": Key("value", "What they must be, to the minor unit.", required=True),
    "when": Key("conditions", "When the check is made; default: always."),
}
FETCH: Final[Block] = {
    "topic": Key("text", "Topic under which the answer is read.", required=True),
    "resource": Key("value", "What to fetch, as <kind>/<id>.", required=True),
    "reason": Key("text", "Why, for people.", required=True),
}
FACT: Final[Block] = {
    "event": Key("event", "Name of the event of the contract.", required=True),
    "each": Key("path", "One fact for each value here; paths below start there."),
    "when": Key("conditions", "What must hold for the fact to be told."),
    "key": Key("value", "Business key: what makes it the same fact under another id. Default: `order`, or the event's own id."),
    "occurred_at": Key("value", "When the fact happened; default: that of the object."),
    "version": Key("value", "A whole number or a time that grows; an older message of the same key is left out."),
    "repeat": Key("repeat", "once, status (the fact moves on) or state (an order as it is now: OrderPlaced first, OrderEdited later)."),
    "cumulative": Key("cumulative", "Targets like lines.quantity or amount that only grow; what is new since the last time is told."),
    "set": Key("targets", "Field of the event -> its value.", required=True),
}
PART: Final[Block] = {
    "each": Key("path", "One item for each value here; paths below start there. Without it there is one item."),
    "when": Key("conditions", "What must hold for the item."),
    "once": Key("path", "What only one item may have: the same item again is left out, another one with it is a problem."),
    "set": Key("targets", "Field of the item -> its value.", required=True),
}
VALUE: Final[Block] = {
    "path": Key("paths", "A path, or a list of which the first that finds something counts. Numbers of several places are added up."),
    "value": Key("constant", "A constant. Decimals are written as text."),
    "text": Key("text", 'A text with paths in braces, like "refund:{id}".'),
    "connection": Key("name", "A key of the connection file: legal_entity, channel, terms, due_days, country, region, default_currency."),
    "default": Key("constant", "What counts where the path finds nothing."),
    "enum": Key("enum", "Value of the payload -> value of the contract."),
    "else": Key("constant", "What counts for values that `enum` does not name; without it they are a problem."),
    "unit": Key("unit", "Unit of this amount, where it is another than the file's."),
    "sign": Key("sign", "keep (default), flip or drop the sign of the result."),
    "plus": Key("values", "Numbers that are added."),
    "minus": Key("values", "Numbers that are taken off."),
    "times": Key("value", "A number to multiply with, like a quantity."),
    "over": Key("value", "A number to divide by; the result is rounded to 6 places. Division by 0 gives 0."),
    "round": Key("flag", "Round half up to the currency's decimals; without it an amount that does not fit is a problem."),
    "share": Key("share", "A share of an amount, to the minor unit: the shares of all items add up to it."),
    "time": Key(
        "time",
        "How the time is written: iso (default), epoch_ms, epoch_s, rfc2822, or a pattern of YYYY MM DD HH mm ss like DD/MM/YYYY HH:mm.",
    ),
    "zone": Key("zone", "Zone of this time, where it has no offset."),
    "form": Key(
        "form",
        "lower, upper, slug (lower case letters, digits and _), after_slash (what follows the last slash), "
        "kind_and_id (what follows the last but one) or location (its name in the connection file).",
    ),
}
SHARE: Final[Block] = {
    "of": Key("value", "The amount to share.", required=True),
    "among": Key("path", "The items that share it, from the object: $.items[*].", required=True),
    "by": Key("value", "The weight of an item; its paths start at the item.", required=True),
}
CONDITION: Final[Block] = {
    "exists": Key("flag", "Whether there is a value."),
    "not": Key("texts", "A value that is none of these (or none at all)."),
    "above": Key("number", "A number above this one."),
    "below": Key("number", "A number below this one."),
}

BLOCKS: Final[Mapping[str, tuple[str, Block]]] = {
    "The file": ("", FILE),
    "An object": ("under a name of its own in `objects`", OBJECT),
    "A fact": ("in the list `facts` of an object", FACT),
    "An item of a list": ("in `set`, where the contract has a list (or one object)", PART),
    "A value": ("behind a target; a path alone is its text, a constant alone is true, false, a whole number or `[]`; else a block", VALUE),
    "A share": ("in `share` of a value", SHARE),
    "A condition": ("behind a path in `when` and `test`: a value, a list of values, or a block", CONDITION),
    "A check": ("in the list `checks` of an object", CHECK),
    "Nothing to book": ("in the list `nothing` of an object", NOTHING),
    "What is held": ("in the list `hold` of an object", HOLD),
    "A pointer": ("in `fetch` of an object", FETCH),
    "CSV and TSV": ("in `delimited` of the file", DELIMITED),
    "Groups of rows": ("in `delimited.group`", GROUP),
    "The control row": ("in `delimited.control_row`", CONTROL_ROW),
}
"""Title -> (where the block stands, its keys)."""

GRADES: Final = ("A", "B", "C")
REPEATS: Final = ("once", "status", "state")
SIGNS: Final = ("keep", "flip", "drop")
UNITS: Final[Mapping[str, int | None]] = {"major": 0, "minor": None, "hundredths": 2, "thousandths": 3}
"""Word -> decimals of a whole number (None: those of the currency)."""
FORMS: Final = ("lower", "upper", "slug", "after_slash", "kind_and_id", "location")
ENCODINGS: Final = ("utf-8", "latin-1", "cp1252")
CONNECTION_KEYS: Final = ("legal_entity", "channel", "terms", "due_days", "country", "region", "default_currency")
EVENTS_NOT_MAPPED: Final = frozenset({"EventCorrected", "JournalPosted", "DeadlinePassed"})
"""Made by operators and by the sweeper, never by sources."""
KEYS_OF_EVENTS: Final[Mapping[str, str]] = {
    "OrderPlaced": "order",
    "PaymentAuthorized": "authorization:{payment_id}",
    "PaymentVoided": "void:{payment_id}",
    "PaymentFailed": "failure:{payment_id}",
    "PaymentCaptured": "capture:{payment_id}",
    "PaymentReversed": "reversal:{payment_id}",
    "ShipmentDispatched": "shipment:{shipment_id}",
    "ShipmentDelivered": "delivery:{shipment_id}",
    "ShipmentCancelled": "shipment_cancelled:{shipment_id}",
    "ReturnReceived": "return:{return_id}",
    "RefundIssued": "refund:{refund_id}",
    "ExchangeCreated": "exchange:{exchange_id}",
    "FeeCharged": "fee:{fee_id}",
    "ChargebackOpened": "dispute:{dispute_id}",
    "ChargebackClosed": "dispute_closed:{dispute_id}",
    "ReceivableAdjusted": "adjustment:{adjustment_id}",
    "OrderCancelled": "cancellation",
}
"""Event -> its business key where the mapper says none."""
ITEM_DEFAULTS: Final[Mapping[tuple[str, str], object]] = {
    ("Line", "kind"): "GOODS",
    ("Line", "quantity"): "1",
    ("Line", "discount"): 0,
    ("Tax", "liable_party"): "SELLER",
    ("CreditTax", "liable_party"): "SELLER",
    ("RefundLine", "scope"): "AUTO",
    ("ReturnLine", "disposition"): "UNKNOWN",
    ("RefundTender", "status"): "SUCCEEDED",
    ("RefundIssued", "allow_over_refund"): False,
    ("OrderCancelled", "cancel_charges"): False,
    ("FeeCharged", "estimate"): False,
}
"""(record, field) -> what stands there where the mapper says nothing."""
