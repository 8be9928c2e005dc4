"""A web of our own: addresses and what their hosts answer. No test opens a connection but to this computer."""

import io
from email.message import Message
from typing import Any
from urllib.request import HTTPSHandler, Request
from urllib.response import addinfourl

import pytest

from latentwalk.remote import transfer


class Answer(addinfourl):
    """What urllib gets from a host."""

    def __init__(self, url: str, status: int, headers: dict[str, str], body: bytes) -> None:
        message = Message()
        for name, value in headers.items():
            message[name] = value
        super().__init__(io.BytesIO(body), message, url, status)
        self.msg = "as asked"


class Web(dict):
    """Address -> (status, headers, body), an exception to raise, or a body with a true length. asked: in order."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def answer(self, request: Request) -> Answer:
        self.asked.append(request.full_url)
        found: Any = self.get(request.full_url, (404, {}, b""))
        if isinstance(found, Exception):
            raise found
        if isinstance(found, bytes):
            found = 200, {"Content-Length": str(len(found))}, found
        return Answer(request.full_url, *found)


def install(web: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    """From now on this is all that there is behind https."""

    class Canned(HTTPSHandler):
        def https_open(self, req: Request) -> Any:
            return web.answer(req)

    monkeypatch.setattr(transfer, "_HTTPS", Canned)
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return web
