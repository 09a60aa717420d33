"""Entries that cannot be told to a ledger at all."""


class CannotTell(Exception):
    """No document of this ledger says what an entry says; the message tells what is missing and how to mend it. The entry is parked."""
