"""Texts of outcomes that raise no discrepancy: ignored and duplicate records, and the names of all outcomes."""

from typing import Final

from schemas.wording.forms import CodeTexts, Form
from schemas.wording.language import Words

_NOTHING = Words("Nothing to do.", "Nada que hacer.")

OUTCOMES: Final[dict[str, Words]] = {
    "posted": Words("posted", "contabilizado"),
    "duplicate": Words("duplicate", "duplicado"),
    "conflict": Words("conflict", "conflicto"),
    "deferred": Words("waiting", "en espera"),
    "rejected": Words("rejected", "rechazado"),
    "ignored": Words("ignored", "ignorado"),
    "dead_letter": Words("dead letter", "registro inservible"),
}
"""Outcome -> its name."""

WITHOUT_DISCREPANCY: Final[dict[str, CodeTexts]] = {
    "duplicate": CodeTexts(
        title=Words("told before, with the same content", "ya contado, con el mismo contenido"),
        general=Form(
            Words(
                "The same event, or the same fact under another event id, was taken before with the same content. It counts once.",
                "El mismo evento, o el mismo hecho con otro id de evento, ya se tomó antes con el mismo contenido. Cuenta una vez.",
            ),
            _NOTHING,
        ),
        forms={},
    ),
    "test_mode": CodeTexts(
        title=Words("a test, never booked", "una prueba, nunca se contabiliza"),
        general=Form(
            Words("The event says that it is a test. Tests are never booked.", "El evento dice ser una prueba. Nunca se contabilizan."),
            Words(
                "Nothing, unless it is real: have it sent without test_mode.", "Nada, salvo que sea real: pida que lo envíen sin test_mode."
            ),
        ),
        forms={},
    ),
    "estimate": CodeTexts(
        title=Words("an estimate, never booked", "una estimación, nunca se contabiliza"),
        general=Form(
            Words(
                "The fee is an estimate. The actual fee is booked when it comes.",
                "La comisión es una estimación. Se contabiliza la real cuando llega.",
            ),
            _NOTHING,
        ),
        forms={},
    ),
    "stale_edit": CodeTexts(
        title=Words("an edit older than the last one", "una edición anterior a la última"),
        general=Form(
            Words(
                "The edit's revision is not above that of the last posted edit, which says how the order stands.",
                "La revisión de la modificación no supera la de la última contabilizada, que dice cómo está el pedido.",
            ),
            Words(
                "Nothing, unless the newer edit lacks something: have the source send the order's present state as a new revision.",
                "Nada, salvo que a la más reciente le falte algo: pida al origen el estado actual del pedido como nueva revisión.",
            ),
        ),
        forms={},
    ),
    "other_fee_source": CodeTexts(
        title=Words("this fee is booked from another source", "esta comisión se registra de otra fuente"),
        general=Form(
            Words(
                "The policy books fees of this kind from the captures that state them, and the capture of this one did.",
                "La política registra las comisiones de este tipo desde los cobros que las declaran, y el de esta la declaró.",
            ),
            Words(
                "Nothing. To book such fees from events, set *_fees_from in a new version of the policy.",
                "Nada. Para registrarlas desde eventos, fije *_fees_from en una nueva versión de la política.",
            ),
        ),
        forms={},
    ),
}
