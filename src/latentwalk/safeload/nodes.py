"""What a pickle becomes when nobody executes it: inert nodes beside plain Python values."""

import sys
from dataclasses import dataclass, field
from typing import Any

ADVICE = "use another copy of the file, or another checkpoint"


class CheckpointError(ValueError):
    """A checkpoint that is not read, and why: one line, the only error that foreign bytes lead to."""


@dataclass(frozen=True, slots=True)
class Global:
    """The name of something that a pickle would import. Here it stays a name."""

    path: str

    def __str__(self) -> str:
        return shown(self.path)


@dataclass(eq=False, slots=True)
class Made:
    """What a call would have returned: the name of the callee, its arguments, and everything that was put in later."""

    maker: Global
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    state: Any = None
    elements: list[Any] = field(default_factory=list)
    pairs: dict[Any, Any] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Persistent:
    """Something that the stream keeps elsewhere, by its number or description: torch's storages."""

    key: Any


def shown(text: object, longest: int = 80) -> str:
    """Text from a file in one short printable line."""
    line = "".join(letter if letter.isprintable() else "?" for letter in str(text)[: longest + 1])
    return line if len(line) <= longest else f"{line[:longest]}..."


RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg"}
"""Modules of Python 2 under their names of today."""

INERT = frozenset(
    f"{module}.{name}"
    for module, names in {
        "_codecs": "encode",
        "argparse": "Namespace",
        "builtins": "bytearray bytes complex dict frozenset list object range set slice tuple",
        "collections": "Counter OrderedDict defaultdict deque",
        "copyreg": "_reconstructor",
        "datetime": "date datetime timedelta timezone",
        "decimal": "Decimal",
        "fractions": "Fraction",
        "functools": "partial",
        "pathlib": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
        "pathlib._local": "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
        "random": "Random",
        "types": "SimpleNamespace",
        "uuid": "UUID",
    }.items()
    for name in names.split()
)
"""What a checkpoint may have made with the standard library. Anything else that it calls there is an attack."""


def named(module: str, name: str) -> Global:
    """The global of a module, whichever version of Python or numpy wrote it."""
    module = RENAMED.get(module, module)
    if module == "numpy.core" or module.startswith("numpy.core."):
        module = "numpy._core" + module.removeprefix("numpy.core")
    return Global(f"{module}.{name}")


def callee(node: object) -> Global:
    """The name of what a pickle calls. Raises CheckpointError when it has none, or when it is there to do harm.

    No call is ever made, so this refusal is not what keeps a reader safe: it is what tells its user about the file.
    """
    if isinstance(node, Persistent) and isinstance(node.key, tuple) and node.key[:1] == ("module",):
        node = node.key[1] if len(node.key) > 1 else None  # torch's legacy stream: the class, its file and its source
    if not isinstance(node, Global):
        raise CheckpointError(f"the pickle calls a value instead of a name ({type(node).__name__}): {ADVICE}")
    if node.path.partition(".")[0] in sys.stdlib_module_names and node.path not in INERT:
        raise CheckpointError(f"the pickle calls {node}, which no checkpoint needs; nothing was executed: {ADVICE}")
    return node
