"""Why a record never reaches the core: a closed set of reasons, each with its meaning and how to mend it."""

from dataclasses import dataclass

from schemas.wording.language import Words


@dataclass(frozen=True, slots=True)
class Reason:
    """For people: what it means, and what the producer or operator does about it."""

    meaning: Words
    mend: Words


REASONS: dict[str, Reason] = {
    "empty_value": Reason(
        Words("The record has no value.", "El registro no tiene valor."),
        Words("Send the event itself; this topic has no tombstones.", "Envíe el propio evento; este tópico no admite borrados."),
    ),
    "too_large": Reason(
        Words(
            "The value is longer than 512 KiB, or an entry or the order's state that it causes longer than 8 MiB.",
            "El valor supera 512 KiB, o un asiento o el estado del pedido que causa supera 8 MiB.",
        ),
        Words(
            "Split the fact, or leave out descriptions; of an order with many thousand events, go on under another order id.",
            "Divida el hecho o quite descripciones; si el pedido tiene miles de eventos, siga con otro id de pedido.",
        ),
    ),
    "bad_magic": Reason(
        Words(
            "The value does not start with byte 0 and a 4-byte schema id.",
            "El valor no empieza con el byte 0 y un id de esquema de 4 bytes.",
        ),
        Words("Send Confluent-framed Avro.", "Envíe Avro con el marco de Confluent."),
    ),
    "unknown_schema_id": Reason(
        Words(
            "No schema of this build has that id, and the registry, if one is set, did not tell it in time.",
            "Esta versión no tiene ningún esquema con ese id, y el registro de esquemas, si lo hay, no lo dio a tiempo.",
        ),
        Words(
            "Check the producer's registry and ASIENTO_REGISTRY_URL, or upgrade the workers.",
            "Revise el registro de esquemas del productor y ASIENTO_REGISTRY_URL, o actualice los procesos.",
        ),
    ),
    "schema_not_ours": Reason(
        Words(
            "The registry knows the id, but its schema is neither one of ours nor a lawful other version of one.",
            "El registro de esquemas conoce el id, pero su esquema no es de los nuestros ni otra versión lícita de uno.",
        ),
        Words(
            "Register our schemas as they are (asiento schemas register) and write with them.",
            "Registre nuestros esquemas tal cual (asiento schemas register) y escriba con ellos.",
        ),
    ),
    "wrong_record_type": Reason(
        Words("The schema is known, but is no order event.", "El esquema se conoce, pero no es un evento de pedido."),
        Words("Send the record to its own topic.", "Envíe el registro a su propio tópico."),
    ),
    "undecodable": Reason(
        Words("The bytes are not a value of the schema.", "Los bytes no son un valor del esquema."),
        Words("Check the producer's serializer and schema id.", "Revise el serializador y el id de esquema del productor."),
    ),
    "trailing_bytes": Reason(
        Words("Bytes follow the record.", "Sobran bytes tras el registro."),
        Words("Send one record per message.", "Envíe un registro por mensaje."),
    ),
    "too_many_lines": Reason(
        Words(
            "A list has more than 1 000 items, a line more than 50 taxes, or all lists together more than 8 000.",
            "Una lista tiene más de 1 000 elementos, una línea más de 50 impuestos o todas las listas juntas más de 8 000.",
        ),
        Words("Split the fact into several events.", "Divida el hecho en varios eventos."),
    ),
    "invalid_json": Reason(
        Words("The line is not one JSON object.", "La línea no es un objeto JSON."),
        Words("Write one JSON object per line, UTF-8, without NaN.", "Escriba un objeto JSON por línea, en UTF-8, sin NaN."),
    ),
    "unknown_type": Reason(
        Words("`type` names no event of the contract.", "`type` no nombra ningún evento del contrato."),
        Words("Use a record name of docs/reference/events.md.", "Use un nombre de docs/reference/events.md."),
    ),
    "unknown_field": Reason(
        Words("A field is not in the contract.", "Un campo no está en el contrato."),
        Words("Take the field out, or mend its name.", "Quite el campo o corrija su nombre."),
    ),
    "missing_field": Reason(
        Words("A required field is absent.", "Falta un campo obligatorio."), Words("State the field.", "Declare el campo.")
    ),
    "invalid_field": Reason(
        Words(
            "A field has a value that its type or meaning does not allow.", "Un campo tiene un valor que su tipo o su sentido no permite."
        ),
        Words("Mend the value; the detail says where and what is expected.", "Corrija el valor; el detalle dice dónde y qué se espera."),
    ),
    "card_number": Reason(
        Words("A free text holds what looks like a card number.", "Un texto libre contiene lo que parece un número de tarjeta."),
        Words("Take it out at the source: no card data may enter.", "Quítelo en el origen: no puede entrar ningún dato de tarjeta."),
    ),
    "wrong_key": Reason(
        Words("The record's key is not the order key of its event.", "La clave del registro no es la del pedido de su evento."),
        Words("Use tenant:source:order_id, UTF-8, as the key.", "Use tenant:source:order_id, en UTF-8, como clave."),
    ),
    "wrong_partition": Reason(
        Words(
            "The record's partition is not murmur2(key) modulo the partition count.",
            "La partición del registro no es murmur2(clave) módulo el número de particiones.",
        ),
        Words("Use the murmur2 partitioner (librdkafka: murmur2_random).", "Use el particionador murmur2 (librdkafka: murmur2_random)."),
    ),
    "unknown_platform": Reason(
        Words("The raw payload is of a platform that this build does not understand.", "La plataforma no se conoce en esta versión."),
        Words("Check the source's name in the gateway, or upgrade.", "Revise el nombre del origen en la pasarela, o actualice."),
    ),
    "hold_discrepancy": Reason(
        Words("The figures of the payload do not add up.", "Las cifras del contenido recibido no cuadran."),
        Words(
            "Compare with the platform; correct it there and let it send again, or send the right event by hand.",
            "Compárelo con la plataforma; corríjalo allí y reenvíe, o envíe a mano el evento correcto.",
        ),
    ),
    "refetch": Reason(
        Words("The payload only points at its object, and nothing says where to fetch it.", "El contenido sólo señala su objeto."),
        Words("Send the whole object.", "Envíe el objeto completo."),
    ),
    "fetch_failed": Reason(
        Words("An object that a payload pointed at could not be fetched.", "No se pudo obtener un objeto al que apuntaba un contenido."),
        Words(
            "Mend the access to the platform, then ask once more: asiento fetcher ask.",
            "Arregle el acceso a la plataforma y pídalo de nuevo: asiento fetcher ask.",
        ),
    ),
    "reject_malformed": Reason(
        Words("The payload cannot be read without guessing.", "El contenido no se puede leer sin adivinar."),
        Words("The detail names the field; mend it at the source.", "El detalle nombra el campo; corríjalo en el origen."),
    ),
    "crashes_worker": Reason(
        Words(
            "Workers died at this record again and again, so it was set aside undecoded.",
            "Los procesos cayeron en este registro una y otra vez, por lo que se apartó sin decodificar.",
        ),
        Words(
            "It is a defect of the program: report it with the record, upgrade the workers, then replay it.",
            "Es un defecto del programa: comuníquelo con el registro, actualice los procesos y reenvíelo.",
        ),
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
