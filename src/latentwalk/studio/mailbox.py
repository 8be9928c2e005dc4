"""A mailbox of one: whoever takes gets the newest, and what was never taken is dropped."""

import asyncio
from typing import Generic, TypeVar

Letter = TypeVar("Letter")


class Mailbox(Generic[Letter]):
    """For one taker. A person who drags asks for more pictures than can be drawn, and wants only the last."""

    def __init__(self) -> None:
        self._newest: list[Letter] = []
        self._came = asyncio.Event()

    def put(self, letter: Letter) -> None:
        self._newest = [letter]
        self._came.set()

    @property
    def waits(self) -> bool:
        """Whether there is one that was not taken yet."""
        return bool(self._newest)

    async def take(self) -> Letter:
        """The newest, once there is one that was not taken yet."""
        await self._came.wait()
        self._came.clear()
        return self._newest.pop()
