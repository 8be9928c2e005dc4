"""The machine that a pickle is a program for: a stack, its marks and a memo, over bytes that are never trusted.

It knows no class and no function: what the program would import stays a name, what it would call stays a record of the
call (`nodes`). Every length is compared with the bytes that are there before anything of that length is made.
"""

from typing import Any

from latentwalk.safeload.nodes import ADVICE, CheckpointError, Global, Made, Persistent, callee

MOST_MARKS = 1000
"""Containers that may be open at once."""

LONGEST_LINE = 256
LONGEST_KEY = 256
MOST_PARTS = 16
"""Bytes of a name and of a bytes key, parts of a tuple key: longer ones would only be there to take time."""

Key = str | int | float | bool | bytes | None | Global | tuple


class Machine:
    """The state of one run.

    data: all bytes (a byte-format memoryview), position: of the next one, stack, marks (stack heights), memo,
    persistent: everything so far that the stream keeps elsewhere.
    """

    def __init__(self, data: memoryview, position: int = 0) -> None:
        self.data, self.position = data, position
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.persistent: list[Persistent] = []

    def take(self, count: int) -> memoryview:
        """The next `count` bytes, without a copy."""
        start, end = self.position, self.position + count
        if end > len(self.data):
            raise truncated(start, count, len(self.data))
        self.position = end
        return self.data[start:end]

    def number(self, width: int, signed: bool = False) -> int:
        return int.from_bytes(self.take(width), "little", signed=signed) if width > 1 else self.take(1)[0]

    def counted(self, width: int) -> memoryview:
        """Bytes after their number, which itself takes `width` bytes."""
        return self.take(self.number(width))

    def line(self) -> str:
        """Text up to the next line feed, as protocol 2 writes names."""
        part = bytes(self.data[self.position : self.position + LONGEST_LINE])
        end = part.find(b"\n")
        if end < 0:
            if len(part) < LONGEST_LINE:
                raise truncated(self.position, len(part) + 1, len(self.data))
            raise CheckpointError(f"damaged: a name of more than {LONGEST_LINE} bytes at {self.position}: {ADVICE}")
        self.position += end + 1
        return text(part[:end])

    def mark(self) -> None:
        if len(self.marks) >= MOST_MARKS:
            raise CheckpointError(f"more than {MOST_MARKS} containers are nested in each other: {ADVICE}")
        self.marks.append(len(self.stack))

    def pop(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise self.damaged("takes a value from an empty stack")
        return self.stack.pop()

    def pop_many(self, count: int) -> tuple[Any, ...]:
        return tuple(reversed([self.pop() for _ in range(count)]))

    def pop_mark(self) -> list[Any]:
        """Everything above the last mark."""
        if not self.marks:
            raise self.damaged("closes a container that was never opened")
        height = self.marks.pop()
        items = self.stack[height:]
        del self.stack[height:]
        return items

    def top(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise self.damaged("changes a value that is not there")
        return self.stack[-1]

    def remember(self, index: int) -> None:
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise self.damaged(f"refers to the value {index}, which was never kept")
        self.stack.append(self.memo[index])

    def append(self, items: list[Any]) -> None:
        """Into the list, or the unknown object, on top."""
        target = self.top()
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, Made):
            target.elements.extend(items)
        else:
            raise self.damaged(f"appends to a {type(target).__name__}")

    def set_items(self, items: list[Any]) -> None:
        """Into the dict, or the unknown object, on top: key, value, key, value ..."""
        target = self.top()
        target = target.pairs if isinstance(target, Made) else target
        if not isinstance(target, dict) or len(items) % 2:
            raise self.damaged(f"puts {len(items)} keys and values into a {type(target).__name__}")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[as_key(key)] = value

    def open_dict(self, items: list[Any]) -> None:
        """A new dict of keys and values."""
        self.stack.append({})
        self.set_items(items)

    def add_items(self, items: list[Any]) -> None:
        """Into the set, or the unknown object, on top."""
        target = self.top()
        if isinstance(target, set):
            target.update(map(as_key, items))
        elif isinstance(target, Made):
            target.elements.extend(items)
        else:
            raise self.damaged(f"adds to a {type(target).__name__}")

    def call(self, function: object, arguments: object, keywords: object = None) -> None:
        """Put down what would have been called; nothing is."""
        keywords = {} if keywords is None else keywords
        if not isinstance(arguments, tuple) or not isinstance(keywords, dict):
            raise self.damaged("calls something without a tuple of arguments")
        self.stack.append(Made(callee(function), arguments, keywords))

    def build(self) -> None:
        """Give the object below the state on top."""
        state, target = self.pop(), self.top()
        if not isinstance(target, Made):
            raise self.damaged(f"gives a state to a {type(target).__name__}")
        target.state = state

    def keep_elsewhere(self) -> None:
        """Put what the stream keeps elsewhere in the place of its key."""
        self.persistent.append(Persistent(self.pop()))
        self.stack.append(self.persistent[-1])

    def damaged(self, what: str) -> CheckpointError:
        return CheckpointError(f"damaged: the pickle {what} at byte {self.position}: {ADVICE}")


def truncated(start: int, count: int, size: int) -> CheckpointError:
    return CheckpointError(
        f"damaged or truncated: {count} bytes are expected from byte {start} on, but {max(size - start, 0)} are left: "
        f"{ADVICE}"
    )


def text(data: memoryview | bytes) -> str:
    try:
        return str(data, "utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise CheckpointError(f"damaged: a text in it is not UTF-8: {ADVICE}") from None


def as_key(node: object) -> Key:
    """The node as a key of a dict or a member of a set: small and flat, so that its hash is cheap to compute."""
    if isinstance(node, memoryview) and len(node) <= LONGEST_KEY:
        return bytes(node)
    if isinstance(node, tuple) and len(node) <= MOST_PARTS and not any(isinstance(part, tuple) for part in node):
        return tuple(map(as_key, node))
    if node is None or isinstance(node, str | float | Global) or (isinstance(node, int) and abs(node) < 2**63):
        return node
    raise CheckpointError(f"a {type(node).__name__} is the key of a dict; names and numbers are expected: {ADVICE}")
