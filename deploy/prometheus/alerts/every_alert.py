"""All alerts and all recorded figures, in the order of the file of rules."""

from collections.abc import Sequence
from typing import Final

from deploy.prometheus.alerts import money, system
from deploy.prometheus.alerts.declaring import Alert, Recording
from deploy.prometheus.alerts.objectives import OBJECTIVES, WAITING, WRONG

FIGURES: Final[Sequence[Recording]] = (money.DEAD_LETTERS, WRONG, WAITING)
SHARES: Final[Sequence[Recording]] = tuple(recording for objective in OBJECTIVES for recording in objective.recordings())
SYMPTOMS: Final[Sequence[Alert]] = (*money.ALERTS, money.parked(money.PARKED_SECONDS_MAX), *system.ALERTS)
BURNS: Final[Sequence[Alert]] = tuple(alert for objective in OBJECTIVES for alert in objective.alerts())
ALERTS: Final[Sequence[Alert]] = (*SYMPTOMS, *BURNS)
RECORDINGS: Final[Sequence[Recording]] = (*FIGURES, *SHARES)
