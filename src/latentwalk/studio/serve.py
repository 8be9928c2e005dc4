"""A studio on a port of this machine."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from types import TracebackType

import uvicorn

from latentwalk.studio.doors import Doors
from latentwalk.studio.model import Model
from latentwalk.studio.server import LARGEST, application

LOCAL = "127.0.0.1"


class Serving:
    """Holds the port from the start, so that the address is known before anybody is served.

    model: what is shown first. models: what else can be, by name, and how it is opened.
    Raises ValueError when the port is taken.
    """

    def __init__(self, model: Model, port: int, models: Mapping[str, Callable[[], Model]] | None = None) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.socket.bind((LOCAL, port))
            self.socket.listen(128)  # whoever comes before the server runs waits
        except OSError as error:
            self.socket.close()
            raise ValueError(f"the port {port} is taken: choose another (--port), or 0 for any free one") from error
        self.doors = Doors(self.socket.getsockname()[1])
        options = {"log_level": "warning", "ws_max_size": LARGEST, "server_header": False, "lifespan": "off"}
        self.server = uvicorn.Server(uvicorn.Config(application(model, self.doors, models), **options))

    @property
    def port(self) -> int:
        return self.socket.getsockname()[1]

    @property
    def address(self) -> str:
        """With the token, which the browser keeps as a cookie."""
        return f"http://{LOCAL}:{self.port}/?token={self.doors.token}"

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
