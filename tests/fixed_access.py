"""Access to a vendor's API by a secret that does not change."""


class FixedAccess:
    """Gives the same token always, and counts how often it was refused."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.refusals = 0

    async def token(self) -> str:
        """The token."""
        return self._token

    async def refused(self, token: str) -> None:
        """Count it."""
        assert token == self._token
        self.refusals += 1
