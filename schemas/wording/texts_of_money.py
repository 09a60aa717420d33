"""Texts of what the totals of an order show: money without goods, goods without money, refunds without a reason."""

from typing import Final

from schemas.wording.forms import CodeTexts, Form
from schemas.wording.language import Words

MONEY: Final[dict[str, CodeTexts]] = {
    "D08": CodeTexts(
        title=Words("more captured than the order is worth", "cobrado más de lo que vale el pedido"),
        general=Form(
            Words(
                "[With {amount:money} of payment {payment_id} the|The] customer's money held is {actual:money}, and the order is worth "
                "{expected:money} after cancellations[: {difference:money} too much].",
                "[Con {amount:money} del pago {payment_id} el|El] dinero retenido del cliente es {actual:money} y el pedido vale "
                "{expected:money} tras las cancelaciones[: sobran {difference:money}].",
            ),
            Words(
                "Look for a payment taken twice or an edit that has not arrived. Else refund the excess; this closes by itself then.",
                "Busque un pago cobrado dos veces o una modificación que no ha llegado. Si no, reembolse lo que sobra; se cierra solo.",
            ),
        ),
        forms={},
        closed=Words("The money held is no longer more than the order is worth.", "El dinero retenido ya no supera lo que vale el pedido."),
    ),
    "D09": CodeTexts(
        title=Words("money of an order that nobody knows", "dinero de un pedido desconocido"),
        general=Form(
            Words(
                "{actual:money} of {event_type:event} belong to an order that never arrived. The money stands against "
                "suspense:unknown_order[, on {accounts}].",
                "{actual:money} de {event_type:event} son de un pedido que nunca llegó. El dinero está contra "
                "suspense:unknown_order[, en {accounts}].",
            ),
            Words(
                "Find out whose order it is and have the source send its OrderPlaced: the event posts then and clears the suspense.",
                "Averigüe de qué pedido es y pida al origen su OrderPlaced: entonces el evento se contabiliza y salda la suspensión.",
            ),
        ),
        forms={},
        closed=Words("Its order is known now; the suspense was cleared.", "Su pedido ya se conoce; la suspensión quedó saldada."),
    ),
    "D10": CodeTexts(
        title=Words("more refunded or credited than there is", "reembolso o abono mayor que lo disponible"),
        general=Form(
            Words(
                "More was refunded or credited than there is.",
                "Se reembolsó o abonó más de lo que hay.",
            ),
            Words(
                "Compare the refund with the captures and invoices of the order.",
                "Compare el reembolso con los cobros y las facturas del pedido.",
            ),
        ),
        forms={
            "beyond_cap": Form(
                Words(
                    "Refund {refund_id} states {actual:money} more credit than was invoiced and is not credited yet. That part was left "
                    "out of the credit note[; the first: {beyond:money} of {component:word}[ on line {line_id}]][ ({places} in all)].",
                    "El reembolso {refund_id} declara {actual:money} más de abono que lo facturado y aún sin abonar. Esa parte quedó fuera "
                    "de la nota de crédito[; la primera: {beyond:money} de {component:word}[ en la línea {line_id}]]"
                    "[ ({places} en total)].",
                ),
                Words(
                    "Check what was promised to the customer. If it was an extra, have it sent as goodwill within what is invoiced, or "
                    "book it by hand; close this by hand.",
                    "Compruebe qué se prometió al cliente. Si fue un extra, que llegue como GOODWILL dentro de lo facturado o regístrelo a "
                    "mano; ciérrelo a mano.",
                ),
            ),
            "capture_missing": Form(
                Words(
                    "Refund {refund_id} pays {actual:money} back to payment {payment_id}, whose capture has not arrived. The refund waits.",
                    "El reembolso {refund_id} devuelve {actual:money} al pago {payment_id}, cuyo cobro no ha llegado. El reembolso espera.",
                ),
                Words(
                    "Nothing yet: it posts by itself when the capture arrives, at the latest when its waiting time is over. If the "
                    "payment id is wrong, have the refund sent again.",
                    "Por ahora nada: se contabiliza solo cuando llegue el cobro, a más tardar al vencer su plazo de espera. Si el id del "
                    "pago es erróneo, pida que reenvíen el reembolso.",
                ),
            ),
            "money_missing": Form(
                Words(
                    "With refund {refund_id}, refunds and lost disputes would come to {actual:money}, but only {expected:money} was "
                    "captured: {difference:money} is missing. The refund waits.",
                    "Con el reembolso {refund_id}, reembolsos y disputas perdidas sumarían {actual:money}, pero solo se cobraron "
                    "{expected:money}: faltan {difference:money}. El reembolso espera.",
                ),
                Words(
                    "Look for a capture that has not arrived. It posts by itself with the capture, or when its waiting time is over; the "
                    "excess then stays on the customer's account.",
                    "Busque un cobro que no ha llegado. Se contabiliza solo con el cobro o al vencer su plazo; lo que exceda queda "
                    "entonces en la cuenta del cliente.",
                ),
            ),
            "above_captures": Form(
                Words(
                    "Refunds ({refunded:money}), lost disputes ({lost:money}) and open ones ({disputed:money}) exceed the captured "
                    "{expected:money} by {difference:money}. {event_type:event} was posted; the excess stands on the customer's account.",
                    "Reembolsos ({refunded:money}), disputas perdidas ({lost:money}) y abiertas ({disputed:money}) superan lo cobrado, "
                    "{expected:money}, en {difference:money}. Se contabilizó {event_type:event}; el exceso está en la cuenta del cliente.",
                ),
                Words(
                    "Look for a missing capture or money paid back twice, and claim the excess from the customer. It closes by itself.",
                    "Busque un cobro que falta o un dinero devuelto dos veces y reclame el exceso al cliente. Se cierra solo.",
                ),
            ),
            "with_open_disputes": Form(
                Words(
                    "If the open disputes of {disputed:money} are lost, refunds ({refunded:money}) and disputes exceed the captured "
                    "{expected:money} by {difference:money}: the customer would be paid twice. {event_type:event} was posted.",
                    "Si se pierden las disputas abiertas, {disputed:money}, reembolsos ({refunded:money}) y disputas superan lo cobrado, "
                    "{expected:money}, en {difference:money}: el cliente cobraría dos veces. Se contabilizó {event_type:event}.",
                ),
                Words(
                    "Send the provider proof of the refund, so that the dispute is won. It closes by itself.",
                    "Envíe al proveedor la prueba del reembolso para ganar la disputa. Se cierra solo.",
                ),
            ),
            "allowed": Form(
                Words(
                    "Refunds and disputes exceed the captured {expected:money} by {difference:money}. The refund says that this is "
                    "allowed, and was posted.",
                    "Reembolsos y disputas superan lo cobrado, {expected:money}, en {difference:money}. El reembolso dice que está "
                    "permitido, y se contabilizó.",
                ),
                Words(
                    "Check that somebody approved it. The excess stands on the customer's account.",
                    "Compruebe que alguien lo aprobó. El exceso está en la cuenta del cliente.",
                ),
            ),
        },
        closed=Words(
            "The captured money covers refunds and disputes again, or the refund posted.",
            "Lo cobrado vuelve a cubrir reembolsos y disputas, o el reembolso se contabilizó.",
        ),
    ),
    "D16": CodeTexts(
        title=Words("shipped, prepaid and not paid", "enviado, prepago y sin pagar"),
        general=Form(
            Words(
                "Goods of a prepaid order left, and {actual:money} of them is not paid.",
                "Salió mercancía de un pedido prepago y {actual:money} de ella está sin pagar.",
            ),
            Words(
                "Look for a capture that has not arrived; else collect the money or write it off. It closes by itself.",
                "Busque un cobro que no ha llegado; si no, cobre el dinero o délo de baja. Se cierra solo.",
            ),
        ),
        forms={},
        closed=Words("Nothing that was shipped is unpaid any more.", "Ya nada de lo enviado está sin pagar."),
    ),
    "D17": CodeTexts(
        title=Words("paid and not shipped", "pagado y sin enviar"),
        general=Form(
            Words(
                "{actual:money} of the customer's money is held, {expected:money} of the order is open, and nothing was shipped.",
                "Se retienen {actual:money} del cliente, hay {expected:money} del pedido abiertos y no se envió nada.",
            ),
            Words(
                "Ship, or cancel and refund; look for a shipment that has not arrived. It closes by itself.",
                "Envíe, o cancele y reembolse; busque un envío que no ha llegado. Se cierra solo.",
            ),
        ),
        forms={},
        closed=Words("Something was shipped, or nothing is held or open any more.", "Algo se envió, o ya no hay nada retenido o abierto."),
    ),
    "D28": CodeTexts(
        title=Words("a refund is under way", "hay un reembolso en curso"),
        general=Form(
            Words(
                "{actual:money} of refund[ {refund_id}] is on its way to the customer and not confirmed.",
                "{actual:money} del reembolso[ {refund_id}] van camino del cliente, sin confirmar.",
            ),
            Words(
                "Nothing, unless it takes longer than the provider says: ask the provider then. It closes with SUCCEEDED or FAILED.",
                "Nada, salvo que tarde más de lo que dice el proveedor: pregúntele entonces. Se cierra con SUCCEEDED o FAILED.",
            ),
        ),
        forms={},
        closed=Words("The refund was settled: it succeeded or failed.", "El reembolso quedó resuelto: se pagó o falló."),
    ),
    "D38": CodeTexts(
        title=Words("refunded without a reason in the order", "reembolso sin motivo en el pedido"),
        general=Form(
            Words("More money goes back than the order explains.", "Vuelve más dinero del que explica el pedido."),
            Words("Compare refunds and credits of the order.", "Compare los reembolsos y los abonos del pedido."),
        ),
        forms={
            "refund": Form(
                Words(
                    "Of refund {refund_id} {actual:money} goes back without a credit that explains it; {expected:money} became an "
                    "allowance. The other {difference:money} stays on the customer's account.",
                    "Del reembolso {refund_id} vuelven {actual:money} sin un abono que lo explique; {expected:money} pasaron a ser una "
                    "bonificación. Los otros {difference:money} quedan en la cuenta del cliente.",
                ),
                Words(
                    "Find the reason: a return or cancellation that has not arrived closes this by itself; else book what it was by hand.",
                    "Busque el motivo: una devolución o cancelación que falta lo cierra solo; si no, registre a mano lo que fue.",
                ),
            ),
            "deadline": Form(
                Words(
                    "{actual:money} is owed to the customer, and only {expected:money} of it is on its way: {difference:money} waits for a "
                    "refund.",
                    "Se deben {actual:money} al cliente y solo {expected:money} están en camino: {difference:money} esperan un reembolso.",
                ),
                Words(
                    "Pay it back, or find the refund that has not arrived. It closes by itself.",
                    "Devuélvalo o busque el reembolso que no ha llegado. Se cierra solo.",
                ),
            ),
        },
        closed=Words(
            "The order explains all refunds again, or nothing more is owed than is on its way.",
            "El pedido vuelve a explicar todos los reembolsos, o ya no se debe más de lo que está en camino.",
        ),
    ),
}
