"""Explained figures as people read them: the arithmetic spelled out, and a sentence."""

from asiento.accounting.explaining.figures import Cost, Figure, Part, Term
from asiento.accounting.money import CURRENCY_EXPONENTS, MICRO_UNITS_PER_UNIT, grouped_units_text
from schemas.wording.language import Language
from schemas.wording.templates import plain_decimal, render
from schemas.wording.texts_of_figures import FIGURES

_MICRO_DIGITS = len(str(MICRO_UNITS_PER_UNIT)) - 1


def formula(figure: Figure, currency: str) -> str:
    """What the figure adds up, in every language the same; empty where it adds up nothing. R rounds halves up to the minor unit."""
    exponent = CURRENCY_EXPONENTS[currency]
    text = ""
    for term in figure.terms:
        negative = isinstance(term, int) and term < 0
        shown = _term(-term if isinstance(term, int) and negative else term, exponent)
        text += f" {'-' if negative else '+'} {shown}" if text else f"{'-' if negative else ''}{shown}"
    return text


def sentence(figure: Figure, currency: str, language: Language) -> str:
    """Why the figure is what it is."""
    values = {**dict(figure.values), "formula": formula(figure, currency)}
    return render(FIGURES[figure.name], values, currency=currency, language=language)


def _term(term: Term, exponent: int) -> str:
    match term:
        case Part():
            return _part(term, exponent)
        case Cost():
            return f"R({term.unit_cost} * {plain_decimal(term.quantity, _MICRO_DIGITS)})"
        case int():
            return grouped_units_text(term, exponent)


def _part(part: Part, exponent: int) -> str:
    """The part spelled out; where it is all there is, the amount alone."""
    whole = grouped_units_text(part.whole, exponent)
    if part.takes == part.units:
        return whole
    taken, units, upto = (_counted(count, part, exponent) for count in (part.taken, part.units, part.taken + part.takes))
    first = whole if part.taken + part.takes == part.units else f"R({whole} * {upto}/{units})"
    return f"{first} - R({whole} * {taken}/{units})" if part.taken else first


def _counted(count: int, part: Part, exponent: int) -> str:
    return plain_decimal(count, _MICRO_DIGITS) if part.scale == "units" else grouped_units_text(count, exponent)
