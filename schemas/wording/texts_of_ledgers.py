"""Texts of what ledgers say or hold: raised by sinks, by reading back and by the tie-out, never by the core."""

from typing import Final

from schemas.wording.forms import CodeTexts, Form
from schemas.wording.language import Words

_RESTORE: Final = Words(
    "Nothing is mended by itself, and nobody but the ledger's own sink may write there. Run `asiento verify`, find out who changed "
    "it, then restore the ledger or book a new one from the stream; do not close the period before.",
    "Nada se corrige solo, y nadie más que el programa del libro debe escribir en él. Ejecute `asiento verify`, averigüe quién lo "
    "cambió y restaure el libro o registre uno nuevo desde el flujo; no cierre el periodo antes.",
)

LEDGERS: Final[dict[str, CodeTexts]] = {
    "D18": CodeTexts(
        title=Words("ledger and books come to other totals", "el libro contable y los registros suman distinto"),
        general=Form(
            Words(
                "A ledger holds something that the books do not explain.",
                "Un libro contiene algo que los registros no explican.",
            ),
            Words(
                "Look for who wrote into the ledger past the program. Do not close the period before.",
                "Busque quién escribió en el libro sin pasar por el programa. No cierre el periodo antes.",
            ),
        ),
        forms={
            "unexplained": Form(
                Words(
                    "In ledger {ledger} account {account} moved by {actual:money}; by the books it should have moved by {expected:money}. "
                    "No document explains the difference.",
                    "En el libro {ledger} la cuenta {account} se movió en {actual:money}; según los registros debió moverse en "
                    "{expected:money}. Ningún documento explica la diferencia.",
                ),
                Words(
                    "Look for what was booked there by hand, then run `asiento reconcile {ledger}` again. Do not close the period before.",
                    "Busque lo que se registró allí a mano y ejecute de nuevo `asiento reconcile {ledger}`. No cierre el periodo antes.",
                ),
            ),
            "missing": Form(
                Words(
                    "The entry stands on the stream and not in the ledger: {about}. Account {account} lacks {expected:money}.",
                    "El asiento consta en el flujo y no en el libro: {about}. A la cuenta {account} le falta {expected:money}.",
                ),
                _RESTORE,
            ),
            "foreign": Form(
                Words(
                    "The ledger holds an entry that never stood on the stream: {about}. "
                    "Account {account} moved by {actual:money} too much.",
                    "El libro contiene un asiento que nunca constó en el flujo: {about}. "
                    "La cuenta {account} se movió en {actual:money} de más.",
                ),
                _RESTORE,
            ),
            "doubled": Form(
                Words(
                    "The ledger holds an entry once more: {about}. Account {account} moved by {actual:money} too much.",
                    "El libro contiene un asiento repetido: {about}. La cuenta {account} se movió en {actual:money} de más.",
                ),
                _RESTORE,
            ),
            "altered": Form(
                Words(
                    "The ledger holds the entry otherwise than it stands on the stream: {about}."
                    "[ Account {account} moved by {actual:money} instead of {expected:money}.|]",
                    "El libro contiene el asiento de otra forma que el flujo: {about}."
                    "[ La cuenta {account} se movió en {actual:money} en vez de {expected:money}.|]",
                ),
                _RESTORE,
            ),
            "range": Form(
                Words(
                    "The totals of the ledger and of the stream differ ({about}), and no entry that is compared explains it.",
                    "Los totales del libro y del flujo difieren ({about}) y ningún asiento comparado lo explica.",
                ),
                _RESTORE,
            ),
        },
        closed=Words("Ledger and books come to the same again.", "El libro y los registros vuelven a sumar lo mismo."),
    ),
    "D30": CodeTexts(
        title=Words("a balance does not come to rest", "un saldo que no se cancela"),
        general=Form(
            Words("A balance that should come to rest is still there.", "Un saldo que debería cancelarse sigue ahí."),
            Words("Look for what should have cleared it.", "Busque lo que debía cancelarlo."),
        ),
        forms={
            "too_old": Form(
                Words(
                    "Account {account} of {entity} holds {actual:money}; its oldest part came on {since} (limit: {limit} days).",
                    "La cuenta {account} de {entity} tiene {actual:money}; su parte más antigua es del {since} (límite: {limit} días).",
                ),
                Words(
                    "Look for what should have cleared it: a payout, a refund, an order that is still unknown.",
                    "Busque lo que debía cancelarlo: una liquidación, un reembolso, un pedido aún desconocido.",
                ),
            ),
            "wrong_sign": Form(
                Words(
                    "Account {account} of {entity} holds {actual:money}, on the side where it should never stand (since {since}).",
                    "La cuenta {account} de {entity} tiene {actual:money}, del lado en que nunca debería estar (desde el {since}).",
                ),
                Words(
                    "More was cleared than ever came in: look for what was cleared twice or never booked.",
                    "Se canceló más de lo que entró: busque lo que se canceló dos veces o nunca se registró.",
                ),
            ),
        },
        closed=Words("The balance has come to rest.", "El saldo se canceló."),
    ),
    "D23": CodeTexts(
        title=Words("no account for a posting", "un apunte sin cuenta"),
        general=Form(
            Words(
                "A posting has no account in a ledger's mapping and waits.", "Un apunte no tiene cuenta en el mapa de un libro y espera."
            ),
            Words("Add a rule to the mapping file.", "Añada una regla al fichero del mapa."),
        ),
        forms={
            "unmapped": Form(
                Words(
                    "The mapping of ledger {ledger} has no rule for {about}. Everything that needs it waits.",
                    "El mapa de cuentas del libro {ledger} no tiene regla para {about}. Todo lo que la necesita espera.",
                ),
                Words(
                    "Add a rule to the mapping file; `asiento mapping suggest` proposes one. What waits goes out by itself then.",
                    "Añada una regla al fichero del mapa; `asiento mapping suggest` propone una. Lo que espera sale entonces solo.",
                ),
            ),
        },
        closed=Words("There is a rule now; what waited was sent.", "Ya hay una regla; lo que esperaba se envió."),
    ),
    "D33": CodeTexts(
        title=Words("the ledger holds something else than was posted", "el libro tiene otra cosa que lo enviado"),
        general=Form(
            Words(
                "What stands in a ledger differs from what was posted there.",
                "Lo que consta en un libro difiere de lo que se registró en él.",
            ),
            Words(
                "Look at `asiento reconcile`: it shows it and proposes what corrects it.",
                "Vea `asiento reconcile`: lo muestra y propone cómo corregirlo.",
            ),
        ),
        forms={
            "read_back": Form(
                Words(
                    "Document {reference} was posted to ledger {ledger}, and what stands there differs: {about}.",
                    "El documento {reference} se registró en el libro {ledger} y lo que consta allí difiere: {about}.",
                ),
                Words(
                    "Look at `asiento reconcile {ledger}`: it shows the difference and proposes what corrects it. Nothing is "
                    "changed there by itself.",
                    "Vea `asiento reconcile {ledger}`: lo muestra y propone cómo corregirlo. Nada se cambia allí por sí solo.",
                ),
            ),
        },
        closed=Words("What stands there is what was posted again.", "Lo que consta allí vuelve a ser lo enviado."),
    ),
    "D34": CodeTexts(
        title=Words("the ledger's period is closed", "el periodo del libro está cerrado"),
        general=Form(
            Words(
                "A ledger does not take a document whose day lies in a closed period.",
                "Un libro no admite un documento cuyo día cae en un periodo cerrado.",
            ),
            Words("Open the period there, then release what waits.", "Abra allí el periodo y libere lo que espera."),
        ),
        forms={
            "period_closed": Form(
                Words(
                    "Ledger {ledger} does not take {reference}: its day lies in a closed period.",
                    "El libro {ledger} no admite {reference}: su día cae en un periodo cerrado.",
                ),
                Words(
                    "Open the period and release it (`asiento postings release`), or let closed_periods of the connection be next_open.",
                    "Abra el periodo y libérelo (`asiento postings release`), o ponga closed_periods: next_open en la conexión.",
                ),
            ),
        },
        closed=Words("The ledger has taken it.", "El libro lo ha admitido."),
    ),
}
