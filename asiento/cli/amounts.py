"""Amounts as people read them: from exact minor units, never through a float."""


def format_amount(minor_units: int, exponent: int) -> str:
    """12345678 with exponent 2 -> "123,456.78"; negative amounts keep their sign."""
    sign, digits = ("-" if minor_units < 0 else ""), str(abs(minor_units)).rjust(exponent + 1, "0")
    whole, fraction = (digits[:-exponent], digits[-exponent:]) if exponent else (digits, "")
    return f"{sign}{int(whole):,}" + (f".{fraction}" if fraction else "")
