"""How a figure came about, in words: by the name that the explaining arithmetic gives it; {formula} is spelled out beside it."""

from typing import Final

from schemas.wording.language import Words

FIGURES: Final[dict[str, Words]] = {
    "stated": Words("As the event states it.", "Tal como lo declara el evento."),
    "stated_sum": Words("The sum of what the event states: {formula}.", "La suma de lo que declara el evento: {formula}."),
    "whole": Words("All of it, nothing was taken before.", "Todo, nada se había tomado antes."),
    "part": Words(
        "The part of these units in the line's open block (Rule 2): {formula}.",
        "La parte de estas unidades en el bloque abierto de la línea (regla 2): {formula}.",
    ),
    "charge_part": Words(
        "The charge follows the net of the goods invoiced (Rule 3): {formula}.",
        "El cargo sigue al neto de los bienes facturados (regla 3): {formula}.",
    ),
    "rest": Words(
        "The rest: agreed less invoiced and cancelled before: {formula}.",
        "El resto: lo acordado menos lo ya facturado y cancelado: {formula}.",
    ),
    "edit_rest": Words(
        "What the change leaves, with no open unit to carry it: agreed now less invoiced and cancelled: {formula}.",
        "Lo que deja el cambio, sin unidad abierta que lo lleve: lo acordado ahora menos lo facturado y cancelado: {formula}.",
    ),
    "credit_part": Words(
        "The part of these units in what their shipments invoiced (Rule 4): {formula}.",
        "La parte de estas unidades en lo que facturaron sus envíos (regla 4): {formula}.",
    ),
    "cut": Words(
        "The units are worth {worth:amount} ({formula}); cut to what is invoiced and not credited yet.",
        "Las unidades valen {worth:amount} ({formula}); recortado a lo facturado y aún sin abonar.",
    ),
    "stated_cut": Words(
        "{stated:amount} is stated, but only this much is invoiced and not credited yet (cap; D10).",
        "Se declaran {stated:amount}, pero solo esto está facturado y sin abonar (tope; D10).",
    ),
    "charge_stated": Words(
        "Given back as stated: this charge was invoiced and not credited.",
        "Devuelto según lo declarado: el cargo estaba facturado y sin abonar.",
    ),
    "charge_invoiced": Words(
        "Of the {stated:amount} given back, what was invoiced of this charge and not credited; the rest comes from what is open of it.",
        "De los {stated:amount} devueltos, lo facturado de este cargo y aún sin abonar; el resto sale de lo que tiene abierto.",
    ),
    "goodwill_stated": Words("Goodwill, as stated.", "Gesto comercial (GOODWILL), según lo declarado."),
    "tax_stated": Words("Tax given back, as stated.", "Impuesto devuelto, según lo declarado."),
    "rounding_rest": Words(
        "The rounding goes back with the refund that leaves no invoiced unit uncredited.",
        "El redondeo vuelve con el reembolso que no deja ninguna unidad facturada sin abonar.",
    ),
    "allowance_tax": Words(
        "The tax in the allowance: its uncredited amount in proportion to all that is uncredited: {formula}.",
        "El impuesto de la bonificación: lo suyo sin abonar en proporción a todo lo sin abonar: {formula}.",
    ),
    "allowance_tax_cut": Words(
        "The tax in the allowance ({formula}), cut to what is left of it.",
        "El impuesto de la bonificación ({formula}), recortado a lo que queda.",
    ),
    "allowance_net": Words(
        "The allowance of {allowed:amount} less the taxes in it: {formula}.",
        "La bonificación de {allowed:amount} menos sus impuestos: {formula}.",
    ),
    "reversed": Words(
        "The same as in entry {reverses}, on the other side.", "Lo mismo que en el asiento {reverses}, en el lado contrario."
    ),
    "document_total": Words("The total of the document, net and taxes: {formula}.", "El total del documento, neto e impuestos: {formula}."),
    "document_sum": Words("From the lines of the document: {formula}.", "De las líneas del documento: {formula}."),
    "balance_rises": Words(
        "Section 3: the balance rises from {before:amount} to {after:amount}.",
        "Sección 3: el saldo sube de {before:amount} a {after:amount}.",
    ),
    "balance_falls": Words(
        "Section 3: the balance falls from {before:amount} to {after:amount}.",
        "Sección 3: el saldo baja de {before:amount} a {after:amount}.",
    ),
    "cost": Words("Unit cost by units: {formula}.", "Coste unitario por unidades: {formula}."),
    "return_stock": Words("The cost at which these units left: {formula}.", "El coste al que salieron estas unidades: {formula}."),
    "discount_share": Words(
        "Line {line_id}: share of the order's discount (Rule 1): {discount:amount} * {weight:amount}/{weights:amount}, rounded down.",
        "Línea {line_id}: parte del descuento del pedido (regla 1): {discount:amount} * {weight:amount}/{weights:amount}, hacia abajo.",
    ),
    "discount_share_up": Words(
        "Line {line_id}: share of the order's discount (Rule 1): {discount:amount} * {weight:amount}/{weights:amount}, rounded down to "
        "{floor:amount}, and one unit left over for its large remainder.",
        "Línea {line_id}: parte del descuento del pedido (regla 1): {discount:amount} * {weight:amount}/{weights:amount}, hacia abajo "
        "{floor:amount}, y una unidad sobrante por su resto mayor.",
    ),
    "net_of_line": Words(
        "Line {line_id} is worth, without tax: gross {gross:amount} - discount {discount:amount} - share of the order's discount "
        "{share:amount} - included taxes {included:amount}.",
        "La línea {line_id} vale, sin impuestos: bruto {gross:amount} - descuento {discount:amount} - parte del descuento del pedido "
        "{share:amount} - impuestos incluidos {included:amount}.",
    ),
    "new_block": Words(
        "Line {line_id}: new open block of {units:units} units, net agreed {agreed:amount} less taken {taken:amount} (Rule 2).",
        "Línea {line_id}: nuevo bloque abierto de {units:units} unidades, neto acordado {agreed:amount} menos tomado "
        "{taken:amount} (regla 2).",
    ),
    "new_charge_block": Words(
        "Charge {line_id}: new open block over {units:amount} of open goods, net agreed {agreed:amount} less taken "
        "{taken:amount} (Rule 3).",
        "Cargo {line_id}: nuevo bloque abierto sobre {units:amount} de bienes abiertos, neto acordado {agreed:amount} menos tomado "
        "{taken:amount} (regla 3).",
    ),
    "joined_block": Words(
        "Line {line_id}: no unit is open, so the change joins the last shipped block: {formula} for {units:units} uncredited units.",
        "Línea {line_id}: no hay unidad abierta y el cambio se une al último bloque enviado: {formula} por {units:units} unidades "
        "sin abonar.",
    ),
    "refunded_units": Words(
        "Line {line_id} ({scope}): {named:units} units cancelled before, {shipped:units} shipped ones credited, {open:units} open ones "
        "cancelled now (Rule 4).",
        "Línea {line_id} ({scope}): {named:units} unidades ya canceladas, {shipped:units} enviadas que se abonan, {open:units} que "
        "se cancelan ahora (regla 4).",
    ),
    "unexplained": Words(
        "Money without a reason (Rule 4): e = min(new {new:amount}, F + P {back:amount} - C {credited:amount} - overpaid "
        "{overpayment:amount}); {allowance:amount} of it became an allowance.",
        "Dinero sin motivo (regla 4): e = min(nuevo {new:amount}, F + P {back:amount} - C {credited:amount} - sobrepago "
        "{overpayment:amount}); {allowance:amount} pasó a ser bonificación.",
    ),
    "cancelled_part": Words(
        "Line {line_id}: {units:units} units cancelled, worth net {formula}; they will never be invoiced.",
        "Línea {line_id}: {units:units} unidades canceladas, que valen neto {formula}; nunca se facturarán.",
    ),
    "cancelled_charge": Words(
        "Charge {line_id}: {gross:amount}, taxes included, is cancelled and will never be invoiced.",
        "Cargo {line_id}: {gross:amount}, impuestos incluidos, se cancela y nunca se facturará.",
    ),
}
"""Name of a figure -> its text."""
