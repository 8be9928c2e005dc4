"""One page that is open: what it asks for is drawn and done, until it is gone."""

import asyncio
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.websockets import WebSocket, WebSocketDisconnect

from latentwalk.studio.crew import Crew, Running, Send
from latentwalk.studio.frame import Forgotten, Frame, Painted
from latentwalk.studio.jobs import JOBS
from latentwalk.studio.jobs.job import Job, Stopped
from latentwalk.studio.mailbox import Mailbox
from latentwalk.studio.messages import Bring, Ends, Look, Open, Rename, Save, read_message
from latentwalk.studio.model_words import describe
from latentwalk.studio.own_sliders import WrittenSlider, to_bytes, together
from latentwalk.studio.session import Session
from latentwalk.studio.slider_words import describe_own
from latentwalk.studio.wire import DRAGGED, beside, jpeg, packed, told

Result = TypeVar("Result")

BETWEEN = 0.08
"""Seconds between two looks at pictures of a drag that has gone on already."""


class Connection:
    """Its newest state is drawn and sent, its jobs are done beside that."""

    def __init__(self, socket: WebSocket, session: Session, painter: ThreadPoolExecutor, crew: Crew) -> None:
        self.socket, self.session, self.painter, self.crew = socket, session, painter, crew
        self.mail: Mailbox[Look] = Mailbox()
        self.beside: Mailbox[Look] = Mailbox()
        self.ends: Mailbox[Ends] = Mailbox()
        self.settled: Mailbox[int] = Mailbox()  # numbers of pictures that nobody drags any more
        self.job: Running | None = None
        self.looked = 0.0  # when it was last said what is seen while somebody drags

    async def run(self) -> None:
        await self.say("model", **describe(self.session))
        tasks = [asyncio.create_task(self._draw(mail)) for mail in (self.mail, self.beside)]
        tasks += [asyncio.create_task(work()) for work in (self._compare, self._draw_ends)]
        try:
            while True:
                await self._sort(await self.socket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            for task in tasks:
                task.cancel()
            self._stop()

    async def say(self, kind: str, **details: Any) -> None:
        await self.socket.send_text(json.dumps({"kind": kind, **details}))

    async def _sort(self, text: str) -> None:
        """What one message asks for."""
        try:
            message = read_message(text)
            if isinstance(message, Look):
                (self.beside if message.beside else self.mail).put(message)
            elif isinstance(message, Ends):
                self.ends.put(message)
            elif isinstance(message, Bring):
                await self._bring(message)
            elif isinstance(message, Rename):
                await self._rename(message)
            elif isinstance(message, Open):
                written = self.session.own.keep(message.read(self.session.model.generator), message.name)
                await self.say("sliders", sliders=describe_own(self.session, written))
            elif isinstance(message, Save):
                found = together([self.session.own.take(id) for id in message.save])
                await self._show("file", to_bytes(found), {"name": f"{message.name}.safetensors"})
            elif isinstance(message, Job) and message.brief:
                self.crew.start(message, self.session, name_of(message), self._sender())
            elif isinstance(message, Job):
                self._stop()  # one job per page: the newest
                self.job = self.crew.start(message, self.session, name_of(message), self._sender())
            elif self.job is not None:
                self.job.enough()
        except ValueError as error:
            await self.say("refused", error=str(error))

    async def _bring(self, message: Bring) -> None:
        if isinstance(message.bring, WrittenSlider):
            self.session.own.bring(message.bring, self.session.model.generator)
            await self.say("sliders", sliders=describe_own(self.session, [message.bring]))
        else:
            self.session.shelf.bring(message.bring, self.session.model.generator)

    async def _rename(self, message: Rename) -> None:
        if message.rename in self.session.model.cards:
            self.session.model.cards[message.rename].rename(message.name)
            await self.say("renamed", id=message.rename, name=message.name)
        else:
            written = self.session.own.rename(message.rename, message.name)
            await self.say("sliders", sliders=describe_own(self.session, [written]))

    def _stop(self) -> None:
        if self.job is not None:
            self.job.stop()

    def _sender(self) -> Send:
        """What a job tells goes from its thread through this loop, at the pace at which the page takes it."""
        loop = asyncio.get_running_loop()

        def send(kind: str, picture: bytes | None, details: dict[str, Any]) -> None:
            said = self.say(kind, **details) if picture is None else self._show(kind, picture, details)
            try:
                asyncio.run_coroutine_threadsafe(said, loop).result()
            except (RuntimeError, WebSocketDisconnect, asyncio.CancelledError) as error:
                raise Stopped from error  # the page or the server is gone

        return send

    async def _show(self, kind: str, picture: bytes, details: dict[str, Any]) -> None:
        await self.socket.send_bytes(packed({"kind": kind, **details}, picture))

    async def _draw(self, mail: Mailbox[Look]) -> None:
        while True:
            look = await mail.take()
            try:
                if look.beside:
                    await self.socket.send_bytes(await self._in_turn(self._drawn_beside, look))
                elif not look.final:
                    await self._drag(look)
                else:
                    await self.socket.send_bytes(await self._in_turn(self._drawn, look))
                    if self.session.model.faces is not None:
                        self.settled.put(look.seq)
            except Forgotten as error:
                await self.say("forgotten", seq=look.seq, id=error.id)
            except ValueError as error:
                await self.say("refused", seq=look.seq, error=str(error))

    async def _drag(self, look: Look) -> None:
        """The picture first, then what is seen in it; not of every one, where the next is asked for already."""
        painted, picture = await self._in_turn(self._painted, look)
        await self.socket.send_bytes(picture)
        if self.mail.waits and time.monotonic() - self.looked < BETWEEN:
            return
        await self.say("seen", seq=look.seq, **told(await self._in_turn(self._looked, painted)))
        self.looked = time.monotonic()

    async def _in_turn(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """In the painter's thread, when nobody else uses the model."""
        loop = asyncio.get_running_loop()

        def work() -> Result:
            with self.crew.turns.turn():
                return function(*arguments)

        return await loop.run_in_executor(self.painter, work)

    async def _compare(self) -> None:
        """Whether it still is the same person: said a little after the picture, so that nobody waits for it."""
        while True:
            seq = await self.settled.take()
            alike = await asyncio.to_thread(self.session.same_person)
            if alike is not None:
                await self.say("person", seq=seq, alike=round(alike, 4))

    async def _draw_ends(self) -> None:
        """Where sliders lead to. Who asks for it waits for one before asking for the next, and for whoever drags."""
        while True:
            wish = await self.ends.take()
            try:
                await self.socket.send_bytes(await self._in_turn(self._drawn_ends, wish))
            except ValueError:
                await self.say("ends", slider=wish.ends.direction)  # a slider without small pictures is a slider

    def _drawn_ends(self, wish: Ends) -> bytes:
        images = self.session.ends(wish.state, wish.ends, wish.amounts)
        return packed({"kind": "ends", "slider": wish.ends.direction}, beside(images))

    def _drawn(self, look: Look) -> bytes:
        begun = time.perf_counter()
        frame = self.session.frame(look.state)
        return self._packed(look, begun, jpeg(frame.image), told(frame))

    def _painted(self, look: Look) -> tuple[Painted, bytes]:
        begun = time.perf_counter()
        painted = self.session.painted(look.state)
        return painted, self._packed(look, begun, jpeg(painted.image[0], DRAGGED), {})

    def _looked(self, painted: Painted) -> Frame:
        return self.session.look_at(painted)

    def _packed(self, look: Look, begun: float, picture: bytes, words: dict[str, Any]) -> bytes:
        ms = round(1000 * (time.perf_counter() - begun), 1)
        return packed({"kind": "frame", "seq": look.seq, "ms": ms, **words}, picture)

    def _drawn_beside(self, look: Look) -> bytes:
        picture = jpeg(self.session.beside().picture(look.state))
        return packed({"kind": "beside", "seq": look.seq}, picture)


def name_of(job: Job) -> str:
    return next(name for name, kind in JOBS.items() if kind is type(job))
