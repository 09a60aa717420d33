"""What can go wrong with the database of postings; every message says what, where and how to mend it.

    PostingError
    +-- PostingInUse         another process serves this connection
    +-- ForeignPostings      the database belongs to another stream, program or newer version
    +-- UnknownConnection    no process has ever served a connection of this name
    +-- PostingMoved         a stored offset or state is not what it was: somebody else has written; nothing of the step was kept
    +-- PostingsUnavailable  the database cannot be reached or opened
        +-- PostingsMissing  there is none yet

All of them end the process: after a restart it goes on from what the database says.
"""


class PostingError(Exception):
    """The database of postings cannot be used."""


class PostingInUse(PostingError):
    """Another process serves this connection."""


class ForeignPostings(PostingError):
    """The database belongs to another stream, another program or a newer version of this one."""


class UnknownConnection(PostingError):
    """No process has ever served a connection of this name."""


class PostingMoved(PostingError):
    """A stored offset or state is not what it was: another process has written; nothing of the step was kept."""


class PostingsUnavailable(PostingError):
    """The database cannot be reached or opened."""


class PostingsMissing(PostingsUnavailable):
    """There is no database of postings yet."""
