"""Photographs that a page sends: counted while they come, decoded elsewhere, kept in memory alone.

No name and no path comes with them: the body of the request is the file.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from PIL import Image
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from latentwalk.photo_files import Refused
from latentwalk.studio.decoder import MOST_PIXELS
from latentwalk.studio.store import Store

LARGEST = 20 * 2**20
"""Bytes of a file."""

PATIENCE, DECODING = 60, 20
"""Seconds in which a file has to come, and in which it has to be decoded."""

TOGETHER = 4
"""Files at once; who comes later waits, and is not read until then."""


class TooLarge(ValueError):
    """A file has more bytes than are taken."""


class Uploads:
    """Takes photographs in. photos: where they are kept."""

    def __init__(self) -> None:
        self.photos: Store[Image.Image] = Store()
        self._places = asyncio.Semaphore(TOGETHER)

    async def take(self, request: Request) -> Response:
        """The id of the photograph and its size, or one line that says why it is not taken."""
        try:
            async with self._places:
                async with asyncio.timeout(PATIENCE):
                    file = await read_body(request)
                photo = await decoded(file)
        except TooLarge as error:
            return _refused(413, str(error))
        except TimeoutError:
            return _refused(408, f"the file did not come within {PATIENCE} seconds: send it again")
        except ClientDisconnect:
            return _refused(400, "the file was not sent whole")
        except Refused as error:
            return _refused(422, str(error))
        id = self.photos.put(photo, 3 * photo.width * photo.height)
        asyncio.get_running_loop().call_later(self.photos.lasts + 1, self.photos.sweep)
        return JSONResponse({"id": id, "size": photo.size}, 201)


async def read_body(request: Request, most: int = LARGEST) -> bytes:
    """The body of a request. Raises `TooLarge` as soon as it is, and then nothing more is read."""
    wrong = TooLarge(f"the file has more than {most // 2**20} MiB: make it smaller first")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise wrong
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise wrong
    return bytes(body)


async def decoded(file: bytes) -> Image.Image:
    """The picture of a file, decoded by a process of its own; see decoder.py. Raises `Refused`."""
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"}  # a thread takes addresses
    command = [sys.executable, "-P", "-m", "latentwalk.studio.decoder"]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment)
    try:
        async with asyncio.timeout(DECODING):
            answer, _ = await process.communicate(file)
    except TimeoutError:
        raise Refused("the file takes too long to decode: export it again, as a JPEG") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _read(answer)


def _read(answer: bytes) -> Image.Image:
    """What the process wrote, believed as little as the file."""
    line, _, pixels = answer.partition(b"\n")
    try:
        told = json.loads(line)
        if "error" in told:
            raise Refused(str(told["error"]))
        width, height = (int(length) for length in told["size"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:  # it was ended at a limit
        raise Refused("the file takes more memory or time to decode than a photograph does: export it again") from error
    if min(width, height) < 1 or width * height > MOST_PIXELS or len(pixels) != 3 * width * height:
        raise Refused("the file is damaged: export it again")
    return Image.frombytes("RGB", (width, height), pixels)


def _refused(status: int, why: str) -> Response:
    """What comes after is not read: the connection ends here."""
    return JSONResponse({"error": why}, status, {"Connection": "close"})
