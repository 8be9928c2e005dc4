"""A studio on a port of this machine."""

import asyncio
import errno
import socket
from collections.abc import Callable, Mapping
from types import TracebackType

import uvicorn

from latentwalk.studio.doors import LOCAL, LOOPBACK, Doors, check_host
from latentwalk.studio.model import Model
from latentwalk.studio.server import LARGEST, application


class Serving:
    """Holds the port from the start, so that the address is known before anybody is served.

    model: what is shown first. models: what else can be, by name, and how it is opened.
    host: where it is served; any but this machine alone needs a token. token: a new one by itself.
    Raises ValueError when the host cannot be served (see `check_host`), or the port is taken.
    """

    def __init__(
        self,
        model: Model,
        port: int,
        models: Mapping[str, Callable[[], Model]] | None = None,
        *,
        host: str = LOCAL,
        token: str | None = None,
    ) -> None:
        check_host(host, token)
        self.host = f"[{host}]" if ":" in host else host
        self.socket = _listening(host, port)
        self.port: int = self.socket.getsockname()[1]
        self.doors = Doors(self.port, token, LOOPBACK if host == LOCAL else (self.host,))
        options = {"log_level": "warning", "ws_max_size": LARGEST, "server_header": False, "lifespan": "off"}
        self.server = uvicorn.Server(uvicorn.Config(application(model, self.doors, models), **options))

    @property
    def address(self) -> str:
        """With the token, which the browser keeps as a cookie."""
        return f"http://{self.host}:{self.port}/?token={self.doors.token}"

    def run(self) -> None:
        """Serve until Ctrl-C, or until somebody stops it."""
        asyncio.run(self.server.serve([self.socket]))

    def stop(self) -> None:
        """From another thread: end once what is being answered is answered."""
        self.server.should_exit = True

    def __enter__(self) -> "Serving":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()


def _listening(host: str, port: int) -> socket.socket:
    """Whoever comes before the server runs waits."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ValueError(f"no host {host!r} is known: {error.strerror}") from error
    held = socket.socket(family, kind, protocol)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind(address)
        held.listen(128)
    except OSError as error:
        held.close()
        raise ValueError(_why(error, host, port)) from error
    return held


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine"
    if error.errno == errno.EACCES:
        return f"the port {port} is the system's: choose another (--port)"
    return f"the port {port} is taken: choose another (--port), or 0 for any free one"
