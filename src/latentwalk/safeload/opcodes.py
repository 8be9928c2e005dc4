"""The closed table of opcodes of pickle protocols 2 to 5: what each does to the machine, and nothing else exists.

Left out on purpose: the text opcodes of protocols 0 and 1, the extension registry and out-of-band buffers.
Source: the documentation of Python's `pickletools`.
"""

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from latentwalk.safeload.nodes import ADVICE, CheckpointError, Persistent, named
from latentwalk.safeload.pickle_machine import Machine, as_key, text, truncated

MOST_OPCODES = 1_000_000
"""A snapshot with its optimisers takes some ten thousand to a hundred thousand."""

MOST_WAITING = 50_000
"""Values that may wait on the stack; real files come to some thousand, by the batches of their dicts."""

NEWEST_PROTOCOL = 5
LONGEST_INTEGER = 1024

Action = Callable[[Machine], object]


class Pickle(NamedTuple):
    """The inert tree of one pickle, the position after it, and what it keeps elsewhere."""

    root: Any
    end: int
    persistent: list[Persistent]


def unpickle(data: memoryview, position: int = 0) -> Pickle:
    """The pickle that starts at `position`. Bytes stay views of `data`. Raises CheckpointError."""
    machine, size = Machine(data, position), len(data)
    for _ in range(MOST_OPCODES):
        if machine.position >= size:
            raise truncated(machine.position, 1, size)
        code = data[machine.position]
        machine.position += 1
        if code == STOP:
            return Pickle(machine.pop(), machine.position, machine.persistent)
        action = OPCODES.get(code)
        if action is None:
            raise CheckpointError(
                f"damaged or of another kind: the byte 0x{code:02x} at {machine.position - 1} is no opcode of pickle "
                f"protocols 2 to {NEWEST_PROTOCOL}: {ADVICE}"
            )
        action(machine)
        if len(machine.stack) > MOST_WAITING:
            break
    raise CheckpointError(f"a pickle of more than {MOST_OPCODES:,} steps or {MOST_WAITING:,} open ends: {ADVICE}")


def _protocol(machine: Machine) -> None:
    version = machine.number(1)
    if version > NEWEST_PROTOCOL:
        raise CheckpointError(f"pickle protocol {version}: protocols 2 to {NEWEST_PROTOCOL} are expected: {ADVICE}")


def _frame(machine: Machine) -> None:
    length = machine.number(8)
    machine.take(length)  # is it all there?
    machine.position -= length


def _long(machine: Machine, width: int) -> None:
    data = machine.counted(width)
    if len(data) > LONGEST_INTEGER:
        raise machine.damaged(f"holds an integer of {len(data)} bytes")
    machine.stack.append(int.from_bytes(data, "little", signed=True))


def _float(machine: Machine) -> None:
    machine.stack.append(struct.unpack(">d", machine.take(8))[0])


def _global(machine: Machine) -> None:
    module = machine.line()
    machine.stack.append(named(module, machine.line()))


def _stack_global(machine: Machine) -> None:
    module, name = machine.pop_many(2)
    if not isinstance(module, str) or not isinstance(name, str):
        raise machine.damaged("names a global by something else than text")
    machine.stack.append(named(module, name))


def _push(value: object) -> Action:
    return lambda machine: machine.stack.append(value)


def _number(width: int, signed: bool = False) -> Action:
    return lambda machine: machine.stack.append(machine.number(width, signed))


def _text(width: int) -> Action:
    return lambda machine: machine.stack.append(text(machine.counted(width)))


def _old_text(width: int) -> Action:
    """Strings of Python 2, bytes or text: each byte becomes a character, which loses nothing."""
    return lambda machine: machine.stack.append(str(machine.counted(width), "latin-1"))


def _bytes(width: int) -> Action:
    return lambda machine: machine.stack.append(machine.counted(width))


def _tuple(count: int) -> Action:
    return lambda machine: machine.stack.append(machine.pop_many(count))


STOP = ord(".")

OPCODES: dict[int, Action] = {
    0x80: _protocol,
    0x95: _frame,
    # literals
    ord("N"): _push(None),
    0x88: _push(True),
    0x89: _push(False),
    ord("K"): _number(1),
    ord("M"): _number(2),
    ord("J"): _number(4, signed=True),
    0x8A: lambda machine: _long(machine, 1),
    0x8B: lambda machine: _long(machine, 4),
    ord("G"): _float,
    0x8C: _text(1),
    ord("X"): _text(4),
    0x8D: _text(8),
    ord("U"): _old_text(1),
    ord("T"): _old_text(4),
    ord("C"): _bytes(1),
    ord("B"): _bytes(4),
    0x8E: _bytes(8),
    0x96: _bytes(8),
    0x98: lambda machine: machine.top(),  # a buffer becomes read-only, which bytes are here anyway
    # containers
    ord("("): Machine.mark,
    ord("0"): lambda machine: machine.pop() if len(machine.stack) > sum(machine.marks[-1:]) else machine.pop_mark(),
    ord("1"): Machine.pop_mark,
    ord("2"): lambda machine: machine.stack.append(machine.top()),
    ord(")"): _push(()),
    0x85: _tuple(1),
    0x86: _tuple(2),
    0x87: _tuple(3),
    ord("t"): lambda machine: machine.stack.append(tuple(machine.pop_mark())),
    ord("]"): lambda machine: machine.stack.append([]),
    ord("l"): lambda machine: machine.stack.append(machine.pop_mark()),
    ord("a"): lambda machine: machine.append([machine.pop()]),
    ord("e"): lambda machine: machine.append(machine.pop_mark()),
    ord("}"): lambda machine: machine.stack.append({}),
    ord("d"): lambda machine: machine.open_dict(machine.pop_mark()),
    ord("s"): lambda machine: machine.set_items(list(machine.pop_many(2))),
    ord("u"): lambda machine: machine.set_items(machine.pop_mark()),
    0x8F: lambda machine: machine.stack.append(set()),
    0x90: lambda machine: machine.add_items(machine.pop_mark()),
    0x91: lambda machine: machine.stack.append(frozenset(map(as_key, machine.pop_mark()))),
    # the memo
    ord("q"): lambda machine: machine.remember(machine.number(1)),
    ord("r"): lambda machine: machine.remember(machine.number(4)),
    0x94: lambda machine: machine.remember(len(machine.memo)),
    ord("h"): lambda machine: machine.recall(machine.number(1)),
    ord("j"): lambda machine: machine.recall(machine.number(4)),
    # names, and calls that are written down instead of made
    ord("c"): _global,
    0x93: _stack_global,
    ord("R"): lambda machine: machine.call(*machine.pop_many(2)),
    0x81: lambda machine: machine.call(*machine.pop_many(2)),
    0x92: lambda machine: machine.call(*machine.pop_many(3)),
    ord("b"): Machine.build,
    ord("Q"): Machine.keep_elsewhere,
}
