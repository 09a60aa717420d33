"""The headings of `orders show` and `explain` in Spanish and English."""

from typing import Final

from schemas.wording.language import Language, Words
from schemas.wording.texts_of_outcomes import OUTCOMES

WORDS: Final[dict[str, Words]] = {
    "order": Words("Order", "Pedido"),
    "partition": Words("partition", "partición"),
    "events": Words("Events, as they arrived", "Eventos, por orden de llegada"),
    "entries": Words("Journal entries", "Asientos"),
    "parked": Words("Waiting events", "Eventos en espera"),
    "state": Words("Where the order stands", "Situación del pedido"),
    "offset": Words("offset", "posición"),
    "when": Words("occurred", "ocurrió"),
    "event": Words("event", "evento"),
    "key": Words("business key", "clave"),
    "outcome": Words("outcome", "resultado"),
    "account": Words("account / document line", "cuenta / línea del documento"),
    "debit": Words("debit", "debe"),
    "credit": Words("credit", "haber"),
    "balances": Words("balances after it", "saldos después"),
    "booked": Words("booked", "registrado"),
    "not_booked": Words("NOT BOOKED YET", "AÚN NO REGISTRADO"),
    "why": Words("why", "motivo"),
    "after_waiting": Words("after waiting", "tras esperar"),
    "not_judged": Words("not judged yet", "aún sin juzgar"),
    "agreed": Words("agreed", "acordado"),
    "invoiced": Words("invoiced", "facturado"),
    "cancelled": Words("cancelled", "cancelado"),
    "credited": Words("credited", "abonado"),
    "open": Words("open", "abierto"),
    "captured": Words("captured", "cobrado"),
    "refunded": Words("refunded", "reembolsado"),
    "pending": Words("refunds under way", "reembolsos en curso"),
    "accounts_receivable": Words("receivable", "por cobrar"),
    "contract_liability": Words("contract liability", "anticipos de clientes"),
    "refunds_payable": Words("refunds payable", "reembolsos por pagar"),
    "dispute_losses": Words("dispute losses", "pérdidas por disputas"),
    "document": Words("document", "documento"),
    "refers_to": Words("refers to", "se refiere a"),
    "tax": Words("tax", "impuesto"),
    "units": Words("units", "unidades"),
    "rounding": Words(
        "R(...) rounds to the minor unit, halves up: every part is what was due so far less what was given before",
        "R(...) redondea a la unidad menor, medios hacia arriba: cada parte es lo debido hasta ahora menos lo ya dado",
    ),
    "policy": Words("policy version", "versión de la política"),
    "record": Words("record", "registro"),
    "arrived": Words("arrived", "llegó"),
    "entry": Words("Entry", "Asiento"),
    "with": Words("with", "con"),
    "before": Words("before", "antes"),
    "after": Words("after", "después"),
    "net": Words("net", "neto"),
    "discount": Words("discount", "descuento"),
    "what_it_did": Words("What it did to the lines", "Qué hizo con las líneas"),
    "discrepancies": Words("Discrepancies", "Discrepancias"),
    "same_id": Words("under the same event_id", "con el mismo event_id"),
    "repeats": Words("it repeats event", "repite el evento"),
    "balances_around": Words("balances before -> after", "saldos antes -> después"),
    "account_section": Words(
        "The customer's account (section 3): I invoiced, C credited, W written off, K captured, F refunded, P pending, L lost, O open",
        "La cuenta del cliente (sección 3): I facturado, C abonado, W de baja, K cobrado, F reembolsado, P en curso, L perdido, O abierto",
    ),
    "not_as_booked": Words(
        "NOT EXPLAINED: these events under this policy make another entry than the one that was booked; ask with the policy in force then",
        "SIN EXPLICAR: estos eventos con esta política dan otro asiento que el registrado; pregunte con la política de entonces",
    ),
    **OUTCOMES,
}


def word(name: str, language: Language) -> str:
    """A heading or outcome in words; an unknown name stands for itself."""
    words = WORDS.get(name)
    return words.of(language) if words is not None else name
