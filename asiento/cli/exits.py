"""Exit codes of every command, as errors: message to stderr, code to the shell.

`CommandError` 1 found a difference or refused input | `UsageError` 2 | `Unreachable` 3 a dependency is unreachable.
"""


class CommandError(Exception):
    """A difference was found or input was refused: exit 1."""

    exit_code = 1


class UsageError(CommandError):
    """The call's words are off: exit 2."""

    exit_code = 2


class Unreachable(CommandError):
    """A broker, ledger or registry does not answer: exit 3."""

    exit_code = 3
