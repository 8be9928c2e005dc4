"""Photographs that come in over a real socket: what is taken, what is refused, and that the server lives on."""

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from websockets.sync.client import connect

from latentwalk.features.network import PixelFeatures
from latentwalk.images import to_pictures
from latentwalk.photo_files import Refused
from latentwalk.studio import uploads
from latentwalk.studio.doors import COOKIE
from latentwalk.studio.model import Model
from latentwalk.studio.serve import Serving
from latentwalk.studio.uploads import LARGEST, decoded
from toys import ToyScorer


@pytest.fixture(scope="module")
def serving(toy) -> Iterator[Serving]:
    scorer = ToyScorer()
    with Serving(Model.of(toy, scorer, PixelFeatures(), scorer.directions), 0) as serving:
        thread = threading.Thread(target=serving.run, daemon=True)
        thread.start()
        yield serving
        serving.stop()
        thread.join(10)


def send(serving: Serving, body: bytes, path: str = "/photos", **headers: str | None) -> tuple[int, dict]:
    """Status and what is said."""
    connection = HTTPConnection("127.0.0.1", serving.port, timeout=30)
    own = {"Cookie": f"{COOKIE}={serving.doors.token}", "Origin": f"http://127.0.0.1:{serving.port}", **headers}
    connection.request("POST", path, body, {name: value for name, value in own.items() if value is not None})
    answer = connection.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if text.startswith(b"{") else {"error": text.decode()}


def file_of(picture: Image.Image, form: str = "PNG", **options) -> bytes:
    out = BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def halves() -> Image.Image:
    """Red above, blue below."""
    picture = Image.new("RGB", (30, 20), "red")
    picture.paste((0, 0, 255), (0, 10, 30, 20))
    return picture


def png_that_says(width: int, height: int) -> bytes:
    """The head of a PNG of any size, with hardly anything behind it."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(1000)))]
    chunks = [
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in [*parts, (b"IEND", b"")]
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_photograph_is_taken_under_an_id_that_says_nothing(serving: Serving) -> None:
    status, told = send(serving, file_of(halves()))
    assert status == 201 and told["size"] == [30, 20] and len(told["id"]) >= 20
    assert send(serving, file_of(halves()))[1]["id"] != told["id"]


def test_it_is_upright_and_only_pixels_are_left() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # stored lying on its side
    exif[ExifTags.Base.Artist] = "somebody"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    photo = asyncio.run(decoded(file_of(halves(), "JPEG", exif=exif, quality=95)))
    assert photo.size == (20, 30)
    right, left = photo.getpixel((15, 15)), photo.getpixel((4, 15))
    assert isinstance(right, tuple) and isinstance(left, tuple) and right[0] > 200 and left[2] > 200
    assert photo.info == {} and dict(photo.getexif()) == {}


NO_PHOTOS = {
    "empty": b"",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a PDF": b"%PDF-1.7",
    "no photograph": b"\x80\x04\x95" + bytes(100),  # a pickle
    "damaged or cut short": file_of(halves(), "JPEG")[:-30],
    "4,001 x 4,000": png_that_says(4001, 4000),
    "16,000,000 pixels": png_that_says(60_000, 60_000),
}
"""By what is said of them."""


def test_what_is_no_photograph_is_refused_in_one_line_and_the_server_lives_on(serving: Serving) -> None:
    for why, file in NO_PHOTOS.items():
        status, told = send(serving, file)
        assert status == 422 and why in told["error"] and "\n" not in told["error"]
    assert send(serving, file_of(halves()))[0] == 201


def test_a_file_that_says_it_is_too_large_is_not_read(serving: Serving) -> None:
    with socket.create_connection(("127.0.0.1", serving.port), timeout=10) as wire:
        wire.sendall(head(serving, f"Content-Length: {LARGEST + 1}"))
        answer = everything(wire)  # nothing of it was sent
    assert answer.startswith(b"HTTP/1.1 413") and b"more than 20 MiB" in answer


def test_a_file_that_does_not_say_how_large_it_is_is_counted(serving: Serving) -> None:
    sent, part = 0, b"10000\r\n" + bytes(2**16) + b"\r\n"
    with socket.create_connection(("127.0.0.1", serving.port), timeout=10) as wire:
        wire.sendall(head(serving, "Transfer-Encoding: chunked"))
        try:
            while sent < 3 * LARGEST:
                wire.sendall(part)
                sent += 2**16
        except OSError:
            pass  # nobody reads on
    assert LARGEST < sent < 3 * LARGEST
    assert send(serving, file_of(halves()))[0] == 201


def head(serving: Serving, line: str) -> bytes:
    own = f"127.0.0.1:{serving.port}"
    lines = ["POST /photos HTTP/1.1", f"Host: {own}", f"Origin: http://{own}", line]
    return "\r\n".join([*lines, f"Cookie: {COOKIE}={serving.doors.token}", "", ""]).encode()


def everything(wire: socket.socket) -> bytes:
    """Until the other side ends the connection."""
    parts = []
    while part := wire.recv(2**16):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example"])
def test_only_the_page_sends_photographs(serving: Serving, origin: str | None) -> None:
    assert send(serving, file_of(halves()), Origin=origin)[0] == 403
    assert send(serving, file_of(halves()), Cookie=None)[0] == 403


@pytest.mark.parametrize("name", ["../me.png", "a" * 300, "%2e%2e%2fme.png", "me%00.png"])
def test_no_name_comes_with_a_photograph(serving: Serving, name: str) -> None:
    assert send(serving, file_of(halves()), f"/photos/{name}")[0] in (400, 404)
    status, told = send(serving, file_of(halves()), X_Name=name, Content_Disposition=f'attachment; filename="{name}"')
    assert status == 201 and set(told) == {"id", "size"}


def test_a_decoder_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "DECODING", 0.01)
    with pytest.raises(Refused, match="takes too long"):
        asyncio.run(decoded(file_of(halves())))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[1]\n",
        b'{"size": [2, 2]}\n12',
        b'{"size": [0, 0]}\n',
        b'{"size": [99999, 99999]}\n',
        b'{"size": 4}',
    ],
)
def test_what_a_decoder_says_is_not_believed(answer: bytes) -> None:
    with pytest.raises(Refused, match="export it again"):
        uploads._read(answer)


def test_a_decoder_has_little_memory_and_writes_nothing(tmp_path) -> None:
    pytest.importorskip("resource", reason="no limits of processes on this system")
    program = """
from latentwalk.studio.decoder import MEMORY, _limit
_limit()
try:
    bytearray(2 * MEMORY)
except MemoryError:
    print("memory")
try:
    with open("file", "wb", 0) as file:
        file.write(b"something")
except OSError:
    print("file")
"""
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == (["memory", "file"] if sys.platform == "linux" else ["file"]), done.stderr


def test_a_photograph_becomes_a_code_that_is_drawn(serving: Serving, toy) -> None:
    """The way that the page goes, over the socket."""
    photo = send(serving, file_of(to_pictures(toy.render(toy.sample([4])))[0]))[1]["id"]
    own = f"127.0.0.1:{serving.port}"
    cookie = {"Cookie": f"{COOKIE}={serving.doors.token}"}
    with connect(f"ws://{own}/live", origin=f"http://{own}", additional_headers=cookie) as page:
        page.send(json.dumps({"job": "invert", "photo": photo, "whole": True}))
        kinds = {}
        while "ended" not in kinds:
            told = header_of(page.recv(60))
            kinds[told["kind"]] = told
        assert kinds["ended"]["error"] is None and kinds["inverted"]["psnr"] > 40
        page.send(json.dumps({"seq": 1, "state": {"kept": kinds["inverted"]["id"]}}))
        assert header_of(page.recv(10))["kind"] == "frame"
        page.send(json.dumps({"job": "find", "photo": "guess"}))
        assert "not kept any more" in header_of(page.recv(10))["error"]


def header_of(message: str | bytes) -> dict:
    if isinstance(message, str):
        return json.loads(message)
    return json.loads(message[4 : 4 + int.from_bytes(message[:4], "big")])
