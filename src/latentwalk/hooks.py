"""Read the activations of a fixed network, and stop the pass where nothing more is needed."""

import difflib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn


class _Stop(Exception):
    """Raised inside a forward pass once the last wanted layer has been read."""


@contextmanager
def read_layers(network: nn.Module, names: Sequence[str], stop: bool = True) -> Iterator[dict[str, Tensor]]:
    """Inside the block, forward passes leave the outputs of the named submodules in the dict that is given.

    With `stop`, a pass ends as soon as all are read (the code after the pass in the block is skipped too, so
    make the pass the last statement of the block). Gradients flow through what was read. Passes of other threads are
    not read.
    Raises ValueError for a name that does not exist and lists the nearest ones.
    """
    modules = dict(network.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"no layer {name!r}: the nearest are {nearest(name, [n for n in modules if n])}")
    wanted, found, end, here = set(names), dict[str, Tensor](), _Stop(), threading.get_ident()

    def keep(name: str):
        def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            if threading.get_ident() != here:
                return
            found[name] = output
            if stop and len(found) == len(wanted):
                raise end

        return hook

    handles = [modules[name].register_forward_hook(keep(name)) for name in wanted]
    try:
        yield found
    except _Stop as caught:
        if caught is not end:  # it belongs to a block around this one
            raise
    finally:
        for handle in handles:
            handle.remove()


def nearest(name: str, known: Sequence[str], most: int = 8) -> list[str]:
    """Known names, those most like `name` first."""
    return sorted(known, key=lambda other: -difflib.SequenceMatcher(None, name, other).ratio())[:most]
