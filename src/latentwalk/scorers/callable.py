"""A scorer from any Python callable: handed in, or named as `package.module:function`."""

import hashlib
import importlib
import inspect
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.scores import Scorer

Scoring = Scorer | Callable[[Tensor], Tensor]
"""What may be handed in as a scorer: one, or any callable from images [n, c, h, w] in [-1, 1] to logits."""


class CallableScorer:
    """Wraps a function from images [n, c, h, w] in [-1, 1] to logits [n, a] or [n].

    attributes: the names of the columns; taken from `function.attributes`, else "score" or "score0", "score1", ...
    example: images to count the columns on where nothing names them.
    """

    def __init__(
        self,
        function: Callable[[Tensor], Tensor],
        name: str,
        attributes: tuple[str, ...] | None = None,
        example: Tensor | None = None,
    ) -> None:
        self.function, self.source = function, name
        self.fingerprint: str = getattr(function, "fingerprint", "")
        named = attributes or getattr(function, "attributes", None)
        self.attributes: tuple[str, ...] = (named,) if isinstance(named, str) else tuple(named or ())
        if not self.attributes:
            width = self(torch.zeros(1, 3, 64, 64) if example is None else example).shape[1]
            self.attributes = ("score",) if width == 1 else tuple(f"score{i}" for i in range(width))

    def __call__(self, images: Tensor, /) -> Tensor:
        try:
            logits = self.function(images)
        except Exception as error:  # anything may be inside
            what = f"{type(error).__name__}: {error}"
            raise ValueError(f"the scorer {self.source} failed on images {list(images.shape)}: {what}") from error
        if not isinstance(logits, Tensor) or logits.ndim not in (1, 2) or len(logits) != len(images):
            came = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise ValueError(f"the scorer {self.source} must give logits [n, a] for {len(images)} images, got {came}")
        logits = logits[:, None] if logits.ndim == 1 else logits
        if self.attributes and logits.shape[1] != len(self.attributes):
            raise ValueError(
                f"the scorer {self.source} must give a logit for each of {', '.join(self.attributes)}, "
                f"got {logits.shape[1]} columns"
            )
        return logits


def as_scorer(given: Scoring, generator: Generator) -> Scorer:
    """What was handed in, as a scorer for pictures of this generator.

    Scorers with a `source` are taken as they are. Every other callable may give logits [n, a] or [n], and may carry
    `attributes`. Raises ValueError for what cannot be called.
    """
    if isinstance(given, Scorer) and hasattr(given, "source"):
        return given
    if not callable(given) or isinstance(given, type):
        hint = f"load it with load_scorer({given!r})" if isinstance(given, str) else "hand in what takes the images"
        raise ValueError(
            f"expected a scorer, or a function from images [n, c, h, w] in [-1, 1] to logits, got {given!r:.60}: {hint}"
        )
    named = getattr(given, "__qualname__", None)
    name = f"{given.__module__}:{named}" if named else type(given).__name__
    return CallableScorer(given, name, example=torch.zeros(1, *generator.image_shape, device=generator.device))


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


def source_sum(function: Any) -> str:
    """Sixteen hex digits over the source of the module of a function: what tells it from others when nothing else does.

    Raises ValueError for one whose source is nowhere.
    """
    try:
        module = inspect.getmodule(function) or inspect.getmodule(type(function))
        source = inspect.getsource(module) if module else ""
    except (OSError, TypeError):
        source = ""
    if not source:
        raise ValueError(
            f"the scorer {function!r:.60} has no source that tells it from others: give it a `fingerprint`"
        )
    return hashlib.sha256(source.encode()).hexdigest()[:16]
