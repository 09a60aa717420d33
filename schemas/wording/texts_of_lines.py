"""Texts of what is wrong with an event by itself: lines, taxes, currency, amounts."""

from typing import Final

from schemas.wording.forms import CodeTexts, Form
from schemas.wording.language import Words

_MEND = Words(
    "Have the source mend it and send the event again; it may come under the same ids. Nothing of it was booked.",
    "Pida al origen que lo corrija y reenvíe el evento; puede llevar los mismos identificadores. Nada de él se contabilizó.",
)

LINES: Final[dict[str, CodeTexts]] = {
    "D01": CodeTexts(
        title=Words("lines and total differ", "las líneas y el total no coinciden"),
        general=Form(Words("The lines do not add up to the total.", "Las líneas no suman el total."), _MEND),
        forms={
            "within_tolerance": Form(
                Words(
                    "The lines add up to {expected:money}, the total says {actual:money}: {difference:money} apart, within the "
                    "tolerance. A ROUNDING of the difference was added and goes with the first shipment.",
                    "Las líneas suman {expected:money} y el total dice {actual:money}: difieren en {difference:money}, dentro de la "
                    "tolerancia. Se añadió una línea ROUNDING por la diferencia, que va con el primer envío.",
                ),
                Words(
                    "Nothing to do for this order. If it comes often, ask the source how it rounds.",
                    "Nada que hacer en este pedido. Si se repite, pregunte al origen cómo redondea.",
                ),
            ),
            "beyond_tolerance": Form(
                Words(
                    "The lines add up to {expected:money}, the total says {actual:money}: {difference:money} apart, and at most "
                    "{allowed:money} is tolerated. {event_type:event} was rejected.",
                    "Las líneas suman {expected:money} y el total dice {actual:money}: difieren en {difference:money} y se tolera como "
                    "máximo {allowed:money}. Se rechazó {event_type:event}.",
                ),
                _MEND,
            ),
        },
    ),
    "D03": CodeTexts(
        title=Words("the given discount shares do not add up", "las partes del descuento no suman"),
        general=Form(
            Words(
                "The discount shares of the lines do not add up to the discounts of the order.",
                "Las partes del descuento de las líneas no suman los descuentos del pedido.",
            ),
            _MEND,
        ),
        forms={
            "shares_above": Form(
                Words(
                    "The lines state shares of {actual:money} of the order's discounts, which are {expected:money}: "
                    "{difference:money} too much. {event_type:event} was rejected.",
                    "Las líneas declaran partes por {actual:money} de los descuentos del pedido, que son {expected:money}: "
                    "sobran {difference:money}. Se rechazó {event_type:event}.",
                ),
                _MEND,
            ),
            "rest_without_line": Form(
                Words(
                    "Of the order's discounts of {expected:money} the lines state {actual:money}, and no line is left to carry the "
                    "other {difference:money}: only goods and services worth something do. {event_type:event} was rejected.",
                    "De los descuentos del pedido, {expected:money}, las líneas declaran {actual:money}, y no queda línea que lleve los "
                    "otros {difference:money}: solo bienes y servicios con valor los llevan. Se rechazó {event_type:event}.",
                ),
                _MEND,
            ),
        },
    ),
    "D05": CodeTexts(
        title=Words("rate times base differs from a tax", "base por tasa difiere de un impuesto"),
        general=Form(
            Words(
                "A stated tax differs from its base times its rate by more than the tolerance[: {expected:money} expected, {actual:money} "
                "stated][, line {line_id}, {tax}, base {base:money} at {rate}]. It was posted as stated.",
                "Un impuesto declarado difiere de su base por su tasa en más de la tolerancia[: se esperaban {expected:money} y se "
                "declaran {actual:money}][, línea {line_id}, {tax}, base {base:money} al {rate}]. Se contabilizó tal como vino.",
            ),
            Words(
                "Compare the tax set-up of the source with the rate. If the tax was charged wrongly, refund or charge the difference.",
                "Compare la configuración fiscal del origen con la tasa. Si el impuesto se cobró mal, devuelva o cobre la diferencia.",
            ),
        ),
        forms={},
    ),
    "D06": CodeTexts(
        title=Words("a line breaks the rules of lines", "una línea incumple las reglas"),
        general=Form(
            Words("A line or a manual entry breaks the rules of the contract.", "Una línea o un asiento manual incumple las reglas."), _MEND
        ),
        forms={
            "line_twice": Form(
                Words("Line {line_id} stands in {event_type:event} twice.", "La línea {line_id} aparece dos veces en {event_type:event}."),
                _MEND,
            ),
            "line_id_reserved": Form(
                Words(
                    "A line is called {line_id}, the name of the rounding that the accounting adds itself.",
                    "Una línea se llama {line_id}, el nombre del redondeo que añade la propia contabilidad.",
                ),
                _MEND,
            ),
            "included_differs": Form(
                Words(
                    "Line {line_id}: {tax} is included in the price where the order's prices are without tax, or the other way round.",
                    "Línea {line_id}: {tax} va incluido en el precio y los precios del pedido van sin impuestos, o al revés.",
                ),
                _MEND,
            ),
            "negative_line": Form(
                Words(
                    "Line {line_id} has a negative amount: gross {gross:money}, discount {discount:money}. Only ROUNDING may be negative.",
                    "La línea {line_id} tiene un importe negativo: bruto {gross:money}, descuento {discount:money}. Solo ROUNDING puede "
                    "ser negativo.",
                ),
                _MEND,
            ),
            "gift_card_discounted": Form(
                Words(
                    "Gift card line {line_id} carries a discount of {discount:money}. A gift card is sold at its face value.",
                    "La línea de tarjeta regalo {line_id} lleva {discount:money} de descuento. Una tarjeta regalo se vende por su valor.",
                ),
                _MEND,
            ),
            "negative_net": Form(
                Words(
                    "Line {line_id} is worth less than nothing: gross {gross:money} less discount {discount:money} and included taxes "
                    "leaves {net:money}.",
                    "La línea {line_id} vale menos que nada: bruto {gross:money} menos descuento {discount:money} e impuestos incluidos "
                    "deja {net:money}.",
                ),
                _MEND,
            ),
            "kind_changed": Form(
                Words(
                    "The edit makes line {line_id} {after}; it was {before}, and part of it is invoiced or cancelled.",
                    "La modificación convierte la línea {line_id} en {after}; era {before}, y parte de ella está facturada o cancelada.",
                ),
                _MEND,
            ),
            "line_on_order": Form(
                Words(
                    "The exchange adds line {line_id}, which the order has already.",
                    "El cambio añade la línea {line_id}, que el pedido ya tiene.",
                ),
                _MEND,
            ),
            "unbalanced_journal": Form(
                Words(
                    "Manual entry {journal_id} does not balance: debits {expected:money}, credits {actual:money}.",
                    "El asiento manual {journal_id} no cuadra: debe {expected:money}, haber {actual:money}.",
                ),
                _MEND,
            ),
            "customer_account": Form(
                Words(
                    "Manual entry {journal_id} names {account}. The customer's accounts follow from the order's events alone.",
                    "El asiento manual {journal_id} usa {account}. Las cuentas del cliente se siguen solo de los eventos del pedido.",
                ),
                Words(
                    "Book it by an event of its own (refund, adjustment of the receivable, correction), or use another account.",
                    "Regístrelo con un evento propio (reembolso, ajuste de la cuenta por cobrar, corrección) o use otra cuenta.",
                ),
            ),
        },
    ),
    "D24": CodeTexts(
        title=Words("unknown currency, wrong exponent or not the order's", "moneda desconocida, exponente erróneo u otra moneda"),
        general=Form(
            Words(
                "The currency of {event_type:event} cannot be right.",
                "La moneda de {event_type:event} no puede ser correcta.",
            ),
            _MEND,
        ),
        forms={
            "unknown_currency": Form(
                Words(
                    "Currency {currency} is not in ISO 4217. {event_type:event} was rejected.",
                    "La moneda {currency} no está en ISO 4217. Se rechazó {event_type:event}.",
                ),
                _MEND,
            ),
            "wrong_exponent": Form(
                Words(
                    "{event_type:event} says that {currency} has {actual} decimals; it has {expected}. Its amounts would be wrong by a "
                    "power of ten, so it was rejected.",
                    "{event_type:event} dice que {currency} tiene {actual} decimales; tiene {expected}. Sus importes errarían por una "
                    "potencia de diez, por eso se rechazó.",
                ),
                _MEND,
            ),
            "other_currency": Form(
                Words(
                    "{event_type:event} is in {currency}, its order in {order_currency}. An order has one currency, so it was rejected.",
                    "{event_type:event} viene en {currency} y su pedido en {order_currency}. Un pedido tiene una sola moneda, por eso se "
                    "rechazó.",
                ),
                _MEND,
            ),
        },
    ),
    "amount_limit": CodeTexts(
        title=Words("an amount of the order would pass every limit", "un importe del pedido pasaría todo límite"),
        general=Form(
            Words(
                "{event_type:event} would lift [{sum:word}|a sum of the order] to [{actual:money}, ]more than the limit"
                "[ of {expected:money}]. It was rejected.",
                "{event_type:event} llevaría [{sum:word}|una suma del pedido] a [{actual:money}, ]más que el límite"
                "[ de {expected:money}]. Se rechazó.",
            ),
            Words(
                "Look for amounts in the wrong unit. If they are right, raise amount_max in a new version of the policy.",
                "Busque importes en la unidad equivocada. Si son correctos, suba amount_max en una nueva versión de la política.",
            ),
        ),
        forms={},
    ),
}
