"""The closed list of event names that our processes log. A name, once shipped, is what alerts and searches rely on."""

from typing import Final

PROCESS_STARTED: Final = "process_started"
PROCESS_STOPPING: Final = "process_stopping"
PROCESS_STOPPED: Final = "process_stopped"
PROCESS_FAILED: Final = "process_failed"
HEALTH_LISTENING: Final = "health_listening"
HEALTH_CHECK_FAILED: Final = "health_check_failed"
CHILD_STARTED: Final = "child_started"
CHILD_DIED: Final = "child_died"
CHILD_STOPPED: Final = "child_stopped"
CHILD_GIVEN_UP: Final = "child_given_up"
BROKER_STARTING: Final = "broker_starting"
BROKER_READY: Final = "broker_ready"
BROKER_STOPPED: Final = "broker_stopped"
TOPICS_APPLIED: Final = "topics_applied"

EVENTS: Final = frozenset(value for name, value in dict(globals()).items() if name.isupper() and isinstance(value, str))
"""Every name above."""
