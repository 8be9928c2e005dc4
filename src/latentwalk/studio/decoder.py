"""A process of its own that decodes one file that nobody trusts: the file in, its size and its pixels out.

    python -m latentwalk.studio.decoder < FILE > PIXELS

It writes one line of JSON, {"size": [width, height]} with the RGB bytes after it, or {"error": "..."}. Whatever a
decoder does to it, the studio lives on. It imports no torch, has little memory and time, and can write no file.
"""

import io
import json
import sys

from PIL import Image

from latentwalk.photo_files import Refused, decode_photo

MOST_PIXELS = 16_000_000
"""Of an uploaded picture: 48 MB."""

SECONDS, MEMORY = 10, 2**30
"""Of work, and bytes of addresses, for one file."""


def main() -> None:
    _limit()
    try:
        picture = decode_photo(io.BytesIO(sys.stdin.buffer.read()), "the file", MOST_PIXELS)
        answer, pixels = {"size": picture.size}, picture.tobytes()
    except Refused as error:
        answer, pixels = {"error": str(error)}, b""
    except Exception:  # what a format's own reader fails with before there is a picture
        answer, pixels = {"error": "the file is damaged: export it again"}, b""
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + pixels)


def _limit() -> None:
    """Where the system can (Linux; macOS in part): elsewhere the sizes of pictures and the time on the clock are."""
    Image.preinit()  # what is read from disk is read by now
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue


if __name__ == "__main__":
    main()
