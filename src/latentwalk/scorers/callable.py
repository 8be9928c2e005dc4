"""A scorer from any Python callable: `package.module:function`."""

import importlib
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor


class CallableScorer:
    """Wraps a function from images [n, c, h, w] in [-1, 1] to logits [n, a] or [n].

    attributes: the names of the columns; taken from `function.attributes`, else "score" or "score0", "score1", ...
    """

    def __init__(self, function: Callable[[Tensor], Tensor], name: str, attributes: tuple[str, ...] | None = None):
        self.function, self.source = function, name
        named = attributes or getattr(function, "attributes", None)
        self.attributes: tuple[str, ...] = tuple(named) if named else self._probe()

    def _probe(self) -> tuple[str, ...]:
        width = self(torch.zeros(1, 3, 64, 64)).shape[1]
        return ("score",) if width == 1 else tuple(f"score{i}" for i in range(width))

    def __call__(self, images: Tensor, /) -> Tensor:
        try:
            logits = self.function(images)
        except Exception as error:  # anything may be inside
            what = f"{type(error).__name__}: {error}"
            raise ValueError(f"the scorer {self.source} failed on images {list(images.shape)}: {what}") from error
        if not isinstance(logits, Tensor) or logits.ndim not in (1, 2) or len(logits) != len(images):
            came = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise ValueError(f"the scorer {self.source} must give logits [n, a] for {len(images)} images, got {came}")
        return logits[:, None] if logits.ndim == 1 else logits


def from_callable(name: str) -> CallableScorer:
    """Import `package.module:function`. Raises ValueError when it cannot be found or called."""
    module_name, _, function_name = name.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except ImportError as error:
        raise ValueError(f"cannot import the module of the scorer {name!r}: {error}") from error
    for part in function_name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise ValueError(f"the module {module_name} has no function {function_name!r}")
    return CallableScorer(cast(Callable[[Tensor], Tensor], found), name)
