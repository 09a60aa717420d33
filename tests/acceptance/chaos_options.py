"""What a chaos run can be told by the environment, and where its figures go."""

import logging
import os

LOG = logging.getLogger("chaos")

SEED = int(os.environ.get("SEED", "1"))
DATABASE = os.environ.get("CHAOS_DATABASE", "postgresql")
"""postgresql or sqlite."""

figures: list[str] = []
"""The last lines of the output: see conftest.py."""


def option(name: str, usual: float) -> float:
    """A number that `CHAOS_<NAME>` may change, as for a shorter run on a busy machine."""
    return float(os.environ.get(f"CHAOS_{name}", usual))


def figure(text: str) -> None:
    """Say what was measured: at once, and at the end of the output."""
    LOG.warning("figure: %s", text)
    figures.append(text)
