"""One page that is open: what it asks for is drawn and done, until it is gone."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from latentwalk.studio.crew import Crew, Running, Send
from latentwalk.studio.jobs import JOBS
from latentwalk.studio.jobs.job import Job, Stopped
from latentwalk.studio.mailbox import Mailbox
from latentwalk.studio.messages import Bring, Look, read_message
from latentwalk.studio.model_words import describe
from latentwalk.studio.session import Forgotten, Session
from latentwalk.studio.wire import DRAGGED, jpeg, packed, told


class Connection:
    """Its newest state is drawn and sent, its jobs are done beside that."""

    def __init__(self, socket: WebSocket, session: Session, painter: ThreadPoolExecutor, crew: Crew) -> None:
        self.socket, self.session, self.painter, self.crew = socket, session, painter, crew
        self.mail: Mailbox[Look] = Mailbox()
        self.settled: Mailbox[int] = Mailbox()  # numbers of pictures that nobody drags any more
        self.job: Running | None = None

    async def run(self) -> None:
        await self.say("model", **describe(self.session))
        tasks = [asyncio.create_task(work()) for work in (self._draw, self._compare)]
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
                self.mail.put(message)
            elif isinstance(message, Bring):
                self.session.shelf.bring(message.bring, self.session.model.generator)
            else:
                self._stop()  # one job per page: the newest
                if isinstance(message, Job):
                    self.job = self.crew.start(message, self.session, name_of(message), self._sender())
        except ValueError as error:
            await self.say("refused", error=str(error))

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

    async def _draw(self) -> None:
        while True:
            look = await self.mail.take()
            try:
                loop = asyncio.get_running_loop()
                await self.socket.send_bytes(await loop.run_in_executor(self.painter, self._drawn, look))
                if look.final and self.session.model.faces is not None:
                    self.settled.put(look.seq)
            except Forgotten as error:
                await self.say("forgotten", seq=look.seq, id=error.id)
            except ValueError as error:
                await self.say("refused", seq=look.seq, error=str(error))

    async def _compare(self) -> None:
        """Whether it still is the same person: said a little after the picture, so that nobody waits for it."""
        while True:
            seq = await self.settled.take()
            alike = await asyncio.to_thread(self.session.same_person)
            if alike is not None:
                await self.say("person", seq=seq, alike=round(alike, 4))

    def _drawn(self, look: Look) -> bytes:
        with self.crew.turns.turn():
            begun = time.perf_counter()
            frame = self.session.frame(look.state)
            picture = jpeg(frame.image, None if look.final else DRAGGED)
        ms = round(1000 * (time.perf_counter() - begun), 1)
        return packed({"kind": "frame", "seq": look.seq, "ms": ms, **told(frame)}, picture)


def name_of(job: Job) -> str:
    return next(name for name, kind in JOBS.items() if kind is type(job))
