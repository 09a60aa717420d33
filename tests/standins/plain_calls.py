"""A vendor that says what it is asked to say: for trying the one piece that speaks HTTP."""

from typing import Any

from aiohttp import web

from tests.standins.frame import Standin, serve


class PlainCalls(Standin):
    """Keeps what was sent to `/book`; `/say/<status>` answers so."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[dict[str, Any]] = []

    def routes(self) -> list[web.RouteDef]:
        """One path that books, one that answers."""
        return [web.post("/book", self.booked(self._book)), web.get("/say/{status}", self._say), web.get("/long", self._long)]

    async def _book(self, request: web.Request, body: bytes) -> web.Response:
        self._kept.append({"key": request.headers.get("X-Key", ""), "body": body.decode(), "type": request.content_type})
        return web.Response(text='{"id": 1, "amount": 10.10}', content_type="application/json")

    async def _say(self, request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]), headers=dict(request.query), text="said")

    async def _long(self, _: web.Request) -> web.Response:
        return web.Response(body=b"x" * (17 * 1024 * 1024))

    def held(self) -> list[dict[str, Any]]:
        """What was sent."""
        return self._kept

    def set_up(self, values: dict[str, Any]) -> None:
        """Nothing can be changed."""
        raise KeyError(*values)

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """A fault in words."""
        del request, body
        return web.Response(text='{"fault": "try later"}', content_type="application/json")


if __name__ == "__main__":
    serve(PlainCalls())
