"""Headings and short sentences of the desk in Spanish and English."""

from typing import Final

from asiento.accounting.money import grouped_units_text
from schemas.wording.language import Language, Words

WORDS: Final[dict[str, Words]] = {
    "action": Words("What to do", "Qué hacer"),
    "actions": Words("What was done", "Qué se hizo"),
    "actual": Words("found", "encontrado"),
    "alone": Words("{amount}: one person may book it (limit {limit})", "{amount}: puede hacerlo una sola persona (límite {limit})"),
    "approved": Words("approved", "aprobada"),
    "bytes": Words("bytes", "bytes"),
    "bytes_gone": Words("Its bytes are gone from the dead letter topic.", "Sus bytes ya no están en el tópico de registros inservibles."),
    "changes": Words("Changes", "Cambios"),
    "code": Words("code", "código"),
    "correction": Words("as a correction of the event that was posted", "como corrección del evento contabilizado"),
    "counts": Words("Open, by reason", "Abiertos, por motivo"),
    "detail": Words("detail", "detalle"),
    "discrepancies": Words("Discrepancies", "Discrepancias"),
    "discrepancy": Words("Discrepancy", "Discrepancia"),
    "dead_letter": Words("Refused record", "Registro rechazado"),
    "dead_letters": Words("Refused records", "Registros rechazados"),
    "dry_run": Words("Nothing was sent (--dry-run).", "No se envió nada (--dry-run)."),
    "entries": Words("Entries behind it", "Asientos relacionados"),
    "event": Words("Event", "Evento"),
    "events": Words("Events that are not settled", "Eventos sin resolver"),
    "events_behind": Words("Events behind it", "Eventos relacionados"),
    "expected": Words("expected", "esperado"),
    "fields": Words("Fields that can be read", "Campos legibles"),
    "found_nothing": Words("Nothing.", "Nada."),
    "headers": Words("Headers", "Cabeceras"),
    "heals": Words("heals", "resuelve"),
    "incomplete": Words("where it cannot be read", "dónde no se puede leer"),
    "itself": Words("resolved by itself", "resuelta sola"),
    "json": Words("The value is JSON", "El valor es JSON"),
    "key": Words("key", "clave"),
    "moved_alone": Words("above the limit, and no second person approved it", "por encima del límite sin que otra persona lo aprobara"),
    "next": Words("More: --after {place}", "Hay más: --after {place}"),
    "no_changes": Words("none", "ninguno"),
    "nobody": Words("nobody", "nadie"),
    "not_framed": Words("no Confluent frame", "sin marco de Confluent"),
    "now": Words("Sent as it is, it would be now", "Enviado tal cual, ahora sería"),
    "open": Words("open", "abierto"),
    "operator": Words("resolved by an operator", "resuelto por un operador"),
    "order": Words("order", "pedido"),
    "outcome": Words("outcome", "resultado"),
    "own_ids": Words(
        "as an event of its own; the waiting one stays, and posts if it ever can",
        "como evento propio; el que espera sigue ahí y se contabiliza si algún día puede",
    ),
    "place": Words("place", "lugar"),
    "prediction": Words("The core would make of it", "El núcleo haría"),
    "proposals": Words("Proposals", "Propuestas"),
    "proposed": Words("Proposed as {action_id}: another person approves it.", "Propuesta {action_id}: la aprueba otra persona."),
    "raw": Words("Raw payload", "Contenido recibido"),
    "raw_events": Words("events", "eventos"),
    "raw_hidden": Words("personal data: not shown", "datos personales: no se muestra"),
    "raw_nothing": Words("nothing to book", "nada que contabilizar"),
    "raw_now": Words(
        "Sent as it is, the normalizer would make of it, if it remembered nothing",
        "Enviado tal cual, el normalizador, si no recordara nada, haría",
    ),
    "raw_refetch": Words("a request to fetch the object", "una petición para obtener el objeto"),
    "raw_refused": Words("refused again", "rechazado de nuevo"),
    "raw_waiting": Words("it waits for its order", "espera a su pedido"),
    "reason": Words("reason", "motivo"),
    "refused": Words("refused", "rechazada"),
    "runbook": Words("Runbook", "Guía"),
    "residual": Words("difference", "diferencia"),
    "resolved": Words("resolved", "resuelto"),
    "same_ids": Words("as the same event, judged afresh", "como el mismo evento, juzgado de nuevo"),
    "schema": Words("schema", "esquema"),
    "second": Words(
        "{amount}: above the limit of {limit} for one person; a second one must approve",
        "{amount}: por encima del límite de {limit} para una persona; debe aprobarlo otra",
    ),
    "sent": Words("Sent.", "Enviado."),
    "sent_count": Words("{sent} sent, {skipped} skipped.", "{sent} enviados, {skipped} omitidos."),
    "severity": Words("severity", "gravedad"),
    "since": Words("since", "desde"),
    "source": Words("source", "origen"),
    "state": Words("state", "estado"),
    "subject": Words("subject", "sujeto"),
    "type": Words("type", "tipo"),
    "value": Words("Value", "Valor"),
    "void": Words("does not count: proposer and approver are one person", "no vale: propone y aprueba la misma persona"),
    "way": Words("It goes out", "Se envía"),
    "who": Words("looked after by", "lo lleva"),
}

_KINDS: Final[dict[str, Words]] = {
    "ASSIGN": Words("assigned", "asignó"),
    "RESOLVE": Words("resolved", "resolvió"),
    "REOPEN": Words("reopened", "reabrió"),
    "PROPOSE": Words("proposed", "propuso"),
    "APPROVE": Words("approved", "aprobó"),
    "REFUSE": Words("refused", "rechazó"),
    "REPLAY": Words("sent again or mended", "reenvió o corrigió"),
}
HOUR: Final = 3_600
DAY: Final = 24 * HOUR


def say(name: str, language: Language, **values: object) -> str:
    """A heading or sentence with its values."""
    return WORDS[name].of(language).format(**values)


def done(kind: str, language: Language) -> str:
    """What an action did."""
    return _KINDS[kind].of(language) if kind in _KINDS else kind


def age_text(microseconds: int) -> str:
    """Days and hours, or minutes below an hour; nothing negative."""
    seconds = max(microseconds, 0) // 1_000_000
    if seconds >= DAY:
        return f"{seconds // DAY}d {seconds % DAY // HOUR}h"
    return f"{seconds // HOUR}h {seconds % HOUR // 60}m" if seconds >= HOUR else f"{seconds // 60}m"


def amount_text(amount: int | None, currency: str | None, exponent: int | None) -> str:
    """Minor units as people write them, with the currency; a dash for what is not known."""
    if amount is None:
        return "-"
    return str(amount) if exponent is None else f"{grouped_units_text(amount, exponent)} {currency}"
