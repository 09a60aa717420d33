"""Which build of the core runs: `compiled` to machine code, or `python`."""

from typing import Final

from asiento.accounting import decide

CORE_BUILD: Final = "python" if decide.__file__.endswith(".py") else "compiled"
"""`compiled` where the wheel of `make wheel-compiled` is installed; a checkout is always `python`."""
