"""What can be wrong with a backup; every message says what, where and how to mend it."""


class BackupRefused(Exception):
    """A backup that cannot be taken there, or one that is damaged, incomplete or of another program; nothing was changed."""
