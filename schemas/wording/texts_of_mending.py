"""The command that mends each thing at the operators' desk: by refusal reason, and by code of an event or a discrepancy.

Places in braces are filled with the ids of the case; words in capitals are the operator's.
"""

from typing import Final, Literal, NamedTuple, TypeAlias

from schemas.wording.language import Words

CaseKind: TypeAlias = Literal["dead_letter", "event", "discrepancy"]


class Mending(NamedTuple):
    """When it is the right one, and the words behind `asiento`."""

    when: Words
    command: str


_WHY = '--reason "WHY"'
_FIX_FILE = Mending(
    Words("you have the right event in a file", "tiene el evento correcto en un fichero"), f"dlq fix {{subject}} --event FILE {_WHY}"
)
_FIX_SET = Mending(
    Words("some fields can be read, and few are wrong", "se leen los campos y pocos están mal"),
    f"dlq fix {{subject}} --set PATH=VALUE {_WHY}",
)
_FIX_ANEW = Mending(
    Words("the event itself is right, only what is around it is wrong", "el evento es correcto; solo está mal lo que lo rodea"),
    f"dlq fix {{subject}} {_WHY}",
)
_FORGET = Mending(
    Words("it was a test, or the source has sent it again", "era una prueba, o el origen ya lo reenvió"), f"dlq resolve {{subject}} {_WHY}"
)
_AFTER_UPGRADE = Mending(
    Words("the workers know the schema by now: all of them at once", "los workers ya conocen el esquema: todos de una vez"),
    f"dlq replay --refused-as unknown_schema_id {_WHY}",
)
_RIGHT_PARTITION = Mending(
    Words("all of them at once, each to the partition of its key", "todos de una vez, cada uno a la partición de su clave"),
    f"dlq replay --refused-as wrong_partition {_WHY}",
)
_MENDED_PROGRAM = Mending(
    Words("the workers were upgraded and no longer die of it", "los procesos se actualizaron y ya no caen por él"),
    f"dlq replay --refused-as crashes_worker {_WHY}",
)

_MENDED_READING = Mending(
    Words(
        "a raw payload whose mapper, connection or adapter is mended: it is judged anew",
        "un contenido recibido cuyo mapeador, conexión o adaptador ya está corregido: se juzga de nuevo",
    ),
    f"dlq replay {{subject}} {_WHY}",
)

OF_REASONS: Final[dict[str, tuple[Mending, ...]]] = {
    "empty_value": (_FIX_FILE, _FORGET),
    "too_large": (_FIX_FILE, _FORGET),
    "bad_magic": (_FIX_ANEW, _FIX_FILE, _FORGET),
    "unknown_schema_id": (_AFTER_UPGRADE, _FIX_FILE),
    "schema_not_ours": (_FIX_FILE, _FORGET),
    "wrong_record_type": (_FORGET, _FIX_FILE),
    "undecodable": (_FIX_SET, _FIX_FILE, _FORGET),
    "trailing_bytes": (_FIX_ANEW, _FORGET),
    "too_many_lines": (_FIX_FILE, _FORGET),
    "invalid_json": (_FIX_FILE, _FORGET),
    "unknown_type": (_FIX_FILE, _FORGET),
    "unknown_field": (_FIX_SET, _FORGET),
    "missing_field": (_FIX_SET, _FORGET),
    "invalid_field": (_FIX_SET, _FORGET),
    "card_number": (_FIX_SET, _FORGET),
    "wrong_key": (_FIX_ANEW, _FORGET),
    "wrong_partition": (_RIGHT_PARTITION,),
    "unknown_platform": (_MENDED_READING, _FIX_FILE, _FORGET),
    "hold_discrepancy": (_MENDED_READING, _FIX_FILE, _FORGET),
    "refetch": (_MENDED_READING, _FIX_FILE, _FORGET),
    "fetch_failed": (_FIX_FILE, _FORGET),
    "reject_malformed": (_MENDED_READING, _FIX_FILE, _FORGET),
    "crashes_worker": (_MENDED_PROGRAM, _FIX_SET, _FORGET),
}
"""Refusal reason -> what mends the record, the likeliest first."""

_SAME_IDS = Mending(
    Words(
        "you know the right figures: the event goes again under its ids", "conoce los datos correctos: el evento va de nuevo con sus ids"
    ),
    f"events fix {{event_id}} --set PATH=VALUE {_WHY}",
)
_AGAIN = Mending(
    Words("its order or the policy is right by now", "su pedido o la política ya están bien"), f"events replay {{event_id}} {_WHY}"
)
_NOT_NEEDED = Mending(Words("nothing is missing without it", "no falta nada sin él"), f"events resolve {{event_id}} {_WHY}")
_OWN_IDS = Mending(
    Words(
        "it can never post as it is: another goes beside it, with ids of its own",
        "nunca podrá contabilizarse: se envía otro, con ids propios",
    ),
    f"events fix {{event_id}} --set PATH=VALUE --set {{own_id}}=NEW {_WHY}",
)
_SOMEBODY = Mending(
    Words("it waits for something: somebody asks the source", "espera algo: alguien pregunta al origen"),
    f"events assign {{event_id}} --to NAME {_WHY}",
)
_NEWER_IS_RIGHT = Mending(
    Words("the newer one is right: it replaces the one that stands", "el nuevo es correcto: sustituye al que vale"),
    f"events fix {{event_id}} {_WHY}",
)
_FIRST_IS_RIGHT = Mending(Words("the first one is right", "el primero es correcto"), f"discrepancies resolve {{discrepancy_id}} {_WHY}")
_KNOWN = Mending(
    Words("it is explained, and no money has to move", "está explicada y no hay que mover dinero"),
    f"discrepancies resolve {{discrepancy_id}} {_WHY}",
)
_BY_HAND = Mending(
    Words("an entry by hand puts it right", "un asiento manual la corrige"),
    f"discrepancies resolve {{discrepancy_id}} --post DEBIT:ACCOUNT:AMOUNT --post CREDIT:ACCOUNT:AMOUNT {_WHY}",
)
_WRITE_OFF = Mending(
    Words("the customer will not pay it", "el cliente no lo pagará"), f"discrepancies resolve {{discrepancy_id}} --write-off AMOUNT {_WHY}"
)
_LOOK = Mending(
    Words("somebody asks the source, the provider or the customer", "alguien pregunta al origen, al proveedor o al cliente"),
    f"discrepancies assign {{discrepancy_id}} --to NAME {_WHY}",
)
_MISSING = Mending(Words("you have what is missing in a file", "tiene en un fichero lo que falta"), "events send FILE")
OWN_IDS: Final[dict[str, str]] = {
    "PaymentCaptured": "payment_id",
    "ShipmentDispatched": "shipment_id",
    "ReturnReceived": "return_id",
    "RefundIssued": "refund_id",
    "ChargebackOpened": "dispute_id",
    "FeeCharged": "fee_id",
    "ReceivableAdjusted": "adjustment_id",
}
"""Event type -> the field by which its fact is known; of any other it is the business_key."""
_REJECTED = (_SAME_IDS, _AGAIN, _NOT_NEEDED)

OF_CODES: Final[dict[str, tuple[Mending, ...]]] = {
    "D01": (*_REJECTED, _KNOWN),
    "D03": _REJECTED,
    "D05": (_KNOWN, _LOOK),
    "D06": _REJECTED,
    "D08": (_LOOK, _BY_HAND),
    "D09": (_MISSING, _LOOK, _KNOWN),
    "D10": (_MISSING, _LOOK, _KNOWN, _BY_HAND),
    "D11": (_OWN_IDS, _MISSING, _SOMEBODY, *_REJECTED),
    "D16": (_MISSING, _LOOK, _WRITE_OFF),
    "D17": (_MISSING, _LOOK, _KNOWN),
    "D18": (_LOOK, _KNOWN),
    "D19": (_MISSING, _SOMEBODY),
    "D21": (_NEWER_IS_RIGHT, _FIRST_IS_RIGHT),
    "D22": (_NEWER_IS_RIGHT, _FIRST_IS_RIGHT),
    "D23": (_LOOK, _KNOWN),
    "D24": _REJECTED,
    "D27": (_MISSING, _SOMEBODY, _OWN_IDS),
    "D28": (_LOOK,),
    "D30": (_LOOK, _KNOWN),
    "D33": (_LOOK, _KNOWN),
    "D34": (_LOOK, _KNOWN),
    "D38": (_LOOK, _BY_HAND),
    "amount_limit": _REJECTED,
    "order_archived": (_NOT_NEEDED,),
    "parking_overflow": (_AGAIN, _NOT_NEEDED),
}
"""Code of an event or a discrepancy -> what mends it, the likeliest first."""
_OF_ANY: Final = (_KNOWN, _BY_HAND, _LOOK)


def mendings_of(code: str | None) -> tuple[Mending, ...]:
    """What mends a refusal reason or a code; of a code that is not known what mends any discrepancy."""
    if code is None:
        return ()
    return OF_REASONS.get(code) or OF_CODES.get(code, _OF_ANY)


def filled(mending: Mending, **ids: str | None) -> str | None:
    """The command for a case; None where it is for another kind of case."""
    known = {name: value for name, value in ids.items() if value is not None}
    try:
        return "asiento " + mending.command.format(**known)
    except KeyError:
        return None
