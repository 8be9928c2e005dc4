"""From inert nodes to a plain tree: dicts, lists, numbers, text and tensors, each node visited once."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from latentwalk.safeload.nodes import ADVICE, CheckpointError, Global, Made, Persistent, callee, shown
from latentwalk.safeload.storage import Budget, Storage
from latentwalk.safeload.torch_stream import Stream

DEEPEST = 80
"""Containers in containers; a module in modules takes five. Real files stay below forty."""

MOST_NODES = 20_000_000
"""Nodes that a walk over the whole tree would meet, those reached on several ways counted every time."""

BYTES = frozenset({"_codecs.encode", "builtins.bytes", "builtins.bytearray"})
LONGEST_VALUE = 2**20
"""Bytes of a value that is neither a tensor nor text."""

AVERAGED = frozenset({"G_ema", "g_ema", "generator_smooth", "avgG"})
SUPERSEDED = frozenset({"G", "D", "augment_pipe", "g", "d", "g_optim", "d_optim", "netG", "netD"}) | frozenset(
    {"generator", "discriminator", "optimizer", "optimizers"}
)
"""Beside an averaged generator nobody needs these: their tensors keep names and shapes, but no values (meta device)."""

NETWORK = "dnnlib.tflib.network.Network"
"""The class of a network in NVIDIA's TensorFlow pickles, which are tuples (G, D, Gs); Gs is the averaged one."""


class Foreign(dict):
    """An object of a class that this package does not know: its state as a dict, and what it was made of.

    name: of its class or function. arguments: it was made from. state: when that is no dict. elements: if it is a list.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.arguments: tuple[Any, ...] = ()
        self.state: Any = None
        self.elements: list[Any] = []


Rule = Callable[["Lowering", Made], Any]
"""What a call of a known global would have given, as data."""


class Lowering:
    """One stream on its way to a plain tree. Each node is visited once, however many ways lead to it.

    known: what to make of the globals that are known; objects of all others become `Foreign`.
    """

    def __init__(self, stream: Stream, budget: Budget, known: Mapping[str, Rule], everything: bool = False) -> None:
        self.stream, self.budget, self.known, self.everything = stream, budget, known, everything
        self.outline = False
        self.done: dict[tuple[int, bool], tuple[Any, int]] = {}
        self.open: set[int] = set()
        self.kept: list[Made] = []
        self.count = 0

    def tree(self) -> Any:
        try:
            return self.lower(self.stream.root)
        except RecursionError:
            raise CheckpointError(f"too many containers are nested in each other: {ADVICE}") from None

    def lower(self, node: Any) -> Any:
        """The plain form of a node."""
        self.count += 1
        if node is None or isinstance(node, str | int | float):
            return node
        known = self.done.get((id(node), self.outline))
        if known is not None:
            self.count += known[1]
            self._check_size()
            return known[0]
        if id(node) in self.open:
            raise CheckpointError("a container that holds itself: expected a state dict or a snapshot of a training")
        if len(self.open) >= DEEPEST:
            raise CheckpointError(f"more than {DEEPEST} containers are nested in each other: {ADVICE}")
        before, _ = self.count, self.open.add(id(node))
        value = self._lower(node)
        self.open.discard(id(node))
        self.done[id(node), self.outline] = value, self.count - before
        self._check_size()
        return value

    def _check_size(self) -> None:
        if self.count > MOST_NODES:
            raise CheckpointError(
                f"shared parts that are nested in each other stand for more than {MOST_NODES:,} values: {ADVICE}"
            )

    def _lower(self, node: Any) -> Any:
        if isinstance(node, dict):
            return self.pairs(node)
        if isinstance(node, list):
            return [self.lower(part) for part in node]
        if isinstance(node, tuple):
            return self.parts(node)
        if isinstance(node, set | frozenset):
            return set(node)
        if isinstance(node, memoryview):
            return self.raw(node, LONGEST_VALUE).tobytes()
        if isinstance(node, Global):
            return node.path
        if isinstance(node, Persistent):
            return self.stored(node)
        rule = self.known.get(node.maker.path)
        return rule(self, node) if rule else self.foreign(node)

    def stored(self, node: Persistent) -> Storage | str:
        """The storage that a persistent id stands for, or the name of a class that torch keeps there."""
        storage = self.stream.storage(node)
        if storage is not None:
            return storage
        if isinstance(node.key, tuple) and node.key[:1] == ("module",):
            return callee(node).path
        raise CheckpointError(f"a part of it is kept elsewhere, under {shown(node.key)}: save it with torch.save")

    def parts(self, parts: tuple[Any, ...]) -> tuple[Any, ...]:
        """A tuple; of three networks of TensorFlow all but the last, averaged one are only outlined."""
        networks = len(parts) == 3 and all(isinstance(part, Made) and part.maker.path == NETWORK for part in parts)
        outline, lowered = self.outline, []
        for place, part in enumerate(parts):
            self.outline = outline or (networks and place < 2 and not self.everything)
            lowered.append(self.lower(part))
        self.outline = outline
        return tuple(lowered)

    def pairs(self, pairs: dict[Any, Any]) -> dict[Any, Any]:
        """A dict; beside an averaged generator the others are only outlined."""
        averaged = not self.everything and any(pairs.get(name) for name in AVERAGED)  # it may be there and be None
        lowered, outline = {}, self.outline
        for key, value in pairs.items():
            self.outline = outline or (averaged and key in SUPERSEDED)
            lowered[key] = self.lower(value)
        self.outline = outline
        return lowered

    def foreign(self, made: Made) -> Foreign:
        """An object of an unknown class."""
        thing = Foreign(made.maker.path)
        thing.arguments = self.lower(made.arguments)
        thing.elements = self.lower(made.elements)
        thing.update(self.pairs(made.keywords))
        thing.update(self.pairs(made.pairs))
        state = self.lower(made.state)
        for part in state if isinstance(state, tuple) else (state,):  # (attributes, slots) when a class has slots
            if isinstance(part, dict):
                thing.update(part)
            elif part is not None:
                thing.state = state
        return thing

    def again(self, function: Any, arguments: Any, made: Made | None = None) -> Made:
        """A call that is an argument of another one, with what was put into that one.

        It is kept, because its id, by which `done` knows it, must not become that of another node.
        """
        if not isinstance(arguments, tuple):
            raise CheckpointError(f"damaged: a call without a tuple of arguments: {ADVICE}")
        made = made or Made(callee(function))
        self.kept.append(Made(callee(function), arguments, {}, made.state, made.elements, made.pairs))
        return self.kept[-1]

    def raw(self, node: Any, most: int | None = None) -> memoryview:
        """The bytes that a node stands for, without a copy where they are bytes already."""
        for _ in range(2):  # protocol 2 has no bytes: it has text, and a call that would encode it, in a bytearray
            if isinstance(node, Made) and node.maker.path in BYTES:
                node = node.arguments[0] if node.arguments else ""
        if isinstance(node, str):
            try:
                node = memoryview(node.encode("latin-1"))
            except UnicodeEncodeError:
                raise CheckpointError(f"damaged: text in the place of bytes: {ADVICE}") from None
        if not isinstance(node, memoryview):
            raise CheckpointError(f"damaged: a {type(node).__name__} in the place of bytes: {ADVICE}")
        if most is not None and len(node) > most:
            raise CheckpointError(f"a value of {len(node)} bytes that is no tensor: {ADVICE}")
        return node

    def tensor(self, storage: object, offset: Any, size: Any, stride: Any) -> Tensor:
        if not isinstance(storage, Storage):
            raise CheckpointError(f"damaged: a tensor of {type(storage).__name__} instead of a storage: {ADVICE}")
        return storage.tensor(offset, size, stride, None if self.outline else self.budget)
