"""Texts of what ledgers outside say or hold: raised by sinks and by reading back, never by the core."""

from typing import Final

from schemas.wording.forms import CodeTexts, Form
from schemas.wording.language import Words

LEDGERS: Final[dict[str, CodeTexts]] = {
    "D18": CodeTexts(
        title=Words("ledger and books come to other totals", "el libro contable y los registros suman distinto"),
        general=Form(
            Words(
                "An account of a ledger moved by an amount that no document explains.",
                "Una cuenta de un libro se movió en un importe que ningún documento explica.",
            ),
            Words(
                "Run `asiento reconcile` and look for what was booked there by hand.",
                "Ejecute `asiento reconcile` y busque lo que se registró allí a mano.",
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
        },
        closed=Words("Ledger and books come to the same again.", "El libro y los registros vuelven a sumar lo mismo."),
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
