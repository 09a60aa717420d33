"""Texts of events that wait, say something else than before, or come too late."""

from typing import Final

from schemas.wording.forms import CodeTexts, Form
from schemas.wording.language import Words

_BY_ITSELF = Words(
    "Nothing yet: it posts by itself when that arrives. If it never will, have the source mend and send the event again.",
    "Por ahora nada: se contabiliza solo cuando llegue. Si nunca llegará, pida al origen que corrija y reenvíe el evento.",
)
_ASK_SOURCE = Words(
    "Look for an event that has not arrived. If the figure is wrong, have the source send the right event under ids of its own; this "
    "one can only wait.",
    "Busque un evento que no ha llegado. Si la cifra es errónea, pida al origen el evento correcto con ids propios; este solo puede "
    "esperar.",
)
_RESEND = Words(
    "Have the source send an event that fits what was shipped and cancelled; it may come under the same ids. Nothing was booked.",
    "Pida al origen un evento acorde con lo enviado y cancelado; puede llevar los mismos identificadores. No se contabilizó nada.",
)
_OWN_EVENT = Words(
    "Mend it by an event of its own (refund, return, cancellation, reversal), not by a correction. Nothing was booked.",
    "Arréglelo con un evento propio (reembolso, devolución, cancelación, reversión), no con una corrección. No se contabilizó nada.",
)
_CORRECT_AGAIN = Words(
    "Have the source send a correction whose replacement fits; it may come under the same ids. Nothing was booked.",
    "Pida al origen una corrección cuyo sustituto encaje; puede llevar los mismos identificadores. No se contabilizó nada.",
)
_POSTED = Words("What it waited for is there, or the event needs it no longer.", "Lo que esperaba ya está, o el evento ya no lo necesita.")

PARKING_OVERFLOW: Final = Form(
    Words(
        "[{waiting} events of this order wait already, and no more are kept|Too many events of this order wait already]; "
        "{event_type:event} was rejected.",
        "[Ya esperan {waiting} eventos de este pedido y no se guardan más|Ya esperan demasiados eventos de este pedido]; se rechazó "
        "{event_type:event}.",
    ),
    Words(
        "Find what they all wait for, usually the OrderPlaced. Then have this event sent again; it may come under the same ids.",
        "Busque lo que todos esperan, normalmente el OrderPlaced. Después pida que reenvíen este evento; puede llevar los mismos ids.",
    ),
)

WAITING: Final[dict[str, CodeTexts]] = {
    "D11": CodeTexts(
        title=Words("more than is open, shipped or paid", "más de lo abierto, enviado o pagado"),
        general=Form(
            Words(
                "{event_type:event} asks for more than there is.",
                "{event_type:event} pide más de lo que hay.",
            ),
            _ASK_SOURCE,
        ),
        forms={
            "line_unknown": Form(
                Words(
                    "{event_type:event} names line {line_id}, which the order does not have as goods. It waits.",
                    "{event_type:event} nombra la línea {line_id}, que el pedido no tiene como mercancía. Espera.",
                ),
                _ASK_SOURCE,
            ),
            "units_beyond_open": Form(
                Words(
                    "{event_type:event} names {wanted:units} units of line {line_id}; open: {available:units}. It waits.",
                    "{event_type:event} nombra {wanted:units} unidades de la línea {line_id}; abiertas: {available:units}. Espera.",
                ),
                _ASK_SOURCE,
            ),
            "units_beyond_order": Form(
                Words(
                    "{event_type:event} names {wanted:units} units of line {line_id}; left without a refund: {available:units}. It waits.",
                    "{event_type:event} nombra {wanted:units} unidades de la línea {line_id}; sin reembolsar: {available:units}. Espera.",
                ),
                _ASK_SOURCE,
            ),
            "units_beyond_returnable": Form(
                Words(
                    "{event_type:event} brings back {wanted:units} units of line {line_id}[ of shipment {shipment_id}]; shipped and "
                    "not back: {available:units}. It waits.",
                    "{event_type:event} trae {wanted:units} unidades de la línea {line_id}[ del envío {shipment_id}]; enviadas y "
                    "sin volver: {available:units}. Espera.",
                ),
                _ASK_SOURCE,
            ),
            "beyond_payment": Form(
                Words(
                    "The reversal takes {actual:money} from payment {payment_id}, of which {expected:money} is left. It waits.",
                    "La reversión quita {actual:money} del pago {payment_id}, del que quedan {expected:money}. Espera.",
                ),
                _ASK_SOURCE,
            ),
            "won_beyond_dispute": Form(
                Words(
                    "Dispute {dispute_id} was closed with {actual:money} won, but only {expected:money} was disputed. It waits.",
                    "La disputa {dispute_id} se cerró con {actual:money} ganados, pero solo se disputaban {expected:money}. Espera.",
                ),
                _ASK_SOURCE,
            ),
            "fee_beyond_dispute": Form(
                Words(
                    "The closing of dispute {dispute_id} returns a fee of {actual:money}; {expected:money} was charged. It waits.",
                    "El cierre de la disputa {dispute_id} devuelve una comisión de {actual:money}; se cobraron {expected:money}. Espera.",
                ),
                _ASK_SOURCE,
            ),
            "beyond_receivable": Form(
                Words(
                    "Adjustment {adjustment_id} takes {actual:money} off the receivable, which is {expected:money}. It waits.",
                    "El ajuste {adjustment_id} quita {actual:money} de la cuenta por cobrar, que es de {expected:money}. Espera.",
                ),
                _ASK_SOURCE,
            ),
            "recovery_beyond_write_off": Form(
                Words(
                    "Adjustment {adjustment_id} recovers {actual:money}; {expected:money} is written off and not recovered. It waits.",
                    "El ajuste {adjustment_id} recupera {actual:money}; hay {expected:money} dados de baja sin recuperar. Espera.",
                ),
                _ASK_SOURCE,
            ),
            "shipment_needed": Form(
                Words(
                    "Shipment {shipment_id} cannot be cancelled: credits, returns or an edit stand on its units. It waits.",
                    "El envío {shipment_id} no puede anularse: abonos, devoluciones o una modificación dependen de sus unidades. Espera.",
                ),
                Words(
                    "Nothing, if that will be taken back. Else mend it by returns and refunds.",
                    "Nada, si eso va a deshacerse. Si no, arréglelo con devoluciones y reembolsos.",
                ),
            ),
            "shipment_gone": Form(
                Words(
                    "Shipment {shipment_id} was cancelled or voided before. The second cancellation waits.",
                    "El envío {shipment_id} ya se anuló antes. La segunda anulación espera.",
                ),
                _ASK_SOURCE,
            ),
            "units_below_taken": Form(
                Words(
                    "The change leaves {wanted:units} units on line {line_id}; shipped or cancelled: {taken:units}. It was rejected.",
                    "El cambio deja {wanted:units} unidades en la línea {line_id}, pero {taken:units} están enviadas o canceladas. Se "
                    "rechazó.",
                ),
                _RESEND,
            ),
            "amount_below_taken": Form(
                Words(
                    "The change leaves {amount:money} of {component:word} on line {line_id}, but {taken:money} is invoiced or cancelled. "
                    "It was rejected.",
                    "El cambio deja {amount:money} de {component:word} en la línea {line_id}, pero {taken:money} están facturados o "
                    "cancelados. Se rechazó.",
                ),
                _RESEND,
            ),
            "amount_without_unit": Form(
                Words(
                    "The change adds {beyond:money} to line {line_id}, of which no unit is open or shipped to carry it. It was rejected.",
                    "El cambio añade {beyond:money} a la línea {line_id}, sin unidad abierta ni enviada que lo lleve. Se rechazó.",
                ),
                _RESEND,
            ),
            "discount_below_taken": Form(
                Words(
                    "The change leaves less of the order's discount than is taken, or no open line to carry the rest. It was rejected.",
                    "El cambio deja menos descuento del pedido que el ya tomado, o ninguna línea abierta que lleve el resto. Se rechazó.",
                ),
                _RESEND,
            ),
            "not_correctable": Form(
                Words(
                    "[{about:word} (event {original_event_id})|The event] is of a kind that cannot be corrected. It was rejected.",
                    "[{about:word} (evento {original_event_id})|El evento] es de un tipo que no puede corregirse. Se rechazó.",
                ),
                _OWN_EVENT,
            ),
            "corrected_already": Form(
                Words(
                    "[{about:word} (event {original_event_id})|The event] was corrected before. It was rejected.",
                    "[{about:word} (evento {original_event_id})|El evento] ya se corrigió antes. Se rechazó.",
                ),
                Words(
                    "Correct the event that stands in its place, if it is wrong, too.",
                    "Corrija el evento que está en su lugar, si también es erróneo.",
                ),
            ),
            "needed_later": Form(
                Words(
                    "[{about:word} (event {original_event_id})|The event] cannot be corrected: a credit, return, refund, reversal, dispute "
                    "or recovery stands on it. It was rejected.",
                    "[{about:word} (evento {original_event_id})|El evento] no puede corregirse: un abono, devolución, reembolso, "
                    "reversión, disputa o recuperación depende de él. Se rechazó.",
                ),
                _OWN_EVENT,
            ),
            "replacement_other_kind": Form(
                Words(
                    "The correction replaces [{about:word}|an event] by an event of another type. It was rejected.",
                    "La corrección sustituye [{about:word}|un evento] por un evento de otro tipo. Se rechazó.",
                ),
                _CORRECT_AGAIN,
            ),
            "replacement_known": Form(
                Words(
                    "The event that should replace [{about:word}|the original] is known already. It was rejected.",
                    "El evento que debería sustituir [{about:word}|al original] ya se conoce. Se rechazó.",
                ),
                _CORRECT_AGAIN,
            ),
            "replacement_unfit": Form(
                Words(
                    "The event that should replace [{about:word}|the original] is a test or an estimate, of another order, in another "
                    "currency, or has the id of the correction. It was rejected.",
                    "El evento que debería sustituir [{about:word}|al original] es una prueba o estimación, de otro pedido, en otra moneda "
                    "o lleva el id de la corrección. Se rechazó.",
                ),
                _CORRECT_AGAIN,
            ),
            "replacement_cannot_post": Form(
                Words(
                    "The event that should replace [{about:word}|the original] could not be posted in its place. It was rejected.",
                    "El evento que debería sustituir [{about:word}|al original] no podría contabilizarse en su lugar. Se rechazó.",
                ),
                _CORRECT_AGAIN,
            ),
        },
        closed=_POSTED,
    ),
    "D19": CodeTexts(
        title=Words("an earlier event of the source is missing", "falta un evento anterior de la fuente"),
        general=Form(
            Words(
                "{event_type:event} has [number {number}, and number {missing}|a number, and an earlier one] of the order has not arrived. "
                "It waits.",
                "{event_type:event} lleva [el número {number}, y el número {missing}|un número, y uno anterior] del pedido no ha llegado. "
                "Espera.",
            ),
            Words(
                "Have the source send the missing number. When the waiting time is over, the gap is given up and this judged without it.",
                "Pida al origen el número que falta. Al vencer el plazo se da el hueco por perdido y este evento se juzga sin él.",
            ),
        ),
        forms={},
        closed=_POSTED,
    ),
    "D21": CodeTexts(
        title=Words("same event id with other content: the first stands", "mismo id con otro contenido: vale el primero"),
        general=Form(
            Words(
                "{event_type:event}[ {business_key}] came again under the same event id, but says something else. The first one stands.",
                "{event_type:event}[ {business_key}] llegó otra vez con el mismo id de evento, pero dice otra cosa. Vale el primero.",
            ),
            Words(
                "Ask the source why it changed an event that it had sent. What is right comes as a new event or a correction.",
                "Pregunte al origen por qué cambió un evento ya enviado. Lo correcto debe llegar como evento nuevo o corrección.",
            ),
        ),
        forms={},
    ),
    "D22": CodeTexts(
        title=Words("same fact with other content: the first stands", "mismo hecho con otro contenido: vale el primero"),
        general=Form(
            Words(
                "{event_type:event} tells a known fact with other content. The first one stands.",
                "{event_type:event} cuenta un hecho conocido con otro contenido. Vale el primero.",
            ),
            Words("Compare both events with the source.", "Compare ambos eventos con el origen."),
        ),
        forms={
            "said_otherwise": Form(
                Words(
                    "{event_type:event} {business_key} was told before, by event {first_event_id}, with other content. The first stands.",
                    "{event_type:event} {business_key} ya se contó en el evento {first_event_id}, con otro contenido. Vale el primero.",
                ),
                Words(
                    "Compare both with the source. If the first was wrong, have a correction sent; if it is another fact, another key.",
                    "Compare ambos con el origen. Si el primero era erróneo, pida una corrección; si es otro hecho, otra clave.",
                ),
            ),
            "refund_differs": Form(
                Words(
                    "Refund {refund_id} came again with other lines, adjustments or amounts. The first one stands.",
                    "El reembolso {refund_id} llegó otra vez con otras líneas, ajustes o importes. Vale el primero.",
                ),
                Words(
                    "A refund is sent again only to move its tenders on. Another refund needs another refund_id.",
                    "Un reembolso se reenvía solo para mover sus medios de pago. Otro reembolso necesita otro refund_id.",
                ),
            ),
        },
    ),
    "D27": CodeTexts(
        title=Words("what it refers to has not arrived yet", "aún no llega aquello a lo que se refiere"),
        general=Form(
            Words(
                "What {event_type:event} refers to has not arrived. It waits.",
                "No ha llegado aquello a lo que se refiere {event_type:event}. Espera.",
            ),
            _BY_ITSELF,
        ),
        forms={
            "order_unknown": Form(
                Words(
                    "The order of {event_type:event} has not arrived. It waits.", "No ha llegado el pedido de {event_type:event}. Espera."
                ),
                _BY_ITSELF,
            ),
            "shipment_unknown": Form(
                Words(
                    "{event_type:event} refers to shipment {shipment_id}, which has not arrived. It waits.",
                    "{event_type:event} se refiere al envío {shipment_id}, que no ha llegado. Espera.",
                ),
                _BY_ITSELF,
            ),
            "payment_unknown": Form(
                Words(
                    "{event_type:event} refers to payment {payment_id}, whose capture has not arrived. It waits.",
                    "{event_type:event} se refiere al pago {payment_id}, cuyo cobro no ha llegado. Espera.",
                ),
                _BY_ITSELF,
            ),
            "dispute_unknown": Form(
                Words(
                    "{event_type:event} refers to dispute {dispute_id}, whose opening has not arrived. It waits.",
                    "{event_type:event} se refiere a la disputa {dispute_id}, cuya apertura no ha llegado. Espera.",
                ),
                _BY_ITSELF,
            ),
            "original_unknown": Form(
                Words(
                    "The correction is about event {original_event_id}, which was not posted. It waits.",
                    "La corrección trata del evento {original_event_id}, que no se ha contabilizado. Espera.",
                ),
                _BY_ITSELF,
            ),
            "line_unknown": Form(
                Words(
                    "{event_type:event} names shipped units of line {line_id}, which the order does not have as goods. It waits.",
                    "{event_type:event} nombra unidades enviadas de la línea {line_id}, que el pedido no tiene como mercancía. Espera.",
                ),
                _BY_ITSELF,
            ),
            "units_beyond_shipped": Form(
                Words(
                    "{event_type:event} names {wanted:units} shipped units of line {line_id}[ of shipment {shipment_id}]; "
                    "shipped and not credited: {available:units}. It waits for the shipment.",
                    "{event_type:event} nombra {wanted:units} unidades enviadas de la línea {line_id}[ del envío {shipment_id}]; "
                    "enviadas y sin abonar: {available:units}. Espera el envío.",
                ),
                _BY_ITSELF,
            ),
            "parking_overflow": PARKING_OVERFLOW,
        },
        closed=_POSTED,
    ),
    "parking_overflow": CodeTexts(
        title=Words("too many events of this order wait already", "ya esperan demasiados eventos de este pedido"),
        general=PARKING_OVERFLOW,
        forms={},
    ),
    "order_archived": CodeTexts(
        title=Words("its order was archived", "su pedido ya está archivado"),
        general=Form(
            Words(
                "The order was settled and silent[ since {silent_since}], so that it was archived. {event_type:event} was rejected.",
                "El pedido estaba saldado y sin novedades[ desde {silent_since}], por lo que se archivó. Se rechazó {event_type:event}.",
            ),
            Words(
                "If it is real, book it by hand; the closed order is not opened again.",
                "Si es real, regístrelo a mano; el pedido cerrado no se vuelve a abrir.",
            ),
        ),
        forms={},
    ),
}
