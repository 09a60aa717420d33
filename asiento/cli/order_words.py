"""The words of `orders show` in Spanish and English, and why an event waits or was refused."""

from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["en", "es"]

WORDS: Final[dict[str, tuple[str, str]]] = {
    "order": ("Order", "Pedido"),
    "partition": ("partition", "partición"),
    "events": ("Events, as they arrived", "Eventos, por orden de llegada"),
    "entries": ("Journal entries", "Asientos"),
    "parked": ("Waiting events", "Eventos en espera"),
    "state": ("Where the order stands", "Situación del pedido"),
    "offset": ("offset", "posición"),
    "when": ("occurred", "ocurrió"),
    "event": ("event", "evento"),
    "key": ("business key", "clave"),
    "outcome": ("outcome", "resultado"),
    "account": ("account / document line", "cuenta / línea del documento"),
    "debit": ("debit", "debe"),
    "credit": ("credit", "haber"),
    "balances": ("balances after it", "saldos después"),
    "booked": ("booked", "registrado"),
    "not_booked": ("NOT BOOKED YET", "AÚN NO REGISTRADO"),
    "why": ("why", "motivo"),
    "after_waiting": ("after waiting", "tras esperar"),
    "not_judged": ("not judged yet", "aún sin juzgar"),
    "agreed": ("agreed", "acordado"),
    "invoiced": ("invoiced", "facturado"),
    "cancelled": ("cancelled", "cancelado"),
    "credited": ("credited", "abonado"),
    "open": ("open", "abierto"),
    "captured": ("captured", "cobrado"),
    "refunded": ("refunded", "reembolsado"),
    "pending": ("refunds under way", "reembolsos en curso"),
    "accounts_receivable": ("receivable", "por cobrar"),
    "contract_liability": ("contract liability", "anticipos de clientes"),
    "refunds_payable": ("refunds payable", "reembolsos por pagar"),
    "dispute_losses": ("dispute losses", "pérdidas por disputas"),
    "document": ("document", "documento"),
    "refers_to": ("refers to", "se refiere a"),
    "tax": ("tax", "impuesto"),
    "units": ("units", "unidades"),
    "rounding": (
        "R(...) rounds to the minor unit, halves up: every part is what was due so far less what was given before",
        "R(...) redondea a la unidad menor, medios hacia arriba: cada parte es lo debido hasta ahora menos lo ya dado",
    ),
    "policy": ("policy version", "versión de la política"),
    "posted": ("posted", "contabilizado"),
    "duplicate": ("duplicate", "duplicado"),
    "conflict": ("conflict", "conflicto"),
    "deferred": ("waiting", "en espera"),
    "rejected": ("rejected", "rechazado"),
    "ignored": ("ignored", "ignorado"),
    "dead_letter": ("dead letter", "registro inservible"),
}

REASONS: Final[dict[str, tuple[str, str]]] = {
    "D01": ("lines and total differ", "las líneas y el total no coinciden"),
    "D03": ("the given discount shares do not add up", "las partes del descuento no suman"),
    "D05": ("rate times base differs from a tax", "base por tasa difiere de un impuesto"),
    "D06": ("a line breaks the rules of lines", "una línea incumple las reglas"),
    "D08": ("more captured than the order is worth", "cobrado más de lo que vale el pedido"),
    "D09": ("money of an order that nobody knows", "dinero de un pedido desconocido"),
    "D10": ("more refunded or credited than there is", "reembolso o abono mayor que lo disponible"),
    "D11": ("more units than are open or shipped", "más unidades que las abiertas o enviadas"),
    "D16": ("shipped, prepaid and not paid", "enviado, prepago y sin pagar"),
    "D17": ("paid and not shipped", "pagado y sin enviar"),
    "D19": ("an earlier event of the source is missing", "falta un evento anterior de la fuente"),
    "D21": ("same event id with other content: the first stands", "mismo id con otro contenido: vale el primero"),
    "D22": ("same fact with other content: the first stands", "mismo hecho con otro contenido: vale el primero"),
    "D24": ("unknown currency, wrong exponent or not the order's", "moneda desconocida, exponente erróneo u otra moneda"),
    "D27": ("what it refers to has not arrived yet", "aún no llega aquello a lo que se refiere"),
    "D28": ("a refund is under way", "hay un reembolso en curso"),
    "D38": ("refunded without a reason in the order", "reembolso sin motivo en el pedido"),
    "parking_overflow": ("too many events of this order wait already", "ya esperan demasiados eventos de este pedido"),
    "amount_limit": ("an amount of the order would pass every limit", "un importe del pedido pasaría todo límite"),
    "order_archived": ("its order was archived", "su pedido ya está archivado"),
    "estimate": ("an estimate, never booked", "una estimación, nunca se contabiliza"),
    "stale_edit": ("an edit older than the last one", "una edición anterior a la última"),
    "other_fee_source": ("this fee is booked from another source", "esta comisión se registra de otra fuente"),
    "test_mode": ("a test, never booked", "una prueba, nunca se contabiliza"),
    "empty_value": ("the record has no value", "el registro está vacío"),
    "too_large": ("the record, or what it causes, is too long", "el registro, o lo que causa, es demasiado largo"),
    "bad_magic": ("the record is not framed Avro", "el registro no es Avro con marco"),
    "unknown_schema_id": ("its schema is not known", "su esquema es desconocido"),
    "wrong_record_type": ("it is no order event", "no es un evento de pedido"),
    "undecodable": ("its bytes do not fit its schema", "sus bytes no siguen su esquema"),
    "trailing_bytes": ("bytes follow the event", "sobran bytes tras el evento"),
    "too_many_lines": ("its lists have too many items", "sus listas tienen demasiados elementos"),
    "missing_field": ("a required field is absent", "falta un campo obligatorio"),
    "invalid_field": ("a field has a value that is not allowed", "un campo tiene un valor no permitido"),
    "card_number": ("a text looks like a card number", "un texto parece un número de tarjeta"),
    "wrong_key": ("its key is not the order's", "su clave no es la del pedido"),
    "wrong_partition": ("it stands in the wrong partition", "está en la partición equivocada"),
}


def language_named(name: str) -> Language | None:
    """The language of that name, None where there is none."""
    return {"en": "en", "es": "es"}.get(name)  # type: ignore[return-value]


def word(name: str, language: Language) -> str:
    """A heading or outcome in words; an unknown name stands for itself."""
    return _choose(WORDS, name, language)


def reason(code: str | None, language: Language) -> str:
    """A code with its meaning; empty for None."""
    if code is None:
        return ""
    text = _choose(REASONS, code, language)
    return code if text == code else f"{code}: {text}"


def _choose(words: dict[str, tuple[str, str]], name: str, language: Language) -> str:
    english, spanish = words.get(name, (name, name))
    return spanish if language == "es" else english
