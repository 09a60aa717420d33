"""What can keep the desk from doing what was asked; every message says what, why and what to do instead.

DeskError
+-- DeskRefused       the thing cannot be done, or not so
+-- DeskUnavailable   the broker or the operational database cannot be asked, or is behind
"""


class DeskError(Exception):
    """Nothing was sent."""


class DeskRefused(DeskError):
    """What was asked cannot be done, or not so; nothing was sent."""


class DeskUnavailable(DeskError):
    """A broker does not answer, or the projector has not caught up; nothing was sent."""
