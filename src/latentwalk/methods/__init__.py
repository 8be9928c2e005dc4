"""Methods: ways to find directions in samples. A new one is a file here and a line in `METHODS`."""

from collections.abc import Callable
from functools import partial
from typing import Protocol, runtime_checkable

from latentwalk.directions import Directions
from latentwalk.generator import Generator
from latentwalk.methods.boundary import Boundary
from latentwalk.samples import Samples


@runtime_checkable
class Method(Protocol):
    """Hyperparameters are given to the constructor, data to `fit`. `fit` changes nothing and returns directions."""

    def fit(self, generator: Generator, samples: Samples) -> Directions: ...


METHODS: dict[str, Callable[..., Method]] = {
    "svm": partial(Boundary, kind="svm"),
    "logistic": partial(Boundary, kind="logistic"),
}
"""Constructors by name; each takes the hyperparameters of its method by keyword."""
