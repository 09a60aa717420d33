"""Access for tests: tokens by number; a refused one is followed by the next."""


class CountedAccess:
    """Gives `token-1` until it is refused, then `token-2`, and so on."""

    def __init__(self) -> None:
        self.number = 1

    async def token(self) -> str:
        """The token that is good for now."""
        return f"token-{self.number}"

    async def refused(self, token: str) -> None:
        """The vendor refused it."""
        if token == f"token-{self.number}":
            self.number += 1
