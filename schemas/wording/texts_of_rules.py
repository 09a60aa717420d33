"""The rule behind each entry kind in one sentence, and where the page of the rules has it."""

from typing import Final, NamedTuple

from schemas.wording.language import Words

RULES_PAGE: Final = "docs/spec/accounting.md"


class Rule(NamedTuple):
    """What an entry of its kind says, and the section of the rules' page."""

    text: Words
    section: str


_APPLY: Final = Rule(
    Words(
        "What the event changed of the order's totals is moved between the customer's balances: they follow from the totals alone.",
        "Lo que el evento cambió en los totales del pedido se mueve entre los saldos del cliente: estos dependen solo de los totales.",
    ),
    "3. The customer's account",
)
_INVOICE_LATE: Final = Words(
    "{event_type:event} leaves no unit open, or adds to what is shipped: what is still owed is invoiced at once.",
    "{event_type:event} no deja unidades abiertas, o añade a lo enviado: lo que aún se debe se factura en el acto.",
)
RULES: Final[dict[str, Rule]] = {
    "capture": Rule(
        Words(
            "Money received stands on the account of its tender; it pays what is owed and is else held as the customer's deposit.",
            "El dinero recibido está en la cuenta de su medio de pago; paga lo que se debe y, si no, queda como anticipo del cliente.",
        ),
        "4. Entries",
    ),
    "fee": Rule(
        Words(
            "A provider's fee is an expense, withheld from the money it holds.",
            "La comisión de un proveedor es un gasto, retenido del dinero que guarda.",
        ),
        "4. Entries",
    ),
    "capture_reversed": Rule(
        Words(
            "Captured money is gone again; what it had paid is owed again.",
            "El dinero cobrado se fue; lo que había pagado se debe de nuevo.",
        ),
        "4. Entries",
    ),
    "invoice": Rule(_INVOICE_LATE, "2. What a line is worth, Rules 2 to 4"),
    "ShipmentDispatched.invoice": Rule(
        Words(
            "What leaves is invoiced: its part of each line, and the part of the charges that follows it; revenue is earned now.",
            "Lo que sale se factura: su parte de cada línea y la parte de los cargos que la sigue; el ingreso se gana ahora.",
        ),
        "2. What a line is worth, Rules 2 and 3",
    ),
    "RefundIssued.invoice": Rule(
        Words(
            "A return fee is kept, or no unit stays open and the rest of the charges is owed: invoiced with the refund.",
            "Se retiene un cargo por devolución, o no queda unidad abierta y se debe el resto de los cargos: se factura con el reembolso.",
        ),
        "2. What a line is worth, Rules 3 and 4",
    ),
    "apply": _APPLY,
    "cost": Rule(
        Words("The cost of what left goes from stock to cost of sales.", "El coste de lo que salió pasa de existencias a coste de ventas."),
        "4. Entries",
    ),
    "credit_note": Rule(
        Words(
            "What is given back is credited as it was invoiced, never beyond it; unexplained money becomes an allowance.",
            "Lo que se devuelve se abona como se facturó, nunca más; el dinero sin motivo pasa a ser bonificación.",
        ),
        "2. What a line is worth, Rule 4",
    ),
    "refund": Rule(
        Words(
            "Money went back: it leaves the account of its tender, and the debt to the customer falls.",
            "El dinero volvió: sale de la cuenta de su medio de pago y baja la deuda con el cliente.",
        ),
        "3. The customer's account",
    ),
    "refund_reversed": Rule(
        Words(
            "A refund came back: the money is here again, and so is the debt.", "Un reembolso regresó: vuelve el dinero y vuelve la deuda."
        ),
        "3. The customer's account",
    ),
    "return_stock": Rule(
        Words("Units came back to stock at the cost at which they left.", "Las unidades vuelven a existencias al coste al que salieron."),
        "4. Entries",
    ),
    "chargeback": Rule(
        Words(
            "Disputed funds and the fee left; until it is decided the amount is a receivable from the provider.",
            "El dinero disputado y la comisión salieron; hasta que se decida, el importe se le reclama al proveedor.",
        ),
        "4. Entries",
    ),
    "chargeback_closed": Rule(
        Words(
            "The dispute is decided: what was won came back; what was lost is a debt to the customer paid, or a loss.",
            "La disputa se decidió: lo ganado volvió; lo perdido paga una deuda con el cliente o es una pérdida.",
        ),
        "3. The customer's account",
    ),
    "receivable_adjusted": Rule(
        Words(
            "The customer owes less, or bad debt is owed again, without money or goods.",
            "El cliente debe menos, o un incobrable se debe de nuevo, sin dinero ni mercancía.",
        ),
        "4. Entries",
    ),
    "reversal": Rule(
        Words(
            "An earlier entry is taken back whole, by its opposite; nothing booked is ever changed.",
            "Un asiento anterior se anula entero con su contrario; nada registrado se cambia nunca.",
        ),
        "4. Entries",
    ),
    "manual": Rule(Words("An entry made by hand, as given.", "Un asiento manual, tal como se dio."), "4. Entries"),
    "suspense": Rule(
        Words(
            "Money moved, but its order is unknown: it stands on suspense until the order arrives.",
            "Se movió dinero, pero su pedido es desconocido: está en suspensión hasta que llegue el pedido.",
        ),
        "4. Entries",
    ),
    "suspense_clear": Rule(
        Words("The order is known now: the suspense is cleared.", "El pedido ya se conoce: se salda la suspensión."), "4. Entries"
    ),
}
"""Entry kind, or event type and entry kind -> the rule."""
ENTRY_KINDS: Final = tuple(kind for kind in RULES if "." not in kind)
"""Every kind of entry that there is."""


def rule_of(event_type: str, entry_kind: str) -> Rule:
    """The rule of an entry; a kind that only newer versions know says nothing of its own."""
    unknown = Rule(Words(f"{event_type}.{entry_kind}", f"{event_type}.{entry_kind}"), "4. Entries")
    return RULES.get(f"{event_type}.{entry_kind}") or RULES.get(entry_kind) or unknown
