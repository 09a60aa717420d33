"""What can go wrong with the operational database; every message says what, where and how to mend it.

    OperationalError
    +-- OperationalInUse         another projector writes this database
    +-- ForeignOperational       the database belongs to another stream, program or newer version
    +-- ProjectionMoved          the stored offset is not where a batch starts: somebody else has written
    +-- OperationalUnavailable   the database cannot be reached or opened
        +-- OperationalMissing   there is none yet

All of them end the projector: after a restart it goes on from what the database says.
"""


class OperationalError(Exception):
    """The operational database cannot be used."""


class OperationalInUse(OperationalError):
    """Another projector writes this database."""


class ForeignOperational(OperationalError):
    """The database belongs to another stream, another program or a newer version of this one."""


class ProjectionMoved(OperationalError):
    """A stored offset is not where the batch starts: another process has written; nothing of the batch was kept."""


class OperationalUnavailable(OperationalError):
    """The database cannot be reached or opened."""


class OperationalMissing(OperationalUnavailable):
    """There is no operational database yet."""
