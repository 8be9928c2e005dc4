"""The server: the page, and one WebSocket for everything live."""

import asyncio
import json
import mimetypes
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from latentwalk.studio.doors import HEADERS, Doors
from latentwalk.studio.mailbox import Mailbox
from latentwalk.studio.messages import Bring, Look, WalkTo, read_message
from latentwalk.studio.session import Forgotten, Frame, Model, Session
from latentwalk.studio.wire import jpeg, packed

STATIC = {path.name: path for path in (Path(__file__).parent / "static").iterdir()}
"""Files of the page by name: nothing else is ever given out, whatever is asked for."""

LARGEST = 2**22
"""Bytes of a message: the largest codes that a page may bring take half of it."""

DRAGGED = 512
"""Pixels of the longer side while somebody drags; what is let go of is drawn in full."""


class Guarded:
    """Everything goes through the doors first, and leaves with headers that keep strangers' content out."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self.app, self.doors = app, doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refused = self.doors.refuses(headers, scope["type"] == "websocket")
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


def application(model: Model, doors: Doors) -> ASGIApp:
    """The studio of a model, as any ASGI server runs it."""
    # One thread draws for everybody: each session has at most one picture in the queue, so they take turns.
    painter = ThreadPoolExecutor(1, "painter")

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
        await Connection(socket, Session(model), painter).run()

    app = Starlette(routes=[Route("/", page), Route("/static/{name}", file), WebSocketRoute("/live", live)])
    app.router.redirect_slashes = False
    return Guarded(app, doors)


def _file(name: str) -> Response:
    if name not in STATIC:
        return Response("not found", 404)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(STATIC[name].read_bytes(), media_type="text/javascript" if name.endswith(".js") else kind)


class Connection:
    """One page: its newest state is drawn and sent, its walks run step by step, until the page is gone."""

    def __init__(self, socket: WebSocket, session: Session, painter: ThreadPoolExecutor) -> None:
        self.socket, self.session, self.painter = socket, session, painter
        self.mail: Mailbox[Look] = Mailbox()
        self.job: asyncio.Task[None] | None = None

    async def run(self) -> None:
        await self.say("model", **describe(self.session.model))
        drawing = asyncio.create_task(self._draw())
        try:
            while True:
                await self._sort(await self.socket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            drawing.cancel()
            self._stop()

    async def say(self, kind: str, **details: Any) -> None:
        await self.socket.send_text(json.dumps({"kind": kind, **details}))

    async def _sort(self, text: str) -> None:
        """What one message asks for."""
        try:
            message = read_message(text)
            if isinstance(message, Look):
                self.mail.put(message)
            elif isinstance(message, Bring):
                self.session.shelf.bring(message.bring, self.session.model.generator)
            else:
                self._stop()
                if isinstance(message, WalkTo):
                    self.job = asyncio.create_task(self._walk(message))
        except ValueError as error:
            await self.say("refused", error=str(error))

    def _stop(self) -> None:
        if self.job is not None:
            self.job.cancel()

    async def _draw(self) -> None:
        while True:
            look = await self.mail.take()
            try:
                await self.socket.send_bytes(await self._in_turn(self._drawn, look))
            except Forgotten as error:
                await self.say("forgotten", seq=look.seq, id=error.id)
            except ValueError as error:
                await self.say("refused", seq=look.seq, error=str(error))

    async def _walk(self, asked: WalkTo) -> None:
        """Every step takes its turn among all pictures, so that nobody waits for a walk."""
        try:
            steps = self.session.climb(asked.state, asked.walk, asked.target, asked.hold)
            last = None
            while (item := await self._in_turn(next, steps, None)) is not None:
                frame, last = item
                header = {"walking": asked.walk, "step": int(last.steps[0]), **told(frame)}
                await self.socket.send_bytes(packed(header, jpeg(frame.image, DRAGGED)))
            assert last is not None
            found = self.session.keep(asked.state, last.latents)
            reached = {"reached": bool(last.reached[0]), "steps": int(last.steps[0])}
            await self.say("walked", attribute=asked.walk, id=found.id, found=found.model_dump(), **reached)
        except ValueError as error:
            await self.say("refused", error=str(error))

    async def _in_turn(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.painter, function, *arguments)

    def _drawn(self, look: Look) -> bytes:
        begun = time.perf_counter()
        frame = self.session.frame(look.state)
        picture = jpeg(frame.image, None if look.final else DRAGGED)
        ms = round(1000 * (time.perf_counter() - begun), 1)
        return packed({"seq": look.seq, "ms": ms, **told(frame)}, picture)


def told(frame: Frame) -> dict[str, Any]:
    """What is said of a picture."""
    return {
        "before": frame.before,
        "after": frame.after,
        "identity": round(frame.identity, 4),
        "distance": round(frame.distance, 3),
    }


def describe(model: Model) -> dict[str, Any]:
    """What a page has to know of a model before the first picture."""
    generator = model.generator
    return {
        "name": generator.source,
        "size": list(generator.image_shape),
        "classes": generator.classes,
        "options": sorted(generator.option_names),
        "spaces": {space.name: list(space.shape) for space in generator.spaces.values()},
        "attributes": list(model.scorer.attributes),
        "sliders": [
            {"id": id, "name": direction.name, "space": direction.space, "range": list(direction.range)}
            for id, direction in model.sliders.items()
        ],
    }
