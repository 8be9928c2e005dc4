"""One transfer: https from end to end, from a public host, no larger than allowed, complete, and hashed on the way."""

import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    getproxies,
)

from latentwalk.progress import Progress, silent
from latentwalk.remote.address import Remote, check_host, check_url
from latentwalk.version import VERSION

log = logging.getLogger("latentwalk")

MOST_BYTES = 8 * 2**30
"""No checkpoint of a generator is larger."""

TIMEOUT = 30
"""Seconds without an answer or a byte."""

CHUNK = 2**20
SPARE = 2**28
"""Bytes that stay free on the disk."""

STATUS = {
    401: "it asks for a login: download it with a browser and give the path of the file",
    403: "it asks for a login or a licence: download it with a browser and give the path of the file",
    404: "there is no such file: check the address",
    410: "the file is gone: check the address",
    429: "it answers too many requests: wait a while",
}


def download(remote: Remote, target: Path, progress: Progress = silent, most: int = MOST_BYTES) -> str:
    """Write the file to `target` and return its sha256. What it fetches and where to is logged as a warning.

    target: a name that nothing else reads before this returns: on an error it is left as it is, half written.
    Raises ValueError when it cannot be reached, is refused, too large, cut off, or has another checksum.
    """
    digest, done = hashlib.sha256(), 0
    with _answer(remote.url) as answer, target.open("wb") as file:
        total = _length(answer.headers, remote.url)
        if max(total, 0) > most:
            raise ValueError(f"{remote.url} has {size(total)}: expected {size(most)} at most")
        if total > shutil.disk_usage(target.parent).free - SPARE:
            raise ValueError(f"{remote.url} has {size(total)}, more than is free in {target.parent}: make room")
        log.warning("fetching %s (%s) into %s", remote.url, size(total), target.parent)
        while chunk := answer.read(CHUNK):
            done += len(chunk)
            if done > (most if total < 0 else total):
                raise ValueError(f"{remote.url} sends more than {size(most if total < 0 else total)}: refused")
            digest.update(chunk)
            file.write(chunk)
            end = -(-total // 10**6) if total >= 0 else done // 10**6 + 1  # not in sight
            progress(f"fetching {remote.name[:40]} (MB)", end if done == total else done // 10**6, end)
    if done < total:
        raise ValueError(f"{remote.url} broke off after {size(done)} of {size(total)}: try again")
    if remote.sha256 and digest.hexdigest() != remote.sha256:
        raise ValueError(
            f"{remote.url} has the sha256 {digest.hexdigest()}, expected {remote.sha256}: it is another file; not kept"
        )
    return digest.hexdigest()


def size(count: int) -> str:
    """A number of bytes for people."""
    if count < 0:
        return "unknown size"
    return f"{count / 1e9:.1f} GB" if count >= 10**9 else f"{count / 1e6:.1f} MB"


@contextmanager
def _answer(url: str) -> Iterator[Any]:
    """The answer of a host, while it is read. Raises ValueError in one line for all that can go wrong."""
    host = urlsplit(url).hostname
    try:
        request = Request(url, headers={"User-Agent": f"latentwalk/{VERSION}", "Accept-Encoding": "identity"})
        with opener().open(request, timeout=TIMEOUT) as answer:
            yield answer
    except HTTPError as error:
        advice = STATUS.get(error.code, "try again later, or download it by other means and give the path of the file")
        raise ValueError(f"{host} answers {error.code} for {url}: {advice}") from None
    except URLError as error:
        reason = getattr(error.reason, "strerror", None) or error.reason
        raise ValueError(f"cannot reach {host} ({reason}): without a network, give the path of a file") from None
    except (HTTPException, OSError) as error:  # the disk's errors are among them
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(f"fetching {url} failed ({reason}): try again") from None


def _length(headers: Message, url: str) -> int:
    """Bytes to come, -1 when the host does not say."""
    said = headers.get("Content-Length")
    if said is not None and not (said.isascii() and said.isdigit() and len(said) < 16):
        raise ValueError(f"{url} says that it has {said[:20]!r} bytes: this is no number")
    return -1 if said is None else int(said)


class _Public(HTTPConnection):
    """A connection that is given up before anything is said, unless it leads to a public host."""

    def connect(self) -> None:
        super().connect()
        try:
            check_host(self.sock.getpeername()[0])
        except ValueError:
            self.close()
            raise


class _PublicHTTPS(HTTPSConnection, _Public):
    """The same, checked between connecting and encrypting."""


class _HTTPS(HTTPSHandler):
    def https_open(self, req: Request) -> Any:
        if getproxies().get("https"):  # the user's own proxy, which may be near, connects to the host
            return super().https_open(req)
        return self.do_open(_PublicHTTPS, req)  # pyright: ignore[reportArgumentType] - a class that makes one


class _Redirects(HTTPRedirectHandler):
    """Only to https, a few times."""

    max_redirections = 5

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        try:
            check_url(newurl)
        except ValueError as error:
            raise ValueError(f"{req.full_url} leads on to what is not followed: {error}") from None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def opener() -> OpenerDirector:
    """What opens addresses: no cookies, no files, no ftp, no plain http."""
    made = OpenerDirector()
    for handler in (ProxyHandler(), _HTTPS(), _Redirects(), HTTPDefaultErrorHandler(), HTTPErrorProcessor()):
        made.add_handler(handler)
    return made
