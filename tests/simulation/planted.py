"""Delivery bugs as someone could write them, put into the real classes at run time; each must make some world end badly.

`python -m tests.simulation --planted NAME --seed N` plays a world with one of them.
"""

from tests.simulation import planted_engine, planted_sinks
from tests.simulation.planted_bugs import PLANTED

__all__ = ["PLANTED", "planted_engine", "planted_sinks"]
