"""The closed list of event names that our processes log. A name, once shipped, is what alerts and searches rely on."""

from typing import Final, NewType

LogEvent = NewType("LogEvent", str)
"""The type that our loggers ask for: a name that is not declared here does not pass the type checker."""

PROCESS_STARTED: Final = LogEvent("process_started")
PROCESS_STOPPING: Final = LogEvent("process_stopping")
PROCESS_STOPPED: Final = LogEvent("process_stopped")
PROCESS_FAILED: Final = LogEvent("process_failed")
HEALTH_LISTENING: Final = LogEvent("health_listening")
HEALTH_CHECK_FAILED: Final = LogEvent("health_check_failed")
CHILD_STARTED: Final = LogEvent("child_started")
CHILD_DIED: Final = LogEvent("child_died")
CHILD_STOPPED: Final = LogEvent("child_stopped")
CHILD_GIVEN_UP: Final = LogEvent("child_given_up")
BROKER_STARTING: Final = LogEvent("broker_starting")
BROKER_READY: Final = LogEvent("broker_ready")
BROKER_STOPPED: Final = LogEvent("broker_stopped")
TOPICS_APPLIED: Final = LogEvent("topics_applied")
WORKER_READY: Final = LogEvent("worker_ready")
WORKER_ENDED_ITSELF: Final = LogEvent("worker_ended_itself")
PARTITIONS_ASSIGNED: Final = LogEvent("partitions_assigned")
DRAIN_GIVEN_UP: Final = LogEvent("drain_given_up")
POLICY_LOADED: Final = LogEvent("policy_loaded")
SCHEMA_ID_ADOPTED: Final = LogEvent("schema_id_adopted")
SCHEMA_ID_NOT_OURS: Final = LogEvent("schema_id_not_ours")
SCHEMA_IDS_AWAITED: Final = LogEvent("schema_ids_awaited")
SCHEMA_IDS_GIVEN_UP: Final = LogEvent("schema_ids_given_up")
REGISTRY_NOT_CHECKED: Final = LogEvent("registry_not_checked")
UNSAFE_ENGINE: Final = LogEvent("unsafe_engine")
ENTRY_CONFLICT: Final = LogEvent("entry_conflict")
LAG_UNKNOWN: Final = LogEvent("lag_unknown")
CHANGELOG_READ: Final = LogEvent("changelog_read")
DEADLINES_TOLD: Final = LogEvent("deadlines_told")
ACKS_NOT_PUBLISHED: Final = LogEvent("acks_not_published")
POSITIONS_NOT_NOTED: Final = LogEvent("positions_not_noted")
SECRET_READABLE: Final = LogEvent("secret_readable")
HEALTH_OFF_LOOPBACK: Final = LogEvent("health_off_loopback")
RETENTION_GAP: Final = LogEvent("retention_gap")

EVENTS: Final = frozenset(value for name, value in dict(globals()).items() if name.isupper() and isinstance(value, str))
"""Every name above."""
