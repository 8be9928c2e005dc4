"""A studio whose pictures come late and out of order, as from several painters; and what a page paints of them."""

import asyncio
import io
import itertools
import json
import random
from typing import Any

from PIL import Image
from starlette.types import ASGIApp, Receive, Scope, Send

PAINTED = """
  window.painted = [];
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...all) {
    draw.apply(this, all);
    const [red, green, blue] = this.getImageData(0, 0, 1, 1).data;
    window.painted.push(((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4));
  };
"""
"""For a page: the numbers of the pictures in the order in which they are painted."""


class LateFrames:
    """Wraps the studio's application. workers: pictures of a page that are on their way at once. longest: seconds that
    one takes at most. asked: numbers of the states that pages asked for. Every picture is of one colour, its number."""

    def __init__(self, app: ASGIApp, workers: int = 4, longest: float = 0.15, seed: int = 0) -> None:
        self.app, self.workers, self.longest = app, workers, longest
        self.random = random.Random(seed)
        self.asked: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        free, coming = asyncio.Semaphore(self.workers), set()

        async def come(message: Any) -> None:
            await asyncio.sleep(self.random.uniform(0, self.longest))
            await send(message)

        async def sent(message: Any) -> None:
            if message.get("bytes") is None:
                await send(message)
                return
            await free.acquire()
            task = asyncio.create_task(come({**message, "bytes": numbered(message["bytes"])}))
            coming.add(task)
            task.add_done_callback(lambda done: (coming.discard(done), free.release(), done.exception()))

        async def received() -> Any:
            message = await receive()
            said = json.loads(message.get("text") or "{}")
            self.asked += [said["seq"]] if "seq" in said else []
            return message

        await self.app(scope, received, sent)


def numbered(frame: bytes) -> bytes:
    """The frame with its number for a picture."""
    size = int.from_bytes(frame[:4], "big")
    number = json.loads(frame[4 : 4 + size])["seq"]
    colour = tuple(16 * (number >> shift & 15) + 8 for shift in (8, 4, 0))  # JPEG changes it by less than 8
    out = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(out, "JPEG", quality=95, subsampling=0)
    return frame[: 4 + size] + out.getvalue()


def backwards(painted: list[int]) -> int:
    """How often an older picture was painted after a newer one."""
    return sum(later < earlier for earlier, later in itertools.pairwise(painted))
