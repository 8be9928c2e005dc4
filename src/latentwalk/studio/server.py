"""The server: the page, and one WebSocket for everything live."""

import mimetypes
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from latentwalk.generator import Generator
from latentwalk.studio.connection import Connection
from latentwalk.studio.crew import Crew
from latentwalk.studio.doors import HEADERS, Doors
from latentwalk.studio.model import Model
from latentwalk.studio.session import Session
from latentwalk.studio.store import Store
from latentwalk.studio.turns import Turns
from latentwalk.studio.uploads import Uploads

STATIC = {path.name: path for path in (Path(__file__).parent / "static").iterdir()}
"""Files of the page by name: nothing else is ever given out, whatever is asked for."""

LARGEST = 2**22
"""Bytes of a message: the largest codes that a page may bring take half of it."""


class Guarded:
    """Everything goes through the doors first, and leaves with headers that keep strangers' content out."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self.app, self.doors = app, doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        # browsers name the origin of whatever is not a mere GET
        refused = self.doors.refuses(headers, scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD"))
        entrance = scope["path"] == "/" and "token=" in scope["query_string"].decode("latin-1")
        if refused is None and not entrance and not self.doors.knows(headers):
            refused = 403, "open the address that `latentwalk studio` printed"
        if refused is None:
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).close(1008, refused[1])
        else:
            await Response(refused[1], refused[0], HEADERS)(scope, receive, send)


def _with_headers(send: Send) -> Send:
    async def sent(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] += [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        await send(message)

    return sent


def application(model: Model, doors: Doors, models: Mapping[str, Callable[[], Model]] | None = None) -> ASGIApp:
    """The studio of a model, as any ASGI server runs it. models: what else can be shown, by name."""
    # One thread draws for everybody: each session has at most one picture in the queue, so they take turns.
    painter = ThreadPoolExecutor(1, "painter")
    crew = Crew(Turns())
    uploads, tuned = Uploads(), Store[Generator]()

    async def page(request: Request) -> Response:
        if "token" in request.query_params:
            if not doors.opens(request.query_params["token"]):
                return Response("open the address that `latentwalk studio` printed", 403)
            answer = RedirectResponse("/", 303)
            answer.set_cookie(doors.cookie, doors.token, httponly=True, samesite="strict")
            return answer
        return _file("index.html")

    async def file(request: Request) -> Response:
        return _file(request.path_params["name"])

    async def live(socket: WebSocket) -> None:
        await socket.accept()
        session = Session(model, models=models or {}, photos=uploads.photos, tuned=tuned)
        await Connection(socket, session, painter, crew).run()

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/static/{name}", file),
            Route("/photos", uploads.take, methods=["POST"]),
            WebSocketRoute("/live", live),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=1000)],
    )
    app.router.redirect_slashes = False
    return Guarded(app, doors)


def _file(name: str) -> Response:
    if name not in STATIC:
        return Response("not found", 404)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(STATIC[name].read_bytes(), media_type="text/javascript" if name.endswith(".js") else kind)
